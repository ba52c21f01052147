"""The views of ``share`` on a PostgreSQL server, and the types of their columns.

A view can be replaced there only by one of the same columns, and is not dropped while another one reads it. So views
that read a changed one (the golden views) are made again with it, in the same transaction.
"""

from __future__ import annotations

from typing import Any

import psycopg

from shuyuan.entry import Entry, Field
from shuyuan.warehouses.server import ServerSession
from shuyuan.warehouses.server_tables import literal, quoted
from shuyuan.warehouses.zipper import PERIOD_COLUMNS, history_view

_TYPES = {"string": "text", "integer": "bigint", "date": "date", "datetime": "timestamp", "boolean": "boolean"}
_TOLD = {"timestamp": "timestamp without time zone"}
_READERS = """
    SELECT DISTINCT v.relname AS name, pg_get_viewdef(v.oid) AS query, obj_description(v.oid, 'pg_class') AS about
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
    JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = 'share' AND t.relname = ? AND v.oid <> t.oid"""


def column_type(field: Field) -> str:
    """Texts carry no length: the rules judged it, and a longer one later needs no change."""
    return "numeric({},{})".format(*field.decimal) if field.decimal else _TYPES[field.kind]


def told_type(field: Field) -> str:
    """The type of a field as the server names it."""
    return _TOLD.get(column_type(field), column_type(field))


def table_columns(entry: Entry) -> str:
    """The columns of an entry's table in ``store``, as its definition has them."""
    fields = [f"{quoted(field.name)} {column_type(field)}" for field in entry.fields]
    ours = ["_load_no BIGINT NOT NULL", "_file SMALLINT", "_line BIGINT", "_place BIGINT"]
    return ", ".join([*fields, *ours, *([PERIOD_COLUMNS] if entry.load.mode == "history" else [])])


def columns_of(session: ServerSession, schema: str, table: str) -> dict[str, str]:
    """The columns of a table or view with their types, in their order."""
    rows = session.query(
        "SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
        [schema, table],
    )
    return {row["column_name"]: _told(row) for row in rows}


def show_table(session: ServerSession, entry: Entry, table: str, where: str = "") -> None:
    """Make the view of ``share`` show the entry's fields of ``table``; a field that it lacks is shown empty."""
    there = columns_of(session, "store", table.partition(".")[2].strip('"'))
    shown = ", ".join(
        quoted(field.name) if field.name in there else f"CAST(NULL AS {column_type(field)}) AS {quoted(field.name)}"
        for field in entry.fields
    )
    wanted = {field.name: told_type(field) for field in entry.fields} | {"_load_no": "bigint"}
    sql = f"SELECT {shown}, _load_no FROM {table}{where}"
    known = columns_of(session, "share", entry.table)
    if known and list(known.items()) != list(wanted.items()):
        _make_anew(session, entry.table, sql)
    else:
        session.execute(f"CREATE OR REPLACE VIEW share.{quoted(entry.table)} AS {sql}")
    session.execute(f"COMMENT ON VIEW share.{quoted(entry.table)} IS {literal(entry.title)}")
    for field in entry.fields:
        column = f"share.{quoted(entry.table)}.{quoted(field.name)}"
        session.execute(f"COMMENT ON COLUMN {column} IS {literal(field.title)}")


def show_history(session: ServerSession, entry: Entry) -> None:
    """Make the view of ``history`` show all states of a zipped entry."""
    view = f"history.{quoted(entry.table)}"
    session.execute(f"DROP VIEW IF EXISTS {view}")
    session.execute(f"CREATE VIEW {view} AS {history_view(entry, [quoted(field.name) for field in entry.fields])}")
    session.execute(f"COMMENT ON VIEW {view} IS {literal(entry.title)}")


def _make_anew(session: ServerSession, view: str, sql: str) -> None:
    """Drop the view and make it with its new columns; who reads it follows, unless it reads what is gone."""
    readers = session.query(_READERS, [view])
    session.execute(f"DROP VIEW share.{quoted(view)} CASCADE")
    session.execute(f"CREATE VIEW share.{quoted(view)} AS {sql}")
    for reader in readers:
        session.execute("SAVEPOINT reader")
        try:
            session.execute(f"CREATE VIEW share.{quoted(reader['name'])} AS {reader['query']}")
            session.execute(f"COMMENT ON VIEW share.{quoted(reader['name'])} IS {literal(reader['about'] or '')}")
        except psycopg.ProgrammingError:  # the next comparison makes it as it must be now
            session.execute("ROLLBACK TO SAVEPOINT reader")


def _told(row: dict[str, Any]) -> str:
    if row["data_type"] == "numeric":
        return f"numeric({row['numeric_precision']},{row['numeric_scale']})"
    return str(row["data_type"])
