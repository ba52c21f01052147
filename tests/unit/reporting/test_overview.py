"""总览: the tiles are the last points of the lines, the sentence is the numbers', nothing without data is 100."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from made_reports import report_of
from shuyuan.indicators.standing import Due, Indicator
from shuyuan.reporting import arrivals, figures, overview
from shuyuan.reporting.daily_quality import daily_quality
from shuyuan.reporting.headline import calls, month_sentence
from shuyuan.reporting.ranking import rank_lines, score_rows
from synthetic_ledger import DEPARTMENTS, NOW, Ledger, build, catalog

ENTRY = "civil_affairs.orphans"


@pytest.fixture(scope="module")
def report():
    return report_of(catalog(), build())


def with_county(report, **changes):
    return replace(report, standings=replace(report.standings, county=replace(report.standings.county, **changes)))


def test_tiles_and_the_last_points_are_the_same_numbers(report):
    shown = {tile.term: tile.value for tile in overview.tiles(report)}
    assert shown["fresh"] == figures.percent(overview.fresh_series(report)[-1].value)
    assert shown["quality"].startswith(figures.score(daily_quality(report).total[-1].value))
    last = {name: line[-1].value for name, line in daily_quality(report).dimensions.items() if line}
    assert last == pytest.approx(dict(report.standings.county.dimensions))


def test_the_line_follows_the_formula_of_the_standings_on_every_day(report):
    line = {point.day: point.value for point in daily_quality(report).total}
    for day in (2, 9, 18):
        then = report_of(catalog(), build(), NOW.replace(day=day, hour=15, minute=59))
        assert line[date(2026, 11, day)] == pytest.approx(then.standings.county.quality)


def test_freshness_is_counted_from_the_first_day_of_the_period(report):
    first = overview.fresh_series(report)[0]
    settled = [due for due in report.standings.county.fresh.rows if due.counts and due.day == first.day]
    assert first.day == report.period.first
    assert (first.part, first.count) == (sum(due.met for due in settled), len(settled))


def test_what_does_not_count_is_not_on_the_line(report):
    due = Due("a.b", "a", datetime(2026, 11, 3, 0, 30), date(2026, 11, 3), "excluded", None, "platform")
    for state, points in (("excluded", 0), ("waiting", 0), ("late", 1), ("no_change", 1)):
        fresh = Indicator(None, 0, 0, (replace(due, state=state),))
        assert len(overview.fresh_series(with_county(report, fresh=fresh))) == points


def test_an_empty_ledger_shows_dashes_and_never_100():
    page = overview.overview(report_of(catalog(), Ledger.empty()))
    assert [tile.value for tile in page["tiles"]] == ["0", "—", "—", "0", "0", "—"]
    assert {one.value for one in page["six"]} == {"—"}
    assert page["trend"] is None
    assert page["sentence"] == "本月还没有可以评价的数据。"
    assert page["calls"] == []


def test_a_dimension_without_rules_has_a_dash(report):
    six = {one.name: one for one in overview.overview(report)["six"]}
    assert (six["一致性"].value, six["一致性"].chart) == ("—", None)
    assert six["规范性"].value != "—"


def test_the_sentence_says_the_numbers_and_their_change(report):
    county = replace(report.standings.county, quality=80.0, grade="C", fresh=Indicator.of(9, 10))
    last = replace(report.standings, county=replace(county, quality=82.5, fresh=Indicator.of(8, 10)))
    told = replace(report, standings=replace(report.standings, county=county), last=last)
    assert month_sentence(told) == "本月鲜活率 90.0%，比上月升 10.0；质量分 80.0 · 中，比上月降 2.5。"
    alone = replace(told, last=None)
    assert month_sentence(alone) == "本月鲜活率 90.0%；质量分 80.0 · 中。"


def test_it_names_who_needs_a_call_the_most_urgent_first(report):
    (first, *others) = calls(report)
    assert first.title == DEPARTMENTS["natural_resources"]
    assert first.entry_id == "natural_resources.real_estate", "a blocked delivery comes before a missing one"
    assert first.more == "另有 1 项"
    assert all("起未改正，期限已过" in one.why for one in others), "rejected rows alone are no reason while others are"
    late = [len([one for one in report.problems.open_of[call.department] if one.kind == "rule"]) for call in others]
    assert late == sorted(late, reverse=True)
    assert len({first.title, *(one.title for one in others)}) == 1 + len(others), "nobody is named twice"
    young = replace(report, evidence=replace(report.evidence, problems=()))
    assert calls(young) == [first]
    theirs = tuple(matter for matter in report.matters if matter.weight[0] > 2)
    assert len(calls(replace(young, matters=theirs))) == 3
    ours = tuple(replace(matter, code="P101", turn="平台运维") for matter in report.matters)
    assert calls(replace(young, matters=ours)) == [], "nobody else is called for our own outage"


def test_the_unranked_stand_below_with_their_reason(report):
    first, *_, last = report.standings.departments
    few = replace(last, rank=None, unranked="few_samples")
    moved = replace(first, rank=1, last_rank=3)
    told = replace(report, standings=replace(report.standings, departments=(moved, few)))
    best, worst = rank_lines(told)
    assert (best.rank, best.last, best.moved) == ("1", "3", "▲2")
    assert (worst.rank, worst.unranked) == ("—", "样本不足")
    assert (score_rows(told)[1].quiet, score_rows(told)[1].before, score_rows(told)[1].note) == (True, None, "样本不足")


def test_a_rank_tells_what_was_counted(report):
    line = next(one for one in rank_lines(report) if one.department == "natural_resources")
    linked, fresh, quality, response, used = line.components
    assert linked == ("50.0", "1 / 2", "departments/natural_resources.html")
    assert fresh[1:] == ("14 / 17", "timeliness.html#d-natural_resources")
    assert response == used == ("—", "", "")
    assert quality[0] == figures.score(report.standings.department("natural_resources").quality)


def test_the_calendar_shows_the_worst_entries_in_every_state(report):
    due = Due(ENTRY, "civil_affairs", datetime(2026, 11, 3, 0, 30), date(2026, 11, 3), "late", None)
    states = ("missing", "no_change", "excluded", "waiting", "on_time", "late")
    dues = tuple(replace(due, state=state, day=date(2026, 11, 2 + place)) for place, state in enumerate(states))
    one = replace(report.standings.entries[ENTRY], fresh=Indicator(None, 0, 0, (*dues, *[due] * 20)))
    told = replace(report, standings=replace(report.standings, entries={**report.standings.entries, ENTRY: one}))
    calendar = arrivals.worst_calendar(told, 3)
    assert calendar.rows[0].entry_id == ENTRY
    assert (len(calendar.rows), calendar.total) == (3, len(catalog()))
    first = (date(2026, 11, 2) - report.period.first).days
    shown = [cell.state for cell in calendar.rows[0].cells[first : first + 6]]
    assert shown == ["missing", "late", "excluded", "waiting", "on_time", "late"], "the worst of a day is shown"
    assert {cell.state for cell in arrivals.legend(calendar.rows)} >= {"missing", "excluded", "waiting"}
