"""A project in which one entry holds copies of another's facts: people of the police, and households that name them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from batches import make_batch
from building import department_text, entry_text, make_project, yaml_of
from shuyuan.catalog import load_resource
from shuyuan.project import Project
from shuyuan.warehouses import Lot, open_warehouse

PEOPLE, HOUSEHOLDS = "public_security.people", "civil_affairs.households"
PERSON, OTHER, UNKNOWN = "159901195001010016", "159901198906150041", "159901195001010024"
ELEMENTS = {
    "resident_id": {"title": "公民身份号码", "source": PEOPLE, "normal_form": "resident_id", "mask": "keep(6,4)"},
    "person_name": {"title": "姓名", "source": PEOPLE, "normal_form": "name", "mask": "hide"},
}


def make_copies(folder: Path, unknown: str = "reject", **changes: Any) -> Project:
    """Write the project; ``unknown`` says what becomes of a household whose person nobody knows."""
    people = entry_text(
        id=PEOPLE,
        code="306027/000001",
        title="人口基本信息",
        update={"cycle": "irregular"},
        load={"mode": "replace", "key": ["person_id"]},
        fields=[
            {
                "name": "person_id",
                "title": "身份证号",
                "element": "resident_id",
                "authoritative": True,
                "required": True,
            },
            {"name": "name", "title": "姓名", "element": "person_name", "authoritative": True},
        ],
    )
    fields = [
        {
            "name": "number",
            "from": "BH",
            "title": "户编号",
            "type": "integer",
            "required": True,
        },
        {"name": "id_card_no", "from": "SFZH", "title": "证件号码", "element": "resident_id", "unknown": unknown},
        {"name": "person_name", "from": "XM", "title": "户主姓名", "element": "person_name"},
        {"name": "approved_on", "from": "SPRQ", "title": "审批日期", "type": "date", "format": "%Y%m%d"},
    ]
    declared = {
        "id": HOUSEHOLDS,
        "title": "低保户信息",
        "load": {"mode": "replace", "key": ["number"]},
        "fields": fields,
        "quality": {"gate": {"block_below": 0}},
    }
    return make_project(
        folder,
        {PEOPLE: people, HOUSEHOLDS: entry_text(**declared | changes)},
        departments={
            "public_security": department_text(title="旗公安局"),
            "civil_affairs": department_text(title="旗民政局"),
        },
        elements=yaml_of(ELEMENTS),
    )


def publish_people(project: Project, people: Sequence[tuple[str, str | None]], load_no: int = 1) -> None:
    """Make ``people`` (resident ID, name) what the police have published."""
    resource = load_resource(project, PEOPLE)
    folder = project.var / f"people-{load_no}"
    rows = [{"person_id": number, "name": name} for number, name in people]
    batch = make_batch(folder, resource.entry, rows)
    lot = Lot(
        entry=resource.entry,
        load_id=f"load-{load_no}",
        delivery_id="delivery",
        run_id=f"run-{load_no}",
        spec_digest=resource.digest,
        data_date=date(2026, 11, 20),
        batch_path=folder / batch.path,
        rejected_path=None,
        accepted=len(rows),
        rejected=0,
        score=None,
        now=datetime.now(UTC).replace(tzinfo=None),
    )
    with open_warehouse(project).session() as session:
        session.publish(lot, session.lease(PEOPLE))
        session.snapshot(resource.entry, project.shared)


def household_file(folder: Path, *rows: str, name: str = "households.csv") -> Path:
    """Write a file as civil affairs deliver it: ``number,id,name,date`` a row."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("BH,SFZH,XM,SPRQ\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path
