"""The embedded warehouse: one DuckDB file.

DuckDB admits one process at a time, so a lock file guards it and sessions are short. Consumers outside
the pipeline read Parquet copies (``snapshot``, ``copy_view``), never the writer's file.

Layers: ``share`` (views: what consumers read), ``store`` (the rows, with ``_load_no``, ``_file``, ``_line``),
``rejected`` (rows that failed a rule), ``ledger``. A replaced table is a new table a version; the
publishing transaction points the view at it. Appended and merged tables change inside the publishing
transaction.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from filelock import FileLock, Timeout

from shuyuan import ledger
from shuyuan.crashpoints import point
from shuyuan.entry import Entry
from shuyuan.problems import PassingError, PlatformError
from shuyuan.warehouses import Lot, Snapshot
from shuyuan.warehouses.duckdb_tables import Change, column_type, literal, quoted, show_history, show_table
from shuyuan.warehouses.lookups import Way, arrow_type, can_match, past_rows, row_schema
from shuyuan.warehouses.migrations import Former, Migration, Stored, forms_of
from shuyuan.warehouses.publishing import PublishingSession

LOCK_SECONDS = 300
_DISPUTED = ("entry_id", "field", "kind", "source_id")
_SAME = " AND ".join(f"{name} = ?" for name in _DISPUTED)


class DuckDBWarehouse:
    """The DuckDB file at ``duckdb:///path`` (or a path); made when missing."""

    def __init__(self, place: str | Path) -> None:
        path = Path("/" + str(place).removeprefix("duckdb:///").lstrip("/"))
        # DuckDB names the catalog after the file; a catalog named like a schema makes every name ambiguous.
        if path.stem in ("share", "store", "rejected", "ledger"):
            raise PlatformError("P301", url=str(path))
        self.path = path

    @contextmanager
    def session(self) -> Iterator[DuckDBSession]:
        """Open the file alone. Raises ``PassingError`` P302 (busy) or P306 (disk, damage)."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(f"{self.path}.lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            raise PassingError("P302", seconds=LOCK_SECONDS, file=str(self.path)) from None
        try:
            with duckdb.connect(str(self.path)) as connection:
                yield DuckDBSession(connection, self.path.parent / "spill")
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException) as error:
            raise PassingError("P306", kind=type(error).__name__) from None
        finally:
            lock.release()


class DuckDBSession(PublishingSession):
    """One connection to the file, alone on it."""

    embedded = True

    def __init__(self, connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self._connection = connection
        self.execute("SET autoinstall_known_extensions = false")
        self.execute("SET autoload_known_extensions = false")
        self.execute(f"SET temp_directory = {literal(str(spill))}")
        self.execute("SET memory_limit = '512MB'")
        self.execute("SET preserve_insertion_order = false")
        for schema in ("share", "store", "rejected", "ledger"):
            self.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        ledger.complete_ledger(self, ledger.known_columns(self))
        self.execute("CREATE SEQUENCE IF NOT EXISTS ledger.load_numbers")
        self.execute(
            "CREATE TABLE IF NOT EXISTS store.disputes (entry_id VARCHAR, field VARCHAR, kind VARCHAR,"
            " source_id VARCHAR, element VARCHAR, key VARCHAR, first_seen TIMESTAMP)"
        )

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement. An unread result would block the next one, so it is read."""
        self._connection.execute(sql, list(parameters)).fetchall()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run one query and return all of its rows."""
        cursor = self._connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit on leaving; roll back when an exception leaves."""
        self._connection.begin()
        try:
            yield
            self._connection.commit()
        except BaseException:
            with suppress(duckdb.TransactionException):  # a commit that failed has ended the transaction itself
                self._connection.rollback()
            raise

    def next_load_no(self) -> int:
        """Take the next number of the sequence."""
        return int(self.query("SELECT nextval('ledger.load_numbers') AS load_no")[0]["load_no"])

    def change(self, lot: Lot, load_no: int, before: int | None) -> Change:
        """Return how the lot gets into DuckDB's tables."""
        return Change(self, lot, load_no, before)

    def versions(self, entry: Entry) -> list[int]:
        """The numbers in the names of the version tables."""
        there = self.query(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store' AND regexp_full_match(table_name, ?)",
            [f"{entry.table}@[0-9]+"],
        )
        return sorted(int(row["table_name"].rpartition("@")[2]) for row in there)

    def show(self, entry: Entry, load_no: int) -> None:
        """Point the view at a version table."""
        show_table(self, entry, f"store.{quoted(f'{entry.table}@{load_no}')}")

    def stored(self, entry: Entry, former: Former) -> Stored | None:
        """The one table of an entry that keeps its rows, or the version that one is to keep from now on."""
        if former.mode == entry.load.mode == "replace":
            return None
        name = f"{entry.table}@{former.load_no}" if former.mode == "replace" else entry.table
        columns = {
            row["column_name"]: row["data_type"]
            for row in self.query(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'store' AND table_name = ?",
                [name],
            )
        }
        return Stored(f"store.{quoted(name)}", forms_of(columns, former.mode)) if columns else None

    def rebuild(self, migration: Migration, number: int, record: Callable[[], None]) -> None:
        """Select the new table out of the old one, all in the caller's transaction."""
        entry, former = migration.entry, migration.former
        name = f"{entry.table}@{former.load_no}" if entry.load.mode == "replace" else entry.table
        values = migration.values(self.casts, {field.name: column_type(field) for field in entry.fields}, place=False)
        selected = ", ".join(f"{value} AS {quoted(column)}" for column, value in values.items())
        source = migration.stored.source
        self.execute(f"CREATE OR REPLACE TABLE store.{quoted(name)} AS SELECT {selected} FROM {source}")
        if former.mode != entry.load.mode and "replace" in (former.mode, entry.load.mode):
            for other in [entry.table, *(f"{entry.table}@{number}" for number in self.versions(entry))]:
                if other != name:
                    self.execute(f"DROP TABLE IF EXISTS store.{quoted(other)}")
        point("rebuilt")
        show_table(self, entry, f"store.{quoted(name)}")
        if entry.load.mode == "history":
            show_history(self, entry)
        elif former.mode == "history":
            self.execute(f"DROP VIEW IF EXISTS history.{quoted(entry.table)}")
        record()

    def snapshot(self, entry: Entry, folder: Path) -> Snapshot | None:
        """Return the shared table as a Parquet file; see the protocol. Its metadata say which publication it is."""
        current = ledger.current_publication(self, entry.id)
        if current is None:
            return None
        path = self.copy_view(entry.table, current.version, folder)
        return Snapshot(path, current.load_no, current.data_date, current.published_at, current.rows)

    def copy_view(self, view: str, version: str, folder: Path) -> Path:
        """Write a view of ``share`` as a Parquet file; a reader sees the old file or the new one."""
        path = folder / f"{view}.parquet"
        if path.exists() and self._version_of(path) == version:
            return path
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        part = path.with_name(f".{path.name}.part")
        options = f"FORMAT parquet, COMPRESSION snappy, KV_METADATA {{version: {literal(version)}}}"
        self.execute(f"COPY (SELECT * FROM share.{quoted(view)}) TO {literal(str(part))} ({options})")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
        return path

    def describe_views(self) -> dict[str, str]:
        """Return the views of ``share`` by name, each with its description."""
        sql = "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'share' AND NOT internal"
        return {row["view_name"]: row["comment"] or "" for row in self.query(sql)}

    def define_view(self, view: str, sql: str, about: str) -> None:
        """Make or replace a view of ``share`` and describe it."""
        self.execute(f"CREATE OR REPLACE VIEW share.{quoted(view)} AS {sql}")
        self.execute(f"COMMENT ON VIEW share.{quoted(view)} IS {literal(about)}")

    def drop_view(self, view: str) -> None:
        """Drop a view of ``share``."""
        self.execute(f"DROP VIEW share.{quoted(view)}")

    def find_rows(
        self, entry: Entry, fields: Sequence[str], ways: Sequence[Way], load_no: int | None = None
    ) -> pa.Table:
        """Return the rows that fit a way; see the protocol."""
        schema, pieces = row_schema(entry, fields), []
        made: list[str] = []
        try:
            source = self._source(entry, load_no)
            for way in can_match(ways):
                parts = []
                for name, values in way.items():
                    made.append(f"wanted_{len(made)}")
                    keys = pa.array(values, arrow_type(entry.field(name)))
                    self._connection.register(made[-1], pa.table({"value": keys}))
                    parts.append(f"{quoted(name)} IN (SELECT value FROM {made[-1]})")
                pieces.append(f"({' AND '.join(parts)})")
            if not pieces:
                return schema.empty_table()
            columns = ", ".join(map(quoted, fields))
            query = f"SELECT {columns} FROM {source} WHERE {' OR '.join(pieces)}"
            found: pa.Table = self._connection.sql(query).to_arrow_table()
            return found.cast(schema)
        except duckdb.Error as error:
            raise PassingError("P306", kind=type(error).__name__) from None
        finally:
            for name in made:
                self._connection.unregister(name)

    def find_spellings(self, entry: Entry, field: str, settled: str, load_no: int | None = None) -> list[str]:
        """Return the texts of a field that do not match; see the protocol."""
        try:
            found = self._connection.execute(
                f"SELECT DISTINCT {quoted(field)} FROM {self._source(entry, load_no)}"
                f" WHERE NOT regexp_full_match({quoted(field)}, ?)",
                [settled],
            )
            return [row[0] for row in found.fetchall()]
        except duckdb.Error as error:
            raise PassingError("P306", kind=type(error).__name__) from None

    def _source(self, entry: Entry, load_no: int | None) -> str:
        replaced = load_no is not None and entry.load.mode == "replace"
        numbers = self.versions(entry) if replaced else []
        versions = {number: f"store.{quoted(f'{entry.table}@{number}')}" for number in numbers}
        return past_rows(self, entry, load_no, versions, f"store.{quoted(entry.table)}")

    def replace_disputes(self, rows: Path | None, where: Mapping[str, str], now: datetime) -> None:
        """Replace the disputes of one comparison; see the protocol."""
        values = [where[name] for name in _DISPUTED]
        if rows is None:
            self.execute(f"DELETE FROM store.disputes WHERE {_SAME}", values)
            return
        file = str(rows)
        gone = f"{_SAME} AND key NOT IN (SELECT key FROM read_parquet(?))"
        self.execute(f"DELETE FROM store.disputes WHERE {gone}", [*values, file])
        self.execute(
            f"UPDATE store.disputes SET element = ? WHERE {_SAME} AND element <> ?",
            [where["element"], *values, where["element"]],
        )
        self.execute(
            "INSERT INTO store.disputes SELECT ?, ?, ?, ?, ?, key, ?::TIMESTAMP FROM read_parquet(?)"
            f" WHERE key NOT IN (SELECT key FROM store.disputes WHERE {_SAME})",
            [*values, where["element"], now, file, *values],
        )

    def list_disputes(self, rows: Path, where: Mapping[str, str], most: int) -> list[dict[str, Any]]:
        """Return the oldest disputes of one comparison; see the protocol."""
        return self.query(
            "SELECT key, first_seen, copy_value, source_value"
            f" FROM (SELECT key, first_seen FROM store.disputes WHERE {_SAME} ORDER BY first_seen, key LIMIT ?)"
            " JOIN read_parquet(?) USING (key) ORDER BY first_seen, key",
            [*(where[name] for name in _DISPUTED), most, str(rows)],
        )

    def _version_of(self, path: Path) -> str:
        found = self.query("SELECT value FROM parquet_kv_metadata(?) WHERE key = 'version'", [str(path)])
        return bytes(found[0]["value"]).decode() if found else ""

    def reject(self, lot: Lot, load_no: int) -> None:
        """Keep the rejected rows; the table is made when the first lot comes."""
        table = f"rejected.{quoted(lot.entry.table)}"
        self.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (load_no BIGINT, delivery_id VARCHAR, run_id VARCHAR,"
            " file SMALLINT, line BIGINT, rules VARCHAR[], record VARCHAR)"
        )
        if lot.rejected_path:
            self.execute(
                f"INSERT INTO {table} SELECT ?, ?, ?, _file, _line, rules, record FROM read_parquet(?)",
                [load_no, lot.delivery_id, lot.run_id, str(lot.rejected_path)],
            )
