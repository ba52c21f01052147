"""问题台账: nothing is lost between open and closed, and the charts count what the tables list."""

import re
from datetime import date, timedelta

import pytest

import synthetic_comparisons as made
from made_reports import report_of
from shuyuan.reporting.bars import Bar, bar_chart
from shuyuan.reporting.problem_ledger import age_chart, problems_page, week_chart
from synthetic_ledger import TODAY, Ledger, build, catalog


@pytest.fixture(scope="module")
def report():
    resources = catalog()
    return report_of(resources, build(resources))


def numbers(chart):
    """The hover texts' last numbers."""
    return [int(found) for found in re.findall(r"<g><title>[^<]*?(\d+) 项</title>", chart)]


def test_open_and_closed_are_apart_and_whole(report):
    book = report.problems
    assert {one.closed is None for one in book.open} == {True}
    assert all(one.closed >= report.period.first for one in book.closed)
    assert len(book.open) + len(book.closed) == len(report.evidence.problems)


def test_the_most_urgent_is_first_and_the_last_closed(report):
    book = report.problems
    assert [one.due for one in book.open] == sorted(one.due for one in book.open)
    assert [one.closed for one in book.closed] == sorted((one.closed for one in book.closed), reverse=True)


def test_a_rule_has_ten_working_days_and_is_overdue_only_after_them(report):
    book = report.problems
    one = next(one for one in book.open if one.kind == "rule" and one.since == date(2026, 11, 3))
    assert one.due == date(2026, 11, 17)
    assert book.is_overdue(one)
    today = next(one for one in book.open if one.since == TODAY)
    assert not book.is_overdue(today)


def test_the_histogram_counts_every_open_problem(report):
    book = report.problems
    assert sum(numbers(age_chart(book.open, book.today))) == len(book.open)


def test_the_weeks_count_what_began_and_ended_in_the_period(report):
    book, first = report.problems, report.period.first
    counted = numbers(week_chart(book, report.period))
    every = (*book.open, *book.closed)
    assert sum(counted[::2]) == sum(one.since >= first for one in every)
    assert sum(counted[1::2]) == len(book.closed)


def test_the_tiles_are_the_lengths_of_the_tables(report):
    page = problems_page(report)
    values = [tile.value for tile in page["tiles"]]
    assert values[0] == f"{page['open_total']}"
    assert values[3] == f"{page['closed_total']}"
    assert page["open_total"] == sum(int(line[1]) for line in page["speeds"])


def test_a_correction_is_a_problem_of_the_department_asked_with_its_own_day():
    resources, ledger = made.catalog(), Ledger.empty()
    made.compare(ledger, resources)
    report = report_of(resources, ledger)
    asked = [one for one in report.problems.open if one.kind == "correction"]
    facts = {one.correction_id: one for one in report.facts.one_source.corrections if one.closed_at is None}
    assert len(asked) == len(facts) > 0
    for one in asked:
        assert (one.department, one.due) == (one.fact.department, one.fact.due_on)
    lines = report.problems.lines(asked)
    assert all(line.what and line.turn and line.kind == "一数一源" for line in lines)


def test_nothing_is_wrong_is_said():
    page = problems_page(report_of(catalog(), Ledger.empty()))
    assert (page["open"], page["closed"], page["ages"], page["weeks"]) == ([], [], None, None)
    assert [tile.value for tile in page["tiles"]] == ["0", "0", "0", "0", "—"]


@pytest.mark.parametrize("top", [0, 1, 5, 6, 99, 100, 101, 12345])
def test_bars_stand_on_zero_and_the_tallest_fits(top):
    chart = bar_chart([("a", [Bar(0, "blue", "x")]), ("b", [Bar(top, "red", "<y>")])], "t")
    heights = [float(height) for height in re.findall(r'<rect [^>]*height="([0-9.]+)"', chart)]
    tops = [float(y) for y in re.findall(r'<rect [^>]*y="([0-9.]+)"', chart)]
    assert heights[0] == 0
    assert all(y + height == pytest.approx(132, abs=0.2) for y, height in zip(tops, heights, strict=True))
    assert min(tops) >= 17.9
    assert 'class="end axis" x="34" y="136">0<' in chart
    assert "<y>" not in chart


def test_ages_are_days_up_to_the_end(report):
    for one in report.problems.closed:
        assert timedelta(days=one.age(TODAY)) == one.closed - one.since
