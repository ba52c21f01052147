"""疑义 in words: who is asked about what, until when, and how many working days are left or over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from markupsafe import Markup

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import CorrectionFact
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.copies import Copies, titles_of
from shuyuan.workdays import Calendar, local_day

SHOWN = 200
CLOSED_SHOWN = 20
FAR = 60
"""Days from which on the distance is told in days: nobody counts working days over a season."""


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """One 疑义 as of the report's day. ``state``: ``open corrected explained overdue``; ``left`` in words."""

    fact: CorrectionFact
    department: str
    what: str
    entry: str
    known: bool
    state: str
    word: str
    mark: Markup
    asked: date
    left: str
    answer: str
    trace: str


@dataclass(frozen=True, slots=True)
class DepartmentLines:
    """What is open at one department: all of it counted, ``lines`` those that are shown."""

    title: str
    open: int
    overdue: int
    lines: tuple[CorrectionLine, ...]


def open_ones(corrections: Iterable[CorrectionFact]) -> list[CorrectionFact]:
    """The 疑义 whose difference is still there, the most urgent first."""
    return [one for one in corrections if one.closed_at is None]


def is_overdue(fact: CorrectionFact, today: date) -> bool:
    """Whether nobody answered by the due day."""
    return fact.closed_at is None and fact.state == "open" and today > fact.due_on


def by_department(
    corrections: Sequence[CorrectionFact], copies: Copies, today: date, calendar: Calendar
) -> list[DepartmentLines]:
    """Group the open 疑义 by the department asked; of all, the ``SHOWN`` that are due first have lines."""
    current = open_ones(corrections)
    shown = {one.correction_id for one in current[:SHOWN]}
    ordered = sorted(current, key=lambda one: (one.department, one.due_on, one.correction_id))
    groups = []
    for department, group in groupby(ordered, key=lambda one: one.department):
        asked = list(group)
        groups.append(
            DepartmentLines(
                copies.departments.get(department, department),
                len(asked),
                sum(is_overdue(one, today) for one in asked),
                tuple(correction_line(one, copies, today, calendar) for one in asked if one.correction_id in shown),
            )
        )
    return groups


def lately_closed(
    corrections: Iterable[CorrectionFact], copies: Copies, today: date, calendar: Calendar
) -> list[CorrectionLine]:
    """Those closed in the window, the last first."""
    closed = sorted(
        ((one.closed_at, one.correction_id, one) for one in corrections if one.closed_at is not None), reverse=True
    )
    return [correction_line(one, copies, today, calendar) for _, _, one in closed]


def correction_line(fact: CorrectionFact, copies: Copies, today: date, calendar: Calendar) -> CorrectionLine:
    """Return one 疑义 in words."""
    state = "overdue" if is_overdue(fact, today) else fact.state
    word = say(f"report.correction.{state}")
    resource = copies.resources.get(fact.entry_id)
    answer = figures.NONE
    if fact.answered_at is not None:
        answer = say(
            "report.correction.answered",
            day=figures.day(local_day(fact.answered_at)),
            who=fact.answered_by or "",
            answer=fact.answer or "",
        )
    elif fact.referral is not None:
        answer = say("report.correction.referred", why=fact.referral)
    return CorrectionLine(
        fact=fact,
        department=copies.departments.get(fact.department, fact.department),
        what=what_of(fact, copies.resources),
        entry=resource.entry.title if resource else fact.entry_id,
        known=resource is not None,
        state=state,
        word=word,
        mark=charts.mark(state, word),
        asked=local_day(fact.opened_at),
        left="" if fact.closed_at or fact.state != "open" else left_of(fact.due_on, today, calendar),
        answer=answer,
        trace=say("report.correction.trace", id=fact.correction_id),
    )


def what_of(fact: CorrectionFact, resources: Mapping[str, Resource]) -> str:
    """What is asked: the values differ, the source does not know the key, the source has the key twice."""
    holder, source = resources.get(fact.entry_id), resources.get(fact.source_id)
    return say(
        f"report.correction.what_{fact.kind}",
        item=titles_of(holder, fact.field) if holder else fact.field,
        source=source.entry.title if source else fact.source_id,
    )


def left_of(due: date, today: date, calendar: Calendar) -> str:
    """``还有 3 个工作日``, ``今天到期``, ``逾期 2 个工作日``."""
    if due == today:
        return say("report.correction.due_today")
    way = "left" if due > today else "over"
    days = abs((due - today).days)
    worked = abs(calendar.days_left(today, due)) if days <= FAR else 0
    return say(f"report.correction.{way}", days=worked) if worked else say(f"report.correction.{way}_days", days=days)
