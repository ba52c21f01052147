"""核对业务: how many checks were asked, how fast they were answered, with which result, which sources were in the way.

Counts only: no case, no person, no officer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from markupsafe import Markup

from shuyuan.indicators.check_facts import RequestFact
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.bars import Bar, bar_chart
from shuyuan.reporting.report import Page, Report
from shuyuan.reporting.tiles import Tile
from shuyuan.workdays import local_day

_LABELLED = 5
"""Days between two labels of the chart; more would not fit."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check of the period, or all of them, ready to be shown."""

    title: str
    asked: int
    answered: int
    waiting: int
    broken: int
    cases: int
    passed: str
    failed: str
    to_review: str
    unreviewed: str
    seconds: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source: by how many answered requests it was wanted, and why some could not read it."""

    title: str
    entry_id: str
    department: str
    known: bool
    requests: int
    unusable: int
    absent: int
    share: str


def checks_page(report: Report) -> dict[str, Any]:
    """Return what ``checks.html.j2`` shows."""
    facts = report.evidence.checks
    lines = []
    for name in sorted({*facts.titles, *(one.check for one in facts.asked)}):
        own = [one for one in facts.asked if one.check == name]
        lines.append(_line(facts.titles.get(name, name), own))
    sources = list_sources(report)
    return {
        "asked": len(facts.asked),
        "tiles": tiles(report, sources),
        "days": day_chart(report) if facts.asked else None,
        "lines": lines,
        "total": _line(say("report_checks.all"), facts.asked) if len(lines) > 1 else None,
        "sources": sources,
    }


def tiles(report: Report, sources: Sequence[SourceLine]) -> list[Tile]:
    """Requests, cases, how fast, how many needed no person, how many sources were in the way."""
    asked = report.evidence.checks.asked
    total = _line("", asked)
    limiting = [one for one in sources if one.unusable]
    return [
        Tile(
            say("report_checks.tile_asked"),
            figures.count(total.asked),
            say("report_checks.tile_asked_note", answered=total.answered, broken=total.broken) if asked else "",
            link="#checks",
        ),
        Tile(say("report_checks.tile_cases"), figures.count(total.cases), "", link="#checks"),
        Tile(
            say("report_checks.tile_seconds"),
            total.seconds,
            say("report_checks.tile_seconds_note") if total.answered else "",
        ),
        Tile(
            say("report_checks.tile_unreviewed"),
            total.unreviewed,
            say("report_checks.tile_unreviewed_note") if total.answered else "",
        ),
        Tile(
            say("report_checks.tile_sources"),
            figures.count(len(limiting)) if total.answered else figures.NONE,
            say("report_checks.tile_sources_note", absent=sum(one.absent > 0 for one in sources)) if sources else "",
            link="#sources",
        ),
    ]


def day_chart(report: Report) -> Markup:
    """How many requests came on each day of the period, up to the report's."""
    by_day = Counter(local_day(one.asked_at) for one in report.evidence.checks.asked)
    first, last = report.period.first, min(report.period.last, report.facts.today)
    groups = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        label = f"{day.month}/{day.day}" if number % _LABELLED == 0 else ""
        hover = say("report_checks.day_hover", day=figures.day(day), count=figures.count(by_day[day]))
        groups.append((label, [Bar(by_day[day], "blue", hover)]))
    return bar_chart(groups, say("report_checks.days"))


def list_sources(report: Report) -> list[SourceLine]:
    """The sources that checks read, those most in the way first; one line an entry, whatever check read it."""
    wanted: Counter[str] = Counter()
    unusable: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    for one in report.evidence.checks.read:
        wanted[one.entry_id] += one.requests
        unusable[one.entry_id] += one.unusable
        absent[one.entry_id] += one.absent
    lines = []
    for entry_id, requests in wanted.items():
        resource = report.by_id.get(entry_id)
        folder = entry_id.partition(".")[0]
        missed = unusable[entry_id] + absent[entry_id]
        lines.append(
            SourceLine(
                title=resource.entry.title if resource else entry_id,
                entry_id=entry_id,
                department=report.titles.get(folder, folder if resource else figures.NONE),
                known=resource is not None,
                requests=requests,
                unusable=unusable[entry_id],
                absent=absent[entry_id],
                share=figures.small_share(missed, requests),
            )
        )
    return sorted(lines, key=lambda one: (-one.unusable, -one.absent, -one.requests, one.entry_id))


def _line(title: str, asked: Sequence[RequestFact]) -> CheckLine:
    answered = [one for one in asked if one.answered_at is not None]
    counted = [one for one in answered if one.passed is not None]
    passed, failed, to_review = (
        sum(getattr(one, name) or 0 for one in counted) for name in ("passed", "failed", "to_review")
    )
    times = [(one.answered_at - one.asked_at).total_seconds() for one in answered if one.answered_at is not None]
    broken = sum(one.broken for one in asked if one.answered_at is None)
    shown = [figures.count(number) if counted else figures.NONE for number in (passed, failed, to_review)]
    return CheckLine(
        title=title,
        asked=len(asked),
        answered=len(answered),
        waiting=len(asked) - len(answered) - broken,
        broken=broken,
        cases=sum(one.cases for one in asked),
        passed=shown[0],
        failed=shown[1],
        to_review=shown[2],
        unreviewed=figures.small_share(passed + failed, passed + failed + to_review) if counted else figures.NONE,
        seconds=_spoken(median(times)) if times else figures.NONE,
    )


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return say("report_checks.seconds", count=f"{seconds:.0f}" if seconds >= 1 else "<1")
    return say("report_checks.minutes", count=f"{seconds / 60:.0f}")


PAGE = Page("checks", "checks.html", "checks.html.j2", checks_page)
