"""Protections, each with a way to switch it off: a test of it must then see the harm.

``switch(set_attribute)`` replaces attributes by the given function, so that a test can undo it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from shuyuan.pipeline import stages
from shuyuan.warehouses import mysql_line
from shuyuan.warehouses.duckdb import DuckDBSession
from shuyuan.warehouses.mysql import MySQLSession
from shuyuan.warehouses.postgresql import PostgreSQLSession
from shuyuan.warehouses.publishing import PublishingSession
from shuyuan.warehouses.server import ServerSession

SetAttribute = Callable[[Any, str, Any], None]


def no_transaction(set_attribute: SetAttribute) -> None:
    """Each statement commits by itself."""

    @contextmanager
    def autocommit(self: Any) -> Iterator[None]:
        yield

    set_attribute(ServerSession, "transaction", autocommit)
    set_attribute(DuckDBSession, "transaction", autocommit)


def no_fencing(set_attribute: SetAttribute) -> None:
    """Nobody asks whether a later run took over."""
    set_attribute(PublishingSession, "_require_lease", lambda *_: None)


def no_ledger_lookup(set_attribute: SetAttribute) -> None:
    """A run that is tried again does not ask whether it has published already."""
    set_attribute(stages, "published_by", lambda *_: None)
    set_attribute(stages, "is_published", lambda *_: False)


def pointer_outside_the_transaction(set_attribute: SetAttribute) -> None:
    """What consumers read moves at once, and the ledger's line comes later."""
    for session, line in (
        (MySQLSession, "connection"),
        (PostgreSQLSession, "connection"),
        (DuckDBSession, "_connection"),
    ):
        real = session.show

        def show(self: Any, *arguments: Any, real: Any = real, line: str = line) -> None:
            real(self, *arguments)
            getattr(self, line).commit()
            self.execute("BEGIN")

        set_attribute(session, "show", show)


def careless_bulk_load(set_attribute: SetAttribute) -> None:
    """LOAD DATA LOCAL as everybody writes it: without ``REPLACE``, its warnings unread."""
    real = mysql_line.StreamingConnection.query

    def query(self: Any, sql: Any, unbuffered: bool = False) -> Any:
        text = sql.decode("utf-8", "surrogateescape") if isinstance(sql, bytes) else sql
        return real(self, text.replace("' REPLACE INTO TABLE", "' INTO TABLE"), unbuffered)

    def all_well(told: str) -> Any:
        found = real_told.search(told)
        return SimpleNamespace(groups=lambda: (found.groups()[0], "0", "0", "0")) if found else None

    real_told = mysql_line._LOADED
    set_attribute(mysql_line.StreamingConnection, "query", query)
    set_attribute(mysql_line, "_LOADED", SimpleNamespace(search=all_well))


SWITCHES: dict[str, Callable[[SetAttribute], None]] = {
    "transaction": no_transaction,
    "fencing": no_fencing,
    "ledger lookup": no_ledger_lookup,
    "pointer": pointer_outside_the_transaction,
    "strict load": careless_bulk_load,
}
"""Protection → what switches it off."""
