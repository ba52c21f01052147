"""What the warehouses on a server (MariaDB, PostgreSQL) have in common: connections, statements, snapshots.

Statements are written with ``?`` and ``"names"`` as for DuckDB; a session translates the marks for its driver. A
lost connection is never opened again behind a session's back: with it the locks would be lost.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shuyuan import ledger
from shuyuan.entry import Entry, Field
from shuyuan.warehouses import Snapshot
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
ARROW: Mapping[str, pa.DataType] = {
    "string": pa.string(), "integer": pa.int64(), "date": pa.date32(), "datetime": pa.timestamp("us"),
    "boolean": pa.bool_(),
}  # fmt: skip
"""The Arrow type of a field's kind in a snapshot."""


class ServerSession(PublishingSession):
    """One connection to a server, by a DB-API driver with ``%s`` marks."""

    row_locks = True
    new_disputes = 'CREATE TEMPORARY TABLE new_disputes ("key" VARCHAR(500) PRIMARY KEY)'

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @abstractmethod
    def stream(self, sql: str) -> Iterator[Sequence[Sequence[Any]]]:
        """Run one query and yield its rows in batches of ``FETCHED``, without holding all of them."""

    @abstractmethod
    def begin(self) -> None:
        """Open a transaction."""

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


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of a field."""
    return pa.decimal128(*field.decimal) if field.decimal else ARROW[field.kind]


def as_arrow(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """One column of a driver's values; anything as text where text is wanted."""
    if pa.types.is_string(kind):
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    if pa.types.is_boolean(kind):
        return pa.array([None if cell is None else bool(cell) for cell in cells], kind)
    return pa.array(cells, kind)
