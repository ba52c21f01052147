"""What does the platform itself cost an entry? A run of a 1,000-row entry through a real scheduler, beside no-ops.

Both run in the same Airflow in turn: an entry (database → checks → warehouse → ledger, new data each time) and a DAG
of the same five tasks whose operators do nothing. Wall seconds from trigger to the run's end; CPU seconds of all
Airflow processes meanwhile, less what they use when idle.

    python benchmarks/platform_cost.py --json found.json
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

ENTRY = "traffic_police.vehicles"
EMPTY_DAG = '''\
"""The yardstick: an Airflow DAG with as many tasks as an entry has, none of which does anything."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseOperator


class Nothing(BaseOperator):
    def execute(self, context):
        return None


with DAG("empty", schedule=None, catchup=False, max_active_runs=1, is_paused_upon_creation=False):
    fetch, check, load = (Nothing(task_id=name) for name in ("fetch", "check", "load"))
    done = EmptyOperator(task_id="done")
    record = Nothing(task_id="record").as_teardown(on_failure_fail_dagrun=True)
    fetch >> check >> load >> [done, record]
'''


def make_project(folder: Path) -> None:
    """The demo's catalog with one entry, its database, and a DAG folder with the yardstick beside the catalog."""
    root = measuring.ROOT
    for name in ("include", "expectations"):
        shutil.copytree(root / name, folder / name)
    for department in (folder / "include" / "catalog_specs").iterdir():
        if department.is_dir() and department.name != "traffic_police":
            shutil.rmtree(department)
    (folder / "dags").mkdir()
    shutil.copy(root / "dags" / "catalog.py", folder / "dags")
    (folder / "dags" / "empty.py").write_text(EMPTY_DAG, encoding="utf-8")


def cpu_seconds(pids: list[int]) -> float:
    """User and system seconds of the processes, their children and the children they have reaped."""
    import psutil

    total = 0.0
    for pid in pids:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            try:
                used = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system + used.children_user + used.children_system
    return total


def run_once(airflow: Any, dag: str, conf: dict[str, str], run_id: str) -> tuple[float, float]:
    """Trigger one run and return its wall and CPU seconds. Raises ``RuntimeError`` when it fails."""
    pids = [one.pid for one in airflow.started]
    before, began = cpu_seconds(pids), time.monotonic()
    airflow.client.trigger(dag, run_id, conf)
    while True:
        state = airflow.client.run_states([dag], run_id).get(dag)
        if state == "success":
            return time.monotonic() - began, cpu_seconds(pids) - before
        if state == "failed":
            raise RuntimeError(f"{dag} failed; see {airflow.home / 'logs'}")
        time.sleep(0.05)


def main() -> None:
    """Measure both DAGs in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    from shuyuan.demonstration.deliveries import VEHICLES_DATABASE, deliver
    from shuyuan.orchestration.identity import dag_id
    from shuyuan.orchestration.local import CATALOG_ONLY
    from shuyuan.orchestration.local_runs import RunningAirflow
    from shuyuan.project import Project
    from shuyuan.warehouses import open_warehouse

    folder = Path(tempfile.mkdtemp())
    os.environ["SHUYUAN_VAR"] = str(folder / "var")
    make_project(folder)
    project, day = Project(folder), date(2026, 11, 2)
    database = {"conn_type": "sqlite", "host": str(folder / "demo" / "traffic_police" / VEHICLES_DATABASE)}
    tuned = {
        "AIRFLOW_CONN_TRAFFIC_POLICE_DATABASE": json.dumps(database),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "SHUYUAN_PROJECT": str(folder),
    }
    deliver(folder / "demo", day, 1000, entries=(ENTRY,))
    airflow = RunningAirflow(project, CATALOG_ONLY, tuned)
    found: dict[str, list[tuple[float, float]]] = {"empty": [], dag_id(ENTRY): []}
    with airflow:
        while not set(found) <= set(airflow.client.dag_ids()):
            time.sleep(0.5)
        idle_from, idle_began = cpu_seconds([one.pid for one in airflow.started]), time.monotonic()
        time.sleep(10)
        idle = (cpu_seconds([one.pid for one in airflow.started]) - idle_from) / (time.monotonic() - idle_began)
        for number in range(arguments.runs + 1):
            day += timedelta(days=1)
            deliver(folder / "demo", day, 1000, seed=number + 2, entries=(ENTRY,))
            for dag in found:
                conf = {} if dag == "empty" else {"data_date": str(day)}
                wall, cpu = run_once(airflow, dag, conf, f"bench_{number}")
                if number:
                    found[dag].append((wall, cpu - idle * wall))
    with open_warehouse(project).session() as session:
        outcomes = [row["outcome"] for row in session.query("SELECT outcome FROM ledger.runs")]
    assert outcomes == ["published"] * (arguments.runs + 1), outcomes
    with sqlite3.connect(database["host"]) as connection:
        rows = connection.execute("SELECT count(*) FROM VEH_INFO").fetchone()[0]
    medians = {dag: [statistics.median(column) for column in zip(*runs, strict=True)] for dag, runs in found.items()}
    base = medians["empty"]
    lines = [
        [dag, f"{m[0]:.2f}", f"{m[0] / base[0]:.2f}", f"{m[1]:.2f}", f"{m[1] / base[1]:.2f}"]
        for dag, m in medians.items()
    ]
    title = f"one run through the scheduler, {rows:,} rows; median of {arguments.runs}; idle CPU {idle:.2f} s a second"
    measuring.print_table(title, ["DAG", "wall s", "× empty", "CPU s", "× empty"], lines)
    if arguments.json:
        measuring.save_json(arguments.json, {"medians": medians, "idle": idle, "rows": rows})
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
