"""部门: all departments in one table, and a page of each: what must we fix this week?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from shuyuan.catalog.demand_replies import UNDER_WAY, reply_of
from shuyuan.entry import Demand
from shuyuan.indicators.measures import Point
from shuyuan.indicators.standing import COMPONENTS, DepartmentStanding, EntryStanding
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.corrections import left_of
from shuyuan.reporting.department_lines import (
    Badge,
    component_lines,
    counted,
    department_line,
    grade_words,
    light_badge,
    rank_of,
)
from shuyuan.reporting.department_quality import department_quality
from shuyuan.reporting.report import Leaves, Page, Report
from shuyuan.reporting.tiles import Tile, change

PROBLEMS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the department in the period."""

    entry_id: str
    title: str
    light: Badge | None
    fresh: str
    counted: str
    quality: str
    available: str
    complete: str
    consistent: str
    coverage: str
    open: int


@dataclass(frozen=True, slots=True)
class DemandLine:
    """One demand that waits for this department's answer. ``state``: ``open``, ``overdue`` or ``supplement``."""

    demand: Demand
    asker: str
    entry: str
    entry_id: str
    asked: date
    limit: date
    left: str
    state: str
    word: str
    mark: Markup


def departments_page(report: Report) -> dict[str, Any]:
    """Return what ``departments.html.j2`` shows."""
    lines = [department_line(report, one) for one in report.standings.departments]
    return {
        "ranked": [line for line in lines if line.standing.rank is not None],
        "unranked": [line for line in lines if line.standing.rank is None],
        "county": report.standings.county,
        "components": COMPONENTS,
        "ours": len(report.standings.ours),
        "platform": len(report.problems.open_of.get("", ())),
    }


def department_page(report: Report, name: str) -> dict[str, Any]:
    """Return what ``department.html.j2`` shows of the department with the folder ``name``."""
    standing = report.standings.department(name)
    owed = report.problems.open_of.get(name, ())
    closed = [one for one in report.problems.closed if one.department == name]
    return {
        "mine": standing,
        "line": department_line(report, standing),
        "tiles": tiles(report, standing, len(owed), sum(report.problems.is_overdue(one) for one in owed)),
        "components": component_lines(standing, report.standings.county),
        "trend": trend_chart(report, name),
        "problems": report.problems.lines(owed[:PROBLEMS_SHOWN]),
        "problems_total": len(owed),
        "closed": len(closed),
        "demands": owed_demands(report, name),
        "entries": [entry_row(report, entry_id) for entry_id in standing.entries if entry_id in report.by_id],
        "ours": sum(due.department == name for due in report.standings.ours),
    }


def tiles(report: Report, standing: DepartmentStanding, open_number: int, overdue: int) -> list[Tile]:
    """Rank, freshness, quality, replies, open problems; each leads to its definition."""
    ranked = sum(one.rank is not None for one in report.standings.departments)
    last = _last(report, standing.department)
    return [
        Tile(
            say("report_department.rank"),
            f"{rank_of(standing.rank)} / {ranked}" if standing.rank else figures.NONE,
            _rank_note(report, standing),
            term="rank",
        ),
        Tile(
            say("report.indicator.fresh"),
            figures.percent(standing.fresh.value),
            say("report_department.fresh_note", counted=counted(standing.fresh))
            if standing.fresh.whole
            else say("report.tile.no_due"),
            *change(standing.fresh.value, last.fresh.value if last else None),
            link="#entries",
            term="fresh",
        ),
        Tile(
            say("report.indicator.quality"),
            grade_words(standing.quality, standing.grade),
            say("report_department.quality_note", counted=counted(standing.coverage)),
            *change(standing.quality, last.quality if last else None),
            link="#entries",
            term="quality",
        ),
        Tile(
            say("report.indicator.response"),
            figures.percent(standing.components.get("response")),
            say(
                "report_department.response_note",
                demands=counted(standing.response),
                corrections=counted(standing.corrections),
            ),
            link="#demands",
            term="response",
        ),
        Tile(
            say("report_department.open"),
            figures.count(open_number),
            say("report_department.open_note", overdue=overdue),
            link="#rectify",
            term="problem",
        ),
    ]


