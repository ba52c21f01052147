"""The DAG that settles due dates every quarter of an hour: its schedule, its works, its colour."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from airflow.sdk import TriggerRule

from shuyuan.orchestration import upkeep
from shuyuan.orchestration.freshness import WORKS, build_freshness_dag
from shuyuan.warehouses import open_warehouse


@pytest.fixture
def dag(project):
    built = build_freshness_dag()
    built.fileloc = str(project.root / "dags" / "operations.py")
    return built


def test_it_runs_every_quarter_of_an_hour_and_never_twice_at_once(dag):
    assert dag.dag_id == "operations.freshness"
    assert dag.schedule.expression == "*/15 * * * *"
    assert (dag.catchup, dag.max_active_runs, dag.is_paused_upon_creation) == (False, 1, False)


def test_the_sweep_comes_first_and_a_failed_work_neither_stops_the_next_nor_hides(dag):
    assert WORKS[0] == "freshness"
    done = dag.get_task("done")
    assert done.upstream_task_ids == set(WORKS)
    assert done.trigger_rule == TriggerRule.NONE_FAILED
    for before, after in pairwise(WORKS):
        assert after in dag.get_task(before).downstream_task_ids
        assert dag.get_task(after).trigger_rule == TriggerRule.ALL_DONE


def test_a_task_sweeps_the_project_of_its_dag_file(dag, project, monkeypatch):
    """It says how many due dates are newly missing, and the ledger has every due date of the last week."""
    heard = []
    sweep = upkeep.sweep_freshness
    monkeypatch.setattr(upkeep, "sweep_freshness", lambda where, now: heard.append(now) or sweep(where, now))
    assert dag.get_task("freshness").execute({}) == 0, "nobody looked, so nothing is missing"
    assert (datetime.now(UTC) - heard[0]).total_seconds() < 60
    with open_warehouse(project).session() as session:
        found = session.query("SELECT DISTINCT entry_id, state, reason FROM ledger.freshness ORDER BY entry_id, state")
    assert ("traffic_police.published", "excluded", "platform") in [tuple(row.values()) for row in found]
