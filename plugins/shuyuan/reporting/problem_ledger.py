"""问题台账: everything that was open in the period: how old it is, whose turn it is, how fast it is dealt with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from markupsafe import Markup

from shuyuan.indicators.periods import Period
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.bars import Bar, bar_chart
from shuyuan.reporting.problem_lines import Problem, ProblemBook
from shuyuan.reporting.report import Page, Report
from shuyuan.reporting.tiles import Tile

OPEN_SHOWN, CLOSED_SHOWN = 500, 200
AGES = (1, 3, 7, 14, 30, 60)
"""Upper edges of the ages in the histogram, in days; the last group is older than the last edge."""
KINDS = ("missing", "blocked", "failed", "rule", "correction")


def problems_page(report: Report) -> dict[str, Any]:
    """Return what ``problems.html.j2`` shows."""
    book = report.problems
    return {
        "tiles": tiles(book),
        "ages": age_chart(book.open, book.today) if book.open else None,
        "weeks": week_chart(book, report.period) if book.open or book.closed else None,
        "open": book.lines(book.open[:OPEN_SHOWN]),
        "open_total": len(book.open),
        "closed": book.lines(book.closed[:CLOSED_SHOWN]),
        "closed_total": len(book.closed),
        "speeds": speeds(book),
    }


def tiles(book: ProblemBook) -> list[Tile]:
    """Open, overdue, ours, closed, and how long an end takes."""
    overdue = sum(book.is_overdue(one) for one in book.open)
    oldest = max((one.age(book.today) for one in book.open), default=0)
    ended = [one.age(book.today) for one in book.closed]
    return [
        Tile(
            say("report_problem.tile_open"),
            figures.count(len(book.open)),
            say("report_problem.tile_open_note", days=oldest) if book.open else "",
            link="#open",
            term="problem",
        ),
        Tile(say("report_problem.tile_overdue"), figures.count(overdue), "", link="#open", term="due"),
        Tile(
            say("report_problem.tile_ours"),
            figures.count(len(book.open_of.get("", ()))),
            say("report_problem.tile_ours_note"),
            link="#open",
        ),
        Tile(say("report_problem.tile_closed"), figures.count(len(book.closed)), "", link="#closed"),
        Tile(
            say("report_problem.tile_median"),
            say("report_problem.days", days=f"{median(ended):g}") if ended else figures.NONE,
            say("report_problem.tile_median_note", count=figures.count(len(ended))) if ended else "",
            link="#speed",
        ),
    ]


def age_chart(problems: Sequence[Problem], today: date) -> Markup:
    """How old the open problems are, in days."""
    counts = [0] * (len(AGES) + 1)
    for one in problems:
        counts[next((place for place, edge in enumerate(AGES) if one.age(today) <= edge), len(AGES))] += 1
    groups = []
    for place, number in enumerate(counts):
        low = 0 if place == 0 else AGES[place - 1] + 1
        label = f"{low}–{AGES[place]}" if place < len(AGES) else f">{AGES[-1]}"
        hover = say("report_problem.age_hover", days=label, count=figures.count(number))
        groups.append((label, [Bar(number, "red" if low > 14 else "blue", hover)]))
    return bar_chart(groups, say("report_problem.ages"))


def week_chart(book: ProblemBook, period: Period) -> Markup:
    """How many problems began and ended in each week of the period, up to the report's day."""
    groups, first = [], period.first
    last = min(period.last, book.today)
    while first <= last:
        end = min(first + timedelta(days=6 - first.weekday()), last)
        begun = sum(first <= one.since <= end for one in (*book.open, *book.closed))
        ended = sum(one.closed is not None and first <= one.closed <= end for one in book.closed)
        span = say("report.date.range", first=figures.day(first), last=figures.day(end))
        bars = [
            Bar(begun, "amber", say("report_problem.week_begun", span=span, count=figures.count(begun))),
            Bar(ended, "green", say("report_problem.week_ended", span=span, count=figures.count(ended))),
        ]
        groups.append((f"{first.month}/{first.day}–", bars))
        first = end + timedelta(days=1)
    return bar_chart(groups, say("report_problem.weeks"))


def speeds(book: ProblemBook) -> list[tuple[str, str, str, str, str]]:
    """By kind: how many are open and closed, and the median days to an answer and to an end."""
    lines = []
    for kind in KINDS:
        still = [one for one in book.open if one.kind == kind]
        ended = [one for one in book.closed if one.kind == kind]
        answers = [(one.answered - one.since).days for one in (*still, *ended) if one.answered is not None]
        lines.append(
            (
                say(f"report_problem.kind_{kind}"),
                figures.count(len(still)),
                figures.count(len(ended)),
                _days(answers) if kind == "correction" else figures.NONE,
                _days([one.age(book.today) for one in ended]),
            )
        )
    return lines


def _days(values: Sequence[int]) -> str:
    return say("report_problem.days", days=f"{median(values):g}") if values else figures.NONE


PAGE = Page("issues", "problems.html", "problems.html.j2", problems_page)
