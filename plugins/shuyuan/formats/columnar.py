"""Parquet files, from departments and from our own database sources: every column becomes text, then is cast as any.

Typed columns are written in the canonical form of their field (``texting``): a date column in the field's date
format, a truth in its words, numbers without exponent. Points in time with a zone are shown in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from shuyuan.entry import DatabaseSource, Entry, Field
from shuyuan.formats.columns import match_columns
from shuyuan.formats.members import Member
from shuyuan.formats.pieces import Piece, make_piece
from shuyuan.formats.texting import write_number, write_time, write_truth
from shuyuan.problems import DeliveryError, Location

_ROWS = 32_768
_ZONE = "Asia/Shanghai"


def read_parquet(member: Member, entry: Entry) -> Iterator[Piece]:
    """Yield the rows of one Parquet file; ``lines`` count its rows from 1.

    Raises:
        DeliveryError: D240 no Parquet file or a damaged one; D241 a column of a type that is no plain value; D204 it
            unpacks to too much; D220–D223 the columns.
    """
    source = entry.source
    null = source.null if isinstance(source, DatabaseSource) else source.format.null
    path = member.on_disk()
    try:
        with parquet.ParquetFile(path, memory_map=False) as file:
            yield from _read_rows(file, member, entry, null)
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise DeliveryError("D240", location=Location(member.name), file=member.name) from None


def _read_rows(file: parquet.ParquetFile, member: Member, entry: Entry, null: tuple[str, ...]) -> Iterator[Piece]:
    order = match_columns(file.schema_arrow.names, entry, member.name)
    odd = [field.source_name for index, field in zip(order, entry.fields, strict=True) if not _is_plain(file, index)]
    if odd:
        raise DeliveryError("D241", location=Location(member.name), file=member.name, columns="、".join(odd))
    groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    member.budget.guard(member.name).count(unpacked, unpacked)
    line = 1
    for batch in file.iter_batches(_ROWS, use_threads=False):
        columns = [
            _write_column(batch.column(index), field, null) for index, field in zip(order, entry.fields, strict=True)
        ]
        rows = batch.num_rows
        yield make_piece(columns, list(range(line, line + rows)), entry.fields, [], rows)
        line += rows
    if line - 1 != file.metadata.num_rows:
        raise DeliveryError("D240", location=Location(member.name), file=member.name)


def _is_plain(file: parquet.ParquetFile, index: int) -> bool:
    kind = file.schema_arrow.field(index).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    odd = pa.types.is_nested(kind) or pa.types.is_interval(kind) or _is_binary(kind)
    return not (odd or isinstance(kind, pa.BaseExtensionType))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _write_column(column: pa.Array, field: Field, null: tuple[str, ...]) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        texts = column.cast(pa.string())
        # Text from outside is checked: Arrow takes the file's word for being UTF-8.
        texts.validate(full=True)
    elif pa.types.is_integer(kind):
        texts = column.cast(pa.string())
    else:
        if pa.types.is_timestamp(kind):
            column = _to_microseconds(column)
        texts = pa.array([None if value is None else _write(value, field) for value in column.to_pylist()], pa.string())
    empty = pc.is_in(texts, value_set=pa.array(["", *null], pa.string()))
    return pc.if_else(empty, pa.scalar(None, pa.string()), texts)


def _to_microseconds(column: pa.Array) -> pa.Array:
    """A timestamp that Python can hold; nanoseconds that would be lost make the file unreadable, not inexact."""
    if column.type.tz is not None:
        column = pc.local_timestamp(column.cast(pa.timestamp(column.type.unit, _ZONE)))
    return column.cast(pa.timestamp("us"))


def _write(value: object, field: Field) -> str:
    if isinstance(value, bool):
        return write_truth(value, field)
    if isinstance(value, int | float) or hasattr(value, "as_tuple"):
        return write_number(value)  # type: ignore[arg-type]
    return write_time(value, field)  # type: ignore[arg-type]
