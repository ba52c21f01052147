"""A small county for tests of 一数一源: residents as the police publish them, and allowances copied from them.

Tables are published straight into the warehouse, without a delivery. All resident IDs are of the fixture region
159901, which no one can have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from batches import KINDS
from building import department_text, entry_text, make_project, yaml_of
from shuyuan.catalog import load_resource
from shuyuan.entry import Entry
from shuyuan.one_source import Reconciled, reconcile
from shuyuan.project import Project
from shuyuan.warehouses import Lot, open_warehouse

RESIDENTS, ALLOWANCES = "public_security.residents", "civil_affairs.allowances"
ELEMENTS: dict[str, Any] = {
    "resident_id": {
        "title": "公民身份号码",
        "mask": "keep(1,2)",
        "level": "L3",
        "source": RESIDENTS,
        "normal_form": "resident_id",
    },
    "person_name": {"title": "姓名", "mask": "keep(1,0)", "level": "L3", "source": RESIDENTS, "normal_form": "name"},
    "birth_date": {"title": "出生日期", "type": "date", "mask": "hide", "source": RESIDENTS, "corrections": "source"},
    "allowance": {"title": "保障金额", "type": "decimal(10,2)", "source": ALLOWANCES},
}
PERSON: dict[str, Any] = {
    "kind": "Subject",
    "title": "人",
    "key": "resident_id",
    "elements": ["person_name", "birth_date", "allowance"],
}
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
Row = Sequence[Any]


def _entry(entry_id: str, number: int, fields: list[dict[str, Any]], **changes: Any) -> str:
    declared = {
        "id": entry_id,
        "code": f"307010101/{number:06}",
        "title": entry_id,
        "update": {"cycle": "irregular"},
        "load": {"mode": "replace", "key": [fields[0]["name"]]},
        "source": None,
        "fields": fields,
        **changes,
    }
    source = {"type": "database", "connection": "some_db", "table": "t"}
    return entry_text(**declared) + "source: " + json.dumps(source) + "\n"


def residents_text(**changes: Any) -> str:
    """The source: ``id_card_no, person_name, born_on``."""
    fields = [
        {"name": "id_card_no", "title": "身份号码", "element": "resident_id", "authoritative": True, "required": True},
        {"name": "person_name", "title": "姓名", "element": "person_name", "authoritative": True},
        {"name": "born_on", "title": "出生日期", "element": "birth_date", "authoritative": True},
    ]
    return _entry(RESIDENTS, 1, fields, **changes)


def allowances_text(**changes: Any) -> str:
    """The copy: ``id_no, name, birthday, amount``; the last is its own."""
    fields = [
        {"name": "id_no", "title": "身份号码", "element": "resident_id", "required": True},
        {"name": "name", "title": "姓名", "element": "person_name"},
        {"name": "birthday", "title": "出生日期", "element": "birth_date"},
        {"name": "amount", "title": "金额", "element": "allowance", "authoritative": True},
    ]
    return _entry(ALLOWANCES, 2, fields, **changes)


@dataclass
class County:
    """A project whose tables are published by hand. ``now`` goes on by an hour with each step."""

    project: Project
    now: datetime = START
    steps: int = field(default=0)

    def write(self, entry_id: str, text: str) -> None:
        """Replace an entry's YAML."""
        (self.project.specs / (entry_id.replace(".", "/") + ".yaml")).write_text(text, encoding="utf-8")

    def settings(self, **changes: Any) -> None:
        """Write ``one_source.yaml``."""
        self.project.one_source.write_text(yaml_of({"kind": "OneSource", **changes}), encoding="utf-8")

    def subject(self, name: str = "person", **changes: Any) -> None:
        """Write a subject."""
        self.project.subjects.mkdir(exist_ok=True)
        (self.project.subjects / f"{name}.yaml").write_text(yaml_of({**PERSON, **changes}), encoding="utf-8")

    def publish(self, entry_id: str, rows: Sequence[Row], day: date | None = None) -> int:
        """Publish rows (values in the order of the entry's fields, ``None`` at the end left out)."""
        self._step()
        entry = load_resource(self.project, entry_id).entry
        folder = self.project.var / "lots" / str(self.steps)
        folder.mkdir(parents=True)
        with open_warehouse(self.project).session() as session:
            lot = make_lot(folder, entry, rows, day or self.now.date(), self.now.replace(tzinfo=None))
            return session.publish(lot, session.lease(entry.id)).load_no

    def reconcile(self, run_id: str = "", force: bool = False) -> Reconciled:
        """Reconcile, an hour later."""
        self._step()
        return reconcile(self.project, self.now, run_id or f"reconcile-{self.steps}", force)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        with open_warehouse(self.project).session() as session:
            return session.query(sql, parameters)

    def lines(self, made: Reconciled) -> dict[str, Any]:
        """The newest lines by field."""
        return {line.field: line for line in made.comparisons}

    def _step(self) -> None:
        self.steps += 1
        self.now += timedelta(hours=1)


def make_lot(folder: Path, entry: Entry, rows: Sequence[Row], day: date, now: datetime) -> Lot:
    """Lay rows out as a batch without a rejected one."""
    columns: dict[str, Any] = {
        "_row": pa.array(range(len(rows)), pa.int64()),
        "_file": pa.array([0] * len(rows), pa.int16()),
        "_line": pa.array(range(2, len(rows) + 2), pa.int64()),
    }
    for place, one in enumerate(entry.fields):
        kind = pa.decimal128(*one.decimal) if one.decimal else KINDS[one.kind]
        columns[one.name] = pa.array([row[place] if place < len(row) else None for row in rows], kind)
    pq.write_table(pa.table(columns), folder / "batch.parquet")
    name = f"{entry.id}-{now.isoformat()}"
    return Lot(entry, name, name, name, "spec", day, folder / "batch.parquet", None, len(rows), 0, None, now)


def make_county(root: Path, monkeypatch: Any, entries: Mapping[str, str] | None = None, **elements: Any) -> County:
    """Build the project below ``root``; ``elements`` add or replace."""
    monkeypatch.setenv("SHUYUAN_VAR", str(root / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    monkeypatch.delenv("SHUYUAN_TOKEN_KEY", raising=False)
    texts = entries or {RESIDENTS: residents_text(), ALLOWANCES: allowances_text()}
    folders = {entry_id.partition(".")[0] for entry_id in texts}
    departments = {folder: department_text(title=folder) for folder in folders}
    return County(make_project(root, texts, departments=departments, elements=yaml_of({**ELEMENTS, **elements})))
