"""A table or view of a department's database, read whole in one consistent snapshot as canonical text.

The named columns land in ``raw/0000.parquet`` as text, one column per ``source_name``, in the order of the
entry's key. The delivery's hash is that of the rows (``RowsDigest``), not of the Parquet bytes, so that the
same rows give the same hash whatever wrote the file.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnClause, Select, column, literal_column, select, table
from sqlalchemy import Connection as Line
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.expression import TableClause, false

from shuyuan.catalog import Resource
from shuyuan.entry import DatabaseSource
from shuyuan.problems import DeliveryError, PassingError
from shuyuan.sources.canonical import Unreadable, canonical_column
from shuyuan.sources.connections import Connection
from shuyuan.sources.database_line import open_snapshot, translate
from shuyuan.sources.staging import disk_problems, publish, raw_folder, require_room
from shuyuan.stages import DeliveredFile, Delivery


class RowsDigest:
    """The identity of a set of rows: the sum of each row's SHA-256 (modulo 2²⁵⁶), their number, the columns.

    A sum does not depend on the order, which databases decide by their collations.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.rows = 0
        self._names = list(names)
        self._sum = 0
        self._encode = json.JSONEncoder(separators=(",", ":")).encode

    def add(self, columns: Sequence[Sequence[str | None]]) -> None:
        """Take in a batch, given by its columns of canonical texts."""
        for row in zip(*columns, strict=True):
            self._sum += int.from_bytes(hashlib.sha256(self._encode(row).encode("ascii")).digest(), "big")
        self._sum %= 1 << 256
        self.rows += len(columns[0])

    def hexdigest(self) -> str:
        """Return the identity, 64 hex digits."""
        return hashlib.sha256(self._encode([self._names, self.rows, f"{self._sum:064x}"]).encode("ascii")).hexdigest()


def fetch(resource: Resource, data_date: date, workdir: Path, connection: Connection, now: datetime) -> Delivery:
    """Read the entry's table into ``workdir/raw/0000.parquet``.

    Raises:
        DeliveryError: D108 the table or a column is missing, D109 a column holds binary content.
        PlatformError: P109 the connection is wrong, P111 the login is refused, P115 we may not read it,
            P116 no such kind of database; P201, P202 our disk.
        PassingError: P112 the database cannot be reached or the line broke while reading, P113 too slow.
    """
    source = resource.entry.source
    if not isinstance(source, DatabaseSource):
        raise TypeError("not a database source")
    names = list(dict.fromkeys(field.source_name for field in resource.entry.fields))
    key = [resource.entry.field(name).source_name for name in resource.entry.load.key]
    final = raw_folder(workdir) / "0000.parquet"
    part = final.with_suffix(".part")
    require_room(final.parent, 0)
    try:
        query, digest = _read(source, connection, names, key, part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    size = part.stat().st_size
    publish(part, final)
    return Delivery(
        entry_id=resource.entry.id,
        spec_digest=resource.digest,
        data_date=data_date,
        received_at=now,
        sha256=digest.hexdigest(),
        evidence="snapshot",
        files=(DeliveredFile(name=source.table, path="raw/0000.parquet", size=size, sha256=digest.hexdigest()),),
        rows_declared=digest.rows,
        query=query,
    )


def _read(
    source: DatabaseSource, connection: Connection, names: list[str], key: list[str], part: Path
) -> tuple[str, RowsDigest]:
    seconds = source.timeout.total_seconds()
    end = time.monotonic() + seconds
    try:
        with open_snapshot(connection, seconds) as line:
            _require_columns(line, source.table, names)
            query = _query(source.table, names, key)
            digest = RowsDigest(names)
            rows = line.execution_options(stream_results=True, yield_per=source.fetch_rows).execute(query)
            schema = pa.schema([(name, pa.string()) for name in names])
            with disk_problems(part.parent):
                writer = pq.ParquetWriter(part, schema, compression="zstd")
            try:
                for batch in rows.partitions():
                    columns = _canonical(batch, names, source.table)
                    digest.add(columns)
                    arrays = [pa.array(texts, pa.string()) for texts in columns]
                    with disk_problems(part.parent):
                        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
                    if time.monotonic() > end:
                        raise PassingError("P113", connection=connection.conn_id, seconds=int(seconds))
            finally:
                with disk_problems(part.parent):
                    writer.close()
            return " ".join(str(query.compile(dialect=line.dialect)).split()), digest
    except (SQLAlchemyError, ConnectionError, TimeoutError) as error:
        raise translate(error, connection, source.table, seconds) from None
    except UnicodeError:
        raise DeliveryError("D109", table=source.table, column="*") from None


def _canonical(batch: Sequence[Any], names: list[str], table_name: str) -> list[list[str | None]]:
    columns = []
    for name, values in zip(names, zip(*batch, strict=True), strict=True):
        try:
            columns.append(canonical_column(values))
        except Unreadable:
            raise DeliveryError("D109", table=table_name, column=name) from None
    return columns


def _require_columns(line: Line, name: str, names: list[str]) -> None:
    """Ask for the columns first: SQLite reads an unknown quoted name as a piece of text."""
    there = set(line.execute(select(literal_column("*")).select_from(_table(name)).where(false())).keys())
    if line.dialect.name != "postgresql":
        there = {column_name.casefold() for column_name in there}
        missing = [wanted for wanted in names if wanted.casefold() not in there]
    else:
        missing = [wanted for wanted in names if wanted not in there]
    if missing:
        raise DeliveryError("D108", table=name, columns=", ".join(missing))


def _query(name: str, names: list[str], key: list[str]) -> Select[Any]:
    chosen: list[ColumnClause[Any]] = [column(quoted_name(wanted, quote=True)) for wanted in names]
    order: list[ColumnClause[Any]] = [column(quoted_name(wanted, quote=True)) for wanted in key]
    return select(*chosen).select_from(_table(name)).order_by(*order)


def _table(name: str) -> TableClause:
    schema, _, bare = name.rpartition(".")
    return table(quoted_name(bare, quote=True), schema=quoted_name(schema, quote=True) if schema else None)
