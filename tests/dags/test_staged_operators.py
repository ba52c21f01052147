"""The four operators with a staging area: each leaves its worker empty, and the next finds all that it needs."""

import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, DownstreamTasksSkipped

from rooms import make_room
from shuyuan.orchestration import tasks

ENTRY = "traffic_police.vehicles"


@pytest.fixture
def room(tmp_path, monkeypatch):
    made = make_room(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SHUYUAN_WAREHOUSE", f"duckdb:///{tmp_path}/warehouse/shuyuan.duckdb")
    monkeypatch.setenv("SHUYUAN_STAGING", f"file://{tmp_path}/staging")
    monkeypatch.setattr(tasks, "airflow_connection", made.connect)
    monkeypatch.setattr(tasks.EntryOperator, "project", lambda self: made.project)
    made.deliver([("A1", "5"), ("A2", "x")])
    return made


def do(monkeypatch, room, worker, run="scheduled__1"):
    """Execute the operator on a worker of its own and look at what it leaves there."""
    var = room.project.root / "workers" / worker
    monkeypatch.setenv("SHUYUAN_VAR", str(var))
    kind = getattr(tasks, f"{worker.capitalize()}Operator")
    operator = kind(task_id=worker, entry_id=ENTRY, spec_digest="x")
    events = defaultdict(lambda: SimpleNamespace(extra={}))
    started = datetime(2026, 11, 20, 1, tzinfo=UTC)
    dag_run = SimpleNamespace(
        run_id=run, run_type="scheduled", start_date=started, run_after=started, data_interval_start=started
    )
    pushed = SimpleNamespace(xcom_push=lambda **_: None)
    context = {"dag_run": dag_run, "params": {"data_date": "2026-11-20"}, "outlet_events": events, "ti": pushed}
    try:
        return operator.execute(context)
    finally:
        assert list((var / "runs").glob("*/*")) == [], "nothing of a delivery stays on a worker"


def test_each_task_on_its_own_worker(room, monkeypatch):
    fetched = do(monkeypatch, room, "fetch")
    assert fetched["rows"] == 2
    assert fetched["workdir"].startswith(f"file://{room.project.root}/staging/{ENTRY}/")
    assert do(monkeypatch, room, "check")["accepted"] == 1
    assert do(monkeypatch, room, "load")["rows"] == 1
    assert do(monkeypatch, room, "record") == "published"


def test_unchanged_content_ends_early_and_leaves_nothing(room, monkeypatch):
    for worker in ("fetch", "check", "load", "record"):
        do(monkeypatch, room, worker)
    with pytest.raises(DownstreamTasksSkipped):
        do(monkeypatch, room, "fetch", "scheduled__2")
    assert do(monkeypatch, room, "record", "scheduled__2") == "unchanged"


def test_a_problem_of_one_worker_is_recorded_by_another(room, monkeypatch):
    room.deliver([])
    do(monkeypatch, room, "fetch")
    with pytest.raises(AirflowFailException, match="D60"):
        do(monkeypatch, room, "check")
    assert do(monkeypatch, room, "record") == "blocked"


def test_a_staging_area_that_does_not_answer_is_tried_again(room, monkeypatch):
    (room.project.root / "staging").write_text("not a folder", encoding="utf-8")
    with pytest.raises(AirflowException, match="P350") as caught:
        do(monkeypatch, room, "fetch")
    assert not isinstance(caught.value, AirflowFailException)


def test_what_a_killed_task_left_goes_a_week_later(room, monkeypatch):
    runs = room.project.root / "workers" / "fetch" / "runs" / ENTRY
    for name, days in (("given-up", 8), ("recent", 6)):
        (runs / name).mkdir(parents=True)
        stamp = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(runs / name, (stamp, stamp))
    with pytest.raises(AssertionError, match="recent"):
        do(monkeypatch, room, "fetch")
    assert [path.name for path in runs.iterdir()] == ["recent"]
