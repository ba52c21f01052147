"""Rows that a department deleted without a trace: all keys of the source are read now and then and compared."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lots import DAY_2, a_lot, an_entry, publish
from rooms import make_room
from servers import KINDS, warehouse_at
from shuyuan import sources
from shuyuan.pipeline import stages
from shuyuan.problems import DeliveryError
from shuyuan.warehouses.duckdb import DuckDBWarehouse
from their_databases import DAY, NOW, open_database, resource_of

FIELDS = [
    {"name": "id", "title": "编号"},
    {"name": "name", "title": "姓名"},
    {"name": "at", "from": "updated_at", "title": "更新时间", "type": "datetime"},
]
A, B, C, D = (("abcd"[place], f"{place}.00", None) for place in range(4))


@pytest.mark.parametrize("kind", ["mariadb", "postgresql", "sqlite"])
def test_all_keys_are_read_beside_the_increment(servers, tmp_path, kind):
    theirs = open_database(kind, servers, tmp_path)
    moment = {"mariadb": "DATETIME(6)", "postgresql": "TIMESTAMP", "sqlite": "TEXT"}[kind]
    theirs.run(
        "DROP TABLE IF EXISTS changes",
        f"CREATE TABLE changes (id INT, name VARCHAR(20), updated_at {moment})",
        "INSERT INTO changes VALUES (1, 'a', '2020-01-01 00:00:00'), (2, 'b', NULL), (3, 'c', '2020-01-01 00:00:00')",
    )
    resource = resource_of(["id", "name", "updated_at"], FIELDS, {"mode": "merge", "key": ["id"]}, table="changes",
                           sync="incremental", watermark="at", compare_keys="7d")  # fmt: skip
    since = "2026-01-01 00:00:00"
    plain = sources.fetch(resource, DAY, tmp_path / "plain", theirs.connection, NOW, since)
    with_keys = sources.fetch(resource, DAY, tmp_path / "keys", theirs.connection, NOW, since, True)
    assert (plain.keys, plain.rows_declared, with_keys.rows_declared) == (None, 1, 1)
    assert plain.sha256 != with_keys.sha256
    table = pq.read_table(tmp_path / "keys" / sources.KEYS / with_keys.keys.path)
    assert table.column_names == ["id"]
    assert sorted(table["id"].to_pylist()) == ["1", "2", "3"]
    theirs.engine.dispose()


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path, servers):
    """An empty warehouse."""
    if request.param == "duckdb":
        return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    return warehouse_at(servers.empty(request.param))


def compared(tmp_path, rows, keys, entry):
    """A lot of changed rows, and the keys that the source still has."""
    path = tmp_path / "keys.parquet"
    pq.write_table(pa.table({"id": pa.array(keys, pa.string())}), path)
    return replace(a_lot(tmp_path, rows, entry=entry, load_id="b", day=DAY_2), keys_path=path, watermark="2026-11-21")


def lax(mode, within="60%"):
    entry = an_entry(mode)
    gate = type(entry.quality.gate).model_validate({"shrink_within": within})
    return entry.model_copy(update={"quality": entry.quality.model_copy(update={"gate": gate})})


def shared(warehouse):
    with warehouse.session() as session:
        return [row["id"] for row in session.query("SELECT id FROM share.civil_affairs__people ORDER BY id")]


@pytest.mark.parametrize("mode", ["merge", "history"])
def test_rows_whose_key_is_gone_are_removed_in_the_same_publication(warehouse, tmp_path, mode):
    publish(warehouse, a_lot(tmp_path, [A, B, C], entry=lax(mode)))
    made = publish(warehouse, compared(tmp_path, [D], ["a", None, "c", "d", "c", "unseen"], lax(mode)))
    assert shared(warehouse) == ["a", "c", "d"]
    assert (made.rows, made.added, made.updated, made.removed) == (3, 1, 0, 1)
    with warehouse.session() as session:
        assert session.query("SELECT keys_compared_at FROM ledger.watermarks")[0]["keys_compared_at"] is not None
        if mode == "history":
            closed = session.query("SELECT valid_to FROM history.civil_affairs__people WHERE id = 'b'")
            assert closed == [{"valid_to": DAY_2}]


@pytest.mark.parametrize("mode", ["merge", "history"])
def test_a_source_that_lost_too_many_keys_changes_nothing(warehouse, tmp_path, mode):
    publish(warehouse, a_lot(tmp_path, [A, B, C], entry=lax(mode)))
    with pytest.raises(DeliveryError) as caught:
        publish(warehouse, compared(tmp_path, [D], ["d"], lax(mode)))
    assert (caught.value.problem.code, caught.value.problem.facts) == ("D602", {"observed": "1/4"})
    assert shared(warehouse) == ["a", "b", "c"]


SOURCE = {"type": "database", "connection": "traffic_police_db", "table": "vehicles", "sync": "incremental",
          "watermark": "changed_at", "overlap": "0s", "compare_keys": "7d"}  # fmt: skip
VEHICLES = [
    {"name": "plate", "title": "号牌号码", "type": "integer", "required": True},
    {"name": "seats", "title": "核定载客", "type": "integer"},
    {"name": "changed_at", "title": "更新时间", "type": "datetime"},
]


def change(room, *statements):
    with sqlite3.connect(room.project.root / "department.db") as database:
        for statement in statements:
            database.execute(statement)


@pytest.fixture
def room(tmp_path):
    """Ten vehicles, published; the first run compares keys, too."""
    room = make_room(tmp_path, source=SOURCE, fields=VEHICLES, load={"mode": "merge", "key": ["plate"]})
    now = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+8 hours')"
    change(room, "CREATE TABLE vehicles (plate TEXT, seats INT, changed_at TEXT)",
           *(f"INSERT INTO vehicles VALUES ('0{number}', 5, {now})" for number in range(10)))  # fmt: skip
    assert room.outcome() == "published"
    return room


def count(room):
    return len(room.shared())


def test_deleted_rows_leave_at_the_stated_rhythm(room, monkeypatch):
    change(room, "DELETE FROM vehicles WHERE plate = '03'")
    room.run(21)
    assert count(room) == 10, "not due yet"
    later = stages.utc_now() + timedelta(days=7)
    monkeypatch.setattr(stages, "utc_now", lambda: later)
    assert room.outcome(28) == "published"
    assert count(room) == 9
    newest = max(room.ledger("publications"), key=lambda line: line["load_no"])
    assert (newest["removed"], newest["rows"]) == (1, 9)
    change(room, "DELETE FROM vehicles WHERE plate = '04'")
    room.run(29)
    assert count(room) == 9, "the next comparison is a week later"


def test_a_table_that_was_emptied_by_mistake_empties_nothing(room, monkeypatch):
    change(room, "DELETE FROM vehicles WHERE plate > '01'")
    later = stages.utc_now() + timedelta(days=7)
    monkeypatch.setattr(stages, "utc_now", lambda: later)
    assert room.outcome(28) == "blocked"
    assert count(room) == 10
    newest = max(room.ledger("runs"), key=lambda line: str(line["finished_at"]))
    assert newest["problem_code"] == "D602"
