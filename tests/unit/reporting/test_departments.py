"""部门: the numbers are those of the standings, every matter has its day, its owner and what stays usable."""

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from made_reports import report_of
from shuyuan.entry import Demand
from shuyuan.indicators import assess
from shuyuan.indicators.standing import COMPONENTS
from shuyuan.reporting import figures, make_report
from shuyuan.reporting.department_quality import department_quality
from shuyuan.reporting.departments import department_page, departments_page, owed_demands
from synthetic_ledger import DEPARTMENTS, Ledger, build, catalog

NAME = "natural_resources"


@pytest.fixture(scope="module")
def report():
    resources = catalog()
    return report_of(resources, build(resources))


def demand(*steps, entry="natural_resources.real_estate"):
    return Demand.model_validate(
        {"kind": "Demand", "id": "civil_affairs.ask", "title": "不动产核验", "provider": NAME, "entry": entry,
         "purpose": "低保核查", "use": "verification", "legal_basis": "某条例",
         "steps": [{"step": step, "on": day, "by": "某科"} | ({"why": "理由"} if step == "supplement" else {})
                   for step, day in steps]}
    )  # fmt: skip


def test_every_department_has_its_line_and_the_numbers_are_the_standings(report):
    page = departments_page(report)
    lines = [*page["ranked"], *page["unranked"]]
    assert [line.standing for line in lines] == list(report.standings.departments)
    assert {line.standing.department for line in lines} == set(DEPARTMENTS)
    for line in lines:
        assert line.rank == str(line.standing.rank)
        assert line.open == len(report.problems.open_of[line.standing.department])


def test_the_components_are_those_of_the_ranking_with_what_was_counted(report):
    standing = report.standings.department(NAME)
    lines = {line.term: line for line in department_page(report, NAME)["components"]}
    assert tuple(lines) == COMPONENTS
    assert lines["fresh"].counted == f"{standing.fresh.part:.0f} / {standing.fresh.whole:.0f}"
    assert lines["fresh"].value == figures.score(standing.fresh.value)
    points = sum(float(line.points) for line in lines.values() if line.points != "—")
    assert points == pytest.approx(standing.score, abs=0.3)
    assert (lines["used"].value, lines["used"].weight, lines["used"].points) == ("—", "—", "—")


def test_the_line_ends_at_the_number_of_the_tile(report):
    quality = department_quality(report)
    for one in report.standings.departments:
        assert quality.own[one.department][-1].value == one.quality
        assert len({point.day for point in quality.own[one.department]}) == len(quality.own[one.department])
    values = sorted(one.quality for one in report.standings.departments)
    assert quality.median[-1].value == values[len(values) // 2]


def test_matters_are_in_the_order_of_their_days_and_say_what_stays_usable(report):
    page = department_page(report, NAME)
    dues = [line.problem.due for line in page["problems"]]
    assert dues == sorted(dues)
    missing = next(line for line in page["problems"] if line.problem.kind == "missing")
    assert (missing.what, missing.usable, missing.state) == ("应到 11月2日 08:30，仍未到", "尚无数据", "overdue")
    assert missing.problem.due == date(2026, 11, 3)
    assert missing.left == "已过 13 个工作日"
    assert all(line.problem.department == NAME for line in page["problems"])


def test_entries_have_the_numbers_of_their_standings(report):
    rows = {row.entry_id: row for row in department_page(report, NAME)["entries"]}
    for entry_id, row in rows.items():
        standing = report.standings.entries[entry_id]
        assert row.fresh == figures.percent(standing.fresh.value)
        assert row.quality == figures.score(standing.quality)
        assert row.open == len(report.problems.about.get(entry_id, ()))


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([("file", date(2026, 11, 18))], "open"),
        ([("file", date(2026, 11, 2))], "overdue"),
        ([("file", date(2026, 11, 2)), ("supplement", date(2026, 11, 3))], "supplement"),
        ([("file", date(2026, 11, 2)), ("agree", date(2026, 11, 3))], None),
        ([("file", date(2026, 11, 23))], None),
    ],
)
def test_demands_that_wait_for_an_answer_are_listed(report, steps, state):
    evidence = replace(report.evidence, demands=(demand(*steps),))
    found = owed_demands(make_report(evidence, assess(evidence)), NAME)
    assert [line.state for line in found] == ([state] if state else [])
    assert owed_demands(make_report(evidence, assess(evidence)), "civil_affairs") == []


def test_a_demand_for_what_the_catalog_has_not_is_listed_without_a_link(report):
    evidence = replace(report.evidence, demands=(demand(("file", date(2026, 11, 18)), entry=None),))
    (line,) = owed_demands(make_report(evidence, assess(evidence)), NAME)
    assert (line.entry, line.entry_id, line.limit) == ("目录里还没有", "", date(2026, 12, 2))


def test_our_own_faults_and_excused_due_dates_are_not_the_departments():
    resources, ledger = catalog(), build(catalog())
    ledger.connection.execute(
        "UPDATE ledger.runs SET problem_code = 'P101', outcome = 'failed' WHERE outcome = 'blocked' "
        "AND entry_id = 'natural_resources.real_estate'"
    )
    ledger.connection.execute(
        "UPDATE ledger.freshness SET state = 'excluded' WHERE entry_id = 'natural_resources.mining_rights'"
    )
    book = report_of(resources, ledger).problems
    (ours,) = book.open_of[""]
    assert (ours.kind, ours.code) == ("failed", "P101")
    assert not [one for one in book.open_of[NAME] if one.kind in ("missing", "blocked", "failed")]


def test_a_declared_or_excused_date_that_stands_as_missing_is_no_problem(report):
    standing = report.standings.entries["natural_resources.mining_rights"]
    (due,) = [one for one in standing.fresh.rows if one.state == "missing"]
    excused = replace(standing, fresh=replace(standing.fresh, rows=(replace(due, state="excluded", reason="exempt"),)))
    entries = {**report.standings.entries, standing.entry_id: excused}
    other = make_report(report.evidence, replace(report.standings, entries=entries))
    assert standing.entry_id in {one.entry_id for one in report.problems.open if one.kind == "missing"}
    assert standing.entry_id not in {one.entry_id for one in other.problems.open if one.kind == "missing"}


def test_an_unranked_department_says_why():
    resources = [one for one in catalog() if one.entry.id == "civil_affairs.orphans"]
    page = departments_page(report_of(resources, build(resources)))
    assert page["ranked"] == []
    assert [line.why for line in page["unranked"]] == ["样本不足"]


def test_no_department_at_all():
    page = departments_page(report_of([], Ledger.empty(), datetime.fromisoformat("2026-11-20T08:30:00+00:00")))
    assert (page["ranked"], page["unranked"]) == ([], [])


def test_a_drawing_without_a_score_is_none():
    resources = catalog()
    report = report_of(resources, Ledger.empty())
    assert department_page(report, NAME)["trend"] is None
    assert not re.search(r"\d", "".join(line.value for line in department_page(report, NAME)["components"][1:]))
