"""A request is taken whole or not at all: who may ask, how much, what is kept, what is refused in which words."""

import re
from datetime import date, timedelta

import pytest

from asked_checks import CHECK, WHO, a_row, make_asked, write_check
from checked_county import REGISTER, number, publish_all
from shuyuan.checks import running
from shuyuan.checks.fetching import fetch_answer, find_request
from shuyuan.checks.refusals import Denied, RequestError
from shuyuan.checks.registering import new_request_id, register
from shuyuan.checks.running import run, settle
from shuyuan.problems import PassingError, PlatformError
from shuyuan.vault import audit
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import verify
from shuyuan.warehouses import open_warehouse


@pytest.fixture
def county(tmp_path, monkeypatch):
    made = make_asked(tmp_path / "center", monkeypatch, subjects_a_day=5)
    publish_all(made, {REGISTER: [(number(1), "张三", "H1", "02"), (number(2), "李四", "H1", "12")]})
    return made


def ask(county, *rows, who=WHO, check=CHECK, **options):
    return register(county.project, check, list(rows) or [a_row(1)], *who, county.now, **options)


def audited(county):
    return [row["decision"] for row in county.query("SELECT decision FROM ledger.audit ORDER BY seq")]


def test_a_request_is_kept_sealed_and_its_line_says_nobodys_name(county):
    made = ask(county, a_row(1), a_row(2), a_row(3, "A-2"))
    assert (made.cases, made.subjects) == (2, 3)
    assert re.fullmatch("[a-z2-7]{26}", made.request_id)
    (line,) = county.query("SELECT * FROM ledger.check_requests")
    assert (line["state"], line["delete_request_on"], line["delete_answer_on"]) == (
        "registered", date(2027, 2, 18), date(2026, 12, 20))  # fmt: skip
    kept = str(line) + str(county.query("SELECT * FROM ledger.seals")) + str(county.query("SELECT * FROM ledger.audit"))
    assert not any(value in kept for value in (number(1), "张三", "A-1", "SQ2026-001"))
    assert audited(county) == ["registered", "registered"], "one a case"


def test_request_numbers_are_of_130_bits():
    made = {new_request_id() for _ in range(2000)}
    assert len(made) == 2000
    assert {letter for one in made for letter in one} == set("abcdefghijklmnopqrstuvwxyz234567")


def test_whoever_may_not_ask_hears_the_same_as_where_there_is_nothing(county):
    write_check(county, "ended", retention={"request": "90d", "answer": "30d", "purpose_ends": "2026-11-19"})
    write_check(county, "broken", sources={})
    told = set()
    for who, check in (
        (WHO, "nothing"),
        (WHO, "ended"),
        (WHO, "broken"),
        (("taxation", *WHO[1:]), CHECK),
        (("'; --", *WHO[1:]), CHECK),
    ):
        with pytest.raises(Denied) as caught:
            ask(county, who=who, check=check)
        told.add(str(caught.value))
    assert len(told) == 1
    assert audited(county) == ["refused"] * 5
    assert county.query("SELECT * FROM ledger.check_requests") == []


def test_a_fault_keeps_nothing(county):
    with pytest.raises(RequestError):
        ask(county, a_row(1), a_row(2, **{"姓名": None}))
    assert county.query("SELECT * FROM ledger.check_requests") == []
    assert county.query("SELECT * FROM ledger.seals") == []
    assert audited(county) == ["refused"]


@pytest.mark.parametrize(
    ("who", "purpose"), [("", "复核"), ("李办", " "), (number(1), "复核"), ("李办", "查 13800000000")]
)
def test_who_asks_and_what_for_is_said_and_holds_no_number(county, who, purpose):
    with pytest.raises(RequestError, match="P435"):
        ask(county, who=("civil_affairs", who, purpose))


