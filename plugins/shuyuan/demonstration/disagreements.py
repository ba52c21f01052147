"""What comparing the demonstration's copies with their sources must find, counted row by row with dictionaries.

The counts come from the tables as they were built and the rows whose defects are known. They share nothing with the
product's comparison but the catalog's links, which say what is compared, and the normal forms, which say what is
the same. So a comparison that comes to other numbers is wrong, or the demonstration is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from shuyuan.catalog import Catalog, read_catalog
from shuyuan.catalog.links import Link, find_links
from shuyuan.demonstration.deliveries import ENTRIES, build_table, rejected_rows
from shuyuan.entry import Entry
from shuyuan.normal_forms import NormalForm, normalise
from shuyuan.project import Project
from shuyuan.workdays import LOCAL

Key = tuple[str, ...]
Record = Mapping[str, str | None]
_same = lru_cache(maxsize=200_000)(normalise)


@dataclass(frozen=True)
class Expected:
    """One line of the comparison, in rows of the copy unless said otherwise.

    The key's own line (kind ``reference``) has the last three and zeros for the four of an attribute, an attribute's
    line the four and zeros for the last three. ``only_there`` counts keys of the source; ``source_duplicates`` rows of
    the source.
    """

    copy_rows: int
    matched: int
    agreeing: int = 0
    differing: int = 0
    blank_here: int = 0
    blank_there: int = 0
    only_here: int = 0
    only_there: int = 0
    source_duplicates: int = 0


def expected_comparisons(
    rows: int | None = None,
    seed: int = 1,
    day: date | None = None,
    corrected: bool = False,
    project: Project | None = None,
) -> dict[tuple[str, str], Expected]:
    """Return what each comparison must come to, by entry and field; for a key the field is the link's ``key_name``.

    The arguments are those of ``deliver``, all entries delivered and checked once; ``day`` is today in China when
    left out, ``project`` the one around this folder.
    """
    catalog = read_catalog(project or Project.find())
    entries = {one.entry.id: one.entry for one in catalog.resources if one.entry.id in ENTRIES}
    data_date = day or datetime.now(LOCAL).date()
    accepted = {
        entry_id: tuple(accepted_rows(entry, rows, seed, data_date, corrected)) for entry_id, entry in entries.items()
    }
    found: dict[tuple[str, str], Expected] = {}
    for entry_id in sorted(entries):
        for link in links_of(catalog, entry_id):
            found.update(_compare(link, accepted[entry_id], accepted[link.source_id], catalog))
    return found


def links_of(catalog: Catalog, entry_id: str) -> tuple[Link, ...]:
    """Return the links of one entry of the demonstration to the others."""
    entries = {one.entry.id: one.entry for one in catalog.resources if one.entry.id in ENTRIES}
    return find_links(entries[entry_id], catalog.elements, entries.get)[0]


def accepted_rows(entry: Entry, rows: int | None, seed: int, day: date, corrected: bool) -> Iterator[Record]:
    """Yield the rows that the checks let pass, empty cells as ``None``."""
    table = build_table(entry.id, day, rows, seed, corrected)
    names = {field.source_name: field.name for field in entry.fields}
    columns = {names[source]: cells.tolist() for source, cells in table.columns.items()}
    rejected = rejected_rows(entry.id, rows, seed)
    for position, record in enumerate(zip(*columns.values(), strict=True)):
        if position not in rejected:
            texts = (None if cell is None or cell == "" else str(cell) for cell in record)
            yield dict(zip(columns, texts, strict=True))


def _compare(
    link: Link, copy: Sequence[Record], source: Sequence[Record], catalog: Catalog
) -> dict[tuple[str, str], Expected]:
    forms = [catalog.elements[element].normal_form for element in link.key_elements]
    often = Counter(key for row in source if (key := _key(row, [theirs for _, theirs in link.key], forms)))
    known = {
        key: row for row in source if (key := _key(row, [theirs for _, theirs in link.key], forms)) and often[key] == 1
    }
    keys = [_key(row, [mine for mine, _ in link.key], forms) for row in copy]
    pairs = [(row, known[key]) for row, key in zip(copy, keys, strict=True) if key in known]
    reference = Expected(
        len(copy),
        len(pairs),
        only_here=sum(key is not None and key not in often for key in keys),
        only_there=len(known.keys() - set(keys)),
        source_duplicates=sum(times for times in often.values() if times > 1),
    )
    found = {(link.entry_id, link.key_name): reference}
    for one in link.copied:
        form = catalog.elements[one.element].normal_form
        states = Counter(_state(here[one.field], there[one.source_field], form) for here, there in pairs)
        counts = {state: states[state] for state in ("agreeing", "differing", "blank_here", "blank_there")}
        found[link.entry_id, one.field] = Expected(len(copy), len(pairs), **counts)
    return found


def _key(row: Record, fields: Sequence[str], forms: Sequence[NormalForm]) -> Key | None:
    """The key in its normal form; ``None`` when a part of it is missing."""
    parts = [row[field] for field in fields]
    if any(part is None for part in parts):
        return None
    return tuple(_same(str(part), form) for part, form in zip(parts, forms, strict=True))


def _state(here: str | None, there: str | None, form: NormalForm) -> str:
    if here is None:
        return "both_blank" if there is None else "blank_here"
    if there is None:
        return "blank_there"
    return "agreeing" if _same(here, form) == _same(there, form) else "differing"
