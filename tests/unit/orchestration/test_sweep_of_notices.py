"""The work ``notices`` of the sweep: counts what was delivered, and is red when something was not."""

import pytest

from notice_rooms import make_room
from notice_scenes import at
from shuyuan.notices import sending
from shuyuan.notices.channels import NotSent
from shuyuan.orchestration import tasks, upkeep
from shuyuan.problems import PlatformError
from shuyuan.sources import Connection


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    monkeypatch.setattr(tasks, "airflow_connection", lambda name: Connection(name, "smtp"))
    return make_room(tmp_path)


def test_it_says_how_many_were_delivered(project, monkeypatch):
    monkeypatch.setattr(sending, "send", lambda *facts: None)
    assert [upkeep.send_notices(project, at(now)) for now in ("17:30", "17:45")] == [2, 0]


def test_what_was_not_delivered_turns_it_red_once(project, monkeypatch):
    def refuse(*facts):
        raise NotSent("P375", channel="post")

    monkeypatch.setattr(sending, "send", refuse)
    with pytest.raises(PlatformError, match="P383"):
        upkeep.send_notices(project, at("09:30"))
    assert upkeep.send_notices(project, at("09:31")) == 0


def test_the_sweep_sends_after_it_has_settled_the_due_dates():
    from shuyuan.orchestration.freshness import build_freshness_dag

    dag = build_freshness_dag()
    assert dag.get_task("notices").upstream_task_ids == {"freshness"}
    assert "notices" in dag.get_task("done").upstream_task_ids
