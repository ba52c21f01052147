"""Finding the rows of the sources that belong to each subject or case, all at once.

A warehouse compares keys as they are written. So what is looked up is every normal form that is asked for and every
spelling in the warehouse that has one of them; which rows belong to whom is then decided by normal forms, in memory:

``f_<source>``  ``_no`` (a row's number), the row's fields, ``_n_<field>`` of the texts (normal forms)
``r_<source>``  ``_unit, _no``: which rows belong to which person (or case)
``u_<source>``  ``_unit, _status``: 0 looked up; 1 could not be (what it hangs on was found, but is empty); 2 not asked
                (an optional item was left empty, or nothing was found to go on from)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from shuyuan import ledger
from shuyuan.catalog.check_sources import hop
from shuyuan.checks.answer import SourceUsed
from shuyuan.checks.asked import Asked, keep, normal_array, normaliser
from shuyuan.checks.conditions import rows_that_count
from shuyuan.checks.parameters import limit_of
from shuyuan.checks.settled import SettledFields
from shuyuan.checks.sources_used import name_publication, needed_by, reading_order, unread
from shuyuan.entry import Entry, Field, Lookup
from shuyuan.normal_forms import SETTLED, NormalForm
from shuyuan.problems import PlatformError, ShuyuanError
from shuyuan.warehouses import Session
from shuyuan.warehouses.lookups import Value

LOOKED_UP, UNDECIDED, NOT_ASKED = 0, 1, 2
ATTEMPTS = 3
_LOOSE = ("text", "name")
"""Forms in which most values are not settled: such a key narrows nothing down as long as another one does."""


@dataclass
class Search:
    """One search: where rows come from, and the spellings that were looked through already, the sources read."""

    session: Session
    asked: Asked
    entries: Mapping[str, Entry]
    parameters: Mapping[str, str]
    pinned: bool
    settled: SettledFields
    spellings: dict[tuple[str, str, str | None], list[str]] = field(default_factory=dict)
    looked_through: list[tuple[str, str, NormalForm, str | None]] = field(default_factory=list)
    read: set[str] = field(default_factory=set)


def find_all(search: Search, judged: Mapping[str, SourceUsed]) -> dict[str, SourceUsed]:
    """Read every source that can be asked, and return each as it was read.

    A source that a missing one leads to, or whose warehouse fails, is unavailable too, and says why.

    Raises:
        PlatformError: P425, a pinned publication is not kept any more; P426, a limit is not in force.
    """
    settled: dict[str, SourceUsed] = {}
    for name in reading_order(search.asked.check):
        used, lookup = judged[name], search.asked.check.sources[name]
        if used.reason is None and not needed_by(lookup) <= search.read:
            used = unread(used, "depends")
        _make_statuses(search, name, lookup)
        if used.reason is None:
            used = _read(search, name, lookup, used)
        if used.reason is None:
            search.read.add(name)
        settled[name] = used
    return {name: settled[name] for name in judged}


def _read(search: Search, name: str, lookup: Lookup, used: SourceUsed) -> SourceUsed:
    """Read one source in the one publication that is named in what is returned."""
    entry = search.entries.get(lookup.entry)
    if entry is None:  # it was there when the earlier answer was given
        raise PlatformError("P425", entry=lookup.entry, load_no=used.load_no)
    try:
        for _ in range(ATTEMPTS):
            before = _version(search.session, entry)
            if not search.pinned and before != used.version:
                used = name_publication(search.session, used)
            search.looked_through.clear()
            table = _find(search, name, lookup, entry, used)
            if _version(search.session, entry) == before:
                for one in search.looked_through:
                    search.settled.note(*one)
                _keep_rows(search, name, lookup, entry, table)
                return used
    except ShuyuanError as error:
        if error.problem.code in ("P425", "P426"):
            raise
    return unread(used, "unreachable")


def _version(session: Session, entry: Entry) -> str | None:
    current = ledger.current_publication(session, entry.id)
    return current.version if current else None


def _find(search: Search, name: str, lookup: Lookup, entry: Entry, used: SourceUsed) -> pa.Table:
    load_no = used.load_no if search.pinned else None
    ways = []
    for number, way in enumerate(_ways(lookup)):
        keys = [key for key in way if search.asked.form_of(entry.field(key).element) not in _LOOSE] or list(way)
        ways.append({key: _wanted(search, name, number, entry.field(key), entry, used, load_no) for key in keys})
    needed = {*lookup.use, *(key for way in _ways(lookup) for key in way)}
    fields = [one.name for one in entry.fields if one.name in needed]
    return search.session.find_rows(entry, fields, ways, load_no)


def _wanted(
    search: Search, name: str, number: int, key: Field, entry: Entry, used: SourceUsed, load_no: int | None
) -> list[Value]:
    """Return the values of a key field to look for: those asked for, and their other spellings in the warehouse."""
    asked = search.asked
    way = _ways(asked.check.sources[name])[number]
    value = _value(way[key.name])
    sql = f"SELECT DISTINCT {value} FROM {_from(asked, name, way)} WHERE {value} IS NOT NULL"
    wanted: list[str] = [row[0] for row in asked.connection.execute(sql).fetchall()]
    form = asked.form_of(key.element)
    if key.kind != "string" or form == "exact" or not wanted:
        return [typed for text in wanted if (typed := _typed(text, key)) is not None]
    normal, among = normaliser(form), set(wanted)
    odd = _odd_spellings(search, entry, key.name, form, used.version, load_no)
    return [*wanted, *(text for text in odd if normal(text) in among and text not in among)]


def _odd_spellings(
    search: Search, entry: Entry, key: str, form: NormalForm, version: str | None, load_no: int | None
) -> list[str]:
    """Return what a field holds that is not surely in its normal form."""
    if search.settled.holds(entry.id, key, form, version):
        return []
    known = (entry.id, key, version)
    if known not in search.spellings:
        search.spellings[known] = search.session.find_spellings(entry, key, SETTLED[form], load_no)
        if not search.spellings[known]:
            search.looked_through.append((entry.id, key, form, version))
    return search.spellings[known]


def _keep_rows(search: Search, name: str, lookup: Lookup, entry: Entry, table: pa.Table) -> None:
    """Make ``f_<source>`` and ``r_<source>``."""
    asked = search.asked
    columns: dict[str, pa.Array] = {"_no": pa.array(range(table.num_rows), pa.int64())}
    for one in table.column_names:
        columns[one] = table[one]
        texts = table[one].combine_chunks().cast(pa.string())
        columns[f"_n_{one}"] = normal_array(texts, asked.form_of(entry.field(one).element))
    keep(asked.connection, f"f_{name}", pa.table(columns))
    belonging = []
    for way in _ways(lookup):
        same = " AND ".join(f'f."_n_{key}" = {_value(value)}' for key, value in way.items())
        source = f"{_from(asked, name, way)} JOIN f_{name} f ON {same}"
        belonging.append(f"SELECT {_unit(lookup)} AS _unit, f._no FROM {source}")
    counted = rows_that_count(entry, lookup.where, lambda bound: limit_of(asked.check, bound, search.parameters))
    asked.connection.execute(
        f"CREATE OR REPLACE TABLE r_{name} AS SELECT _unit, _no FROM ({' UNION '.join(belonging)}) r"
        f" JOIN f_{name} t USING (_no) WHERE {counted} {_newest(lookup)}"
    )


def _newest(lookup: Lookup) -> str:
    if lookup.newest_by is None:
        return ""
    day = f'CAST(t."{lookup.newest_by}" AS DATE)'
    return f"QUALIFY {day} IS NOT DISTINCT FROM max({day}) OVER (PARTITION BY _unit)"


def _make_statuses(search: Search, name: str, lookup: Lookup) -> None:
    """Make ``u_<source>``: a unit was looked up when one of its ways could be gone. Also for what is not read."""
    asked, unit, said = search.asked, _unit(lookup), []
    for way in _ways(lookup):
        blank, empty = ["false"], ["false"]
        through: dict[str, list[str]] = {}
        for value in way.values():
            if found := hop(value):
                through.setdefault(found[0], []).append(_value(value))
            else:
                blank.append(f"any_value({_value(value)}) IS NULL")
        for source, values in through.items():
            blank.append(f"bool_or(u_{source}._status = {NOT_ASKED})")
            empty.append(f"bool_or(u_{source}._status = {UNDECIDED})")
            if source in search.read:
                filled = " AND ".join(f"{value} IS NOT NULL" for value in values)
                blank.append(f"count(h_{source}._no) = 0")
                empty.append(f"NOT coalesce(bool_or({filled}), false)")
        said.append(
            f"SELECT {unit} AS _unit, CASE WHEN {' OR '.join(blank)} THEN {NOT_ASKED}"
            f" WHEN {' OR '.join(empty)} THEN {UNDECIDED} ELSE {LOOKED_UP} END AS _status"
            f" FROM {_from(asked, name, way, search.read)} GROUP BY {unit}"
        )
    asked.connection.execute(
        f"CREATE OR REPLACE TABLE u_{name} AS SELECT _unit, min(_status) AS _status FROM ({' UNION ALL '.join(said)})"
        " GROUP BY _unit"
    )


def _from(asked: Asked, name: str, way: Mapping[str, str], read: Collection[str] | None = None) -> str:
    """What is asked, ``a``, with the rows of the sources that the way leads through, ``h_<source>``.

    With ``read``: everybody who is asked about, with rows or without, as far as they could be read.
    """
    lookup = asked.check.sources[name]
    joined = [f"{'people' if lookup.of == 'subject' else 'cases'} a"]
    for source in sorted({found[0] for value in way.values() if (found := hop(value))}):
        unit = "a._case" if asked.check.sources[source].of == "case" else "a._person"
        rows = f"(SELECT r._unit, t.* FROM r_{source} r JOIN f_{source} t USING (_no)) h_{source}"
        if read is not None:
            joined.append(f"JOIN u_{source} ON u_{source}._unit = {unit}")
        if read is None or source in read:
            joined.append(f"{'JOIN' if read is None else 'LEFT JOIN'} {rows} ON h_{source}._unit = {unit}")
    return " ".join(joined)


def _ways(lookup: Lookup) -> list[Mapping[str, str]]:
    return [way for way in (lookup.by, lookup.or_by) if way]


def _value(value: str) -> str:
    found = hop(value)
    return f'h_{found[0]}."_n_{found[1]}"' if found else f'a."_n_{value}"'


def _unit(lookup: Lookup) -> str:
    return "a._person" if lookup.of == "subject" else "a._case"


def _typed(text: str, key: Field) -> Value | None:
    """A wanted value in the type of its field; ``None`` for one that no row can have."""
    try:
        if key.kind == "integer":
            return int(text)
        if key.kind == "decimal":
            return Decimal(text)
        if key.kind == "date":
            return date.fromisoformat(text)
        if key.kind == "datetime":
            return datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return None
    return text == "true" if key.kind == "boolean" else text
