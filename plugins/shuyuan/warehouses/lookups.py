"""Looking rows up by key: what is read of a shared table is the rows that were asked for, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from shuyuan import ledger
from shuyuan.entry import Entry, Field
from shuyuan.problems import PlatformError
from shuyuan.warehouses.zipper import OPEN

Value = str | int | Decimal | date | datetime | bool
Way = Mapping[str, Sequence[Value]]
"""Field → the values that are wanted of it. A row fits when every field of the way has a wanted value."""

ARROW: Mapping[str, pa.DataType] = {
    "string": pa.string(), "integer": pa.int64(), "date": pa.date32(), "datetime": pa.timestamp("us"),
    "boolean": pa.bool_(),
}  # fmt: skip
"""The Arrow type of a field's kind."""


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of a field."""
    return pa.decimal128(*field.decimal) if field.decimal else ARROW[field.kind]


def row_schema(entry: Entry, fields: Sequence[str]) -> pa.Schema:
    """The columns of found rows."""
    return pa.schema([(name, arrow_type(entry.field(name))) for name in fields])


def can_match(ways: Sequence[Way]) -> list[Way]:
    """The ways that a row can fit at all: one with a field of which nothing is wanted finds nothing."""
    return [way for way in ways if way and all(way.values())]


def past_rows(
    connection: ledger.Connection, entry: Entry, load_no: int | None, versions: Mapping[int, str], table: str
) -> str:
    """Return what to select from: the shared table, or its rows as an earlier publication showed them.

    ``versions`` are the kept ones of a replaced entry, ``table`` what holds the rows of all others.

    Raises:
        PlatformError: P425, the rows of that publication are not kept any more.
    """
    current = ledger.current_publication(connection, entry.id)
    if load_no is None or (current is not None and current.load_no == load_no):
        return f'share."{entry.table}"'
    found = connection.query(
        "SELECT data_date, mode FROM ledger.publications WHERE entry_id = ? AND load_no = ?", [entry.id, load_no]
    )
    mode = found[0]["mode"] if found else ""
    if mode == entry.load.mode == "replace" and load_no in versions:
        return versions[load_no]
    if mode == entry.load.mode == "append":
        return f"(SELECT * FROM {table} WHERE _load_no <= {load_no})"
    if mode == entry.load.mode == "history":
        day: date = found[0]["data_date"]
        # Of two publications for one day the later one's states took the place of the earlier one's.
        later = connection.query(
            "SELECT 1 AS there FROM ledger.publications WHERE entry_id = ? AND load_no > ? AND data_date <= ?",
            [entry.id, load_no, day],
        )
        if not later:
            told = f"DATE '{day.isoformat()}'"
            return f"(SELECT * FROM {table} WHERE valid_from <= {told} AND (valid_to > {told} OR valid_to = {OPEN}))"
    raise PlatformError("P425", entry=entry.id, load_no=load_no)
