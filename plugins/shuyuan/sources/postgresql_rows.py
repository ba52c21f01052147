"""Rows of PostgreSQL by ``COPY … TO STDOUT``: the server's own text, parsed into Arrow as CSV.

In CSV a null is bare and an empty text is in quotes, so nothing is lost between the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from psycopg import Connection

from shuyuan.sources import spellings
from shuyuan.sources.spellings import Spelling

_SPELLINGS: dict[str, Spelling] = {
    "bool": spellings.boolean,
    "float4": spellings.real,
    "float8": spellings.real,
    "timestamp": spellings.clock,
    "timestamptz": spellings.zoned_clock,
    "time": spellings.clock,
    "bytea": spellings.binary,
}
# Arrays, composites, ranges and the server's own kinds have no canonical text.
_NO_TEXT = "ACRZ"
_BLOCK = 8 << 20


def read_rows(connection: Connection[Any], query: str, rows: int) -> Iterator[list[tuple[Spelling, pa.Array]]]:
    """Run ``query`` and yield blocks of about ``rows`` rows: a column's spelling and its text.

    Raises:
        psycopg.Error: the server refused, or the line broke.
        pyarrow.ArrowInvalid: the text is not UTF-8.
    """
    spelt = _spelt(connection, query)
    with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:  # type: ignore[arg-type]
        # The server sends every row as a message of its own.
        lines, size = list[bytes | bytearray | memoryview](), 0
        for line in copy:
            lines.append(line)
            size += len(line)
            if len(lines) >= rows or size > _BLOCK:
                yield _parsed(lines, spelt)
                lines, size = [], 0
        if lines:
            yield _parsed(lines, spelt)


def _spelt(connection: Connection[Any], query: str) -> list[Spelling]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) told WHERE false")  # type: ignore[arg-type]
        oids = [column.type_code for column in cursor.description or ()]
        cursor.execute("SELECT oid, typname, typcategory::text FROM pg_catalog.pg_type WHERE oid = ANY(%s)", [oids])
        kinds = {oid: (name, category) for oid, name, category in cursor}
    return [_spelling(*kinds[oid]) for oid in oids]


def _spelling(name: str, category: str) -> Spelling:
    return _SPELLINGS.get(name, spellings.binary if category in _NO_TEXT else spellings.text)


def _parsed(lines: list[bytes | bytearray | memoryview], spelt: list[Spelling]) -> list[tuple[Spelling, pa.Array]]:
    data = b"".join(lines)
    names = [str(place) for place in range(len(spelt))]
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(use_threads=False, column_names=names, block_size=len(data) + 1),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return list(zip(spelt, (column.combine_chunks() for column in table.columns), strict=True))
