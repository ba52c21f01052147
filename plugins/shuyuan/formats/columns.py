"""Which source column belongs to which field: by name, exactly, all of them and no others."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from shuyuan.entry import Entry
from shuyuan.formats.characters import is_clean
from shuyuan.problems import DeliveryError, Location

_LONGEST_NAME = 100


def match_columns(names: Sequence[str], entry: Entry, file: str, line: int | None = None) -> list[int]:
    """Return, for each field of ``entry``, the index of its source column in ``names``.

    The order of the columns is free. A file without its header line would offer personal values as column
    names, so names that the entry does not know are shown only when at least half of its own names are there.

    Raises:
        DeliveryError: D220 columns are missing or too many; D221 two columns have one name; D222 a name is empty
            or holds invisible characters; D223 the line does not look like column names at all.
    """
    place = Location(file, line)
    wanted = [field.source_name for field in entry.fields]
    missing = [name for name in wanted if name not in names]
    if len(missing) * 2 > len(wanted):
        raise DeliveryError("D223", location=place, file=file, line=line or 1, columns=_list(wanted))
    strange = sum(not name or not is_clean(name) for name in names)
    if strange:
        raise DeliveryError("D222", location=place, file=file, count=strange)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DeliveryError("D221", location=place, file=file, columns=_list(twice))
    extra = [name for name in names if name not in wanted]
    if missing or extra:
        raise DeliveryError(
            "D220",
            location=place,
            file=file,
            missing=_list(missing) or "–",
            extra=_list(extra) or "–",
            hint=_list(_guess_renamed(missing, extra)) or "–",
        )
    return [names.index(name) for name in wanted]


def _guess_renamed(missing: Sequence[str], extra: Sequence[str]) -> list[str]:
    guesses = []
    for name in missing:
        nearest = difflib.get_close_matches(name.lower(), [other.strip().lower() for other in extra], 1, 0.5)
        if nearest:
            found = next(other for other in extra if other.strip().lower() == nearest[0])
            guesses.append(f"{name} ← {found!r}")
    return guesses


def _list(names: Sequence[str]) -> str:
    return "、".join(name[:_LONGEST_NAME] for name in names[:20])
