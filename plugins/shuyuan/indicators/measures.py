"""The state of an entry now, and its scores as of a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shuyuan.indicators.facts import EntryFacts, ScoreFact
from shuyuan.scoring import DIMENSIONS as CODES

State = Literal["normal", "late", "missing", "blocked", "waiting"]
STATES: tuple[State, ...] = ("normal", "late", "missing", "blocked", "waiting")
_STATES: dict[str, State] = {
    "on_time": "normal",
    "no_change": "normal",
    "late": "late",
    "missing": "missing",
    "waiting": "waiting",
}
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
    counting = [arrival.state for arrival in facts.arrivals if arrival.state != "excluded"]
    if counting:
        return _STATES[counting[-1]]
    if latest is not None and latest.outcome == "missing":
        return "missing"
    return "normal" if facts.publication else "waiting"


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
