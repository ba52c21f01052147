"""P1, P2, P3: a run that is killed at any named point changes nothing for consumers, and the next run completes."""

import multiprocessing
import os
import signal
import sqlite3
import sys
from collections import namedtuple

import pyarrow.parquet as pq
import pytest

from servers import KINDS
from shuyuan.crashpoints import POINTS
from shuyuan.ledger import current_publication
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse

ENTRY = """\
kind: CatalogEntry
id: traffic_police.vehicles
code: "307010101/000012"
title: 机动车
summary: 测试用
status: published
published_on: 2026-01-01
legal_basis: 测试
owner: {{office: 测试科}}
sharing: {{type: unconditional}}
source: {{type: database, connection: traffic_police_db, table: vehicles}}
update: {{cycle: daily}}
load: {{mode: {mode}, key: [plate]}}
fields:
  - {{name: plate, title: 号牌号码, required: true, length: 10}}
  - {{name: seats, title: 核定载客, type: integer}}
"""
DEPARTMENT = """\
kind: Department
title: 公安局交通管理大队
credit_code: "{credit_code}"
"""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["shuyuan.pipeline", "shuyuan.cli", "great_expectations", "duckdb", "pyarrow"])
Finished = namedtuple("Finished", "returncode output")
BEFORE_COMMIT = POINTS[: POINTS.index("before_commit") + 1]


@pytest.fixture
def kind(request, servers, monkeypatch):
    """The warehouse: embedded, or an empty one on a real server."""
    if request.param != "duckdb":
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(request.param))
    return request.param


@pytest.fixture
def project(request, kind, tmp_path):
    folder = tmp_path / "include" / "catalog_specs" / "traffic_police"
    folder.mkdir(parents=True)
    (tmp_path / "expectations").mkdir()
    (folder / "vehicles.yaml").write_text(ENTRY.format(mode=request.param), encoding="utf-8")
    (folder / "_department.yaml").write_text(DEPARTMENT.format(credit_code="11150624MA0N00016E"), encoding="utf-8")
    deliver(tmp_path, [("A1", "5"), ("A2", "x"), ("A3", "7")])
    return Project(tmp_path), request.param


def deliver(root, rows):
    with sqlite3.connect(root / "department.db") as database:
        database.execute("DROP TABLE IF EXISTS vehicles")
        database.execute("CREATE TABLE vehicles (plate TEXT, seats TEXT)")
        database.executemany("INSERT INTO vehicles VALUES (?, ?)", rows)


def run(project, day, crash_at=""):
    """``shuyuan run`` in a process of its own: forked from a server that has the libraries imported already."""
    environment = {
        "SHUYUAN_CRASH_AT": crash_at,
        "SHUYUAN_PROJECT": str(project.root),
        "SHUYUAN_VAR": str(project.root / "var"),
        "SHUYUAN_WAREHOUSE": os.environ.get("SHUYUAN_WAREHOUSE", ""),
        "AIRFLOW_CONN_TRAFFIC_POLICE_DB": f'{{"conn_type": "sqlite", "schema": "{project.root}/department.db"}}',
    }
    output = project.root / "output.txt"
    arguments = ["run", "traffic_police.vehicles", "--date", day]
    process = PROCESSES.Process(target=run_command, args=(arguments, environment, output))
    process.start()
    process.join(120)
    return Finished(process.exitcode, output.read_text(encoding="utf-8"))


def run_command(arguments, environment, output):
    with output.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    sys.argv = ["shuyuan", *arguments]
    from shuyuan.cli import main

    main()


def seen(project):
    with open_warehouse(project).session() as session:
        if current_publication(session, "traffic_police.vehicles") is None:
            return None
        return [
            tuple(row.values())
            for row in session.query("SELECT plate, seats FROM share.traffic_police__vehicles ORDER BY 1")
        ]


def copied(project, kind):
    if kind != "duckdb":
        return seen(project)  # consumers of a server read the view itself
    rows = pq.read_table(project.shared / "traffic_police__vehicles.parquet").to_pylist()
    return sorted((row["plate"], row["seats"]) for row in rows)


def ledger_of(project):
    with open_warehouse(project).session() as session:
        publications = session.query("SELECT rejected, added FROM ledger.publications ORDER BY load_no")
        runs = session.query("SELECT outcome, delivered, accepted, rejected FROM ledger.runs ORDER BY started_at")
    return publications, runs


OLD = [("A1", 5), ("A3", 7)]
NEW = {
    "replace": [("A1", 6), ("A4", 2)],
    "append": [("A1", 5), ("A1", 6), ("A3", 7), ("A4", 2)],
    "merge": [("A1", 6), ("A3", 7), ("A4", 2)],
    "history": [("A1", 6), ("A3", 7), ("A4", 2)],
}


MODES = ("replace", "append", "merge", "history")
IN_THE_WAREHOUSE = POINTS[POINTS.index("leased") : POINTS.index("garbage_collected") + 1]
"""The points that lie in a warehouse's own code; the others are the same whatever the warehouse."""

CASES = [
    (kind, mode, point)
    for kind in KINDS
    for mode in MODES
    for point in (POINTS if kind == "duckdb" else IN_THE_WAREHOUSE)
]


@pytest.mark.parametrize(("kind", "project", "crash_at"), CASES, indirect=["kind", "project"])
def test_killed_at_each_point_then_run_again(project, kind, monkeypatch, crash_at):
    project, mode = project
    monkeypatch.setenv("SHUYUAN_VAR", str(project.root / "var"))
    first = run(project, "2026-11-20")
    assert first.returncode == 0, first.output
    assert seen(project) == OLD

    deliver(project.root, [("A1", "6"), ("A4", "2"), ("A5", "５")])
    killed = run(project, "2026-11-21", crash_at)
    assert killed.returncode == -signal.SIGKILL, killed.output
    assert seen(project) == (OLD if crash_at in BEFORE_COMMIT else NEW[mode])
    assert copied(project, kind) in (OLD, NEW[mode])

    again = run(project, "2026-11-21")
    assert again.returncode == 0, again.output
    assert seen(project) == NEW[mode]
    assert copied(project, kind) == NEW[mode]
    publications, runs = ledger_of(project)
    assert len(publications) == 2, "published once, whatever was killed"
    assert publications[1]["rejected"] == 1
    for line in runs:
        if line["delivered"] is not None:
            assert line["delivered"] == line["accepted"] + line["rejected"]

    third = run(project, "2026-11-21")
    assert third.returncode == 0
    assert "无变化" in third.output
    assert seen(project) == NEW[mode]
    assert len(ledger_of(project)[0]) == 2
