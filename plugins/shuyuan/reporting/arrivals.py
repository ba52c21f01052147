"""The arrival calendar: entries by days, each cell a state with its shape, colour and hover text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Protocol

from markupsafe import Markup

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import Facts
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.report import Report

STATES = ("on_time", "late", "missing", "no_change", "excluded", "waiting", "rest", "unknown")
_WORST_FIRST = ("missing", "late", "waiting", "on_time", "no_change", "excluded")


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry on one day."""

    mark: Markup
    hover: str
    state: str


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One entry's days, oldest first. ``trouble`` counts the missing and late ones."""

    entry_id: str
    title: str
    department: str
    cells: tuple[Cell, ...]
    trouble: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The grid. ``labels`` names each day or is empty; ``total`` entries, of which ``rows`` are shown."""

    labels: tuple[str, ...]
    rows: tuple[CalendarRow, ...]
    total: int
    span: str


class Arrival(Protocol):
    """A due date and what became of it, of the ledger or as it was judged."""

    @property
    def day(self) -> date:
        """Its local day."""

    @property
    def due_at(self) -> datetime:
        """When it was due, naive UTC."""

    @property
    def state(self) -> str:
        """One of ``STATES``."""

    @property
    def arrived_at(self) -> datetime | None:
        """When it came, naive UTC."""


def worst_calendar(report: Report, shown: int) -> Calendar:
    """The period's calendar of the entries with the most late and missing due dates, worst first."""
    facts, first, last = report.facts, report.period.first, report.period.last
    days = [first + timedelta(days=place) for place in range((min(last, facts.today) - first).days + 1)]
    rows = [
        row_of(resource, one.fresh.rows, days, facts.since)
        for resource in worst_first(report, shown)
        if (one := report.standing(resource.entry.id)) is not None
    ]
    return Calendar(day_labels(days), tuple(rows), len(report.resources), span_of(days))


def worst_first(report: Report, shown: int) -> list[Resource]:
    """The ``shown`` entries with the most late and missing due dates."""

    def weight(resource: Resource) -> tuple[int, str]:
        one = report.standing(resource.entry.id)
        return -trouble_of(one.fresh.rows if one else ()), resource.entry.id

    return sorted(report.resources, key=weight)[:shown]


def calendar_row(resource: Resource, facts: Facts) -> CalendarRow:
    """One entry's row of the last 30 days, as the ledger has it."""
    return row_of(resource, facts.of(resource.entry.id).arrivals, facts.days, facts.since)


def row_of(resource: Resource, dues: Iterable[Arrival], days: Sequence[date], since: date | None) -> CalendarRow:
    """One entry's row. Of several due dates on a day the worst is shown; ``since`` is when the ledger began."""
    by_day: dict[date, Cell] = {}
    worst: dict[date, int] = {}
    shown = [due for due in dues if days[0] <= due.day <= days[-1]]
    for due in shown:
        rank = _WORST_FIRST.index(due.state)
        if rank <= worst.get(due.day, len(_WORST_FIRST)):
            worst[due.day] = rank
            by_day[due.day] = _cell(due)
    begun = since or days[-1] + timedelta(days=1)
    cells = tuple(by_day.get(day) or _empty(day, "rest" if day >= begun else "unknown") for day in days)
    return CalendarRow(resource.entry.id, resource.entry.title, resource.department.title, cells, trouble_of(shown))


def trouble_of(dues: Iterable[Arrival]) -> int:
    """How many were late or missing."""
    return sum(due.state in ("missing", "late") for due in dues)


def day_labels(days: Sequence[date]) -> tuple[str, ...]:
    """Number every fifth day of the month and the window's first and last, leaving room between them."""
    last = len(days) - 1
    return tuple(
        str(day.day) if place in (0, last) or (day.day % 5 == 0 and 1 < place < last - 1) else ""
        for place, day in enumerate(days)
    )


def span_of(days: Sequence[date]) -> str:
    """``10月22日—11月20日``."""
    return say("report.date.range", first=figures.day(days[0]), last=figures.day(days[-1]))


def legend(rows: Sequence[CalendarRow]) -> list[Cell]:
    """The mark and the word of each state that the rows show, and always of the first three."""
    seen = {cell.state for row in rows for cell in row.cells} | set(STATES[:3])
    words = {state: say(f"report.arrival.{state}") for state in STATES if state in seen}
    return [Cell(charts.mark(state, word), word, state) for state, word in words.items()]


def _cell(due: Arrival) -> Cell:
    word = say(f"report.arrival.{due.state}")
    hover = say(
        "report.arrival.came" if due.arrived_at else "report.arrival.due",
        day=figures.day(due.day),
        state=word,
        due=figures.short_moment(due.due_at),
        arrived=figures.short_moment(due.arrived_at),
    )
    return Cell(charts.mark(due.state, word), hover, due.state)


def _empty(day: date, state: str) -> Cell:
    return _empty_cell(figures.day(day), state, say(f"report.arrival.{state}"))


@cache
def _empty_cell(day: str, state: str, word: str) -> Cell:
    return Cell(charts.mark(state, word), f"{day} {word}", state)
