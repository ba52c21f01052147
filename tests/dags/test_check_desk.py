"""The desk behind the page 核查, without a server: what happens when Airflow takes nothing, and what may be started."""

from dataclasses import replace
from datetime import timedelta

import airflow.api.common.trigger_dag as airflow_trigger
import pytest

from asked_checks import CHECK, WHO, a_row, make_asked, write_form
from checked_county import publish_all
from shuyuan.checks.refusals import Denied
from shuyuan.orchestration.check_desk import Caseworker, CheckDesk
from shuyuan.problems import PlatformError


@pytest.fixture
def desk(tmp_path, monkeypatch):
    county = make_asked(tmp_path / "center", monkeypatch)
    publish_all(county, {})
    return CheckDesk(county.project, Caseworker("wang", WHO[0], "operator"), lambda check: True, county.now)


@pytest.fixture
def number(desk, tmp_path):
    content = write_form(tmp_path / "form.xlsx", [a_row(1)]).read_bytes()
    made, problems = desk.ask(CHECK, "复核", content)
    assert list(problems) == []
    return made


def test_a_request_that_airflow_does_not_take_stays_registered(desk, number, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("a message with 张三 in it")

    monkeypatch.setattr(airflow_trigger, "trigger_dag", refuse)
    with pytest.raises(PlatformError) as refused:
        desk.start(number)
    assert refused.value.problem.code == "P446"
    assert "张三" not in str(refused.value)
    assert desk.find_request(number).state == "registered"


def test_only_what_failed_or_was_forgotten_is_started_by_hand(desk, number):
    kept = desk.find_request(number)
    later = replace(desk, now=desk.now + timedelta(minutes=2))
    assert not desk.may_start(kept)
    assert later.may_start(kept)
    assert desk.may_start(replace(kept, state="failed"))
    assert not later.may_start(replace(kept, state="answered"))
    assert not replace(later, worker=Caseworker("li", WHO[0], "auditor")).may_start(kept)


def test_a_run_is_given_the_number_and_nothing_else(desk, number, monkeypatch):
    given = {}
    monkeypatch.setattr(airflow_trigger, "trigger_dag", lambda dag_id, **rest: given.update(rest, dag_id=dag_id))
    desk.start(number)
    assert (given["dag_id"], given["conf"], given["triggering_user_name"]) == (
        "check.family",
        {"request_id": number},
        "wang",
    )


@pytest.mark.parametrize(
    "other",
    [{"worker": Caseworker("zhao", "traffic_police", "operator")}, {"may_trigger": lambda check: False}],
    ids=["another department", "no right in Airflow"],
)
def test_another_department_or_no_right_is_denied_everything(desk, number, other):
    stranger = replace(desk, **other)
    assert stranger.checks() == {}
    for act in (
        lambda: stranger.check(CHECK),
        lambda: stranger.empty_form(CHECK),
        lambda: stranger.ask(CHECK, "复核", b""),
        lambda: stranger.start(number),
        lambda: stranger.fetch(number),
    ):
        with pytest.raises(Denied):
            act()


def test_what_is_no_workbook_is_a_fault_and_leaves_nothing(desk):
    for content in (b"", b"PK\x03\x04broken", b"<html>", b"\x00" * 100):
        made, problems = desk.ask(CHECK, "复核", content)
        assert made is None
        assert len(problems) >= 1
    assert list((desk.project.var / "desk").iterdir()) == []
