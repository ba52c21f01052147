"""The warehouse on a MariaDB or MySQL server.

``share``, ``store``, ``rejected`` and ``ledger`` are databases. DDL commits by itself there, so a replaced table
cannot move by renaming inside the publishing transaction; instead each row of ``store`` carries its load number and
the view in ``share`` shows the number that ``store.pointers`` holds. The transaction moves the pointer.
TiDB, Doris and StarRocks speak the same protocol but are not tested.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
from pymysql.cursors import SSCursor

from shuyuan import ledger
from shuyuan.entry import Entry, Field
from shuyuan.language import say
from shuyuan.problems import PassingError, PlatformError
from shuyuan.warehouses import Lot
from shuyuan.warehouses.casts import MySQLCasts
from shuyuan.warehouses.lookups import Value
from shuyuan.warehouses.lots import csv_chunks
from shuyuan.warehouses.migrations import Former, Migration, Stored, forms_of
from shuyuan.warehouses.mysql_line import REFUSED, WITHOUT_LOCAL, StreamingConnection, open_line, translate
from shuyuan.warehouses.mysql_tables import (
    column_type,
    columns_of,
    definition,
    drop_stand_ins,
    fits,
    key_columns,
    rebuild,
    show_table,
    shown_table,
    titled,
    widens,
)
from shuyuan.warehouses.server import COUNTERS, DISPUTES, FETCHED, SCHEMAS, ServerSession
from shuyuan.warehouses.server_tables import ServerChange, literal, quoted

log = logging.getLogger(__name__)

KEEP_VERSIONS = 2
DELETED = 20_000
"""Rows a statement when old versions go: short transactions, small undo logs."""

COLLATIONS = ("utf8mb4_nopad_bin", "utf8mb4_0900_bin")
"""Of MariaDB, of MySQL: keys that differ by case, width or blanks at the end are different."""

_NOT_ALLOWED = 1044


class MySQLWarehouse:
    """The server at ``mysql://user:password@host:port/``, with ``?ssl_ca=FILE`` for a verified TLS line."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def session(self) -> Iterator[MySQLSession]:
        """Open a line of one's own. Driver errors leave as P306, P330 to P336."""
        line: StreamingConnection | None = None
        try:
            line = open_line(self.url)
            session = MySQLSession(line, self.url)
            session.prepare()
            session.settle_down()
            yield session
        except pymysql.MySQLError as error:
            raise translate(error) from None
        finally:
            if line is not None:
                with suppress(pymysql.MySQLError):
                    line.close()


