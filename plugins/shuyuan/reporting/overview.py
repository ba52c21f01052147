"""总览: is this month better than the last, and who needs a call? Tiles, trend, ranking, six dimensions, arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from shuyuan.entry import Gate
from shuyuan.indicators.measures import CONSISTENCY, DIMENSIONS, Point
from shuyuan.language import say
from shuyuan.reporting import arrivals, attention, charts, figures, headline
from shuyuan.reporting.daily_quality import DailyQuality, daily_quality
from shuyuan.reporting.ranking import rank_lines, score_rows, weight_words
from shuyuan.reporting.report import Page, Report
from shuyuan.reporting.tiles import Tile, change

WARN_BELOW = Gate().warn_below
CALENDAR_SHOWN = 15
DEPARTMENTS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the six: its score as text, its line, how many entries it was measured in."""

    key: str
    name: str
    value: str
    note: str
    chart: Markup | None
    weak: bool


def overview(report: Report) -> dict[str, Any]:
    """Return what ``overview.html.j2`` shows."""
    fresh, daily = fresh_series(report), daily_quality(report)
    rows = score_rows(report)
    calendar = arrivals.worst_calendar(report, CALENDAR_SHOWN)
    weakest = rows[-DEPARTMENTS_SHOWN:]
    return {
        "sentence": headline.month_sentence(report),
        "calls": headline.calls(report),
        "tiles": tiles(report),
        "trend": trend_chart(report, fresh, daily.total),
        "trend_note": say("report.trend.one_day") if len({point.day for point in (*fresh, *daily.total)}) == 1 else "",
        "departments": charts.dot_plot(weakest, say("report.departments.heading")) if rows else None,
        "departments_compared": any(row.before is not None for row in weakest),
        "departments_weakest": len(weakest) if len(weakest) < len(rows) else 0,
        "ranking": rank_lines(report),
        "weights": weight_words(report),
        "samples": report.evidence.assessment.samples,
        "six": six_dimensions(report, daily),
        "calendar": calendar,
        "legend": arrivals.legend(calendar.rows),
        "matters": report.matters[: attention.SHOWN],
        "matters_total": len(report.matters),
    }


def tiles(report: Report) -> list[Tile]:
    """The six numbers on top. Freshness and score are the last points of the lines."""
    county, last = report.standings.county, report.last.county if report.last else None
    known = [report.facts.of(resource.entry.id) for resource in report.resources]
    replies = county.response.whole + county.corrections.whole
    answered = county.response.part + county.corrections.part
    book = report.problems
    overdue = sum(book.is_overdue(one) for one in book.open)
    still = sum(entry.latest is not None and entry.latest.outcome == "blocked" for entry in known)
    scored = sum(one.quality is not None for one in report.standings.entries.values())
    return [
        Tile(
            say("report.tile.published"),
            figures.count(int(county.linked.part)),
            say("report.tile.published_note", total=figures.count(int(county.linked.whole))),
            *change(county.linked.part, last.linked.part if last and last.linked.whole else None, whole=True),
            link="entries.html",
            term="linked",
        ),
        Tile(
            say("report.indicator.fresh"),
            figures.percent(county.fresh.value),
            say(
                "report.tile.of",
                part=figures.count(int(county.fresh.part)),
                whole=figures.count(int(county.fresh.whole)),
            )
            if county.fresh.whole
            else say("report.tile.no_due"),
            *change(county.fresh.value, last.fresh.value if last else None),
            link="timeliness.html",
            term="fresh",
        ),
        Tile(
            say("report.tile.score"),
            figures.graded_as(county.quality, county.grade),
            say("report.tile.score_note", scored=figures.count(scored), total=figures.count(len(known)))
            if scored
            else say("report.tile.no_score"),
            *change(county.quality, last.quality if last else None),
            link="quality.html",
            term="quality",
        ),
        Tile(
            say("report.tile.blocked"),
            figures.count(sum(entry.blocked for entry in known)),
            say("report.tile.blocked_note", open=figures.count(still)),
            link="#attention",
            term="blocked",
        ),
        Tile(
            say("report.tile.open"),
            figures.count(len(book.open)),
            say("report.tile.open_note", overdue=figures.count(overdue)),
            link="problems.html",
            term="problem",
        ),
        Tile(
            say("report.indicator.response"),
            figures.percent(county.components.get("response")),
            say("report.tile.of", part=figures.count(int(answered)), whole=figures.count(int(replies)))
            if replies
            else say("report.tile.no_reply"),
            *change(county.components.get("response"), last.components.get("response") if last else None),
            link="#ranking",
            term="response",
        ),
    ]


def fresh_series(report: Report) -> list[Point]:
    """鲜活率 of the period up to each day on which something was due: the last point is the tile's number."""
    settled = sorted((due for due in report.standings.county.fresh.rows if due.counts), key=lambda due: due.day)
    points: list[Point] = []
    met = 0
    for number, due in enumerate(settled, start=1):
        met += due.met
        day = max(due.day, report.period.first)
        if points and points[-1].day == day:
            points.pop()
        points.append(Point(day, 100 * met / number, met, number))
    return points


def trend_chart(report: Report, fresh: Sequence[Point], quality: Sequence[Point]) -> Markup | None:
    """The lines over the period's days, or ``None`` when there is nothing to draw."""
    if not fresh and not quality:
        return None
    first, last = report.period.first, report.period.last
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    lines = []
    for word, colour, points in (("fresh", "green", fresh), ("quality", "blue", quality)):
        dots = [charts.Dot((point.day - first).days, point.value, _hover(word, point)) for point in points]
        final = figures.score(points[-1].value) if points else figures.NONE
        lines.append(charts.Line(say(f"report.trend.{word}"), colour, dots, final))
    return charts.line_chart(lines, [figures.day(day) for day in days], say("report.trend.note"))


def six_dimensions(report: Report, daily: DailyQuality) -> list[Dimension]:
    """The six small multiples on one scale, so that the weak one shows."""
    compared = any(report.facts.of(resource.entry.id).consistency for resource in report.resources)
    low, high, _ = charts.axis([point.value for line in daily.dimensions.values() for point in line], least=20)
    made = []
    for name in DIMENSIONS:
        line, value = daily.dimensions[name], report.standings.county.dimensions.get(name)
        text, weak = figures.score(value), value is not None and value < WARN_BELOW
        word = say(f"report.dimension.{name}")
        values = [point.value for point in line]
        chart = charts.sparkline(values, f"{word} {text}", low, high, "red" if weak else "blue") if values else None
        count = sum(name in one.dimensions for one in report.standings.entries.values())
        linked = name == CONSISTENCY and compared
        note = say("report.six.compared" if linked else "report.six.entries", count=figures.count(count))
        if not count:
            note = say("report.six.not_compared" if linked else "report.six.no_rules")
        made.append(Dimension(name, word, text, note, chart, weak))
    return made


def _hover(word: str, point: Point) -> str:
    value = figures.percent(point.value) if word == "fresh" else figures.score(point.value)
    return say(
        f"report.trend.{word}_point", day=figures.day(point.day), value=value, part=point.part, whole=point.count,
        count=point.count,
    )  # fmt: skip


PAGE = Page("overview", "index.html", "overview.html.j2", overview)
