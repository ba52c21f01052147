"""A table or view of a department's database, read in one consistent snapshot as canonical text.

The named columns land in ``raw/0000.parquet`` as text, one column per ``source_name``, in the order of the
entry's key. The delivery's hash is that of the rows (``RowsDigest``), not of the Parquet bytes, so that the
same rows give the same hash whatever wrote the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnClause, Select, column, literal_column, select, table
from sqlalchemy import Connection as Line
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.expression import TableClause, false

from shuyuan.catalog import Resource
from shuyuan.entry import DatabaseSource, Entry
from shuyuan.problems import DeliveryError, PassingError
from shuyuan.sources import driver_rows, mysql_rows, postgresql_rows
from shuyuan.sources.canonical import Unreadable
from shuyuan.sources.connections import Connection
from shuyuan.sources.database_line import open_snapshot, translate
from shuyuan.sources.increments import Window, find_window, newest_of_each_key, ordered
from shuyuan.sources.pace import Pace, require_hours
from shuyuan.sources.rows_digest import RowsDigest
from shuyuan.sources.spellings import Spelling
from shuyuan.sources.staging import disk_problems, publish, raw_folder, require_room
from shuyuan.stages import DeliveredFile, Delivery

KEYS = "keys"
"""The folder of a run directory where the source's keys lie."""


@dataclass(frozen=True)
class _Read:
    """What one reading brought: the statement, the rows' identity, the mark to begin from next time."""

    query: str
    digest: RowsDigest
    mark: str | None
    keys: RowsDigest | None = None


