"""The codes of a code table: a UTF-8 CSV with a column ``code``, and ``valid_to`` for the codes that were given up.

What a department writes today must be a code of today: a code with a ``valid_to`` is none. Only what keeps its
first code for life, as a resident ID keeps its region's, is judged by all codes that ever were.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path


def read_codes(path: Path, ever: bool = False) -> tuple[str, ...]:
    """Return the codes of now in the file's order, without blanks; with ``ever`` those that were given up, too.

    A code that was given up and assigned again counts as one of now. Read again only when the file has changed.

    Raises:
        OSError: no such file. KeyError: no column ``code``. UnicodeDecodeError: not UTF-8.
    """
    state = path.stat()
    return _codes_at(path, ever, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _codes_at(path: Path, ever: bool, changed: int, size: int) -> tuple[str, ...]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        return tuple(dict.fromkeys(row["code"] for row in rows if row["code"] and (ever or not row.get("valid_to"))))


def read_names(path: Path) -> dict[str, str]:
    """Return the name of every code that ever was, by code; a code without a name is its own.

    Raises:
        OSError: no such file. KeyError: no column ``code``. UnicodeDecodeError: not UTF-8.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return {row["code"]: row.get("name") or row["code"] for row in csv.DictReader(lines) if row["code"]}
