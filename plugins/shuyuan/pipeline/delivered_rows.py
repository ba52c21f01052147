"""The rows of a batch as the department delivered them: texts, in its order, with the rules that each row broke."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from shuyuan import quality
from shuyuan.catalog.originals import delivered_fields, original_name
from shuyuan.entry import Entry, Field
from shuyuan.formats.texting import write_number, write_time, write_truth
from shuyuan.quality.sql import literal, names
from shuyuan.stages import Batch

_FETCHED = 2_000


@dataclass(frozen=True)
class DeliveredRow:
    """One readable row: the index of its file, its line there, its texts (one a ``delivered_fields``), the rules that
    it broke."""

    file: int
    line: int
    texts: Sequence[str | None]
    broken: Sequence[str]


@dataclass(frozen=True)
class DeliveredRecord:
    """One record that is no row: where it is, the rule that says why, its text."""

    file: int
    line: int
    rule: str
    raw: str


@contextmanager
def open_rows(batch: Batch, entry: Entry, workdir: Path, bad_only: bool) -> Iterator[Iterator[DeliveredRow]]:
    """Read the rows in order, in bounded memory; with ``bad_only`` those that broke a rule."""
    marked = workdir / quality.MARKED
    if not marked.exists() and bad_only:
        yield iter(())
        return
    rules, join = "NULL", ""
    if marked.exists():
        kind = "JOIN" if bad_only else "LEFT JOIN"
        rules = "marked.rules"
        join = f" {kind} (SELECT _row, rules FROM read_parquet({literal(marked)})) AS marked USING (_row)"
    fields = delivered_fields(entry)
    columns = [original_name(field) if field.normalise else field.name for field in fields]
    query = (
        f"SELECT batch._file, batch._line, {rules}, batch._raw, {names(columns, 'batch')} "
        f"FROM read_parquet({literal(workdir / batch.path)}) AS batch{join} ORDER BY batch._row"
    )
    with _engine(workdir) as connection:
        yield (
            DeliveredRow(file, line, _as_delivered(fields, columns, values, raw), broken or ())
            for file, line, broken, raw, *values in _fetched(connection.execute(query))
        )


@contextmanager
def open_records(batch: Batch, workdir: Path, most: int) -> Iterator[Iterator[DeliveredRecord]]:
    """Read the records that are no rows, in order, at most ``most``."""
    if batch.defects_path is None or not batch.defects:
        yield iter(())
        return
    path = literal(workdir / batch.defects_path)
    query = f"SELECT _file, _line, rule, raw FROM read_parquet({path}) ORDER BY _row LIMIT {most}"
    with _engine(workdir) as connection:
        yield (DeliveredRecord(*row) for row in _fetched(connection.execute(query)))


@contextmanager
def _engine(workdir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET memory_limit = '512MB'")
        connection.execute(f"SET temp_directory = {literal(workdir / 'spill')}")
        yield connection


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(_FETCHED):
        yield from rows


def _as_delivered(
    fields: Sequence[Field], columns: Sequence[str], values: Sequence[Any], raw: str | None
) -> list[str | None]:
    """The texts of a row: as they were where one of them is not of its type, else written in the entry's formats."""
    if raw is not None:
        texts = json.loads(raw)
        return [texts.get(column) for column in columns]
    return [_write(value, field) for value, field in zip(values, fields, strict=True)]


def _write(value: object, field: Field) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _WRITERS[type(value)](value, field)


_WRITERS: dict[type, Callable[[Any, Field], str]] = {
    bool: write_truth,
    int: lambda value, _: write_number(value),
    Decimal: lambda value, _: write_number(value),
    date: write_time,
    datetime: write_time,
}
