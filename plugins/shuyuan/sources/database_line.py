"""A read-only line to a department's database: one snapshot, bounded time, errors without content.

Driver errors quote statements, names and sometimes rows; ``translate`` keeps only what kind of error it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Engine, Executable, create_engine, func, make_url, select
from sqlalchemy import Connection as Line
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from shuyuan.problems import DeliveryError, PassingError, PlatformError, ShuyuanError
from shuyuan.sources.connections import Connection

_CONNECT_SECONDS = 15
_ALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 6}
"""A PostgreSQL server that is gone without a word is noticed after two minutes."""
_LATER = 5
"""Seconds that the client waits longer than the server, so that the server says what it was."""
_ZONE = "Asia/Shanghai"

# How PostgreSQL writes values; three more digits make a float read back as itself before version 12, too.
_SPELT = ("DateStyle = 'ISO'", "IntervalStyle = 'postgres'", "extra_float_digits = 3", "client_encoding = 'UTF8'")

# What the servers' own codes mean to us: MySQL and MariaDB error numbers, SQLSTATEs of PostgreSQL.
_LOGIN = {1044, 1045, 1251, 1698, 1820, 1862, 3118, "28000", "28P01"}
_RIGHTS = {1142, 1143, 1227, 1345, 1370, "42501"}
_MISSING = {1054, 1146, 1356, "42P01", "42703", "3F000"}
_WRONG_DATABASE = {1049, "3D000"}
_TOO_SLOW = {1317, 1969, 3024, "57014"}

# SQLite has no codes for these, and PostgreSQL's driver has none before the login is over.
_SAYS = (
    (re.compile(r"no such (table|column)"), "D108"),
    (re.compile(r"could not decode", re.IGNORECASE), "D109"),
    (re.compile(r"password authentication failed|no pg_hba\.conf entry|role .* does not exist"), "P111"),
    (re.compile(r"database .* does not exist|file is not a database"), "P109"),
)


@dataclass(frozen=True)
class Snapshot:
    """A line in its snapshot. ``now`` is the server's clock just before, naive, of Asia/Shanghai."""

    line: Line
    now: datetime


@contextmanager
def open_snapshot(connection: Connection, seconds: float) -> Iterator[Snapshot]:
    """Open a line whose statements all see the same moment, cannot write, and end after ``seconds``.

    MySQL, MariaDB and PostgreSQL: a read-only transaction at REPEATABLE READ; SQLite: the file opened
    read-only, in one transaction. Other databases: whatever one statement of theirs sees. Session times are those
    of Asia/Shanghai.

    Raises:
        PlatformError: P116 the kind of database or its driver is unknown.
        sqlalchemy.exc.SQLAlchemyError: everything else, for ``translate``.
    """
    engine = _engine(connection, seconds)
    try:
        with engine.connect() as line:
            try:
                yield Snapshot(line, _begin(line, seconds))
            except BaseException:
                # Cut the line: an orderly end would first read all the rows that are still coming.
                line.invalidate()
                raise
    finally:
        engine.dispose()


def _engine(connection: Connection, seconds: float) -> Engine:
    try:
        url = make_url(connection.uri)
        kind = url.get_backend_name()
        if kind == "sqlite":
            url = URL.create(
                "sqlite", database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"}
            )
        return create_engine(
            url, hide_parameters=True, poolclass=NullPool, connect_args=_connect_args(kind, connection, seconds)
        )
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise PlatformError("P116", connection=connection.conn_id, kind=connection.conn_type) from None


def _connect_args(kind: str, connection: Connection, seconds: float) -> dict[str, Any]:
    extra = connection.extra
    if kind in ("mysql", "mariadb"):
        told: dict[str, Any] = {
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": max(1, int(seconds)) + _LATER,
            "charset": "utf8mb4",
            "local_infile": False,
        }
        if extra.get("ssl_ca"):
            told |= {"ssl_ca": extra["ssl_ca"], "ssl_verify_cert": True, "ssl_verify_identity": True}
        return told
    if kind == "postgresql":
        secure = {name: extra[name] for name in ("sslmode", "sslrootcert") if extra.get(name)}
        return {"connect_timeout": _CONNECT_SECONDS, **_ALIVE, **secure}
    return {}


def _begin(line: Line, seconds: float) -> datetime:
    """Bound the session, read the clock, begin the snapshot. What was committed before that clock is in it."""
    kind, milliseconds = line.dialect.name, max(1, int(seconds * 1000))
    if kind == "postgresql":
        line.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        line.exec_driver_sql(f"SET statement_timeout = {milliseconds}")
        line.exec_driver_sql(f"SET TIME ZONE '{_ZONE}'")
        for setting in _SPELT:
            line.exec_driver_sql(f"SET {setting}")
        return _clock(line, "SELECT localtimestamp")
    if kind in ("mysql", "mariadb"):
        limit = "max_statement_time" if getattr(line.dialect, "is_mariadb", False) else "max_execution_time"
        value = max(1, int(seconds)) if limit == "max_statement_time" else milliseconds
        line.exec_driver_sql(f"SET SESSION {limit} = {value}, time_zone = '+08:00'")
        now = _clock(line, "SELECT CURRENT_TIMESTAMP(6)")
        line.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        line.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        return now
    if kind == "sqlite":
        now = _clock(line, "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now', '+8 hours')")
        line.exec_driver_sql("BEGIN")
        return now
    return _clock(line, select(func.current_timestamp()))


def _clock(line: Line, question: str | Executable) -> datetime:
    told = (line.exec_driver_sql(question) if isinstance(question, str) else line.execute(question)).scalar_one()
    moment = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
    return moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(_ZONE)).replace(tzinfo=None)


def translate(error: Exception, connection: Connection, table: str, seconds: float) -> ShuyuanError:
    """Say what kind of failure a driver's error is. Nothing of its text is kept."""
    origin = error.orig if isinstance(error, DBAPIError) else None
    code = _server_code(origin)
    name = connection.conn_id
    said = next((ours for sign, ours in _SAYS if origin is not None and sign.search(str(origin))), "")
    if code in _LOGIN or said == "P111":
        return PlatformError("P111", connection=name)
    if code in _RIGHTS:
        return PlatformError("P115", connection=name, table=table)
    if code in _WRONG_DATABASE or said == "P109":
        return PlatformError("P109", connection=name, what="schema")
    if code in _MISSING or said == "D108":
        return DeliveryError("D108", table=table, columns="*")
    if said == "D109":
        return DeliveryError("D109", table=table, column="*")
    if code in _TOO_SLOW:
        return PassingError("P113", connection=name, seconds=int(seconds))
    return PassingError("P112", connection=name)


def _server_code(origin: BaseException | None) -> int | str | None:
    """MySQL's own number where there is one (its SQLSTATE says less), else the SQLSTATE."""
    first = origin.args[0] if origin is not None and origin.args else None
    if isinstance(first, int):
        return first
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else None
