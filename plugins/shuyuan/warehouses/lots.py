"""The accepted rows of a lot, read from its Parquet files in bounded memory and written as CSV for a bulk load."""

from __future__ import annotations

import io
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.csv as pc

from shuyuan.warehouses import Lot

BATCH = 50_000
NULL = "NULL"
"""The word for no value: bare in the CSV it is null, in quotes it is text."""


def accepted_rows(lot: Lot, load_no: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of the entry's fields and ``_load_no, _file, _line, _place`` (the row's number in the batch)."""
    columns = ", ".join(f'"{field.name}"' for field in lot.entry.fields)
    without = " WHERE _row NOT IN (SELECT _row FROM read_parquet($rejected))" if lot.rejected_path else ""
    query = (
        f"SELECT {columns}, {load_no}::BIGINT AS _load_no, _file, _line, _row AS _place"
        f" FROM read_parquet($batch){without} ORDER BY _row"
    )
    parameters = {"batch": str(lot.batch_path)}
    if lot.rejected_path:
        parameters["rejected"] = str(lot.rejected_path)
    with duckdb.connect(":memory:", config={"memory_limit": "256MB"}) as connection:
        reader: pa.RecordBatchReader = connection.sql(query, params=parameters).to_arrow_reader(BATCH)
        yield from reader


def source_keys(lot: Lot) -> Iterator[pa.RecordBatch]:
    """Yield batches of the keys that the source still has, each once."""
    columns = ", ".join(f'"{name}"' for name in lot.entry.load.key)
    with duckdb.connect(":memory:", config={"memory_limit": "256MB"}) as connection:
        query = f"SELECT DISTINCT {columns} FROM read_parquet($keys)"
        reader: pa.RecordBatchReader = connection.sql(query, params={"keys": str(lot.keys_path)}).to_arrow_reader(BATCH)
        yield from reader


def csv_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    """Write batches as CSV without header: UTF-8, booleans as 1 and 0, instants to the microsecond."""
    options = pc.WriteOptions(include_header=False, quoting_style="needed", null_string=NULL)
    for batch in batches:
        buffer = io.BytesIO()
        pc.write_csv(_plain(batch), buffer, options)
        yield buffer.getvalue()


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn what the CSV writer would spell otherwise into text or numbers."""
    arrays = []
    for array in batch.columns:
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.int8())
        elif pa.types.is_timestamp(array.type):
            array = array.cast(pa.string())
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