def fetch(
    resource: Resource,
    data_date: date,
    workdir: Path,
    connection: Connection,
    now: datetime,
    since: str | None = None,
    keys: bool = False,
) -> Delivery:
    """Read the entry's table into ``workdir/raw/0000.parquet``; with ``sync: incremental`` what changed ``since``.

    ``keys``: in the same snapshot, all keys of the table into ``workdir/keys/raw/0000.parquet``.

    Raises:
        NotYetDelivered: D112 the department's database may not be read at this hour.
        DeliveryError: D108 the table or a column is missing, D109 a column holds binary content,
            D111 the watermark's column is of another kind.
        PlatformError: P109 the connection is wrong, P111 the login is refused, P115 we may not read it,
            P116 no such kind of database; P201, P202 our disk.
        PassingError: P112 the database cannot be reached or the line broke while reading, P113 too slow.
    """
    source = resource.entry.source
    if not isinstance(source, DatabaseSource):
        raise TypeError("not a database source")
    require_hours(source, now)
    final = raw_folder(workdir) / "0000.parquet"
    part = final.with_suffix(".part")
    keys_final = raw_folder(workdir / KEYS) / "0000.parquet" if keys else None
    keys_part = keys_final.with_suffix(".part") if keys_final else None
    require_room(final.parent, 0)
    try:
        read = _read(resource.entry, source, connection, part, since, keys_part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    size, sha256, told = part.stat().st_size, read.digest.hexdigest(), None
    if keys_final and keys_part and read.keys:
        told = DeliveredFile(
            name=source.table, path="raw/0000.parquet", size=keys_part.stat().st_size, sha256=read.keys.hexdigest()
        )
        publish(keys_part, keys_final)
        # Each comparison is a delivery of its own, or a quiet source would be compared at every run.
        sha256 = hashlib.sha256(f"{sha256} {told.sha256} {read.mark}".encode()).hexdigest()
    publish(part, final)
    return Delivery(
        entry_id=resource.entry.id,
        spec_digest=resource.digest,
        data_date=data_date,
        received_at=now,
        sha256=sha256,
        evidence="snapshot",
        files=(DeliveredFile(name=source.table, path="raw/0000.parquet", size=size, sha256=sha256),),
        rows_declared=read.digest.rows,
        query=read.query,
        watermark=read.mark,
        keys=told,
    )


def _read(
    entry: Entry, source: DatabaseSource, connection: Connection, part: Path, since: str | None, keys_part: Path | None
) -> _Read:
    names = list(dict.fromkeys(field.source_name for field in entry.fields))
    key = [entry.field(name).source_name for name in entry.load.key]
    seconds, place = source.timeout.total_seconds(), _table(source.table)
    schema = pa.schema([(name, pa.string()) for name in names])
    digest = RowsDigest(names)
    window: Window | None = None
    try:
        with open_snapshot(connection, seconds) as taken:
            pace = Pace(seconds, source.rows_per_second)
            line = taken.line
            _require_columns(line, source.table, names)
            query = _query(place, names, key)
            if source.sync == "incremental":
                window = find_window(entry, source, taken, place, since)
                query = ordered(query.where(window.condition()), line.dialect.name, window.name)
            with disk_problems(part.parent):
                writer = pq.ParquetWriter(
                    part, schema, compression="zstd", use_dictionary=False, write_statistics=False
                )
            try:
                batches = _batches(line, query, pace.block(source.fetch_rows), schema, source.table)
                for batch in newest_of_each_key(batches, [names.index(name) for name in key]) if window else batches:
                    digest.add(batch)
                    with disk_problems(part.parent):
                        writer.write_batch(batch)
                    if not pace.keep(batch.num_rows):
                        raise PassingError("P113", connection=connection.conn_id, seconds=int(seconds))
            finally:
                with disk_problems(part.parent):
                    writer.close()
            keys = _read_keys(line, source, connection, pace, keys_part, key) if keys_part else None
            return _Read(_statement(line, query), digest, window.mark if window else None, keys)
    except (SQLAlchemyError, ConnectionError, TimeoutError) as error:
        raise translate(error, connection, source.table, seconds) from None
    except (UnicodeError, pa.ArrowInvalid):
        raise DeliveryError("D109", table=source.table, column="*") from None


def _read_keys(
    line: Line, source: DatabaseSource, connection: Connection, pace: Pace, part: Path, key: list[str]
) -> RowsDigest:
    names = list(dict.fromkeys(key))
    schema, digest = pa.schema([(name, pa.string()) for name in names]), RowsDigest(names)
    chosen: list[ColumnClause[Any]] = [column(quoted_name(name, quote=True)) for name in names]
    query: Select[Any] = select(*chosen).select_from(_table(source.table))
    with disk_problems(part.parent):
        writer = pq.ParquetWriter(part, schema, compression="zstd")
    try:
        for batch in _batches(line, query, pace.block(source.fetch_rows), schema, source.table):
            digest.add(batch)
            with disk_problems(part.parent):
                writer.write_batch(batch)
            if not pace.keep(batch.num_rows):
                seconds = int(source.timeout.total_seconds())
                raise PassingError("P113", connection=connection.conn_id, seconds=seconds)
    finally:
        with disk_problems(part.parent):
            writer.close()
    return digest


def _batches(line: Line, query: Select[Any], rows: int, schema: pa.Schema, table_name: str) -> Iterator[pa.RecordBatch]:
    for columns in _blocks(line, query, rows):
        yield pa.RecordBatch.from_arrays(_spelt(columns, schema.names, table_name), schema=schema)


def _blocks(line: Line, query: Select[Any], rows: int) -> Iterator[list[tuple[Spelling, Any]]]:
    """Read by the bulk path of the server's own protocol where we have one."""
    direct = line.connection.dbapi_connection
    if line.dialect.driver == "pymysql":
        read = mysql_rows.read_rows(direct, _statement(line, query), rows)  # type: ignore[arg-type]
    elif line.dialect.driver == "psycopg":
        read = postgresql_rows.read_rows(direct, _statement(line, query), rows)  # type: ignore[arg-type]
    else:
        read = driver_rows.read_rows(line, query, rows)
    errors = line.dialect.loaded_dbapi.Error
    try:
        yield from read
    except errors as error:
        raise DBAPIError(None, None, error) from None


def _statement(line: Line, query: Select[Any]) -> str:
    """The query as text, complete, with no percent sign doubled for a driver."""
    dialect = type(line.dialect)(paramstyle="named")  # type: ignore[call-arg]
    return " ".join(str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).split())


def _spelt(columns: list[tuple[Spelling, Any]], names: list[str], table_name: str) -> list[pa.Array]:
    arrays = []
    for name, (spell, told) in zip(names, columns, strict=True):
        try:
            arrays.append(spell(told))
        except Unreadable:
            raise DeliveryError("D109", table=table_name, column=name) from None
    return arrays


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


def _query(place: TableClause, names: list[str], key: list[str]) -> Select[Any]:
    chosen: list[ColumnClause[Any]] = [column(quoted_name(wanted, quote=True)) for wanted in names]
    order: list[ColumnClause[Any]] = [column(quoted_name(wanted, quote=True)) for wanted in key]
    return select(*chosen).select_from(place).order_by(*order)


def _table(name: str) -> TableClause:
    schema, _, bare = name.rpartition(".")
    return table(quoted_name(bare, quote=True), schema=quoted_name(schema, quote=True) if schema else None)
