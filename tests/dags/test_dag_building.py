"""What an entry's DAG is: names, tags, schedule, tasks, pools, retries, and that it is a pure function."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.sdk import TriggerRule
from airflow.serialization.serialized_objects import DagSerialization

from shuyuan.catalog import load_resource
from shuyuan.orchestration.building import build_dag
from shuyuan.orchestration.card import escape
from shuyuan.orchestration.timetable import DeliveryTimetable
from shuyuan.workdays import Calendar

CALENDAR = Calendar({})


@pytest.fixture
def resource(project):
    return load_resource(project, "civil_affairs.low_income_households")


@pytest.fixture
def dag(resource):
    return build_dag(resource, CALENDAR)


def status_dag(project, status):
    return build_dag(load_resource(project, f"traffic_police.{status}"), CALENDAR)


def test_names_come_from_the_entry(dag, resource):
    assert dag.dag_id == "catalog.civil_affairs.low_income_households"
    assert dag.dag_display_name == resource.entry.title
    assert dag.tags == {"鄂托克旗民政局", "L2", "已发布"}
    assert {task.task_id: task.task_display_name for task in dag.tasks} == {
        "fetch": "取数",
        "check": "校验",
        "load": "入库",
        "done": "完成",
        "record": "记录",
    }


def test_only_fetching_uses_the_front_end_machine(dag):
    assert {task.task_id: task.pool for task in dag.tasks if task.pool != "default_pool"} == {
        "fetch": "frontend_civil_affairs_frontend"
    }


def test_tasks_carry_the_entry_and_its_digest_and_nothing_else_of_it(dag, resource):
    for task in dag.tasks:
        if task.task_id != "done":
            assert (task.entry_id, task.spec_digest, task.spec) == (resource.entry.id, resource.digest, None)


def test_an_edited_entry_makes_another_dag_version(project, dag):
    path = project.specs / "civil_affairs" / "low_income_households.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("10,2", "12,2"), encoding="utf-8")
    edited = build_dag(load_resource(project, "civil_affairs.low_income_households"), CALENDAR)
    assert edited.get_task("fetch").spec_digest != dag.get_task("fetch").spec_digest


def test_the_record_is_a_teardown_whose_failure_shows(dag):
    record = dag.get_task("record")
    assert record.is_teardown
    assert record.on_failure_fail_dagrun
    assert record.trigger_rule == TriggerRule.ALL_DONE_SETUP_SUCCESS


def test_a_failed_load_reaches_the_runs_state(dag):
    """Airflow judges a run by its leaves; ``done`` is the leaf that a blocked delivery leaves behind."""

    def is_leaf(task):
        below = [dag.get_task(name) for name in task.downstream_task_ids]
        return not any(not other.is_teardown or other.on_failure_fail_dagrun for other in below)

    assert {task.task_id for task in dag.tasks if is_leaf(task)} == {"done", "record"}
    assert dag.get_task("done").upstream_task_ids == {"load"}


def test_loading_updates_the_entrys_asset_and_the_one_of_all_publications(dag):
    uris = [asset.uri for asset in dag.get_task("load").outlets]
    assert uris == ["share://civil_affairs/low_income_households", "share://publications/"]
    assert not any(task.outlets for task in dag.tasks if task.task_id != "load")


def test_retries_back_off(dag):
    for task in dag.tasks:
        if task.task_id != "done":
            assert task.retries == 3
            assert task.retry_exponential_backoff == 2.0
            assert task.max_retry_delay.total_seconds() == 900


def test_one_run_at_a_time_without_catching_up(dag):
    assert dag.max_active_runs == 1
    assert dag.catchup is False


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_drafts_and_retired_entries_have_no_dag(project, status):
    assert status_dag(project, status) is None


def test_a_confirmed_entry_runs_by_hand_only(project):
    dag = status_dag(project, "confirmed")
    assert not dag.timetable.can_be_scheduled
    assert not dag.is_paused_upon_creation
    assert "试运行" in dag.tags


def test_a_suspended_entry_keeps_its_history_but_is_never_scheduled(project):
    dag = status_dag(project, "suspended")
    assert not dag.timetable.can_be_scheduled
    assert dag.is_paused_upon_creation
    assert "已暂停" in dag.doc_md


def test_a_published_entry_runs_by_its_cycle(dag):
    assert isinstance(dag.timetable, DeliveryTimetable)
    assert dag.timetable.summary == "每日 08:30（工作日，遇休息日顺延）"
    assert not dag.is_paused_upon_creation


def test_building_twice_gives_the_same_serialized_dag(project, dag):
    again = build_dag(load_resource(project, "civil_affairs.low_income_households"), CALENDAR)
    first, second = DagSerialization.to_dict(dag), DagSerialization.to_dict(again)
    assert json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def test_the_serialized_dag_comes_back_with_its_timetable(dag):
    restored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert restored.timetable.serialize() == dag.timetable.serialize()
    assert restored.get_task("record").is_teardown
    assert restored.get_task("record").on_failure_fail_dagrun


def test_two_processes_with_other_hash_seeds_agree(project):
    code = (
        "import json; from shuyuan.orchestration.registering import register_dags; ns = {};"
        f"register_dags({str(Path(__file__).parents[2] / 'dags' / 'catalog.py')!r}, ns);"
        "from airflow.serialization.serialized_objects import DagSerialization;"
        "print(json.dumps([DagSerialization.to_dict(ns[name]) for name in sorted(ns)], sort_keys=True))"
    )
    import os

    def built(seed):
        environment = os.environ | {"PYTHONHASHSEED": seed, "SHUYUAN_PROJECT": str(project.root)}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return run.stdout.strip().splitlines()[-1]

    assert built("1") == built("2")


def test_an_entrys_text_is_never_markup_or_template(project):
    hostile = "<script>alert(1)</script> [点我](http://x) | `rm` **粗**"
    path = project.specs / "civil_affairs" / "low_income_households.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("全旗城乡低保家庭及成员的认定、保障金额和动态调整情况。", hostile), encoding="utf-8")
    dag = build_dag(load_resource(project, "civil_affairs.low_income_households"), CALENDAR)
    assert escape(hostile) in dag.doc_md
    assert "<script>" not in dag.doc_md
    assert "](http" not in dag.doc_md


def test_no_jinja_is_evaluated(dag, resource, monkeypatch):
    task = dag.get_task("fetch")
    dag.fileloc = str(resource.project.root / "dags" / "catalog.py")
    task.entry_id = resource.entry.id
    monkeypatch.setattr(task, "_do_render_template_fields", lambda *_: pytest.fail("rendered"))
    task.render_template_fields({}, None)
    assert task.spec["title"] == resource.entry.title
    json.dumps(task.spec)


def test_importing_the_dag_files_stays_light(project):
    """No network, database, connection, or data library may be touched when DAGs are made."""
    code = (
        "import sys; from shuyuan.orchestration.registering import register_dags;"
        f"register_dags({str(Path(__file__).parents[2] / 'dags' / 'catalog.py')!r}, {{}});"
        "print(sorted(set(sys.modules) & {'pandas', 'duckdb', 'pyarrow', 'numpy', 'great_expectations', 'paramiko',"
        " 'shuyuan.pipeline', 'shuyuan.sources', 'shuyuan.warehouses', 'typer', 'airflow.models.variable'}))"
    )
    import os

    run = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    assert ast.literal_eval(run.stdout.strip().splitlines()[-1]) == []
