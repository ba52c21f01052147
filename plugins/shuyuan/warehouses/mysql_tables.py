"""The tables of ``store`` on MariaDB and MySQL, their views, and how one is migrated where DDL commits by itself.

A migration fills a stand-in beside the table, lets the views read it (one statement), refills the table behind them
and lets them read that again. Whenever it is cut off, consumers read the old rows or the new ones, and it can be done
again. Publications of the entry are kept out by its lease's row, which another line holds meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

from shuyuan.crashpoints import point
from shuyuan.entry import Entry, Field
from shuyuan.warehouses.migrations import Migration
from shuyuan.warehouses.server import ServerSession
from shuyuan.warehouses.server_tables import literal, quoted
from shuyuan.warehouses.zipper import OPEN, PERIOD_COLUMNS, history_view

PREFIX = 191
"""Characters of a long text that an index holds (3,072 bytes a key at most)."""

LONGEST = 500
KEY_LENGTH = 255
"""Characters of a key of no declared length: what joins by it must be no large object, which is compared row by row."""

STAND_IN = "@stand_in_"
_TYPES = {"integer": "bigint", "date": "date", "datetime": "datetime(6)", "boolean": "tinyint(1)"}


def column_type(entry: Entry, field: Field) -> str:
    """``VARCHAR`` where the length is known (an index needs it), ``MEDIUMTEXT`` otherwise."""
    if field.decimal:
        return "decimal({},{})".format(*field.decimal)
    if field.kind != "string":
        return _TYPES[field.kind]
    length = field.length or (KEY_LENGTH if field.name in entry.load.key else 0)
    return f"varchar({length})" if 0 < length <= LONGEST else "mediumtext"


def titled(field: Field) -> str:
    """Views have no comments here, so the tables' columns carry the titles."""
    return f" COMMENT {literal(field.title)}"


def key_columns(entry: Entry) -> str:
    """The columns of an index on the entry's key."""
    fields = [entry.field(name) for name in entry.load.key]
    long = [field for field in fields if field.kind == "string" and not (field.length and field.length <= PREFIX)]
    return ", ".join(f"{quoted(field.name)}{f'({PREFIX})' if field in long else ''}" for field in fields)


def definition(entry: Entry) -> str:
    """Columns, keys and comment of the entry's table: versions of a replaced one, else the rows."""
    fields = [f"{quoted(field.name)} {column_type(entry, field)}{titled(field)}" for field in entry.fields]
    ours = ["_load_no BIGINT NOT NULL", "_file SMALLINT", "_line BIGINT"]
    if entry.load.mode == "replace":
        keys = [f"PRIMARY KEY (_load_no, _place), KEY by_key (_load_no, {key_columns(entry)})"]
        ours.append("_place BIGINT NOT NULL")
    else:
        keys = [f"KEY by_key ({key_columns(entry)})"]
        ours += ["_place BIGINT", *([PERIOD_COLUMNS] if entry.load.mode == "history" else [])]
    return f"({', '.join([*fields, *ours, *keys])}) COMMENT {literal(entry.title)}"


def show_table(session: ServerSession, entry: Entry, table: str) -> None:
    """Make the entry's views read ``table`` of ``store``."""
    shown = [quoted(field.name) for field in entry.fields]
    where = f" WHERE valid_to = {OPEN}" if entry.load.mode == "history" else ""
    if entry.load.mode == "replace":
        where = f" WHERE _load_no = (SELECT load_no FROM store.pointers WHERE entry_id = {literal(entry.id)})"
    if entry.load.mode == "history":
        session.make_history()
        query = history_view(entry, shown, table)
        session.execute(f"CREATE OR REPLACE VIEW history.{quoted(entry.table)} AS {query}")
    session.execute(
        f"CREATE OR REPLACE VIEW share.{quoted(entry.table)} AS SELECT {', '.join(shown)}, _load_no"
        f" FROM store.{quoted(table)}{where}"
    )


