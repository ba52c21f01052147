"""The arrival calendar: entries by days, each cell a state with its shape, colour and hover text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from markupsafe import Markup

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import EntryFacts, Facts
from shuyuan.language import say
from shuyuan.reporting import charts, figures

SHOWN = 40
STATES = ("on_time", "late", "missing", "waiting", "rest", "unknown")
_WORST_FIRST = ("missing", "late", "waiting", "on_time")


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


def arrival_calendar(resources: Sequence[Resource], facts: Facts) -> Calendar:
    """Return the calendar of the window. A long catalog shows the most troubled ``SHOWN`` entries."""
    shown = list(resources)
    if len(shown) > SHOWN:
        shown.sort(key=lambda resource: (-_trouble(facts.of(resource.entry.id), facts), resource.entry.id))
    rows = tuple(calendar_row(resource, facts) for resource in shown[:SHOWN])
    return Calendar(day_labels(facts.days), rows, len(resources), span_of(facts.days))


def calendar_row(resource: Resource, facts: Facts) -> CalendarRow:
    """Return one entry's row."""
    known = facts.of(resource.entry.id)
    by_day: dict[date, Cell] = {}
    worst: dict[date, int] = {}
    for arrival in known.arrivals:
        rank = _WORST_FIRST.index(arrival.state)
        if arrival.day >= facts.days[0] and rank <= worst.get(arrival.day, len(_WORST_FIRST)):
            worst[arrival.day] = rank
            word = say(f"report.arrival.{arrival.state}")
            hover = say(
                "report.arrival.came" if arrival.arrived_at else "report.arrival.due",
                day=figures.day(arrival.day),
                state=word,
                due=figures.short_moment(arrival.due_at),
                arrived=figures.short_moment(arrival.arrived_at),
            )
            by_day[arrival.day] = Cell(charts.mark(arrival.state, word), hover, arrival.state)
    begun = facts.since or facts.today + timedelta(days=1)
    cells = tuple(by_day.get(day) or _empty(day, "rest" if day >= begun else "unknown") for day in facts.days)
    return CalendarRow(
        resource.entry.id, resource.entry.title, resource.department.title, cells, _trouble(known, facts)
    )


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


def _trouble(known: EntryFacts, facts: Facts) -> int:
    first = facts.days[0]
    return sum(arrival.day >= first and arrival.state in ("missing", "late") for arrival in known.arrivals)


def _empty(day: date, state: str) -> Cell:
    return _empty_cell(figures.day(day), state, say(f"report.arrival.{state}"))


@cache
def _empty_cell(day: str, state: str, word: str) -> Cell:
    return Cell(charts.mark(state, word), f"{day} {word}", state)
