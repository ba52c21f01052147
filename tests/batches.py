"""Batches and resources without a delivery: rows as Python values, written as ``stages.Batch`` lays them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from building import CREDIT_CODE, ENTRY, changed, make_project
from shuyuan.catalog import Resource
from shuyuan.entry import Department, Entry, Field
from shuyuan.stages import Batch

KINDS = {
    "string": pa.string(),
    "integer": pa.int64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "boolean": pa.bool_(),
}


def make_entry(fields: Sequence[Mapping[str, Any]], key: Sequence[str], mode: str = "replace", **quality: Any) -> Entry:
    """An entry with these fields and key; ``quality`` are the keys of its quality section."""
    changes = {"fields": list(fields), "load": {"mode": mode, "key": list(key)}, "quality": quality}
    return Entry.model_validate(changed(ENTRY, changes))


def make_resource(
    folder: Path, entry: Entry, code_tables: Mapping[str, str] | None = None, suites: Mapping[str, Any] | None = None
) -> Resource:
    """A resource whose project holds just these code tables (CSV text) and suites."""
    project = make_project(folder / "project", {}, code_tables=code_tables, suites=suites)
    department = Department.model_validate({"title": "部门", "credit_code": CREDIT_CODE})
    return Resource(entry, project.specs / "entry.yaml", "0" * 64, department, {}, project)


def make_batch(
    workdir: Path,
    entry: Entry,
    rows: Sequence[Mapping[str, Any]],
    *,
    uncast: Mapping[int, Sequence[str]] | None = None,
    defects: Sequence[tuple[str, str]] = (),
) -> Batch:
    """Write ``rows`` (field name → value; a missing one is null). Line numbers start at 2, below the header.

    ``uncast`` names the fields of a row whose text was not of their type. ``defects`` are (rule, raw line).
    """
    workdir.mkdir(parents=True, exist_ok=True)
    places = {field.name: place for place, field in enumerate(entry.fields)}
    masks = [sum(1 << places[name] for name in (uncast or {}).get(number, ())) for number in range(len(rows))]
    columns: dict[str, pa.Array] = {
        "_row": pa.array(range(len(rows)), pa.int64()),
        "_file": pa.array([0] * len(rows), pa.int16()),
        "_line": pa.array(range(2, len(rows) + 2), pa.int64()),
        "_uncast": pa.array(masks, pa.int64()),
        "_raw": pa.array(['{"raw":"text"}' if mask else None for mask in masks], pa.string()),
    }
    for field in entry.fields:
        columns[field.name] = pa.array([_value(row.get(field.name), field) for row in rows], _kind(field))
    pq.write_table(pa.table(columns), workdir / "batch.parquet", row_group_size=max(2, len(rows) // 2))
    if defects:
        numbers = range(len(rows), len(rows) + len(defects))
        broken = {
            "_row": pa.array(numbers, pa.int64()),
            "_file": pa.array([0] * len(defects), pa.int16()),
            "_line": pa.array([number + 2 for number in numbers], pa.int64()),
            "rule": pa.array([rule for rule, _ in defects], pa.string()),
            "raw": pa.array([raw for _, raw in defects], pa.string()),
        }
        pq.write_table(pa.table(broken), workdir / "defects.parquet")
    return Batch(
        entry_id=entry.id,
        files=("people.csv",),
        path="batch.parquet",
        rows=len(rows),
        defects_path="defects.parquet" if defects else None,
        defects=len(defects),
        counted=len(rows) + len(defects),
    )


def _kind(field: Field) -> pa.DataType:
    return pa.decimal128(*field.decimal) if field.decimal else KINDS[field.kind]


def _value(value: Any, field: Field) -> Any:
    if value is None or not isinstance(value, str) or field.kind == "string":
        return value
    readers = {"decimal": Decimal, "date": date.fromisoformat, "datetime": datetime.fromisoformat, "integer": int}
    return readers[field.kind](value)