def shown_table(session: ServerSession, entry: Entry) -> str:
    """The table of ``store`` that consumers read: the entry's, or the stand-in of a migration that was cut off."""
    rows = session.query(
        "SELECT view_definition AS told FROM information_schema.views WHERE table_schema = 'share' AND table_name = ?",
        [entry.table],
    )
    begin = f"{entry.table}{STAND_IN}"
    _, found, rest = rows[0]["told"].partition(begin) if rows else ("", "", "")
    return f"{begin}{rest.partition('`')[0].partition(chr(34))[0]}" if found else entry.table


def columns_of(session: ServerSession, table: str) -> dict[str, str]:
    """The columns of a table of ``store`` with their types."""
    rows = session.query(
        "SELECT column_name AS name, column_type AS told FROM information_schema.columns"
        " WHERE table_schema = 'store' AND table_name = ? ORDER BY ordinal_position",
        [table],
    )
    return {row["name"]: row["told"] for row in rows}


def rebuild(session: ServerSession, migration: Migration, number: int, record: Callable[[], None]) -> None:
    """Migrate the table of an entry; ``number`` names what stands in for it."""
    entry, former = migration.entry, migration.former
    types = {field.name: _cast_type(field) for field in entry.fields}
    values = migration.values(session.casts, types, place=True)
    stand_in, refilled = f"{entry.table}{STAND_IN}{number}", f"{entry.table}@refilled"
    columns = ", ".join(map(quoted, values))
    session.execute(f"CREATE TABLE store.{quoted(stand_in)} {definition(entry)}")
    session.execute(
        f"INSERT INTO store.{quoted(stand_in)} ({columns}) SELECT {', '.join(values.values())}"
        f" FROM {migration.stored.source} kept"
    )
    point("rebuilt")
    if entry.load.mode == "replace" != former.mode:
        session.insert_missing("store.pointers", [entry.id, None])
        session.execute("UPDATE store.pointers SET load_no = ? WHERE entry_id = ?", [former.load_no, entry.id])
    show_table(session, entry, stand_in)
    point("shown")
    with session.transaction():
        record()
    session.execute(f"DROP TABLE IF EXISTS store.{quoted(refilled)}")
    session.execute(f"CREATE TABLE store.{quoted(refilled)} {definition(entry)}")
    session.execute(f"INSERT INTO store.{quoted(refilled)} ({columns}) SELECT {columns} FROM store.{quoted(stand_in)}")
    session.execute(f"DROP TABLE IF EXISTS store.{quoted(entry.table)}")
    session.execute(f"RENAME TABLE store.{quoted(refilled)} TO store.{quoted(entry.table)}")
    show_table(session, entry, entry.table)
    if former.mode == "history" != entry.load.mode:
        session.execute(f"DROP VIEW IF EXISTS history.{quoted(entry.table)}")
    drop_stand_ins(session, entry)


def drop_stand_ins(session: ServerSession, entry: Entry) -> None:
    """Drop what migrations left that nobody reads."""
    shown = shown_table(session, entry)
    there = session.query(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'store'"
        " AND left(table_name, ?) = ?",
        [len(entry.table) + len(STAND_IN), f"{entry.table}{STAND_IN}"],
    )
    for row in there:
        if row["name"] != shown:
            session.execute(f"DROP TABLE IF EXISTS store.{quoted(row['name'])}")


def fits(known: str, wanted: str) -> bool:
    """Whether a column of type ``known`` serves; MariaDB shows ``bigint`` as ``bigint(20)``."""
    return known == wanted or (wanted == "bigint" and known.startswith("bigint")) or widens(wanted, known)


def widens(known: str, wanted: str) -> bool:
    """Whether ``wanted`` holds everything that ``known`` does: a longer text."""
    if not known.startswith("varchar("):
        return False
    return wanted == "mediumtext" or (wanted.startswith("varchar(") and int(wanted[8:-1]) > int(known[8:-1]))


def _cast_type(field: Field) -> str:
    """What ``CAST`` calls the type of a field."""
    if field.decimal:
        return "decimal({},{})".format(*field.decimal)
    named = {"string": "char", "integer": "signed", "date": "date", "datetime": "datetime(6)", "boolean": "signed"}
    return named[field.kind]
