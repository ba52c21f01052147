"""What is written differently and means the same: keys and values by the normal forms of their elements.

Normal forms are Python. A text that its form surely leaves as it is (``settled``) is not given to them; of values
only those that differ as written are, once a pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from shuyuan.normal_forms import FORMS, SETTLED, NormalForm
from shuyuan.one_source.columns import Pairing

PIECE = 10_000
"""Rows that are given to Python at a time."""


def settled(columns: Sequence[str], forms: Sequence[NormalForm]) -> str:
    """Return the SQL that says whether texts are surely in their normal forms."""
    return " AND ".join(_settled(*pair) for pair in zip(columns, forms, strict=True) if pair[1] != "exact") or "true"


def _settled(column: str, form: NormalForm) -> str:
    known = f"regexp_full_match({column}, '{SETTLED[form]}')"
    if form == "resident_id":  # most are eighteen digits: a cast is twice as fast as the expression
        digits = f"strlen({column}) = 18 AND TRY_CAST({column} AS BIGINT) >= 100000000000000000"
        return f"CASE WHEN {digits} THEN true ELSE {known} END"
    return known


def normalise_keys(
    connection: duckdb.DuckDBPyConnection, side: str, columns: Pairing, forms: Sequence[NormalForm]
) -> bool:
    """Make the view ``side`` give keys ``k0, …`` in their normal forms; ``r0, …`` stay as written.

    Returns whether any key is written in another way.
    """
    parts = range(columns.parts)
    written, loose = columns.written(), f"loose_{side}"
    unsettled = f"{columns.present('', 'r')} AND NOT ({settled([f'r{n}' for n in parts], forms)})"
    connection.execute(
        f"CREATE TEMP TABLE {loose} AS SELECT {written}, {', '.join(f'r{n} AS n{n}' for n in parts)}"
        f" FROM written_{side} LIMIT 0"
    )
    changed = False
    for piece in _pieces(connection, f"SELECT DISTINCT {written} FROM written_{side} WHERE {unsettled}"):
        rows = [(*key, *normal) for key in piece if (normal := tuple(map(_normalise, key, forms))) != key]
        _append(connection, loose, rows)
        changed = changed or bool(rows)
    if not changed:
        return False
    keys = ", ".join(f"coalesce(l.n{n}, w.r{n}) AS k{n}" for n in parts)
    same = " AND ".join(f"w.r{n} = l.r{n}" for n in parts)
    connection.execute(
        f"CREATE OR REPLACE VIEW {side} AS SELECT w.*, {keys} FROM written_{side} w LEFT JOIN {loose} l ON {same}"
    )
    return True


def judge_alike(connection: duckdb.DuckDBPyConnection, place: int, form: NormalForm) -> int:
    """Make ``alike<place>``: the pairs of spellings ``a, b`` in ``odd`` that mean the same; return how many."""
    table, count = f"alike{place}", 0
    connection.execute(f"CREATE TEMP TABLE {table} (a VARCHAR, b VARCHAR)")
    pairs = f"SELECT DISTINCT a{place}, b{place} FROM odd WHERE state = 'matched' AND a{place} <> b{place}"
    for piece in _pieces(connection, pairs):
        alike = [(a, b) for a, b in piece if _normalise(a, form) == _normalise(b, form)]
        _append(connection, table, alike)
        count += len(alike)
    return count


def _normalise(value: Any, form: NormalForm) -> Any:
    return value if form == "exact" else FORMS[form](value)


def _pieces(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a query, ``PIECE`` at a time, while the connection does something else."""
    connection.execute(f"CREATE OR REPLACE TABLE looked_at AS {sql}")  # no temporary one: a cursor would not see it
    with connection.cursor() as reading:
        reading.execute("FROM looked_at")
        while piece := reading.fetchmany(PIECE):
            yield piece


def _append(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        lists = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"INSERT INTO {table} SELECT {', '.join('unnest(?)' for _ in lists)}", lists)
