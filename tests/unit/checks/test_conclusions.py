"""What lines and conclusions say; above all, that what could not be looked up is never nothing found (P9)."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from checked_county import (
    HOMES,
    MARRIAGES,
    PENSIONS,
    REGISTER,
    SPEC,
    VEHICLES,
    a_check,
    a_person,
    ask,
    ask_one,
    line_of,
    make_checked,
    number,
    only_rules,
    publish_all,
)
from counties import make_lot
from shuyuan.checks import finding, sources_used
from shuyuan.checks.canonical import canonical
from shuyuan.checks.request import Case
from shuyuan.problems import PassingError, PlatformError
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.tokens import is_verified
from shuyuan.warehouses import open_warehouse
from shuyuan.warehouses.duckdb import DuckDBSession

NAME = "买买提·艾力"
CAR = {VEHICLES: [("蒙K12345", number(1), "正常", 5)]}
CARS = ("car",)


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_checked(tmp_path, monkeypatch)


def published_and_blocked(county):
    publish_all(county, {}, date(2026, 11, 18))
    with_run = (
        "INSERT INTO ledger.runs (run_id, entry_id, department, spec_digest, spec_version, code_version, data_date,"
        ' "trigger", started_at, finished_at, outcome, delivery_id) VALUES'
        " ('later', ?, 'traffic_police', 's', '1', '1', DATE '2026-11-19', 'manual', ?, ?, 'blocked', 'd')"
    )
    at = county.now.replace(tzinfo=None)
    with open_warehouse(county.project).session() as session:
        session.execute(with_run, [VEHICLES, at, at])


def refuse(*_):
    raise PassingError("P330", kind="2013")


def test_a_car_is_found(county):
    publish_all(county, CAR)
    case = ask_one(county, a_person(1), check=only_rules(*CARS))
    assert (line_of(case, "car").state, line_of(case, "car").found, case.conclusion) == ("met", 1, "fail")
    assert ask_one(county, a_person(2), check=only_rules(*CARS)).conclusion == "pass"


@pytest.mark.parametrize("state", ["suspended", "draft", "retired"])
def test_an_entry_that_is_not_running_is_unavailable(tmp_path, monkeypatch, state):
    county = make_checked(tmp_path, monkeypatch, vehicles={"status": state})
    publish_all(county, {})
    answer = ask(county, [Case("one", {}, (a_person(1),))], only_rules(*CARS))
    used = {one.source: one for one in answer.sources}["vehicles"]
    assert (used.reason, used.load_no, used.version) == ("suspended", None, None)
    assert (line_of(answer.cases[0], "car").state, line_of(answer.cases[0], "car").found) == ("unavailable", None)
    assert answer.cases[0].conclusion == "review"


def test_an_entry_that_may_not_be_shared_is_unavailable(tmp_path, monkeypatch):
    sharing = {"sharing": {"type": "none", "basis": "某法第一条", "condition": None}}
    county = make_checked(tmp_path, monkeypatch, vehicles=sharing)
    publish_all(county, {})
    assert ask_one(county, a_person(1), check=only_rules(*CARS)).conclusion == "review"


def test_every_reason_keeps_a_case_from_passing(county, monkeypatch):
    """Never published, planned, stale, blocked, unreachable: nobody is clear by them."""
    reasons = {}

    def reason(name, check=None, later=timedelta()):
        check = check or only_rules(*CARS)
        answer = ask(county, [Case("one", {}, (a_person(1),))], check, later)
        used = {one.source: one.reason for one in answer.sources}
        reasons[name] = (used["vehicles"], line_of(answer.cases[0], "car").state, answer.cases[0].conclusion)

    reason("never")
    publish_all(county, {}, date(2026, 11, 10))
    planned = {**SPEC["sources"], "vehicles": {**SPEC["sources"]["vehicles"], "planned": "明年"}}
    reason("planned", only_rules(*CARS, sources=planned))
    young = {**SPEC["sources"], "vehicles": {**SPEC["sources"]["vehicles"], "within": "9d"}}
    reason("old", only_rules(*CARS, sources=young))
    old_enough = {**SPEC["sources"], "vehicles": {**SPEC["sources"]["vehicles"], "within": "10d"}}
    reason("just", only_rules(*CARS, sources=old_enough))
    reason("next day", only_rules(*CARS, sources=old_enough), timedelta(days=1))
    published_and_blocked(county)
    reason("blocked")
    publish_all(county, {}, date(2026, 11, 20))
    reason("well")
    monkeypatch.setattr(DuckDBSession, "find_rows", refuse)
    reason("broken")
    unavailable = ("unavailable", "review")
    assert reasons == {
        "never": ("never_published", *unavailable),
        "planned": ("never_published", *unavailable),
        "old": ("stale", *unavailable),
        "just": (None, "clear", "pass"),
        "next day": ("stale", *unavailable),
        "blocked": ("blocked", *unavailable),
        "well": (None, "clear", "pass"),
        "broken": ("unreachable", *unavailable),
    }


def test_the_twin_without_availability_lets_the_planted_case_pass(county, monkeypatch):
    """The planted case: a car, in a source that is stale and does not have it. Read as nothing found, it would pass."""
    publish_all(county, {}, date(2026, 11, 10))
    sources = {**SPEC["sources"], "vehicles": {**SPEC["sources"]["vehicles"], "within": "5d"}}
    check = only_rules(*CARS, sources=sources)
    assert ask_one(county, a_person(1), check=check).conclusion == "review"
    monkeypatch.setattr(sources_used, "why_unavailable", lambda *_: None)
    assert ask_one(county, a_person(1), check=check).conclusion == "pass"


def test_what_is_found_through_a_missing_source_depends_on_it(county):
    publish_all(county, {})
    sources = {**SPEC["sources"], "register": {**SPEC["sources"]["register"], "planned": "明年"}}
    answer = ask(county, [Case("one", {}, (a_person(1),))], only_rules("member", sources=sources))
    reasons = {one.source: one.reason for one in answer.sources}
    assert (reasons["register"], reasons["household"]) == ("never_published", "depends")
    assert line_of(answer.cases[0], "member").state == "unavailable"
    assert answer.cases[0].conclusion == "review"


def test_notes_alone_change_no_conclusion(county):
    rules = [{"id": "helper", "source": "pensions", "exists": {}, "then": "note"}]
    assert ask_one(county, a_person(1), check=a_check(rules=rules)).conclusion == "pass"
    publish_all(county, {PENSIONS: [("a", number(1), None)]})
    case = ask_one(county, a_person(1), check=a_check(rules=rules))
    assert (line_of(case, "helper").state, case.conclusion) == ("met", "pass")


def test_failing_outweighs_what_is_unavailable(county):
    publish_all(county, CAR)
    sources = {**SPEC["sources"], "register": {**SPEC["sources"]["register"], "planned": "明年"}}
    assert ask_one(county, a_person(1), check=only_rules("car", "unknown", sources=sources)).conclusion == "fail"


def test_an_answer_shows_no_value(county):
    rows = {
        REGISTER: [(number(1), NAME, "H-777", "01"), (number(2), "赵六六", "H-777", "02")],
        MARRIAGES: [("m1", number(1), number(3), "结婚", date(2020, 5, 17))],
        HOMES: [("c1", "159901000001GB00001F00010001", number(1), date(2026, 5, 18), Decimal("88.12"), True)],
        PENSIONS: [("p1", number(1), Decimal("4321.09"))],
        **CAR,
    }
    publish_all(county, rows)
    answer = ask(county, [Case("one", {"home": "159901000001GB00001F00010001"}, (a_person(1, name=NAME),))])
    assert {rule["id"] for rule in SPEC["rules"]} - {line.rule for line in answer.cases[0].lines} == {
        "no_such_car",
        "own_pension",
    }
    shown = canonical(answer).decode() + repr(answer)
    for secret in (number(1), number(2), number(3), NAME, "赵六六", "H-777", "GB00001F00010001", "88.12", "蒙K12345",
                   "2020-05-17", "2026-05-18"):  # fmt: skip
        assert secret not in shown
    assert answer.cases[0].subjects == ({"name": "买*****", "id_no": f"1{'*' * 15}{number(1)[-2:]}"},)
    assert answer.cases[0].items["home"].startswith("159901*")
    assert line_of(answer.cases[0], "pension", None).facts["sum"] == "4321.09"


def test_a_sum_is_told_only_when_the_words_say_it_and_it_is_met(county):
    publish_all(county, {PENSIONS: [("p1", number(1), Decimal("1600.50"))]})
    case = ask_one(county, a_person(1, role="本人"), check=only_rules("pension", "own_pension"))
    assert line_of(case, "pension", None).facts == {"limit": "1600.50"}
    assert line_of(case, "own_pension").facts == {"count": "1", "limit": "1000"}


def test_the_same_request_against_the_same_publications_has_the_same_answer(county):
    publish_all(county, {**CAR, REGISTER: [(number(1), "张三", "H1", "01")]})
    cases = [Case("one", {}, (a_person(1), a_person(2))), Case("two", {}, (a_person(3),))]
    first, again = ask(county, cases), ask(county, cases)
    assert first.number != again.number
    assert first.verification != again.verification
    assert without_marks(first) == without_marks(again)


def without_marks(answer):
    return replace(answer, number="", verification="")


def test_an_earlier_answer_is_found_again_after_the_sources_moved_on(county):
    publish_all(county, CAR, date(2026, 11, 19))
    check, cases, now = only_rules("car", "homes"), [Case("one", {}, (a_person(1),))], county.now
    first = ask(county, cases, check)
    publish_all(county, {}, date(2026, 11, 20))
    county.now = now
    assert ask(county, cases, check).cases[0].conclusion == "pass"
    again = ask(county, cases, check, as_of=first.sources)
    assert without_marks(again) == without_marks(first)
    county.now += timedelta(hours=20)
    publish_all(county, {}, date(2026, 11, 20))
    with pytest.raises(PlatformError, match="P425"):
        ask(county, cases, check, as_of=first.sources)


def test_what_was_unavailable_stays_so(county):
    for entry in (REGISTER, MARRIAGES, HOMES, PENSIONS):
        county.publish(entry, [])
    cases, now = [Case("one", {}, (a_person(1),))], county.now
    first = ask(county, cases, only_rules(*CARS))
    county.publish(VEHICLES, CAR[VEHICLES])
    county.now = now
    assert without_marks(ask(county, cases, only_rules(*CARS), as_of=first.sources)) == without_marks(first)


def test_a_publication_that_moves_meanwhile_is_read_again(county, monkeypatch):
    """The rows and the version that is named are of one publication."""
    publish_all(county, {}, date(2026, 11, 19))
    read, moved = DuckDBSession.find_rows, []

    def move(self, entry, *rest):
        found = read(self, entry, *rest)
        if entry.id == VEHICLES and not moved:
            moved.append(self)
            folder = county.project.var / "moved"
            folder.mkdir()
            at = county.now.replace(tzinfo=None)
            lot = make_lot(folder, entry, CAR[VEHICLES], date(2026, 11, 20), at)
            self.publish(lot, self.lease(entry.id))
        return found

    monkeypatch.setattr(DuckDBSession, "find_rows", move)
    answer = ask(county, [Case("one", {}, (a_person(1),))], only_rules(*CARS))
    used = {one.source: one for one in answer.sources}["vehicles"]
    assert moved
    assert (answer.cases[0].conclusion, used.data_date) == ("fail", date(2026, 11, 20))


def test_one_that_never_stands_still_is_unreachable(county, monkeypatch):
    publish_all(county, {})
    versions = iter(range(100))
    monkeypatch.setattr(finding, "_version", lambda *_: str(next(versions)))
    answer = ask(county, [Case("one", {}, (a_person(1),))], only_rules(*CARS))
    assert {one.reason for one in answer.sources if one.source == "vehicles"} == {"unreachable"}


def test_the_verification_code_is_of_the_whole_answer(county):
    publish_all(county, CAR)
    answer = ask(county, [Case("one", {}, (a_person(1),))])
    ring = KeyRing.open(county.project)
    assert len(answer.verification) == 12
    assert is_verified(ring, "family", canonical(answer), answer.verification)
    passed = replace(answer.cases[0], conclusion="pass")
    for changed in (replace(answer, cases=(passed,)), replace(answer, number="x"), replace(answer, sources=())):
        assert not is_verified(ring, "family", canonical(changed), answer.verification)
    assert json.loads(canonical(answer))["number"].startswith("family-20261120-")
