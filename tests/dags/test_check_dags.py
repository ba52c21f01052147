"""The DAGs of checks: their shape, what they refuse, and, in a real Airflow, that no personal value gets into it."""

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import TriggerRule
from airflow.sdk.exceptions import AirflowFailException

from airflow_home import ROOT
from asked_checks import CHECK, SIGNED, WHO, a_row, make_asked, write_check
from checked_county import HOMES, MARRIAGES, REGISTER, VEHICLES, number, publish_all
from shuyuan.catalog.checks import read_checks
from shuyuan.checks.fetching import fetch_answer
from shuyuan.checks.registering import register
from shuyuan.orchestration.checking import build_check_dag, register_check_dags
from shuyuan.orchestration.client import new_run_id
from shuyuan.orchestration.identity import check_dag_id
from shuyuan.orchestration.local import CATALOG_ONLY, LocalAirflow
from shuyuan.problems import PlatformError
from shuyuan.workdays import local_day

CONTEXT = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"
DAG = check_dag_id(CHECK)
NAMES = ("鄚鑫瑋", "阿尔斯楞·巴图", "㐂田一", "欧阳䶮", "东方朔望")
"""Five made-up people with rare characters; their IDs are of the fixture region 159901."""


@pytest.fixture
def county(tmp_path, monkeypatch):
    made = make_asked(tmp_path / "center", monkeypatch)
    monkeypatch.setenv("SHUYUAN_PROJECT", str(made.project.root))
    return made


@pytest.fixture
def dag(county):
    built = build_check_dag(CHECK, read_checks(county.project)[CHECK])
    built.fileloc = str(county.project.root / "dags" / "checks.py")
    return built


def context(conf):
    return {"dag_run": SimpleNamespace(conf=conf), "run_id": "manual__1"}


def test_a_check_is_triggered_only_and_asks_for_one_number(dag):
    assert (dag.dag_id, dag.dag_display_name, dag.schedule, dag.catchup) == (DAG, "家庭核查", None, False)
    assert set(dag.params) == {"request_id"}
    assert [task.task_display_name for task in dag.tasks] == ["核查", "记录", "完成"]
    assert dag.get_task("settle").trigger_rule == TriggerRule.ONE_FAILED, "it costs no process where all went well"
    assert dag.get_task("done").upstream_task_ids == {"answer"}
    assert all(not task.template_fields for task in dag.tasks if task.task_id != "done"), "nothing is rendered"


@pytest.mark.parametrize(
    "conf", [{}, None, {"name": "张三"}, {"request_id": "a" * 26, "name": "张三"}, {"request_id": 1}]
)
def test_whatever_else_a_run_is_given_is_refused_and_not_repeated(dag, conf):
    for task in ("answer", "settle"):
        with pytest.raises(AirflowFailException, match="P434") as caught:
            dag.get_task(task).execute(context(conf))
        assert "张三" not in str(caught.value)


def test_the_tasks_answer_and_settle_the_project_of_their_dag_file(dag, county):
    publish_all(county, {})
    made = register(county.project, CHECK, [a_row(1)], *WHO, county.now)
    assert dag.get_task("settle").execute(context({"request_id": made.request_id})) == "failed"
    counts = dag.get_task("answer").execute(context({"request_id": made.request_id}))
    assert counts == {"cases": 1, "pass": 0, "fail": 0, "review": 1}
    assert dag.get_task("settle").execute(context({"request_id": made.request_id})) == "answered"


def test_a_broken_check_hides_only_itself_and_a_task_builds_its_own_dag_only(county, monkeypatch):
    write_check(county, "other")
    write_check(county, "broken", sources={})
    bag = DagBag(str(ROOT / "dags" / "checks.py"), bundle_name="dags-folder")
    assert (bag.import_errors, set(bag.dags)) == ({}, {DAG, "check.other"})
    monkeypatch.setenv(CONTEXT, "check.other")
    namespace = {}
    register_check_dags(str(ROOT / "dags" / "checks.py"), namespace)
    assert set(namespace) == {"check.other"}


