"""A migration that is killed at any point: consumers see the old table or the new one, and doing it again ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys

import pyarrow.parquet as pq
import pytest

from rooms import Room, make_room
from servers import KINDS
from shuyuan.crashpoints import MIGRATION_POINTS
from shuyuan.warehouses import open_warehouse

PROCESSES = multiprocessing.get_context("forkserver")
OLD, NEW = [("A1", "5"), ("A3", "7")], [("A1", 5), ("A3", 7)]
CASES = [(kind, mode, point) for kind in KINDS for mode in ("merge", "history") for point in MIGRATION_POINTS
         if kind == "mariadb" or point != "shown"]  # fmt: skip


def command(arguments: list[str], environment: dict[str, str]) -> None:
    os.environ.update(environment)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 — the process ends here
    from shuyuan.cli import main

    main(arguments)


def migrate(room: Room, crash_at: str = "") -> int | None:
    """``shuyuan migrate --yes`` in a process of its own; return how it ended."""
    environment = room.environment | {"SHUYUAN_CRASH_AT": crash_at}
    environment["SHUYUAN_WAREHOUSE"] = os.environ.get("SHUYUAN_WAREHOUSE", "")
    process = PROCESSES.Process(target=command, args=(["migrate", "traffic_police.vehicles", "--yes"], environment))
    process.start()
    process.join(120)
    return process.exitcode


def seen(room: Room) -> list[tuple[object, ...]]:
    with open_warehouse(room.project).session() as session:
        rows = session.query("SELECT plate, seats FROM share.traffic_police__vehicles ORDER BY 1")
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(("kind", "mode", "crash_at"), CASES)
def test_killed_at_each_point_then_done_again(tmp_path, servers, monkeypatch, kind, mode, crash_at):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    if kind != "duckdb":
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(kind))
    fields = [{"name": "plate", "title": "号牌号码", "required": True}, {"name": "seats", "title": "核定载客"}]
    room = make_room(tmp_path, fields=fields, load={"mode": mode, "key": ["plate"]})
    room.deliver(OLD)
    assert room.outcome() == "published"
    room = make_room(
        tmp_path, fields=[fields[0], fields[1] | {"type": "integer"}], load={"mode": mode, "key": ["plate"]}
    )

    assert migrate(room, crash_at) == -signal.SIGKILL
    committed = crash_at != "rebuilt"
    assert seen(room) == (NEW if committed else OLD)
    for _ in range(2):
        assert migrate(room) == 0
        assert seen(room) == NEW
    if kind == "duckdb":
        assert pq.read_table(room.project.shared / "traffic_police__vehicles.parquet")["seats"].to_pylist() == [5, 7]
    assert len(room.ledger("migrations")) == 1
    room.deliver([("A1", "6"), ("A4", "2")])
    assert room.outcome(21) == "published"
    assert seen(room) == [("A1", 6), ("A3", 7), ("A4", 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_sees_old_or_new_and_never_nothing(tmp_path, servers, monkeypatch, kind):
    """Readers of servers poll through the migration; those of the embedded warehouse read its copy."""
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    if kind != "duckdb":
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(kind))
    fields = [{"name": "plate", "title": "号牌号码", "required": True}, {"name": "seats", "title": "核定载客"}]
    load = {"mode": "merge", "key": ["plate"]}
    room = make_room(tmp_path, fields=fields, load=load)
    room.deliver([(f"A{number:05}", str(number % 9)) for number in range(20_000)])
    assert room.outcome() == "published"
    room = make_room(tmp_path, fields=[fields[0], fields[1] | {"type": "integer"}], load=load)
    environment = room.environment | {"SHUYUAN_WAREHOUSE": os.environ.get("SHUYUAN_WAREHOUSE", "")}
    process = PROCESSES.Process(target=command, args=(["migrate", "--yes"], environment))
    process.start()
    sums = set()
    while process.is_alive():
        sums.add(total(room, kind))
    process.join()
    sums.add(total(room, kind))
    assert process.exitcode == 0
    assert sums == {(20_000, sum(number % 9 for number in range(20_000)))}


def total(room: Room, kind: str) -> tuple[int, int]:
    if kind == "duckdb":
        # Opened once: ``read_table`` looks at the schema first and opens the file again for its rows.
        file = room.project.shared / "traffic_police__vehicles.parquet"
        seats = pq.ParquetFile(file).read()["seats"].to_pylist()
        return len(seats), sum(map(int, seats))
    with open_warehouse(room.project).session() as session:
        (row,) = session.query(
            "SELECT count(*) AS many, sum(CAST(seats AS DECIMAL(10,0))) AS top FROM share.traffic_police__vehicles"
        )
    return int(row["many"]), int(row["top"])
