"""The warehouse on a PostgreSQL server.

DDL is transactional there, so a replaced table is a table a version, as on the embedded warehouse: the publishing
transaction points the view in ``share`` at it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from shuyuan import ledger
from shuyuan.crashpoints import point
from shuyuan.entry import Entry, Field
from shuyuan.problems import PassingError, PlatformError, ShuyuanError
from shuyuan.warehouses import Lot
from shuyuan.warehouses.casts import PostgreSQLCasts
from shuyuan.warehouses.lookups import Value
from shuyuan.warehouses.lots import NULL, csv_chunks
from shuyuan.warehouses.migrations import Former, Migration, Stored, forms_of
from shuyuan.warehouses.postgresql_views import (
    column_type,
    columns_of,
    show_history,
    show_table,
    table_columns,
    told_type,
)
from shuyuan.warehouses.server import COUNTERS, DISPUTES, FETCHED, SCHEMAS, ServerSession
from shuyuan.warehouses.server_tables import ServerChange, literal, quoted
from shuyuan.warehouses.zipper import OPEN

KEEP_VERSIONS = 2
SETTINGS = {
    "TimeZone": "UTC",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "DateStyle": "ISO, YMD",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "10min",
    "client_min_messages": "warning",
}
"""What each session sets, so that no server's or account's own settings change what a value means."""


class PostgreSQLWarehouse:
    """The database at ``postgresql://user:password@host:port/database`` (``?sslmode=verify-full&sslrootcert=FILE``)."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.url = f"{scheme.partition('+')[0]}://{rest}"

    @contextmanager
    def session(self) -> Iterator[PostgreSQLSession]:
        """Open a line of one's own. Driver errors leave as P306, P330 to P333."""
        try:
            with psycopg.connect(self.url, autocommit=True, connect_timeout=15) as line:
                settle(line)
                session = PostgreSQLSession(line)
                session.prepare()
                yield session
        except psycopg.Error as error:
            raise translate(error) from None


def settle(line: psycopg.Connection[Any]) -> None:
    """Set the session and look at the database's own properties. Raises ``PlatformError`` P336, P338."""
    for name, value in SETTINGS.items():
        line.execute("SELECT set_config(%s, %s, false)", [name, value])
    found = {name: line.execute(f"SHOW {name}").fetchone() for name in ("server_encoding", *SETTINGS)}
    told = {name: row[0] if row else "" for name, row in found.items()}
    if told.pop("server_encoding") != "UTF8":
        raise PlatformError("P338", found="server_encoding", wanted="UTF8")
    for name, value in told.items():
        if value != SETTINGS[name]:
            raise PlatformError("P336", setting=name)


