"""Rows of any other database, value by value from its driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection as Line
from sqlalchemy import Select

from shuyuan.sources.canonical import canonical_column
from shuyuan.sources.spellings import Spelling


def read_rows(line: Line, query: Select[Any], rows: int) -> Iterator[list[tuple[Spelling, Any]]]:
    """Run ``query`` and yield blocks of at most ``rows`` rows: a column's spelling and the driver's values.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the server refused, or the line broke.
    """
    result = line.execution_options(stream_results=True, yield_per=rows).execute(query)
    for block in result.partitions():
        yield [(_written, values) for values in zip(*block, strict=True)]


def _written(values: Any) -> pa.Array:
    return pa.array(canonical_column(values), pa.string())
