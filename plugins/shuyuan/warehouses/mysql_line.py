"""The line to a MariaDB or MySQL server: strict session settings, and a bulk load that reads no file.

``LOAD DATA LOCAL`` is the fast way in and treacherous twice: without ``REPLACE`` it stores what does not fit as
zero, cut or ``??`` and only warns; and the server says which file it wants. Here the answer to that question comes
from memory, once, to a name that only we know, and any warning undoes the load.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pymysql
from pymysql.connections import Connection, MySQLResult
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, escape_string
from pymysql.protocol import LoadLocalPacketWrapper

from shuyuan.problems import PassingError, PlatformError, ShuyuanError

SETTINGS: dict[str, str] = {
    "sql_mode": "ANSI_QUOTES,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION",
    "time_zone": "+00:00",
    "lock_wait_timeout": "30",
    "innodb_lock_wait_timeout": "30",
}
"""What each session sets: nothing is cut, rounded to zero or stored as a zero date, and no lock is waited for long."""

PACKET = 1 << 20
INSERTED = 1000
"""Rows a statement, where rows go in by ``INSERT``."""

WITHOUT_LOCAL = {1148, 3948, 4166}
"""What a server answers that takes no local files (``local_infile=0``), before it takes a row."""

_LOADED = re.compile(r"Records: (\d+)\s+Deleted: (\d+)\s+Skipped: (\d+)\s+Warnings: (\d+)")
_GONE, _BUSY = {2002, 2003, 2006, 2013, 1053, 1927}, {1205, 1213, 1040, 1203}
_FULL = {1021, 1114, 1041}
REFUSED = {1044, 1045, 1142, 1143, 1227, 1698}


class StreamingResult(MySQLResult):  # type: ignore[misc]  # pymysql has no types
    """A result that answers the server's wish for a local file from its connection's ``supply``."""

    def _read_load_local_packet(self, first_packet: Any) -> None:
        line: StreamingConnection = self.connection
        wanted = LoadLocalPacketWrapper(first_packet).filename
        try:
            line.supply_to(wanted.decode() if isinstance(wanted, bytes) else str(wanted))
        except BaseException:
            # An orderly end of data would make the server finish the statement with what it has.
            line._force_close()
            raise
        line.write_packet(b"")
        answer = line._read_packet()
        self._read_ok_packet(answer)


class StreamingConnection(Connection):  # type: ignore[misc]
    """A connection that can load from memory; see ``load``."""

    supply: tuple[str, Iterable[bytes]] | None = None

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = None
        result = StreamingResult(self)
        result.init_unbuffered_query() if unbuffered else result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows or 0)

    def supply_to(self, wanted: str) -> None:
        """Send the supplied bytes, if it is they that the server wants."""
        name, chunks = self.supply or ("", ())
        self.supply = None
        if not name or wanted != name:
            raise PlatformError("P334")
        for chunk in chunks:
            view = memoryview(chunk)
            for start in range(0, len(view), PACKET):
                self.write_packet(bytes(view[start : start + PACKET]))

    def load(self, table: str, columns: Iterable[str], chunks: Iterable[bytes]) -> int:
        """Load CSV bytes into ``table`` and return the rows that the server took, all of them without a warning.

        Raises:
            PlatformError: P335, the server would have changed or left out something; the load is undone.
        """
        name = f"memory:{secrets.token_hex(16)}"
        self.supply = (name, chunks)
        named = ", ".join(f'"{column}"' for column in columns)
        self.begin()
        with self.cursor() as cursor:
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '{name}' REPLACE INTO TABLE {table} CHARACTER SET utf8mb4"
                " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n'"
                f" ({named})"
            )
        told = _LOADED.search((self._result.message or b"").decode() if self._result else "")
        rows, *others = (int(number) for number in told.groups()) if told else (0, 1)
        if any(others):
            self.rollback()
            raise PlatformError("P335")
        self.commit()
        return rows

    def insert(self, table: str, columns: Iterable[str], batches: Iterable[pa.RecordBatch]) -> int:
        """Insert batches into ``table`` by statements of many rows; as ``load``, in about twice the time.

        Raises:
            PlatformError: P335, as ``load``.
        """
        named, taken = ", ".join(f'"{column}"' for column in columns), 0
        self.begin()
        for batch in batches:
            for start in range(0, batch.num_rows, INSERTED):
                piece = batch.slice(start, INSERTED)
                told = zip(*(_literals(array) for array in piece.columns), strict=True)
                rows = ", ".join(f"({', '.join(values)})" for values in told)
                taken += self.query(f"INSERT INTO {table} ({named}) VALUES {rows}")
                if self._result is None or self._result.warning_count:
                    self.rollback()
                    raise PlatformError("P335")
        self.commit()
        return taken


def _literals(array: pa.Array) -> list[str]:
    """A column's values as SQL."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if pa.types.is_integer(array.type):
        return ["NULL" if value is None else str(value) for value in array.to_pylist()]
    texts = array.cast(pa.string()).to_pylist()
    return ["NULL" if text is None else f"'{escape_string(text)}'" for text in texts]


def open_line(url: str) -> StreamingConnection:
    """Connect and set the session. Times are UTC, booleans come back as ``True`` and ``False``.

    Raises:
        PlatformError: P336 the server did not take a setting.
        pymysql.MySQLError: for ``translate``.
    """
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    secure = (
        {"ssl_ca": query["ssl_ca"], "ssl_verify_cert": True, "ssl_verify_identity": True} if "ssl_ca" in query else {}
    )
    line = StreamingConnection(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        charset="utf8mb4",
        autocommit=True,
        local_infile=True,
        connect_timeout=15,
        read_timeout=3600,
        conv=conversions | {FIELD_TYPE.TINY: _truth},
        **secure,
    )
    with line.cursor() as cursor:
        for name, value in SETTINGS.items():
            cursor.execute(f"SET SESSION {name} = %s", [int(value) if value.isdecimal() else value])
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT @@sql_mode, @@time_zone, @@character_set_connection")
        mode, zone, letters = cursor.fetchone()
        if not set(SETTINGS["sql_mode"].split(",")) <= set(mode.split(",")) or zone != "+00:00" or letters != "utf8mb4":
            line.close()
            raise PlatformError("P336", setting="sql_mode, time_zone, character_set")
    return line


def _truth(text: Any) -> bool:
    return bool(int(text))


def translate(error: pymysql.MySQLError) -> ShuyuanError:
    """Say what kind of failure a server's error is. Nothing of its text is kept: it may quote a row."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in _GONE or isinstance(error, pymysql.err.InterfaceError):
        return PassingError("P330", kind=code or type(error).__name__)
    if code in _BUSY:
        return PassingError("P331", kind=code)
    if code in _FULL:
        return PassingError("P306", kind=str(code))
    if code in REFUSED:
        return PlatformError("P332", kind=code)
    return PlatformError("P333", kind=code or type(error).__name__)
