"""A request's life to its end: taken, answered, fetched; then the answer goes, then what was asked."""

from datetime import timedelta

import pytest

from asked_checks import CHECK, WHO, a_row, make_asked, write_check
from checked_county import REGISTER, number, publish_all
from shuyuan.checks.deletion import delete_due
from shuyuan.checks.fetching import fetch_answer, find_request
from shuyuan.checks.refusals import Denied
from shuyuan.checks.registering import register
from shuyuan.checks.running import run
from shuyuan.problems import PlatformError
from shuyuan.vault import audit
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import verify
from shuyuan.warehouses import open_warehouse

ENDS = {"request": "90d", "answer": "30d", "purpose_ends": "2026-11-25"}


@pytest.fixture
def answered(tmp_path, monkeypatch):
    """A county with an answered request, and its number."""
    county = make_asked(tmp_path / "center", monkeypatch)
    publish_all(county, {REGISTER: [(number(1), "张三", "H1", "02")]})
    request_id = register(county.project, CHECK, [a_row(1)], *WHO, county.now).request_id
    run(county.project, request_id, county.now)
    return county, request_id


def kinds(county):
    return [row["name"].partition("/")[0] for row in county.query("SELECT name FROM ledger.seals ORDER BY name")]


def fetch(county, request_id, now):
    return fetch_answer(county.project, request_id, WHO[0], WHO[1], now)


def refusal(county, request_id, now):
    with pytest.raises((PlatformError, Denied)) as caught:
        fetch(county, request_id, now)
    return caught.value.problem.code


def test_the_answer_goes_after_a_month_and_the_request_after_three(answered):
    county, request_id = answered
    project, asked = county.project, county.now
    assert delete_due(project, asked + timedelta(days=29)) == 0
    assert fetch(county, request_id, asked + timedelta(days=29)).request_id == request_id
    assert delete_due(project, asked + timedelta(days=30)) == 1
    assert kinds(county) == ["requests"]
    assert refusal(county, request_id, asked + timedelta(days=30)) == "P432"
    assert delete_due(project, asked + timedelta(days=89)) == 0
    assert delete_due(project, asked + timedelta(days=90)) == 1
    assert kinds(county) == []
    assert county.query("SELECT state FROM ledger.check_requests") == [{"state": "deleted"}]
    with open_warehouse(project).session() as session:
        assert verify(session, KeyRing.open(project), project.audit_anchors) == []
        proofs = [record for _, record in audit.read_records(session, 99) if record.decision == "deleted"]
    assert [(proof.fields, proof.request_id) for proof in reversed(proofs)] == [
        ("answer", request_id),
        ("request", request_id),
    ]
    assert delete_due(project, asked + timedelta(days=91)) == 0


def test_with_its_purpose_all_of_a_check_goes_whatever_was_promised(answered):
    county, request_id = answered
    write_check(county, retention=ENDS)
    last_day = county.now.replace(day=25)
    assert delete_due(county.project, last_day) == 0
    assert delete_due(county.project, last_day + timedelta(days=1)) == 1
    assert kinds(county) == []
    assert find_request(county.project, request_id, WHO[0]).state == "deleted"


def test_one_that_is_answered_again_after_its_day_goes_with_the_next_night(answered):
    county, _ = answered
    day = county.now + timedelta(days=90)
    delete_due(county.project, day)
    with open_warehouse(county.project).session() as session:
        session.execute("UPDATE ledger.check_requests SET state = 'answered'")
    assert delete_due(county.project, day + timedelta(days=1)) == 1
    assert county.query("SELECT state FROM ledger.check_requests") == [{"state": "deleted"}]
