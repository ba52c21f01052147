"""Requests are registered, answered once and fetched alike on every warehouse; two at once stay within the limit."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from asked_checks import CHECK, WHO, a_row, make_asked
from checked_county import REGISTER, number, publish_all
from servers import KINDS
from shuyuan.checks.fetching import fetch_answer
from shuyuan.checks.refusals import RequestError
from shuyuan.checks.registering import register
from shuyuan.checks.running import run
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import verify
from shuyuan.warehouses import open_warehouse


@pytest.fixture(params=KINDS)
def county(request, tmp_path, servers, monkeypatch):
    warehouse = None if request.param == "duckdb" else servers.empty(request.param)
    made = make_asked(tmp_path / "center", monkeypatch, warehouse, subjects_a_day=5)
    publish_all(made, {REGISTER: [(number(place), "张三", f"H{place}", "02") for place in (1, 2, 3)]})
    register(made.project, CHECK, [a_row(3)], WHO[0], "王办", WHO[2], made.now)
    return made


def test_a_request_is_answered_once_and_the_audit_is_whole(county):
    made = register(county.project, CHECK, [a_row(n, f"A-{n}") for n in (1, 2)], *WHO, county.now)
    counts = run(county.project, made.request_id, county.now, "run-1", CHECK)
    assert counts == {"cases": 2, "pass": 2, "fail": 0, "review": 0}
    assert run(county.project, made.request_id, county.now, "run-2", CHECK) == counts
    found = fetch_answer(county.project, made.request_id, *WHO[:2], county.now)
    assert [case.number for case in found.cases] == ["A-1", "A-2"]
    asked = "dag_run, passed, failed, to_review"
    (kept,) = county.query(f"SELECT {asked} FROM ledger.check_requests WHERE state = 'answered'")
    assert kept == {"dag_run": "run-1", "passed": 2, "failed": 0, "to_review": 0}
    with open_warehouse(county.project).session() as session:
        assert verify(session, KeyRing.open(county.project), county.project.audit_anchors) == []


def test_two_at_once_are_within_the_limit_or_one_is_refused(county):
    def ask(_):
        try:
            return register(county.project, CHECK, [a_row(n) for n in (1, 2, 3)], *WHO, county.now).subjects
        except RequestError as error:
            return error.problem.code

    with ThreadPoolExecutor(2) as both:
        made = list(both.map(ask, range(2)))
    assert sorted(map(str, made)) == ["3", "P431"]
    (kept,) = county.query("SELECT sum(subjects) AS people FROM ledger.check_requests WHERE asked_by = ?", [WHO[1]])
    assert int(kept["people"]) == 3


def test_two_runs_at_once_keep_one_answer(county):
    made = register(county.project, CHECK, [a_row(1)], *WHO, county.now)
    with ThreadPoolExecutor(2) as both:
        counts = list(both.map(lambda name: run(county.project, made.request_id, county.now, name), ("one", "two")))
    assert counts[0] == counts[1]
    found = fetch_answer(county.project, made.request_id, *WHO[:2], county.now)
    lines = county.query("SELECT count(*) AS n FROM ledger.audit WHERE decision = 'answered'")
    assert lines == [{"n": len(found.sources)}]