def test_nobody_asks_about_more_people_a_day_than_allowed(county):
    ask(county, a_row(1), a_row(2), a_row(3))
    with pytest.raises(RequestError, match="P431"):
        ask(county, a_row(1), a_row(2), a_row(3))
    ask(county, a_row(1), a_row(2))
    ask(county, a_row(1), a_row(2), a_row(3), who=("civil_affairs", "王办", "复核"))
    county.now += timedelta(days=1)
    assert ask(county, a_row(1)).subjects == 1
    assert len(county.query("SELECT 1 AS n FROM ledger.check_requests")) == 4


def test_a_request_is_answered_once_and_again_the_same(county):
    made = ask(county, a_row(1), a_row(2, **{"姓名": "李四"}))
    counts = run(county.project, made.request_id, county.now, "run-1")
    assert counts == {"cases": 1, "pass": 1, "fail": 0, "review": 0}
    first = fetch_answer(county.project, made.request_id, *WHO[:2], county.now)
    assert run(county.project, made.request_id, county.now + timedelta(hours=1), "run-2") == counts
    assert fetch_answer(county.project, made.request_id, *WHO[:2], county.now) == first
    (line,) = county.query("SELECT state, dag_run, problem_code FROM ledger.check_requests")
    assert line == {"state": "answered", "dag_run": "run-1", "problem_code": None}
    assert audited(county)[:2] == ["registered", "intent"]
    assert audited(county)[-2:] == ["read", "read"]
    records = county.query("SELECT * FROM ledger.audit WHERE decision = 'answered' AND source = ?", [REGISTER])
    fields = {"id_card_no,person_name,household", "household,id_card_no,relation"}
    assert {record["fields"] for record in records} == fields
    assert all(record["version"] and record["found"] == 2 for record in records if "person_name" in record["fields"])
    with open_warehouse(county.project).session() as session:
        assert verify(session, KeyRing.open(county.project), county.project.audit_anchors) == []


def test_nothing_is_read_where_the_audit_cannot_be_written(county, monkeypatch):
    made = ask(county)
    read = []
    monkeypatch.setattr(running, "answer_request", lambda *given: read.append(given))
    monkeypatch.setattr(audit, "append", lambda *given: (_ for _ in ()).throw(PassingError("P396", kind="OSError")))
    with pytest.raises(PassingError):
        run(county.project, made.request_id, county.now)
    assert read == []


def test_nothing_is_read_where_the_head_cannot_be_anchored(county, monkeypatch):
    made = ask(county)
    read = []
    monkeypatch.setattr(running, "answer_request", lambda *given: read.append(given))
    monkeypatch.setenv("SHUYUAN_AUDIT_ANCHOR", "/proc/none/anchors.log")
    with pytest.raises(PassingError):
        run(county.project, made.request_id, county.now)
    assert read == []


def test_an_answer_is_not_shown_where_the_audit_cannot_be_anchored(county, monkeypatch):
    made = ask(county)
    run(county.project, made.request_id, county.now)
    monkeypatch.setenv("SHUYUAN_AUDIT_ANCHOR", "/proc/none/anchors.log")
    with pytest.raises(PassingError):
        fetch_answer(county.project, made.request_id, *WHO[:2], county.now)


def test_another_departments_request_is_as_if_there_were_none(county):
    made = ask(county)
    run(county.project, made.request_id, county.now)
    for request_id, department in ((made.request_id, "taxation"), (new_request_id(), "civil_affairs"), ("x", "a")):
        with pytest.raises(Denied):
            find_request(county.project, request_id, department)
        with pytest.raises(Denied):
            fetch_answer(county.project, request_id, department, "张查", county.now)
    assert audited(county)[-3:] == ["refused"] * 3


@pytest.mark.parametrize("request_id", ["a" * 25, "A" * 26, "a" * 26 + "\n", "a" * 26, "' OR 1=1 --"])
def test_a_number_of_no_request_is_denied(county, request_id):
    with pytest.raises(Denied):
        run(county.project, request_id, county.now)