class MySQLSession(ServerSession):
    """One line to the server."""

    connection: StreamingConnection
    text_type = "CHAR(500)"
    casts = MySQLCasts()
    ledger_types: Mapping[str, str] = {"TIMESTAMP": "DATETIME(6)", "TEXT": "MEDIUMTEXT"}

    def __init__(self, connection: StreamingConnection, url: str) -> None:
        super().__init__(connection)
        self.url = url
        self.after_commit: list[Callable[[], None]] | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As everywhere; what would end the transaction at once (DDL of views) is done right after its commit."""
        waiting: list[Callable[[], None]] = []
        self.after_commit = waiting
        try:
            with super().transaction():
                yield
        finally:
            self.after_commit = None
        for do in waiting:
            do()

    def describe_views(self) -> dict[str, str]:
        """Views have no comments here, so ``store.view_notes`` keeps them."""
        sql = "SELECT table_name AS name FROM information_schema.views WHERE table_schema = 'share'"
        notes = {row["name"]: row["about"] for row in self.query("SELECT name, about FROM store.view_notes")}
        return {row["name"]: notes.get(row["name"], "") for row in self.query(sql)}

    def define_view(self, view: str, sql: str, about: str) -> None:
        """Make or replace a view of ``share`` and note what it is."""

        def define() -> None:
            self.execute(f"CREATE OR REPLACE VIEW share.{quoted(view)} AS {sql}")
            self.execute("REPLACE INTO store.view_notes VALUES (?, ?)", [view, about])

        self._after_commit(define)

    def drop_view(self, view: str) -> None:
        """Drop a view of ``share``."""
        self._after_commit(lambda: self.execute(f"DROP VIEW IF EXISTS share.{quoted(view)}"))

    def _after_commit(self, do: Callable[[], None]) -> None:
        if self.after_commit is None:
            do()
        else:
            self.after_commit.append(do)

    def prepare(self) -> None:
        """Make what is not there yet.

        Raises:
            PlatformError: P338, a database made by others would take different keys for the same; P342.
        """
        self._check_collations()
        super().prepare()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold a lock by name: DDL is in no transaction here."""
        if not self.query("SELECT get_lock('shuyuan_ledger', 60) AS held")[0]["held"]:
            raise PassingError("P331", kind="shuyuan_ledger")
        try:
            yield
        finally:
            self.query("SELECT release_lock('shuyuan_ledger')")

    def may_not(self, error: Exception) -> bool:
        """By its number."""
        return isinstance(error, pymysql.MySQLError) and error.args[0] in REFUSED

    def make_everything(self) -> None:
        """Make databases and the tables beside the ledger's own."""
        (version,) = self.query("SELECT version() AS told")
        collation = COLLATIONS["mariadb" not in version["told"].lower()]
        for schema in SCHEMAS:
            self.execute(f"CREATE DATABASE IF NOT EXISTS {schema} CHARACTER SET utf8mb4 COLLATE {collation}")
        self.execute(DISPUTES.format(timestamp="DATETIME(6)"))
        self.execute("CREATE TABLE IF NOT EXISTS store.pointers (entry_id VARCHAR(130) PRIMARY KEY, load_no BIGINT)")
        self.execute("CREATE TABLE IF NOT EXISTS store.view_notes (name VARCHAR(130) PRIMARY KEY, about MEDIUMTEXT)")
        self.execute(COUNTERS)
        self.insert_missing("ledger.counters", ["load_no", 0])

    def settle_down(self) -> None:
        """Be in ``store``: temporary tables and joined deletions need a place. Who only reads may not, and need not."""
        try:
            self.connection.select_db("store")
        except pymysql.err.OperationalError as error:
            if error.args[0] != _NOT_ALLOWED:
                raise

    def _check_collations(self) -> None:
        sql = "SELECT default_collation_name AS told FROM information_schema.schemata WHERE schema_name IN ({})"
        for row in self.query(sql.format(", ".join(map(literal, SCHEMAS)))):
            if row["told"] not in COLLATIONS:
                raise PlatformError("P338", found=row["told"], wanted=" / ".join(COLLATIONS))

    def insert_missing(self, table: str, values: Sequence[Any]) -> None:
        """Insert a row unless its key is there."""
        self.execute(f"INSERT IGNORE INTO {table} VALUES ({', '.join('?' for _ in values)})", values)

    @contextmanager
    def exclusive(self, entry_id: str, token: int) -> Iterator[None]:
        """DDL would end the transaction that holds the lease, so another line does."""
        line = open_line(self.url)
        try:
            other = MySQLSession(line, self.url)
            with other.transaction():
                other._require_lease(entry_id, token)
                yield
        finally:
            line.close()

    def stored(self, entry: Entry, former: Former) -> Stored | None:
        """The one table of the entry: of a replaced one, with its versions."""
        name = shown_table(self, entry)
        columns = columns_of(self, name)
        source = f"store.{quoted(name)}"
        if former.mode == "replace":
            kept = self.versions(entry) if entry.load.mode == "replace" else [former.load_no]
            source = f"(SELECT * FROM {source} WHERE _load_no IN ({', '.join(map(str, kept))}))"
        forms = forms_of(columns, former.mode)
        return Stored(source, forms, unfinished=name != entry.table) if columns else None

    def rebuild(self, migration: Migration, number: int, record: Callable[[], None]) -> None:
        """See ``mysql_tables``."""
        drop_stand_ins(self, migration.entry)
        rebuild(self, migration, number, record)

    def begin(self) -> None:
        """Open a transaction."""
        self.connection.begin()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See ``translate``."""
        try:
            yield
        except pymysql.MySQLError as error:
            raise translate(error) from None

    def among(self, column: str, values: Sequence[Value]) -> tuple[str, list[Any]]:
        """A list: the server sorts it and searches in it."""
        return f"{column} IN ({', '.join('?' * len(values))})", list(values)

    def unlike(self, column: str, expression: str) -> tuple[str, list[Any]]:
        """``$`` would match before a line break too."""
        return f"{column} NOT REGEXP ?", [f"^(?:{expression})\\z"]

    def kept_versions(self, entry: Entry) -> dict[int, str]:
        """All are in one table."""
        table = f"store.{quoted(entry.table)}"
        return {number: f"(SELECT * FROM {table} WHERE _load_no = {number})" for number in self.versions(entry)}

    def stream(self, sql: str, parameters: Sequence[Any] | None = None) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield rows as the server sends them."""
        with self.connection.cursor(SSCursor) as cursor:
            cursor.execute(sql, parameters)
            while rows := cursor.fetchmany(FETCHED):
                yield rows

    def change(self, lot: Lot, load_no: int, before: int | None) -> MySQLChange:
        """Return how the lot gets into this server's tables."""
        return MySQLChange(self, lot, load_no, before)

    def versions(self, entry: Entry) -> list[int]:
        """The load numbers that the table holds; only published ones count."""
        kept = ledger.kept_publications(self, entry.id, KEEP_VERSIONS) if entry.load.mode == "replace" else []
        return sorted(kept)

    def show(self, entry: Entry, load_no: int) -> None:
        """Move the pointer."""
        self.execute("UPDATE store.pointers SET load_no = ? WHERE entry_id = ?", [load_no, entry.id])

    def reject(self, lot: Lot, load_no: int) -> None:
        """Keep the rejected rows; their table was made when the lot was staged."""
        if lot.rejected_path is None:
            return
        table = f"rejected.{quoted(lot.entry.table)}"
        with self.connection.cursor() as cursor:
            for batch in pq.ParquetFile(lot.rejected_path).iter_batches(FETCHED):
                lines = [
                    (load_no, lot.delivery_id, lot.run_id, row["_file"], row["_line"],
                     json.dumps(row["rules"], ensure_ascii=False), row["record"])
                    for row in batch.to_pylist()
                ]  # fmt: skip
                cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, %s, %s)", lines)


