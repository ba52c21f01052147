"""Builders of what a run wants to publish: a small entry of people and lots of its rows."""

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shuyuan.entry import Entry
from shuyuan.warehouses import Lot

DAY_1, DAY_2 = date(2026, 11, 20), date(2026, 11, 21)


def an_entry(mode="replace", **extra) -> Entry:
    fields = [
        {"name": "id", "title": "编号", "required": "true"},
        {"name": "amount", "title": "金额", "type": "decimal(10,2)"},
        {"name": "born_on", "title": "出生日期", "type": "date"},
        *extra.pop("more_fields", []),
    ]
    return Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": "civil_affairs.people",
            "code": "307010101/000012",
            "title": "人员",
            "summary": "测试",
            "sharing": {"type": "unconditional"},
            "source": {"type": "database", "connection": "c", "table": "t"},
            "update": {"cycle": "daily"},
            "load": {"mode": mode, "key": ["id"], **extra.pop("load", {})},
            "fields": fields,
        }
    )


def a_lot(folder: Path, rows, *, entry=None, load_id="a", day=DAY_1, rejected=()) -> Lot:
    """A batch of ``(id, amount, born_on)`` rows, of which the ``_row`` numbers in ``rejected`` failed a rule."""
    entry = entry or an_entry()
    folder = folder / f"run-{load_id}-{len(rows)}-{day}"
    folder.mkdir(exist_ok=True)
    types = {"id": pa.string(), "amount": pa.decimal128(10, 2), "born_on": pa.date32(), "note": pa.string()}
    columns = {
        "_row": pa.array(range(len(rows)), pa.int64()),
        "_file": pa.array([0] * len(rows), pa.int16()),
        "_line": pa.array(range(2, len(rows) + 2), pa.int64()),
    }
    for position, field in enumerate(entry.fields):
        columns[field.name] = pa.array([row[position] for row in rows]).cast(types[field.name])
    pq.write_table(pa.table(columns), folder / "batch.parquet")
    rejected_path = None
    if rejected:
        rejected_path = folder / "rejected.parquet"
        table = {
            "_row": pa.array(rejected, pa.int64()),
            "_file": pa.array([0] * len(rejected), pa.int16()),
            "_line": pa.array([row + 2 for row in rejected], pa.int64()),
            "rules": pa.array([["id.required"]] * len(rejected)),
            "record": pa.array(["{}"] * len(rejected)),
        }
        pq.write_table(pa.table(table), rejected_path)
    return Lot(
        entry=entry,
        load_id=load_id,
        delivery_id=f"delivery-{load_id}",
        run_id=f"run-{load_id}",
        spec_digest="spec",
        data_date=day,
        batch_path=folder / "batch.parquet",
        rejected_path=rejected_path,
        accepted=len(rows) - len(rejected),
        rejected=len(rejected),
        score=99.0,
        now=datetime(2026, 11, 20, 1, 0),
    )


def publish(warehouse, lot):
    with warehouse.session() as session:
        return session.publish(lot, session.lease(lot.entry.id))