def trend_chart(report: Report, name: str) -> Markup | None:
    """The department's own score against the median of all departments over the period; ``None`` without a score."""
    quality = department_quality(report)
    own = quality.own.get(name, ())
    if not own:
        return None
    first, last = report.period.first, min(report.facts.today, report.period.last)
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    place = {day: number for number, day in enumerate(days)}
    lines = [_trend_line("own", "blue", own, place), _trend_line("median", "grey", quality.median, place)]
    return charts.line_chart(lines, [figures.day(day) for day in days], say("report_department.trend"), 940, 200)


def owed_demands(report: Report, name: str) -> list[DemandLine]:
    """The demands that wait for an answer of this department, the most urgent first."""
    made, today = [], report.facts.today
    for demand in report.evidence.demands:
        if demand.provider != name:
            continue
        resource = report.by_id.get(demand.entry or "")
        sharing = resource.entry.sharing.type if resource else None
        reply = reply_of(demand, sharing, report.evidence.assessment, report.agreement.calendar, today)
        if reply is None or reply.state not in UNDER_WAY:
            continue
        word = say(f"report_department.demand_{reply.state}")
        made.append(
            DemandLine(
                demand=demand,
                asker=report.titles.get(demand.department, demand.department),
                entry=resource.entry.title if resource else say("report_department.unlisted"),
                entry_id=resource.entry.id if resource else "",
                asked=reply.asked_on,
                limit=reply.limit_on,
                left=left_of(reply.limit_on, today, report.agreement.calendar) if reply.state != "supplement" else "",
                state=reply.state,
                word=word,
                mark=charts.mark("overdue" if reply.state == "overdue" else "open", word),
            )
        )
    return sorted(made, key=lambda one: (one.limit, one.demand.id))


def entry_row(report: Report, entry_id: str) -> EntryRow:
    """Return one entry's numbers of the period."""
    standing: EntryStanding | None = report.standing(entry_id)
    return EntryRow(
        entry_id=entry_id,
        title=report.by_id[entry_id].entry.title,
        light=light_badge(standing.light) if standing else None,
        fresh=figures.percent(standing.fresh.value if standing else None),
        counted=counted(standing.fresh) if standing else figures.NONE,
        quality=figures.score(standing.quality if standing else None),
        available=figures.score(standing.available if standing else None),
        complete=figures.score(standing.complete if standing else None),
        consistent=figures.score(standing.consistent if standing else None),
        coverage=counted(standing.coverage) if standing else figures.NONE,
        open=len(report.problems.about.get(entry_id, ())),
    )


def _trend_line(word: str, colour: str, points: Sequence[Point], place: dict[date, int]) -> charts.Line:
    name = say(f"report_department.trend_{word}")
    dots = [
        charts.Dot(place[point.day], point.value, f"{figures.day(point.day)} {name} {figures.score(point.value)}")
        for point in points
    ]
    return charts.Line(name, colour, dots, figures.score(points[-1].value) if points else figures.NONE)


def _rank_note(report: Report, standing: DepartmentStanding) -> str:
    parts = []
    if standing.rank is None:
        parts.append(department_line(report, standing).why)
    elif standing.last_rank is not None:
        parts.append(say("report_department.rank_last", last=standing.last_rank))
    if standing.light:
        parts.append(say(f"report.light.{standing.light}"))
    return " · ".join(parts)


def _last(report: Report, name: str) -> DepartmentStanding | None:
    found = report.last.departments if report.last else ()
    return next((one for one in found if one.department == name), None)


PAGE = Page(
    "departments",
    "departments.html",
    "departments.html.j2",
    departments_page,
    Leaves(
        "departments/{id}.html",
        "department.html.j2",
        lambda report: [one.department for one in report.standings.departments],
        department_page,
    ),
)
