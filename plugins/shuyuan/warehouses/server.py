"""What the warehouses on a server (MariaDB, PostgreSQL) have in common: connections, statements, snapshots.

Statements are written with ``?`` and ``"names"`` as for DuckDB; a session translates the marks for its driver. A
lost connection is never opened again behind a session's back: with it the locks would be lost.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shuyuan import ledger
from shuyuan.entry import Entry
from shuyuan.problems import PlatformError
from shuyuan.warehouses import Snapshot
from shuyuan.warehouses.lookups import Value, Way, arrow_type, can_match, past_rows, row_schema
from shuyuan.warehouses.publishing import PublishingSession

FETCHED = 20_000
"""Rows a round trip when a table is read."""

SCHEMAS = ("share", "history", "store", "rejected", "ledger")
DISPUTES = """CREATE TABLE IF NOT EXISTS store.disputes (entry_id VARCHAR(130) NOT NULL, field VARCHAR(200) NOT NULL,
    kind VARCHAR(16) NOT NULL, source_id VARCHAR(130) NOT NULL, element VARCHAR(200) NOT NULL,
    "key" VARCHAR(500) NOT NULL, first_seen {timestamp} NOT NULL)"""
DISPUTED = ("entry_id", "field", "kind", "source_id")
"""The columns that say which comparison a dispute belongs to."""

COUNTERS = "CREATE TABLE IF NOT EXISTS ledger.counters (name VARCHAR(32) PRIMARY KEY, value BIGINT NOT NULL)"


class ServerSession(PublishingSession):
    """One connection to a server, by a DB-API driver with ``%s`` marks."""

    row_locks = True
    ledger_types: Mapping[str, str] = {}
    """What the engine calls the types of ``ledger.TABLES`` otherwise."""

    new_disputes = 'CREATE TEMPORARY TABLE new_disputes ("key" VARCHAR(500) PRIMARY KEY)'

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @abstractmethod
    def stream(self, sql: str, parameters: Sequence[Any] | None = None) -> Iterator[Sequence[Sequence[Any]]]:
        """Run one query (the driver's marks) and yield its rows in batches of ``FETCHED``, without holding all."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[None]:
        """Say what a driver's error means, where one can be lived with."""

    @abstractmethod
    def among(self, column: str, values: Sequence[Value]) -> tuple[str, list[Any]]:
        """Whether a column has one of many values, as SQL and its parameters."""

    @abstractmethod
    def unlike(self, column: str, expression: str) -> tuple[str, list[Any]]:
        """Whether a text does not wholly match a regular expression, as SQL and its parameters."""

    @abstractmethod
    def kept_versions(self, entry: Entry) -> dict[int, str]:
        """The versions of a replaced entry that are kept, each with what to select from."""

    @abstractmethod
    def begin(self) -> None:
        """Open a transaction."""

    @abstractmethod
    def make_everything(self) -> None:
        """Make schemas and all tables, on a server where the ledger is not yet."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """Keep other sessions from making tables of the ledger meanwhile."""

    @abstractmethod
    def may_not(self, error: Exception) -> bool:
        """Whether the server refused an action because the account may not do it."""

    def prepare(self) -> None:
        """Make what is not there yet: everything, or the parts of the ledger that came with a later version.

        Raises:
            PlatformError: P342 the ledger lacks something and the account may not make it.
        """
        known = self.known_columns()
        if not ledger.missing_parts(known) and "counters" in known:
            return
        with self.alone():
            known = self.known_columns()
            if "counters" not in known:
                self.make_everything()
            try:
                ledger.complete_ledger(self, known, self.ledger_types)
            except Exception as error:
                if "counters" in known and self.may_not(error):
                    raise PlatformError("P342", missing=", ".join(ledger.missing_parts(known))) from None
                raise

    def known_columns(self) -> dict[str, set[str]]:
        """The tables and columns of the ledger that are there."""
        return ledger.known_columns(self)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit on leaving; roll back when an exception leaves, as far as the line still stands."""
        self.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            try:
                self.connection.rollback()
            except Exception:  # the line is gone, and the server rolls back by itself
                self.connection.close()
            raise

    @contextmanager
    def still(self) -> Iterator[None]:
        """A transaction for reading, in which all is as it was at its first statement."""
        with self.transaction():
            yield

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(marked(sql), list(parameters))

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run one query and return all of its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(marked(sql), list(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def next_load_no(self) -> int:
        """Count up, in a transaction of its own."""
        with self.transaction():
            self.execute("UPDATE ledger.counters SET value = value + 1 WHERE name = 'load_no'")
            return int(self.query("SELECT value FROM ledger.counters WHERE name = 'load_no'")[0]["value"])

    def make_history(self) -> None:
        """Make the schema of the histories, in a warehouse from before there were any."""
        if not self.query("SELECT 1 AS there FROM information_schema.schemata WHERE schema_name = 'history'"):
            self.execute("CREATE SCHEMA history")

    def snapshot(self, entry: Entry, folder: Path) -> Snapshot | None:
        """Read the shared table into a Parquet file, unless the file is of this publication already."""
        schema = pa.schema([(field.name, arrow_type(field)) for field in entry.fields] + [("_load_no", pa.int64())])
        with self.still():
            current = ledger.current_publication(self, entry.id)
            if current is None:
                return None
            path = self._write(entry.table, current.version, folder, schema)
        return Snapshot(path, current.load_no, current.data_date, current.published_at, current.rows)

    def copy_view(self, view: str, version: str, folder: Path) -> Path:
        """Write a view of ``share`` as a Parquet file of texts; consumers of a server read the view itself."""
        with self.connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM share."{view}" WHERE 1 = 0')
            names = [column[0] for column in cursor.description]
        return self._write(view, version, folder, pa.schema([(name, pa.string()) for name in names]))

    def find_rows(
        self, entry: Entry, fields: Sequence[str], ways: Sequence[Way], load_no: int | None = None
    ) -> pa.Table:
        """Return the rows that fit a way; see the protocol. One statement, so each row comes once."""
        schema = row_schema(entry, fields)
        batches = []
        with self.reading():
            source = self._source(entry, load_no)
            pieces, parameters = [], []
            for way in can_match(ways):
                parts = [self.among(f'"{name}"', values) for name, values in way.items()]
                pieces.append(" AND ".join(sql for sql, _ in parts))
                parameters += [value for _, given in parts for value in given]
            if pieces:
                columns = ", ".join(f'"{name}"' for name in fields)
                sql = f"SELECT {columns} FROM {source} found WHERE {' OR '.join(f'({piece})' for piece in pieces)}"
                for rows in self.stream(marked(sql), parameters):
                    cells = zip(zip(*rows, strict=True), schema.types, strict=True)
                    batches.append(pa.RecordBatch.from_arrays([as_arrow(*column) for column in cells], schema=schema))
        return pa.Table.from_batches(batches, schema)

    def find_spellings(self, entry: Entry, field: str, settled: str, load_no: int | None = None) -> list[str]:
        """Return the texts of a field that do not match; see the protocol."""
        with self.reading():
            unlike, parameters = self.unlike(f'"{field}"', settled)
            sql = f'SELECT DISTINCT "{field}" FROM {self._source(entry, load_no)} found WHERE {unlike}'
            return [row[0] for rows in self.stream(marked(sql), parameters) for row in rows]

    def _source(self, entry: Entry, load_no: int | None) -> str:
        replaced = load_no is not None and entry.load.mode == "replace"
        versions = self.kept_versions(entry) if replaced else {}
        return past_rows(self, entry, load_no, versions, f'store."{entry.table}"')

    def replace_disputes(self, rows: Path | None, where: Mapping[str, str], now: datetime) -> None:
        """Replace the disputes of one comparison; see the protocol."""
        same = " AND ".join(f"{name} = ?" for name in DISPUTED)
        values = [where[name] for name in DISPUTED]
        if rows is None:
            self.execute(f"DELETE FROM store.disputes WHERE {same}", values)
            return
        self.execute(self.new_disputes)
        with self.connection.cursor() as cursor:
            for batch in pq.ParquetFile(rows).iter_batches(FETCHED, columns=["key"]):
                cursor.executemany("INSERT INTO new_disputes VALUES (%s)", [(key,) for key in batch[0].to_pylist()])
        here = 'SELECT 1 FROM new_disputes n WHERE n."key" = disputes."key"'
        self.execute(f"DELETE FROM store.disputes WHERE {same} AND NOT EXISTS ({here})", values)
        self.execute(f"UPDATE store.disputes SET element = ? WHERE {same}", [where["element"], *values])
        self.execute(
            'INSERT INTO store.disputes SELECT ?, ?, ?, ?, ?, n."key", ? FROM new_disputes n WHERE NOT EXISTS'
            f' (SELECT 1 FROM store.disputes WHERE {same} AND disputes."key" = n."key")',
            [*values, where["element"], now, *values],
        )
        self.execute("DROP TABLE new_disputes")

    def list_disputes(self, rows: Path, where: Mapping[str, str], most: int) -> list[dict[str, Any]]:
        """Return the oldest disputes of one comparison; see the protocol."""
        same = " AND ".join(f"{name} = ?" for name in DISPUTED)
        oldest = self.query(
            f'SELECT "key", first_seen FROM store.disputes WHERE {same} ORDER BY first_seen, "key" LIMIT {int(most)}',
            [where[name] for name in DISPUTED],
        )
        wanted = pa.array([row["key"] for row in oldest], pa.string())
        found = pq.read_table(rows, filters=pc.field("key").isin(wanted)).to_pylist() if oldest else []
        values = {row["key"]: row for row in found}
        shown = ("copy_value", "source_value")
        return [row | {name: values[row["key"]][name] for name in shown} for row in oldest if row["key"] in values]

    def _write(self, view: str, version: str, folder: Path, schema: pa.Schema) -> Path:
        path = folder / f"{view}.parquet"
        if path.exists() and (pq.read_schema(path).metadata or {}).get(b"version") == version.encode():
            return path
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        part = path.with_name(f".{path.name}.part")
        columns = ", ".join(f'"{name}"' for name in schema.names)
        marked_schema = schema.with_metadata({"version": version})
        with pq.ParquetWriter(part, marked_schema, compression="snappy") as writer:
            for rows in self.stream(f'SELECT {columns} FROM share."{view}"'):
                arrays = [
                    as_arrow(cells, field.type) for cells, field in zip(zip(*rows, strict=True), schema, strict=True)
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=marked_schema))
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
        return path


def marked(sql: str) -> str:
    """Turn ``?`` marks into the drivers' ``%s``. Our statements hold neither sign in a literal."""
    return sql.replace("%", "%%").replace("?", "%s")


def as_arrow(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """One column of a driver's values; anything as text where text is wanted."""
    if pa.types.is_string(kind):
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    if pa.types.is_boolean(kind):
        return pa.array([None if cell is None else bool(cell) for cell in cells], kind)
    return pa.array(cells, kind)
