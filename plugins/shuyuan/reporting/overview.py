"""总览: is the data there, is it good, who needs a call, and every entry in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from markupsafe import Markup

from shuyuan.catalog import Resource
from shuyuan.entry import Gate
from shuyuan.indicators import measures
from shuyuan.indicators.facts import WINDOW_DAYS, EntryFacts, Facts
from shuyuan.indicators.measures import DIMENSIONS, Point
from shuyuan.language import say
from shuyuan.reporting import arrivals, attention, charts, figures
from shuyuan.reporting.board import BoardLine, board_line
from shuyuan.reporting.corrections import is_overdue, open_ones

WARN_BELOW = Gate().warn_below
MANY_DEPARTMENTS = 14


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with what stands behind it. ``trend``: ``up``, ``down``, ``same`` or empty; ``state``: an entry's."""

    label: str
    value: str
    note: str
    trend: str = ""
    change: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the six: its score as text, its line, how many entries have rules on it."""

    name: str
    value: str
    note: str
    chart: Markup | None
    weak: bool


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of the table of all entries; ``scores`` are (text, weak) in the order of ``DIMENSIONS``."""

    board: BoardLine
    delivered: int | None
    accepted: int | None
    rejected: int | None
    scores: tuple[tuple[str, bool], ...]
    weak: bool
    low: bool


def overview(resources: Sequence[Resource], facts: Facts) -> dict[str, Any]:
    """Return what ``overview.html.j2`` shows. ``resources`` are in the order of their ids."""
    known = [facts.of(resource.entry.id) for resource in resources]
    matters = attention.list_matters(resources, facts)
    on_time, scores = measures.on_time_series(facts, known), measures.score_series(facts, known)
    departments = department_rows(resources, facts)
    calendar = arrivals.arrival_calendar(resources, facts)
    many, width = len(departments) > MANY_DEPARTMENTS, 940
    return {
        "tiles": tiles(resources, facts, known),
        "trend": trend_chart(facts, on_time, scores, width if many else 480),
        "trend_note": _trend_note(len({point.day for point in (*on_time, *scores)})),
        "departments": charts.dot_plot(departments, say("report.departments.heading"), width if many else 460)
        if departments
        else None,
        "departments_compared": any(row.before is not None for row in departments),
        "departments_many": many,
        "six": six_dimensions(facts, known),
        "calendar": calendar,
        "legend": arrivals.legend(calendar.rows),
        "matters": matters[: attention.SHOWN],
        "matters_total": len(matters),
        "entries": [entry_line(resource, facts) for resource in resources],
    }


def tiles(resources: Sequence[Resource], facts: Facts, known: Sequence[EntryFacts]) -> list[Tile]:
    """The six numbers on top. On-time rate and score are the last points of the 30-day lines."""
    published = [entry for entry in known if entry.publication]
    current = [entry.publication for entry in known if entry.publication]
    delivered = sum(one.delivered for one in current)
    rejected = sum(one.rejected for one in current)
    due = measures.on_time((arrival for entry in known for arrival in entry.arrivals), facts.today)
    mean = measures.mean_score(known, facts.today)
    first = facts.days[0]
    blocked = sum(entry.blocked for entry in known)
    still = sum(entry.latest is not None and entry.latest.outcome == "blocked" for entry in known)
    departments = len({resource.entry.department for resource in resources})
    score_note = say("report.tile.score_note", scored=figures.count(mean.count), total=figures.count(len(known)))
    earlier = measures.on_time((arrival for entry in known for arrival in entry.arrivals), first - timedelta(days=1))
    whole_window = facts.since is not None and facts.since <= first - timedelta(days=WINDOW_DAYS)
    return [
        Tile(
            say("report.tile.published"),
            figures.count(len(published)),
            say("report.tile.published_note", total=figures.count(len(known)), departments=departments),
        ),
        Tile(
            say("report.tile.on_time"),
            figures.percent(due.percent),
            say("report.tile.on_time_note", part=figures.count(due.part), whole=figures.count(due.whole))
            if due.whole
            else say("report.tile.no_due"),
            *_change(due.percent, earlier.percent if whole_window else None),
        ),
        Tile(
            say("report.tile.score"),
            figures.graded(mean.value),
            score_note if mean.count else say("report.tile.no_score"),
            *_change(mean.value, measures.mean_score(known, first).value),
        ),
        Tile(say("report.tile.blocked"), figures.count(blocked), say("report.tile.blocked_note", open=still)),
        Tile(
            say("report.tile.rejected"),
            figures.count(rejected) if current else figures.NONE,
            say("report.tile.rejected_note", share=figures.small_share(rejected, delivered))
            if current
            else say("report.tile.no_delivery"),
        ),
        open_tile(facts),
    ]