class MySQLChange(ServerChange):
    """One lot on its way into MariaDB or MySQL."""

    session: MySQLSession

    @property
    def table(self) -> str:
        """The table that holds all versions, or the rows of an appended or merged entry."""
        return f"store.{quoted(self.entry.table)}"

    def column_type(self, field: Field) -> str:
        """See ``mysql_tables.column_type``."""
        return column_type(self.entry, field)

    def comment(self, field: Field) -> str:
        """See ``mysql_tables.titled``."""
        return titled(field)

    def same(self, left: str, right: str) -> str:
        """The null-safe ``<=>``."""
        return f"{left} <=> {right}"

    def bulk_load(self, table: str, columns: Sequence[str], batches: Iterator[pa.RecordBatch]) -> int:
        """Load by a stream that the server reads as a local file, or by inserting where it takes none."""
        line = self.session.connection
        try:
            return line.load(table, columns, csv_chunks(batches))
        except pymysql.err.MySQLError as error:
            if error.args[0] not in WITHOUT_LOCAL:
                raise
        line.rollback()
        log.warning(say("warehouse.without_local"))
        return line.insert(table, columns, batches)

    def prepare_replace(self) -> str:
        """Make or widen the table, its view and its pointer; rows of another load number are seen by nobody."""
        self.session.insert_missing("store.pointers", [self.entry.id, None])
        return self.prepare_table()

    def prepare_table(self) -> str:
        """Make or widen the table and its view."""
        self.session.execute(f"CREATE TABLE IF NOT EXISTS {self.table} {definition(self.entry)}")
        self.session.execute(
            f"CREATE TABLE IF NOT EXISTS rejected.{quoted(self.entry.table)} (load_no BIGINT NOT NULL,"
            " delivery_id VARCHAR(64) NOT NULL, run_id VARCHAR(250) NOT NULL, file SMALLINT, line BIGINT,"
            " rules MEDIUMTEXT, record MEDIUMTEXT, KEY by_load (load_no))"
        )
        self._fit_columns()
        show_table(self.session, self.entry, self.entry.table)
        return self.table

    def index_keys(self, table: str) -> None:
        """Both are looked up by their key when rows that did not come are closed or removed."""
        self.session.execute(f"ALTER TABLE {table} ADD KEY by_key ({key_columns(self.entry)})")

    def version(self, load_no: int) -> str | None:
        """The rows of one publication; ``None`` when they are gone."""
        known = load_no == self.load_no or load_no in self.session.versions(self.entry)
        return f"(SELECT * FROM {self.table} WHERE _load_no = {load_no})" if known else None

    def update_joined(self, table: str, changes: Mapping[str, str], on: str, where: str) -> None:
        """A joined update."""
        pairs = ", ".join(f"known.{quoted(name)} = {value}" for name, value in changes.items())
        self.session.execute(f"UPDATE {table} known JOIN {self.arriving} fresh ON {on} SET {pairs} WHERE {where}")

    def delete_joined(self, table: str, on: str, where: str) -> None:
        """A joined deletion."""
        self.session.execute(f"DELETE known FROM {table} known JOIN {self.arriving} fresh ON {on} WHERE {where}")

    def collect_garbage(self) -> None:
        """Delete versions that nobody can return to, and what killed runs left, a few rows at a time."""
        super().collect_garbage()
        if self.mode != "replace":
            return
        kept = ", ".join(map(str, self.session.versions(self.entry)))
        with self.session.connection.cursor() as cursor:
            # Only older numbers: a newer one may be a run that is just staging its rows.
            while cursor.execute(
                f"DELETE FROM {self.table} WHERE _load_no NOT IN ({kept}) AND _load_no < {self.load_no} LIMIT {DELETED}"
            ):
                pass

    def _fit_columns(self) -> None:
        there = columns_of(self.session, self.entry.table)
        for field in self.entry.fields:
            wanted, known = self.column_type(field), there.get(field.name)
            if known is None and (self.mode == "replace" or not field.required):
                self.session.execute(
                    f"ALTER TABLE {self.table} ADD COLUMN {quoted(field.name)} {wanted}{self.comment(field)}"
                )
            elif known is None:
                raise PlatformError("P304", entry=self.entry.id, difference=f"+ {field.name}")
            elif not fits(known, wanted):
                if not widens(known, wanted):
                    raise PlatformError("P304", entry=self.entry.id, difference=f"{field.name}: {known} → {wanted}")
                self.session.execute(
                    f"ALTER TABLE {self.table} MODIFY COLUMN {quoted(field.name)} {wanted}{self.comment(field)}"
                )