def test_a_request_of_another_check_is_none_of_this_dags(county):
    made = ask(county)
    with pytest.raises(Denied):
        run(county.project, made.request_id, county.now, check_id="other")
    assert run(county.project, made.request_id, county.now, check_id=CHECK)["cases"] == 1


def test_past_its_date_a_request_is_not_answered(county):
    made = ask(county)
    with pytest.raises(PlatformError, match="P432"):
        run(county.project, made.request_id, county.now + timedelta(days=90))
    assert county.query("SELECT state, problem_code FROM ledger.check_requests") == [
        {"state": "failed", "problem_code": "P432"}
    ]
    assert audited(county)[-1] == "refused"


def test_when_its_purpose_has_ended_meanwhile_it_is_not_answered(county):
    made = ask(county)
    write_check(county, retention={"request": "90d", "answer": "30d", "purpose_ends": "2026-11-20"})
    with pytest.raises(PlatformError, match="P432"):
        run(county.project, made.request_id, county.now + timedelta(days=1))


def test_a_check_that_was_broken_meanwhile_answers_nothing(county):
    made = ask(county)
    write_check(county, sources={})
    with pytest.raises(PlatformError, match="P433"):
        run(county.project, made.request_id, county.now)
    write_check(county, subjects_a_day=5)
    assert run(county.project, made.request_id, county.now)["cases"] == 1, "mended, it is answered after all"


def test_before_it_is_answered_there_is_nothing_to_fetch(county):
    made = ask(county)
    with pytest.raises(PlatformError, match="P436"):
        fetch_answer(county.project, made.request_id, *WHO[:2], county.now)


def test_a_source_that_went_stale_meanwhile_leaves_the_case_to_a_person(county):
    made = ask(county)
    later = county.now + timedelta(days=40)
    assert run(county.project, made.request_id, later) == {"cases": 1, "pass": 0, "fail": 0, "review": 1}
    found = fetch_answer(county.project, made.request_id, *WHO[:2], later)
    assert {used.source: used.reason for used in found.sources if used.reason} == {"homes": "stale"}


def test_past_its_date_an_answer_is_not_shown(county):
    made = ask(county)
    run(county.project, made.request_id, county.now)
    with pytest.raises(PlatformError, match="P432"):
        fetch_answer(county.project, made.request_id, *WHO[:2], county.now + timedelta(days=30))


def test_a_run_that_died_without_a_word_is_settled_and_an_answered_one_is_left_alone(county):
    made = ask(county)
    assert settle(county.project, made.request_id, county.now, "run-1", CHECK) == "failed"
    assert county.query("SELECT state, problem_code FROM ledger.check_requests") == [
        {"state": "failed", "problem_code": "P439"}
    ]
    run(county.project, made.request_id, county.now)
    assert settle(county.project, made.request_id, county.now, "run-2", CHECK) == "answered"


def test_two_runs_at_once_keep_the_answer_of_the_first(county, monkeypatch):
    """The second has read everything when the first one keeps its answer."""
    made, inner = ask(county), running.answer_request
    numbers = []

    def meanwhile(project, session, request, check, now):
        answer = inner(project, session, request, check, now)
        numbers.append(answer.number)
        if len(numbers) == 1:
            other = inner(project, session, request, check, now)
            numbers.append(other.number)
            kept = running.requests_kept.find(session, made.request_id)
            desk = running.Desk(project, KeyRing.open(project), kept.asked_by, kept.department, kept.check, now)
            running._keep(session, desk, made.request_id, check, other)
        return answer

    monkeypatch.setattr(running, "answer_request", meanwhile)
    run(county.project, made.request_id, county.now)
    found = fetch_answer(county.project, made.request_id, *WHO[:2], county.now)
    assert (found.number, numbers[0] != numbers[1]) == (numbers[1], True)
    answered = county.query("SELECT count(*) AS n FROM ledger.audit WHERE decision = 'answered'")
    assert answered[0]["n"] == len(found.sources)
