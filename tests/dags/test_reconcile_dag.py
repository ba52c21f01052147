"""The DAG that compares copies with their sources: what wakes it, what it waits for, and what it leaves alone."""

import importlib
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import TriggerRule
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)
from airflow.serialization.serialized_objects import DagSerialization

from airflow_home import ROOT
from shuyuan.orchestration import reconciling
from shuyuan.orchestration.nightly import build_nightly_dag
from shuyuan.orchestration.reconciling import build_reconcile_dag, wait_for_company
from shuyuan.orchestration.tasks import publications_asset
from shuyuan.problems import PassingError, PlatformError

LONG_AGO = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def dag(project):
    built = build_reconcile_dag()
    built.fileloc = str(project.root / "dags" / "operations.py")
    return built


@pytest.fixture
def asked(monkeypatch):
    """Stands for ``one_source``; hears what it is asked for and answers with what a test puts into ``answer``."""
    lines = tuple(SimpleNamespace(state=state) for state in ("compared", "compared", "not_compared"))
    heard = SimpleNamespace(
        calls=[], answer=SimpleNamespace(comparisons=lines, compared=2, unchanged=1, opened=4, closed=3)
    )

    def reconcile(project, now, run_id):
        heard.calls.append((project.root, run_id))
        assert now.tzinfo is not None
        if isinstance(heard.answer, Exception):
            raise heard.answer
        return heard.answer

    importlib.import_module("shuyuan.pipeline")  # it needs the real room, and must not ask for it later
    stand_in = ModuleType("shuyuan.one_source")
    stand_in.reconcile = reconcile
    monkeypatch.setitem(sys.modules, "shuyuan.one_source", stand_in)
    monkeypatch.setattr("shuyuan.one_source", stand_in, raising=False)
    return heard


def execute(dag, queued=0, run_type="asset_triggered", run_after=LONG_AGO):
    counted = []

    def get_dr_count(dag_id, states):
        counted.append((dag_id, states))
        return queued

    run = SimpleNamespace(run_type=run_type, run_after=run_after, run_id="asset_triggered__1")
    made = dag.get_task("reconcile").execute({"dag_run": run, "ti": SimpleNamespace(get_dr_count=get_dr_count)})
    assert counted == [(dag.dag_id, ["queued"])]
    return made


def test_any_publication_wakes_it(dag):
    assert dag.dag_id == "operations.reconcile"
    condition = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable.asset_condition
    assert [asset.uri for _, asset in condition.iter_assets()] == ["share://publications/"]
    assert publications_asset().name == "publications"


def test_people_see_chinese_and_it_works_from_the_start(dag):
    assert dag.dag_display_name == "一数一源比对"
    assert [task.task_display_name for task in dag.tasks] == ["比对"]
    assert "无法比对" in dag.doc_md
    assert not dag.is_paused_upon_creation


def test_one_at_a_time_and_tried_again(dag):
    assert dag.max_active_runs == 1
    assert dag.get_task("reconcile").retries == 3


def test_its_parsing_does_not_know_the_catalog(project, monkeypatch):
    """A catalog of any size, or one that cannot be read at all, costs nothing here."""
    opened = []
    for module in ("shuyuan.catalog", "shuyuan.catalog.gathering", "shuyuan.orchestration.registering"):
        for name in ("read_catalog", "load_resource", "read_elements"):
            monkeypatch.setattr(f"{module}.{name}", lambda *_: opened.append("read"), raising=False)
    for path in project.specs.glob("*/*.yaml"):
        path.write_text("broken: [", encoding="utf-8")
    bag = DagBag(str(ROOT / "dags" / "operations.py"), bundle_name="dags-folder")
    assert bag.import_errors == {}
    assert set(bag.dags) == {f"operations.{name}" for name in ("freshness", "monthly", "nightly", "reconcile")}
    assert opened == []


def test_the_result_is_counts(dag, asked, project):
    assert execute(dag) == {
        "lines": 3,
        "not_compared": 1,
        "compared": 2,
        "unchanged": 1,
        "opened": 4,
        "closed": 3,
    }
    assert asked.calls == [(project.root, "operations.reconcile.asset_triggered__1")]


def test_a_run_leaves_its_work_to_one_that_is_queued_behind_it(dag, asked):
    with pytest.raises(AirflowSkipException):
        execute(dag, queued=1)
    assert asked.calls == []


def test_publications_in_quick_succession_share_a_run(monkeypatch):
    monkeypatch.setenv("SHUYUAN_RECONCILE_PAUSE", "30")
    with pytest.raises(AirflowRescheduleException) as raised:
        wait_for_company(LONG_AGO, LONG_AGO + timedelta(seconds=29))
    assert raised.value.reschedule_date == LONG_AGO + timedelta(seconds=30)
    wait_for_company(LONG_AGO, LONG_AGO + timedelta(seconds=30))


def test_the_pause_is_a_minute_unless_said_otherwise(monkeypatch):
    monkeypatch.delenv("SHUYUAN_RECONCILE_PAUSE", raising=False)
    with pytest.raises(AirflowRescheduleException):
        wait_for_company(LONG_AGO, LONG_AGO + timedelta(seconds=59))
    wait_for_company(LONG_AGO, LONG_AGO + timedelta(seconds=60))


def test_a_person_who_asks_does_not_wait(dag, asked):
    execute(dag, run_type="manual", run_after=datetime.now(UTC))
    assert len(asked.calls) == 1


@pytest.mark.parametrize(
    ("trouble", "becomes"),
    [
        (PassingError("P302", seconds=1), AirflowException),
        (PlatformError("P301", url="x"), AirflowFailException),
        (KeyError("159901199001011234"), AirflowFailException),
    ],
)
def test_a_trouble_leaves_as_airflow_understands_it(dag, asked, trouble, becomes):
    asked.answer = trouble
    with pytest.raises(AirflowException) as raised:
        execute(dag)
    assert type(raised.value) is becomes
    assert "159901199001011234" not in str(raised.value)


def test_the_nightly_report_comes_whatever_was_before_it_and_hides_nothing():
    """Sources become stale without any publication, so the night compares too."""
    nightly = build_nightly_dag()
    report, done = nightly.get_task("report"), nightly.get_task("done")
    assert report.upstream_task_ids == {"freshness", "reconcile"}
    assert report.trigger_rule == TriggerRule.ALL_DONE
    assert [task.task_id for task in nightly.tasks if not task.downstream_task_ids] == ["done"]
    assert done.upstream_task_ids == {"freshness", "reconcile", "report", "deletion", "retention"}
    assert done.trigger_rule == TriggerRule.NONE_FAILED
    assert isinstance(nightly.get_task("reconcile"), reconciling.ReconcileOperator)
