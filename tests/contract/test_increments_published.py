"""Increments all the way: the watermark is committed with the rows that it stands for, or not at all."""

from __future__ import annotations

import sqlite3

import pytest

from rooms import make_room
from servers import KINDS
from shuyuan.warehouses import publishing

SOURCE = {"type": "database", "connection": "traffic_police_db", "table": "vehicles", "sync": "incremental",
          "watermark": "changed_at", "overlap": "0s"}  # fmt: skip
FIELDS = [
    {"name": "plate", "title": "号牌号码", "type": "string", "required": True, "length": 10},
    {"name": "seats", "title": "核定载客", "type": "integer"},
    {"name": "changed_at", "title": "更新时间", "type": "datetime"},
]


class Department:
    """A department that changes rows and notes when."""

    def __init__(self, room) -> None:
        self.room = room
        with sqlite3.connect(room.project.root / "department.db") as database:
            database.execute("CREATE TABLE vehicles (plate TEXT PRIMARY KEY, seats INT, changed_at TEXT)")

    def put(self, plate: str, seats: int, at: str = "now") -> None:
        """``at`` in UTC, as SQLite reads it."""
        with sqlite3.connect(self.room.project.root / "department.db") as database:
            database.execute(
                "INSERT OR REPLACE INTO vehicles VALUES (?, ?, strftime('%Y-%m-%d %H:%M:%f000', ?, '+8 hours'))",
                (plate, seats, at),
            )

    def lose_dates(self) -> None:
        """Move every change out of sight of later increments."""
        with sqlite3.connect(self.room.project.root / "department.db") as database:
            database.execute("UPDATE vehicles SET changed_at = '2020-01-01 00:00:00'")


def make(folder, **changes):
    room = make_room(folder, source=SOURCE, fields=FIELDS, load={"mode": "merge", "key": ["plate"]}, **changes)
    return room, Department(room)


def delivered(room) -> int:
    return max((str(run["finished_at"]), run["delivered"]) for run in room.ledger("runs"))[1]


def test_only_what_changed_is_delivered_and_merged(tmp_path):
    room, department = make(tmp_path)
    for number in range(5):
        department.put(f"蒙G{number}", 5)
    assert room.outcome() == "published"
    assert delivered(room) == 5
    department.put("蒙G1", 7)
    department.put("蒙G9", 2)
    assert room.outcome(21) == "published"
    assert delivered(room) == 2
    assert room.shared() == [("蒙G0", 5), ("蒙G1", 7), ("蒙G2", 5), ("蒙G3", 5), ("蒙G4", 5), ("蒙G9", 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_warehouse_keeps_the_watermark(tmp_path, servers, monkeypatch, kind):
    if kind != "duckdb":
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(kind))
    room, department = make(tmp_path)
    department.put("蒙G1", 5)
    assert room.outcome() == "published"
    department.put("蒙G2", 5)
    assert room.outcome(21) == "published"
    assert delivered(room) == 1
    first, second = sorted(room.ledger("watermarks"), key=lambda line: line["load_no"])
    assert first["watermark"] < second["watermark"]


def test_a_quiet_day_is_no_defect(tmp_path):
    room, department = make(tmp_path)
    department.put("蒙G1", 5)
    assert [room.outcome(), room.outcome(21), room.outcome(22)] == ["published", "published", "unchanged"]
    assert room.shared() == [("蒙G1", 5)]


def test_an_empty_table_is_a_defect_the_first_time(tmp_path):
    room, _ = make(tmp_path)
    assert room.outcome() == "blocked"
    assert room.ledger("watermarks") == []


def test_the_watermark_moves_only_with_the_rows(tmp_path, monkeypatch):
    room, department = make(tmp_path)
    department.put("蒙G1", 5)
    room.run()
    marks = room.ledger("watermarks")
    department.put("蒙G2", 5)

    def cut(name: str) -> None:
        if name == "before_commit":
            raise ConnectionResetError

    monkeypatch.setattr(publishing, "point", cut)
    assert room.outcome(21) == "failed"
    assert room.ledger("watermarks") == marks
    monkeypatch.undo()
    assert room.outcome(21) == "published"
    assert room.shared() == [("蒙G1", 5), ("蒙G2", 5)]
    assert len(room.ledger("watermarks")) == 2


def test_another_spec_reads_everything_again(tmp_path):
    room, department = make(tmp_path)
    department.put("蒙G1", 5)
    room.run()
    department.put("蒙G2", 5)
    department.lose_dates()
    assert room.outcome(21) == "published"
    assert room.shared() == [("蒙G1", 5)]
    path = next(room.project.root.rglob("vehicles.yaml"))
    path.write_text(path.read_text(encoding="utf-8").replace("核定载客", "载客人数"), encoding="utf-8")
    assert room.outcome(22) == "published"
    assert room.shared() == [("蒙G1", 5), ("蒙G2", 5)]


def test_a_deleted_row_leaves_by_its_flag(tmp_path):
    told = {"mode": "merge", "key": ["plate"], "deleted_when": {"field": "seats", "values": ["0"]}}
    room = make_room(tmp_path, source=SOURCE, fields=FIELDS, load=told)
    department = Department(room)
    department.put("蒙G1", 5)
    department.put("蒙G2", 5)
    room.run()
    department.put("蒙G2", 0)
    assert room.outcome(21) == "published"
    assert room.shared() == [("蒙G1", 5)]
