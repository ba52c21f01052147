"""The quality score as it stood on each day of the period, by the very formula of the standings.

So the last point of a line and the number above it are the same, and a month that begins badly is seen to.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shuyuan.indicators.facts import EntryFacts, RunFact
from shuyuan.indicators.measures import CONSISTENCY, Point
from shuyuan.indicators.periods import Period
from shuyuan.indicators.qualities import score_quality
from shuyuan.indicators.standing import Due
from shuyuan.reporting.report import Report
from shuyuan.scoring import DIMENSIONS
from shuyuan.workdays import local_day

ACCESSIBILITY, TIMELINESS = DIMENSIONS["06"], DIMENSIONS["05"]
_GOOD, _ENDED = ("published", "unchanged"), ("published", "unchanged", "blocked", "missing", "failed")


@dataclass(frozen=True)
class DailyQuality:
    """The mean score of all entries, and of each dimension, as of every day on which one of them changed."""

    total: tuple[Point, ...]
    dimensions: Mapping[str, tuple[Point, ...]]


def daily_quality(report: Report) -> DailyQuality:
    """Return the lines of the period up to today. The last points are the county's own figures."""
    changes: dict[date, list[tuple[str, dict[str, float]]]] = {}
    for entry_id, standing in report.standings.entries.items():
        for day, values in entry_days(report.facts.of(entry_id), standing.fresh.rows, report.period):
            changes.setdefault(day, []).append((entry_id, values))
    current: dict[str, dict[str, float]] = {}
    total: list[Point] = []
    lines: dict[str, list[Point]] = {name: [] for name in DIMENSIONS.values()}
    for day in sorted(changes):
        current.update(changes[day])
        _add(total, day, [score_quality(values, report.evidence.assessment) for values in current.values()])
        for name, line in lines.items():
            _add(line, day, [values.get(name) for values in current.values()])
    today = min(report.facts.today, report.period.last)
    entries, county = report.standings.entries.values(), report.standings.county
    _close(total, today, county.quality, sum(one.quality is not None for one in entries))
    for name, line in lines.items():
        _close(line, today, county.dimensions.get(name), sum(name in one.dimensions for one in entries))
    return DailyQuality(tuple(total), {name: tuple(line) for name, line in lines.items()})


def entry_days(known: EntryFacts, dues: Sequence[Due], period: Period) -> list[tuple[date, dict[str, float]]]:
    """One entry's dimensions as of each day on which any of them may have changed."""
    scores = [fact for fact in known.scores if period.first <= fact.day <= period.last]
    runs = _runs_by_day(known.runs, period)
    due = [max(one.day, period.first) for one in dues if one.counts]
    came = min(
        [fact.day for fact in scores] + [local_day(one.arrived_at) for one in dues if one.arrived_at], default=None
    )
    compared = [fact for fact in known.consistency if fact.day <= period.last]
    days = {*(fact.day for fact in scores), *runs, *due, *(max(fact.day, period.first) for fact in compared)}
    made, usable, ended = [], 0, 0
    for day in sorted(days):
        usable, ended = usable + runs.get(day, (0, 0))[0], ended + runs.get(day, (0, 0))[1]
        if due and due[0] <= day and (came is None or came > day):
            made.append((day, {TIMELINESS: 0.0}))
            continue
        place = bisect_right(scores, day, key=lambda fact: fact.day)
        values = dict(scores[place - 1].scores) if place else {}
        if CONSISTENCY not in values and (at := bisect_right(compared, day, key=lambda fact: fact.day)):
            score = compared[at - 1].score
            values |= {} if score is None else {CONSISTENCY: score}
        if ACCESSIBILITY not in values and ended:
            values[ACCESSIBILITY] = 100 * usable / ended
        made.append((day, values))
    return made


def _runs_by_day(runs: Sequence[RunFact], period: Period) -> dict[date, tuple[int, int]]:
    """(usable, ended) of each day; what the platform spoilt is no run."""
    days: dict[date, tuple[int, int]] = {}
    for run in runs:
        day = local_day(run.started_at)
        if (
            run.outcome in _ENDED
            and period.first <= day <= period.last
            and not (run.problem_code or "").startswith("P")
        ):
            usable, ended = days.get(day, (0, 0))
            days[day] = usable + (run.outcome in _GOOD), ended + 1
    return days


def _add(line: list[Point], day: date, values: Sequence[float | None]) -> None:
    known = [value for value in values if value is not None]
    if known:
        line.append(Point(day, math.fsum(known) / len(known), len(known), len(known)))


def _close(line: list[Point], today: date, value: float | None, count: int) -> None:
    if value is not None:
        while line and line[-1].day >= today:
            line.pop()
        line.append(Point(today, value, count, count))
