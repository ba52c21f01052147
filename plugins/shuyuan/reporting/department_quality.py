"""Each department's quality score on the days of the period, and the median of all: what its own line is held against.

By the formula of the standings, so that the last point of a line is the number of the tile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from statistics import median

from shuyuan.indicators.measures import Point
from shuyuan.indicators.qualities import score_quality
from shuyuan.reporting.daily_quality import entry_days
from shuyuan.reporting.report import Report


@dataclass(frozen=True)
class DepartmentQuality:
    """The points of each department by folder, and of the median, on the days on which they changed."""

    own: Mapping[str, tuple[Point, ...]]
    median: tuple[Point, ...]


@lru_cache(maxsize=1)
def department_quality(report: Report) -> DepartmentQuality:
    """Return the lines of the period up to today; found once for the pages of all departments."""
    own = {one.department: _own_points(report, one.entries, one.quality) for one in report.standings.departments}
    current: dict[str, float] = {}
    line = []
    for day in sorted({point.day for points in own.values() for point in points}):
        current |= {name: point.value for name, points in own.items() for point in points if point.day == day}
        line.append(Point(day, median(current.values()), len(current), len(current)))
    return DepartmentQuality(own, tuple(line))


def _own_points(report: Report, entries: Sequence[str], quality: float | None) -> tuple[Point, ...]:
    changes: dict[date, dict[str, float | None]] = {}
    for entry_id in entries:
        standing = report.standing(entry_id)
        dues = standing.fresh.rows if standing else ()
        for day, values in entry_days(report.facts.of(entry_id), dues, report.period):
            changes.setdefault(day, {})[entry_id] = score_quality(values, report.evidence.assessment)
    today = min(report.facts.today, report.period.last)
    current: dict[str, float | None] = {}
    points = []
    for day in sorted(changes):
        current |= changes[day]
        known = [value for value in current.values() if value is not None]
        if known and day < today:
            points.append(Point(day, math.fsum(known) / len(known), len(known), len(known)))
    if quality is not None:
        points.append(Point(today, quality, len(entries), len(entries)))
    return tuple(points)