def open_tile(facts: Facts) -> Tile:
    """The 疑义 that are not closed, and how many of them are overdue; a dash where nothing was ever compared."""
    current = open_ones(facts.one_source.corrections)
    label = say("report.one_source.tile.open")
    if not facts.one_source.comparisons and not current:
        return Tile(label, figures.NONE, say("report.one_source.tile.never"))
    overdue = sum(is_overdue(one, facts.today) for one in current)
    explained = sum(one.state == "explained" for one in current)
    note = say("report.one_source.tile.open_note", overdue=overdue, explained=explained)
    return Tile(label, figures.count(len(current)), note)


def trend_chart(facts: Facts, on_time: Sequence[Point], scores: Sequence[Point], width: int) -> Markup | None:
    """The 30-day lines, or ``None`` when there is nothing to draw."""
    if not on_time and not scores:
        return None
    place = {day: number for number, day in enumerate(facts.days)}
    lines = []
    for word, colour, points in (("on_time", "green", on_time), ("score", "blue", scores)):
        dots = [charts.Dot(place[point.day], point.value, _hover(word, point)) for point in points]
        final = figures.score(points[-1].value) if points else figures.NONE
        lines.append(charts.Line(say(f"report.trend.{word}"), colour, dots, final))
    return charts.line_chart(lines, [figures.day(day) for day in facts.days], say("report.trend.note"), width)


def department_rows(resources: Sequence[Resource], facts: Facts) -> list[charts.DotRow]:
    """Departments, the best first; below them, unranked, those with too few or no checked deliveries."""
    rows = []
    for _, group in groupby(resources, key=lambda resource: resource.entry.department):
        members = list(group)
        known = [facts.of(resource.entry.id) for resource in members]
        now = measures.mean_score(known, facts.today)
        before = measures.mean_score(known, facts.days[0]).value
        deliveries = measures.checked_deliveries(facts, known)
        few = deliveries < measures.FEW_DELIVERIES
        title = members[0].department.title
        note = ""
        if few and now.value is not None:
            note = say("report.departments.few")
        elif now.value is not None and before is not None:
            note = _arrow(now.value - before)
        hover = say(
            "report.departments.hover",
            title=title,
            value=figures.score(now.value),
            count=now.count,
            deliveries=deliveries,
        )
        weak = now.value is not None and now.value < WARN_BELOW and not few
        rows.append(charts.DotRow(title, hover, now.value, None if few else before, note, weak, few))
    return sorted(rows, key=lambda row: (row.now is None, row.quiet, -(row.now or 0), row.label))


def six_dimensions(facts: Facts, known: Sequence[EntryFacts]) -> list[Dimension]:
    """The six small multiples on one scale, so that the weak one shows."""
    series = {name: measures.score_series(facts, known, name) for name in DIMENSIONS}
    low, high, _ = charts.axis([point.value for points in series.values() for point in points], least=20)
    made = []
    for name in DIMENSIONS:
        now = measures.mean_score(known, facts.today, name)
        weak = now.value is not None and now.value < WARN_BELOW
        word, value = say(f"report.dimension.{name}"), figures.score(now.value)
        values = [point.value for point in series[name]]
        chart = charts.sparkline(values, f"{word} {value}", low, high, "red" if weak else "blue") if values else None
        compared = name == measures.CONSISTENCY and any(entry.consistency for entry in known)
        note = say("report.six.compared" if compared else "report.six.entries", count=now.count)
        if not now.count:
            note = say("report.six.not_compared" if compared else "report.six.no_rules")
        made.append(Dimension(word, value, note, chart, weak))
    return made


def entry_line(resource: Resource, facts: Facts) -> EntryLine:
    """Return one entry's line of the big table: the numbers of its last publication, the scores of its last check."""
    known, gate = facts.of(resource.entry.id), resource.entry.quality.gate
    publication, score = known.publication, known.score
    values = [measures.dimension_as_of(known, facts.today, name) for name in DIMENSIONS]
    return EntryLine(
        board=board_line(resource, facts),
        delivered=publication.delivered if publication else None,
        accepted=publication.accepted if publication else None,
        rejected=publication.rejected if publication else None,
        scores=tuple((figures.score(value), value is not None and value < gate.warn_below) for value in values),
        weak=score is not None and score.score < gate.warn_below,
        low=score is not None and score.score < gate.block_below,
    )


def _hover(word: str, point: Point) -> str:
    value = figures.percent(point.value) if word == "on_time" else figures.score(point.value)
    return say(
        f"report.trend.{word}_point", day=figures.day(point.day), value=value, part=point.part, whole=point.count,
        count=point.count,
    )  # fmt: skip


def _trend_note(days: int) -> str:
    if days == 0:
        return ""
    return say("report.trend.one_day") if days == 1 else ""


def _change(now: float | None, before: float | None) -> tuple[str, str]:
    if now is None or before is None:
        return "", ""
    way = _way(now - before)
    return way, say(f"report.tile.{way}", value=figures.change(now - before))


def _way(difference: float) -> str:
    if abs(difference) < 0.05:
        return "same"
    return "up" if difference > 0 else "down"


def _arrow(difference: float) -> str:
    way = _way(difference)
    return "0.0" if way == "same" else f"{'▲' if way == 'up' else '▼'} {figures.change(difference)}"