@pytest.fixture(scope="module")
def center(tmp_path_factory):
    """A center with five people of whom something is known, and a real Airflow that runs its checks."""
    with pytest.MonkeyPatch.context() as patch:
        county = make_asked(tmp_path_factory.mktemp("checked") / "center", patch)
        county.now = datetime.now(UTC) - timedelta(hours=12)
        people = [(number(place), name, f"H{place}", "02") for place, name in enumerate(NAMES, 1)]
        publish_all(
            county,
            {
                REGISTER: people,
                MARRIAGES: [("J-1", number(1), number(9), "结婚", None)],
                VEHICLES: [("蒙Z00001", number(2), "正常", 5)],
                HOMES: [(f"Q{place}", f"U{place}", number(3), None, Decimal("90.00")) for place in (1, 2)],
            },
        )
        tuned = {"SHUYUAN_VAR": str(county.project.var), "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1"}
        with LocalAirflow(county.project, CATALOG_ONLY, tuned) as airflow:
            wait_for(lambda: DAG in airflow.client.dag_ids())
            yield SimpleNamespace(county=county, airflow=airflow, client=airflow.client)


def wait_for(done, seconds=90):
    limit = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.3)
    return found


def ended(center, conf):
    run_id = center.client.trigger(DAG, new_run_id("manual"), conf)

    def state():
        now = center.client.run_states([DAG], run_id).get(DAG)
        return now if now in ("success", "failed") else None

    return run_id, wait_for(state)


def ask(center):
    now = datetime.now(UTC)
    signed = str(local_day(now))
    rows = [a_row(place, f"A-{place}", **{"姓名": name, SIGNED: signed}) for place, name in enumerate(NAMES, 1)]
    return register(center.county.project, CHECK, rows, *WHO, now)


def values():
    """Every value that must be nowhere but in the warehouse: whole IDs, names, authorisations, case numbers."""
    return {*NAMES, *(number(place) for place in range(1, 6)), "SQ2026-001"}


def found_in(center, wanted):
    """The values found in Airflow's metadata, all of it, in its logs and in its work files."""
    home = center.airflow.home
    with sqlite3.connect(home / "airflow.db") as metadata:
        dump = "\n".join(metadata.iterdump())
    texts = {"metadata": dump + dump.encode().decode("unicode_escape", "replace")}
    for path in home.rglob("*"):
        if path.is_file():
            texts[path.name] = path.read_bytes().decode("utf-8", "replace")
    escaped = {one.encode("unicode_escape").decode(): one for one in wanted}
    spelled = {**{one: one for one in wanted}, **escaped}
    return {(where, spelled[one]) for where, text in texts.items() for one in spelled if one in text}


def test_no_personal_value_gets_into_airflow_and_a_planted_one_is_found(center):
    made = ask(center)
    run_id, state = ended(center, {"request_id": made.request_id})
    assert state == "success"
    tasks = center.client.task_states([DAG], run_id)[DAG]
    assert tasks == {"answer": "success", "settle": "skipped", "done": "success"}
    found = fetch_answer(center.county.project, made.request_id, *WHO[:2], datetime.now(UTC))
    assert {used.source: used.reason for used in found.sources if used.reason} == {}
    assert [case.conclusion for case in found.cases] == ["review", "fail", "fail", "pass", "pass"]
    told = center.client.get(f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/answer/xcomEntries/return_value")["value"]
    counts = {"cases": 5, "pass": 2, "fail": 2, "review": 1}
    assert told in (counts, str(counts), json.dumps(counts))
    assert found_in(center, values()) == set()
    # What somebody types into a run by hand is refused; that it is in Airflow then, the same search must find.
    _, state = ended(center, {"request_id": made.request_id, "name": NAMES[0]})
    assert state == "failed"
    assert {value for where, value in found_in(center, values())} == {NAMES[0]}
    logs = {where for where, value in found_in(center, values()) if where != "airflow.db"}
    assert logs <= {"metadata", "airflow.db-wal"}, "no log repeats it"


def test_a_number_that_is_none_is_refused_before_a_run_is_made(center):
    for wrong in ("", "a" * 25, "A" * 26, "a" * 26 + "\n", number(1)):
        with pytest.raises(PlatformError, match="400"):
            center.client.trigger(DAG, new_run_id("manual"), {"request_id": wrong})


def test_a_number_of_no_request_fails_the_run_in_the_words_of_a_denial(center):
    run_id, state = ended(center, {"request_id": "a" * 26})
    assert state == "failed"
    assert center.client.task_states([DAG], run_id)[DAG]["answer"] == "failed"