class PostgreSQLSession(ServerSession):
    """One line to the server."""

    connection: psycopg.Connection[Any]
    casts = PostgreSQLCasts()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A transaction that one session at a time is in: two first ones would make everything twice."""
        with self.transaction():
            self.execute("SELECT pg_advisory_xact_lock(7310)")
            yield

    def may_not(self, error: Exception) -> bool:
        """By its state."""
        return isinstance(error, psycopg.errors.InsufficientPrivilege)

    def known_columns(self) -> dict[str, set[str]]:
        """From the catalog: the information schema shows an account only what it may use."""
        rows = self.query(
            "SELECT c.relname AS place, array_agg(a.attname::text) AS names FROM pg_class c JOIN pg_attribute a"
            " ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = 'ledger' AND c.relkind = 'r' GROUP BY c.relname"
        )
        return {row["place"]: set(row["names"]) for row in rows}

    def make_everything(self) -> None:
        """Make schemas and the tables beside the ledger's own."""
        for schema in SCHEMAS:
            self.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self.execute(DISPUTES.format(timestamp="TIMESTAMP"))
        self.execute(COUNTERS)
        self.insert_missing("ledger.counters", ["load_no", 0])

    def describe_views(self) -> dict[str, str]:
        """Return the views of ``share`` by name, each with its comment."""
        sql = (
            "SELECT c.relname AS name, obj_description(c.oid, 'pg_class') AS about FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'share' AND c.relkind = 'v'"
        )
        return {row["name"]: row["about"] or "" for row in self.query(sql)}

    def define_view(self, view: str, sql: str, about: str) -> None:
        """Make or replace a view of ``share`` and describe it; other columns need a new view."""
        self.drop_view(view)
        self.execute(f"CREATE VIEW share.{quoted(view)} AS {sql}")
        self.execute(f"COMMENT ON VIEW share.{quoted(view)} IS {literal(about)}")

    def drop_view(self, view: str) -> None:
        """Drop a view of ``share``."""
        self.execute(f"DROP VIEW IF EXISTS share.{quoted(view)}")

    def begin(self) -> None:
        """Open a transaction."""
        self.connection.execute("BEGIN")

    @contextmanager
    def still(self) -> Iterator[None]:
        """A transaction that sees one state of the database; the usual one sees what others commit meanwhile."""
        with self.transaction():
            self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See ``translate``."""
        try:
            yield
        except psycopg.Error as error:
            raise translate(error) from None

    def among(self, column: str, values: Sequence[Value]) -> tuple[str, list[Any]]:
        """An array: the server hashes it."""
        return f"{column} = ANY(?)", [list(values)]

    def unlike(self, column: str, expression: str) -> tuple[str, list[Any]]:
        """The engine's own expressions."""
        return f"{column} !~ ?", [f"^(?:{expression})$"]

    def kept_versions(self, entry: Entry) -> dict[int, str]:
        """Each is a table."""
        return {number: f"store.{quoted(f'{entry.table}@{number}')}" for number in self.versions(entry)}

    def stream(self, sql: str, parameters: Sequence[Any] | None = None) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield rows through a cursor on the server."""
        with self.connection.transaction(), self.connection.cursor(name="stream") as cursor:
            cursor.execute(sql, parameters)  # type: ignore[call-overload]
            while rows := cursor.fetchmany(FETCHED):
                yield rows

    def change(self, lot: Lot, load_no: int, before: int | None) -> PostgreSQLChange:
        """Return how the lot gets into this server's tables."""
        return PostgreSQLChange(self, lot, load_no, before)

    def versions(self, entry: Entry) -> list[int]:
        """The numbers in the names of the version tables."""
        there = self.query(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'store' AND tablename ~ ?", [f"^{entry.table}@[0-9]+$"]
        )
        return sorted(int(row["tablename"].rpartition("@")[2]) for row in there)

    def stored(self, entry: Entry, former: Former) -> Stored | None:
        """The one table of an entry that keeps its rows, or the version that one is to keep from now on."""
        if former.mode == entry.load.mode == "replace":
            return None
        name = f"{entry.table}@{former.load_no}" if former.mode == "replace" else entry.table
        columns = columns_of(self, "store", name)
        return Stored(f"store.{quoted(name)}", forms_of(columns, former.mode)) if columns else None

    def rebuild(self, migration: Migration, number: int, record: Callable[[], None]) -> None:
        """Fill a new table beside the old one, move the views and drop the old one: DDL is in the transaction here."""
        entry, former = migration.entry, migration.former
        types = {field.name: column_type(field) for field in entry.fields}
        values = migration.values(self.casts, types, place=True)
        anew, kept = f"store.{quoted(f'{entry.table}@anew')}", f"store.{quoted(entry.table)}"
        self.execute(f"CREATE TABLE {anew} ({table_columns(entry)})")
        self.execute(
            f"INSERT INTO {anew} ({', '.join(map(quoted, values))})"
            f" SELECT {', '.join(values.values())} FROM {migration.stored.source}"
        )
        point("rebuilt")
        mode = entry.load.mode
        show_table(self, entry, anew, f" WHERE valid_to = {OPEN}" if mode == "history" else "")
        if former.mode == "history":
            self.execute(f"DROP VIEW IF EXISTS history.{quoted(entry.table)}")
        for name in (kept, *(f"store.{quoted(f'{entry.table}@{version}')}" for version in self.versions(entry))):
            self.execute(f"DROP TABLE IF EXISTS {name}")
        name = f"{entry.table}@{former.load_no}" if mode == "replace" else entry.table
        self.execute(f"ALTER TABLE {anew} RENAME TO {quoted(name)}")
        key = ", ".join(map(quoted, entry.load.key))
        index = "" if mode == "replace" else quoted(f"{entry.table}@key"[:63])
        self.execute(f"CREATE INDEX {index} ON store.{quoted(name)} ({key})")
        if mode == "history":
            self.make_history()
            show_history(self, entry)
        record()

    def show(self, entry: Entry, load_no: int) -> None:
        """Point the view at a version table."""
        show_table(self, entry, f"store.{quoted(f'{entry.table}@{load_no}')}")

    def reject(self, lot: Lot, load_no: int) -> None:
        """Keep the rejected rows; the table is made when the first lot comes."""
        table = f"rejected.{quoted(lot.entry.table)}"
        self.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (load_no BIGINT NOT NULL, delivery_id TEXT NOT NULL,"
            " run_id TEXT NOT NULL, file SMALLINT, line BIGINT, rules TEXT, record TEXT)"
        )
        if lot.rejected_path is None:
            return
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for batch in pq.ParquetFile(lot.rejected_path).iter_batches(FETCHED):
                for row in batch.to_pylist():
                    rules = json.dumps(row["rules"], ensure_ascii=False)
                    copy.write_row(
                        (load_no, lot.delivery_id, lot.run_id, row["_file"], row["_line"], rules, row["record"])
                    )


