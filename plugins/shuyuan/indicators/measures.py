"""The report's own arithmetic, as published on its 说明 page: states, on-time rates, scores as of a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shuyuan.indicators.facts import WINDOW_DAYS, ArrivalFact, EntryFacts, Facts, ScoreFact
from shuyuan.indicators.ratio import Mean, Ratio
from shuyuan.scoring import DIMENSIONS as CODES

State = Literal["normal", "late", "missing", "blocked", "waiting"]
STATES: tuple[State, ...] = ("normal", "late", "missing", "blocked", "waiting")
FEW_DELIVERIES = 5
DIMENSIONS = tuple(CODES.values())
CONSISTENCY = CODES["04"]


@dataclass(frozen=True, slots=True)
class Point:
    """One day of a series: a value of 0 to 100 and the numbers behind it (``count`` the denominator)."""

    day: date
    value: float
    part: int
    count: int


def state_of(facts: EntryFacts) -> State:
    """Whether consumers can rely on an entry now.

    ``blocked``: the last run did not publish (the delivery or the platform is at fault); else what became of the last
    due date; an entry without due dates (irregular, real time) is ``normal`` once published.
    """
    latest = facts.latest
    if latest is not None and latest.outcome in ("blocked", "failed"):
        return "blocked"
    if facts.arrivals:
        states: dict[str, State] = {"on_time": "normal", "late": "late", "missing": "missing", "waiting": "waiting"}
        return states[facts.arrivals[-1].state]
    if latest is not None and latest.outcome == "missing":
        return "missing"
    return "normal" if facts.publication else "waiting"


def on_time(arrivals: Iterable[ArrivalFact], last: date, days: int = WINDOW_DAYS) -> Ratio:
    """On time out of settled due dates (waiting ones are not settled) in the ``days`` up to ``last``."""
    first = last - timedelta(days=days - 1)
    settled = [arrival.state for arrival in arrivals if arrival.state != "waiting" and first <= arrival.day <= last]
    return Ratio(settled.count("on_time"), len(settled))


def on_time_series(facts: Facts, entries: Sequence[EntryFacts]) -> list[Point]:
    """The 30-day on-time rate as of each day on which something was due, and as of today."""
    good: dict[date, int] = {}
    due: dict[date, int] = {}
    for entry in entries:
        for arrival in entry.arrivals:
            if arrival.state != "waiting":
                day = arrival.day
                due[day] = due.get(day, 0) + 1
                good[day] = good.get(day, 0) + (arrival.state == "on_time")
    points = []
    for day in _days_with(facts, due):
        window = [day - timedelta(days=back) for back in range(WINDOW_DAYS)]
        whole = sum(due.get(each, 0) for each in window)
        part = sum(good.get(each, 0) for each in window)
        if whole:
            points.append(Point(day, 100 * part / whole, part, whole))
    return points


def score_as_of(scores: Sequence[ScoreFact], day: date) -> ScoreFact | None:
    """The score that an entry had at the end of ``day``."""
    place = bisect_right(scores, day, key=lambda fact: fact.day)
    return scores[place - 1] if place else None


def dimension_as_of(entry: EntryFacts, day: date, dimension: str) -> float | None:
    """One dimension of an entry at the end of ``day``.

    Consistency comes from the delivery's own rules or, where the delivery has none, from the comparisons of the
    entry's copies with their sources.
    """
    fact = score_as_of(entry.scores, day)
    value = fact.scores.get(dimension) if fact else None
    if value is not None or dimension != CONSISTENCY:
        return value
    place = bisect_right(entry.consistency, day, key=lambda known: known.day)
    return entry.consistency[place - 1].score if place else None


def mean_score(entries: Iterable[EntryFacts], day: date, dimension: str | None = None) -> Mean:
    """The mean over entries of the score (or of one dimension) at the end of ``day``; unscored ones take no part."""
    values = []
    for entry in entries:
        fact = score_as_of(entry.scores, day)
        value = dimension_as_of(entry, day, dimension) if dimension else fact.score if fact else None
        if value is not None:
            values.append(value)
    return Mean.of(values)


def score_series(facts: Facts, entries: Sequence[EntryFacts], dimension: str | None = None) -> list[Point]:
    """The mean score as of each day on which a delivery was checked (or a copy compared), and as of today."""
    checked = {fact.day for entry in entries for fact in entry.scores}
    if dimension == CONSISTENCY:
        checked |= {fact.day for entry in entries for fact in entry.consistency}
    points = []
    for day in _days_with(facts, checked):
        mean = mean_score(entries, day, dimension)
        if mean.value is not None:
            points.append(Point(day, mean.value, mean.count, mean.count))
    return points


def checked_deliveries(facts: Facts, entries: Iterable[EntryFacts]) -> int:
    """Days with a checked delivery in the window, summed over entries."""
    first = facts.days[0]
    return sum(fact.day >= first for entry in entries for fact in entry.scores)


def coverage(facts: EntryFacts, fields: Sequence[str]) -> Ratio:
    """Items with at least one rule in the last checked run, out of all items."""
    ruled = {rule.field for rule in facts.rules if rule.field and rule.effect in ("reject", "count", "block")}
    return Ratio(sum(name in ruled for name in fields), len(fields))


def _days_with(facts: Facts, days: Iterable[date]) -> list[date]:
    """The window's days with data. Once there are two, today closes the line with the number of the tile."""
    known = set(days)
    shown = [day for day in facts.days if day in known]
    if len(shown) > 1 and shown[-1] != facts.today:
        shown.append(facts.today)
    return shown
