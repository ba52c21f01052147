"""时效: every due date of the period is drawn once, in its place, in its state; what does not count is listed."""

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from made_reports import report_of
from shuyuan.indicators.standing import Due, Indicator
from shuyuan.reporting import charts, timeliness
from synthetic_ledger import Ledger, build, catalog

ENTRY = "civil_affairs.marriages"
DUE = Due(ENTRY, "civil_affairs", datetime(2026, 11, 5, 0, 30), date(2026, 11, 5), "on_time", datetime(2026, 11, 5))


@pytest.fixture(scope="module")
def report():
    return report_of(catalog(), build())


def with_dues(report, *dues):
    one = replace(report.standings.entries[ENTRY], fresh=Indicator(None, 0, 0, dues))
    return replace(report, standings=replace(report.standings, entries={**report.standings.entries, ENTRY: one}))


def row_of(report):
    dues = timeliness.dues_of(report)[ENTRY]
    return timeliness.strip_row(ENTRY, "婚姻登记", "民政局", dues, timeliness.days_of(report), report)


def test_every_due_date_is_counted_once(report):
    page = timeliness.timeliness(report)
    counted = {state: number for _, number, state in page["counts"]}
    rows = report.standings.county.fresh.rows
    assert counted == {state: sum(due.state == state for due in rows) for state in timeliness.STATES}
    assert page["late_total"] == counted["late"] + counted["missing"]


@pytest.mark.parametrize(
    ("state", "shape"),
    [("late", "late"), ("missing", "miss"), ("no_change", "same"), ("excluded", "off"), ("waiting", "wait")],
)
def test_each_state_has_its_shape_in_its_place(report, state, shape):
    drawn = row_of(with_dues(report, replace(DUE, state=state, arrived_at=None))).strip
    place = (date(2026, 11, 5) - report.period.first).days
    assert re.findall(r'<use href="#m-([a-z]+)" x="(\d+)"', drawn) == [(shape, str(charts.CELL_PITCH * place))]
    assert f"M{charts.CELL_PITCH * place} 0h" not in drawn, "the day is not drawn as a rest day too"


def test_in_time_is_a_square_and_a_day_without_a_due_date_is_grey(report):
    drawn = row_of(with_dues(report, DUE)).strip
    assert drawn.count("<use") == 0
    assert re.search(r'class="f-green" d="M144 0h14v14h-14z"', drawn)
    assert re.search(r'class="b-grey" d="M0 0', drawn)


def test_a_due_date_from_before_the_period_stands_on_its_first_day(report):
    early = replace(DUE, day=date(2026, 10, 27), state="late")
    assert '<use href="#m-late" x="0"' in row_of(with_dues(report, early)).strip


def test_days_that_have_not_come_are_left_out(report):
    assert timeliness.days_of(report)[-1] == report.facts.today
    assert timeliness.days_of(report_of([], Ledger.empty()))[0] == report.period.first


def test_late_lines_tell_the_delay_and_how_often(report):
    line = next(line for line in timeliness.timeliness(report)["late"] if line.due.entry_id == ENTRY)
    assert line.often == sum(
        one.state in ("late", "missing") for one in report.facts.of(ENTRY).arrivals if one.day <= line.due.day
    )
    missing = next(line for line in timeliness.timeliness(report)["late"] if line.due.state == "missing")
    assert (missing.delay, missing.code) == ("未到", "D101")


@pytest.mark.parametrize(
    ("arrived", "words"),
    [
        (datetime(2026, 11, 5, 3, 42), "3 小时 12 分"),
        (datetime(2026, 11, 6, 23, 0), "46 小时 30 分"),
        (datetime(2026, 11, 9, 0, 0), "3 天"),
        (None, "未到"),
    ],
)
def test_the_delay_in_words(arrived, words):
    assert timeliness.delay_of(replace(DUE, arrived_at=arrived)) == words


def test_what_does_not_count_is_listed_with_its_reason(report):
    spoilt = replace(DUE, state="excluded", reason="platform")
    exempt = [replace(DUE, state="excluded", reason="exempt", day=date(2026, 11, day)) for day in (9, 10)]
    told = with_dues(report, spoilt, *exempt, replace(DUE, state="no_change"))
    told = replace(told, standings=replace(told.standings, ours=(spoilt,)))
    page = timeliness.timeliness(told)
    assert [(line.number, line.reason) for line in page["excluded"]] == [(2, "白名单"), (1, "平台故障")]
    assert (page["excluded"][0].first, page["excluded"][0].last) == (date(2026, 11, 9), date(2026, 11, 10))
    assert [line.entry_id for line in page["unchanged"]] == [line.entry_id for line in page["ours"]] == [ENTRY]


def test_a_long_catalog_is_folded_and_the_worst_stand_in_front(report, monkeypatch):
    monkeypatch.setattr(timeliness, "WORST_SHOWN", 3)
    page = timeliness.timeliness(report)
    assert page["folded"]
    troubles = [row.trouble for row in page["worst"]]
    assert troubles == sorted(troubles, reverse=True)
    assert len(troubles) == 3
    assert sum(len(group.rows) for group in page["groups"]) == page["total"] == len(catalog())