class PostgreSQLChange(ServerChange):
    """One lot on its way into PostgreSQL."""

    session: PostgreSQLSession

    def column_type(self, field: Field) -> str:
        """See ``column_type``."""
        return column_type(field)

    def same(self, left: str, right: str) -> str:
        """The standard's null-safe comparison."""
        return f"{left} IS NOT DISTINCT FROM {right}"

    def bulk_load(self, table: str, columns: Sequence[str], batches: Iterator[pa.RecordBatch]) -> int:
        """Load by ``COPY``, which is strict."""
        named = ", ".join(map(quoted, columns))
        with self.session.connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({named}) FROM STDIN (FORMAT csv, NULL '{NULL}')") as copy:
                for chunk in csv_chunks(batches):
                    copy.write(chunk)
            return cursor.rowcount

    def prepare_replace(self) -> str:
        """Make this version's table."""
        self._drop_versions(keep=1)
        table = self._version(self.load_no)
        self.session.execute(f"CREATE TABLE {table} ({self.columns_of(self.entry)})")
        return table

    def prepare_table(self) -> str:
        """Make or widen the table, its index and its view."""
        table, key = f"store.{quoted(self.entry.table)}", ", ".join(map(quoted, self.entry.load.key))
        with self.session.transaction():
            self.session.execute(f"CREATE TABLE IF NOT EXISTS {table} ({self.columns_kept()})")
            self.session.execute(
                f"CREATE INDEX IF NOT EXISTS {quoted(f'{self.entry.table}@key'[:63])} ON {table} ({key})"
            )
            self._fit_columns(table)
            if self.mode == "history":
                self.session.make_history()
                show_history(self.session, self.entry)
            show_table(self.session, self.entry, table, f" WHERE valid_to = {OPEN}" if self.mode == "history" else "")
        return table

    def index_keys(self, table: str) -> None:
        """The planner joins by hashing; it has to know how much there is."""
        self.session.execute(f"ANALYZE {table}")

    def version(self, load_no: int) -> str | None:
        """A version's table; ``None`` when it is gone."""
        columns = columns_of(self.session, "store", f"{self.entry.table}@{load_no}")
        return self._version(load_no) if {field.name for field in self.entry.fields} <= columns.keys() else None

    def stage(self) -> None:
        """Load, then index the key: faster than into an index."""
        super().stage()
        if self.mode == "replace":
            key = ", ".join(map(quoted, self.entry.load.key))
            self.session.execute(f"CREATE INDEX ON {self._version(self.load_no)} ({key})")
            self.session.execute(f"ANALYZE {self._version(self.load_no)}")

    def update_joined(self, table: str, changes: Mapping[str, str], on: str, where: str) -> None:
        """An update from another table."""
        pairs = ", ".join(f"{quoted(name)} = {value}" for name, value in changes.items())
        self.session.execute(f"UPDATE {table} known SET {pairs} FROM {self.arriving} fresh WHERE {on} AND {where}")

    def delete_joined(self, table: str, on: str, where: str) -> None:
        """A deletion by another table."""
        self.session.execute(f"DELETE FROM {table} known USING {self.arriving} fresh WHERE {on} AND {where}")

    def collect_garbage(self) -> None:
        """Drop versions that nobody can return to."""
        super().collect_garbage()
        if self.mode == "replace":
            self._drop_versions(keep=KEEP_VERSIONS)

    def _version(self, load_no: int) -> str:
        return f"store.{quoted(f'{self.entry.table}@{load_no}')}"

    def _fit_columns(self, table: str) -> None:
        there = columns_of(self.session, "store", self.entry.table)
        for field in self.entry.fields:
            wanted = self.column_type(field)
            known = there.get(field.name)
            if known is None and field.required:
                raise PlatformError("P304", entry=self.entry.id, difference=f"+ {field.name}")
            if known is None:
                self.session.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(field.name)} {wanted}")
            elif known != told_type(field):
                raise PlatformError("P304", entry=self.entry.id, difference=f"{field.name}: {known} → {wanted}")

    def _drop_versions(self, keep: int) -> None:
        kept = ledger.kept_publications(self.session, self.entry.id, keep)
        seen = ledger.current_publication(self.session, self.entry.id)
        for number in self.session.versions(self.entry):
            # A newer number than what consumers see may be a run that is just staging its rows, even where it is older
            # than ours: load numbers are not given in the order of the leases. What is older than that was fenced.
            if seen and number not in kept and number < seen.load_no:
                self.session.execute(f"DROP TABLE IF EXISTS {self._version(number)}")


def translate(error: psycopg.Error) -> ShuyuanError:
    """Say what kind of failure a server's error is. Nothing of its text is kept: it may quote a row."""
    state = error.sqlstate or ""
    if state[:2] in ("08", "57") or (isinstance(error, psycopg.OperationalError) and not state):
        return PassingError("P330", kind=state or type(error).__name__)
    if state in ("55P03", "40001", "40P01", "53300"):
        return PassingError("P331", kind=state)
    if state in ("53100", "53200"):
        return PassingError("P306", kind=state)
    if state[:2] in ("28", "42") and state in ("28000", "28P01", "42501"):
        return PlatformError("P332", kind=state)
    return PlatformError("P333", kind=state or type(error).__name__)
