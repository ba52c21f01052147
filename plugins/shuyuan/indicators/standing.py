"""What the assessment comes to: every indicator with its value, numerator, denominator and the rows behind it.

Percentages and scores are 0 to 100; ``None`` is "nothing to count", never 0 and never 100. The formulas are published
on the report's 说明 page and in ``docs/indicators.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from shuyuan.indicators.periods import Period

Row = TypeVar("Row")
DueState = Literal["on_time", "late", "missing", "no_change", "excluded", "waiting"]
Light = Literal["green", "yellow", "red"]
COMPONENTS = ("linked", "fresh", "quality", "response", "used")
"""What the ranking (信息资源共享排行) is made of, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Indicator(Generic[Row]):
    """One indicator: ``value`` = 100 × part / whole (or a mean of such), and what was counted."""

    value: float | None
    part: int
    whole: int
    rows: tuple[Row, ...] = ()

    @classmethod
    def of(cls, part: int, whole: int, rows: tuple[Row, ...] = ()) -> Indicator[Row]:
        """The share of ``part`` in ``whole``."""
        return cls(100 * part / whole if whole else None, part, whole, rows)


@dataclass(frozen=True, slots=True)
class Due:
    """One due date and what became of it. ``reason`` says why it does not count (``state`` is then ``excluded``).

    Reasons: ``platform`` (our own outage) ``exempt`` (white list) ``first`` (first period) ``suspended``. ``due_at``
    and ``arrived_at`` are naive UTC, ``day`` is the local day of ``due_at``.
    """

    entry_id: str
    department: str
    due_at: datetime
    day: date
    state: DueState
    arrived_at: datetime | None = None
    reason: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it is in the denominator."""
        return self.state not in ("excluded", "waiting")

    @property
    def met(self) -> bool:
        """Whether it is in the numerator: in time, or declared unchanged in time."""
        return self.state in ("on_time", "no_change")


@dataclass(frozen=True, slots=True)
class Reply:
    """One question that a department owes an answer to: a demand (需求) or a correction (疑义).

    ``timely``: answered by ``limit_on``; ``None`` while it may still be. ``limit_on`` counts working days without those
    for which the clock stood still.
    """

    kind: Literal["demand", "correction"]
    id: str
    department: str
    entry_id: str | None
    asked_on: date
    limit_on: date
    answered_on: date | None
    state: str
    timely: bool | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule counted in one checked delivery: cells or records."""

    entry_id: str
    rule: str
    code: str
    indicator: str
    evaluated: int
    unexpected: int


@dataclass(frozen=True)
class EntryStanding:
    """One entry in the period."""

    entry_id: str
    department: str
    fresh: Indicator[Due]
    fresh_now: bool | None
    dimensions: Mapping[str, Indicator[RuleCount]]
    quality: float | None
    available: float | None
    complete: float | None
    consistent: float | None
    coverage: Indicator[str]
    light: Light | None
    grade: str | None


@dataclass(frozen=True)
class DepartmentStanding:
    """One department in the period. ``rank`` is ``None`` when ``unranked`` says why.

    ``unranked``: ``nothing_to_share`` (不参评) or ``few_samples`` (样本不足). ``components`` are 0 to 100 by the names
    of ``COMPONENTS``, ``weights`` what each counted after those without data were left out (they sum to 100).
    ``fresh.rows`` are all due dates, those that do not count too; ``linked.rows`` and ``coverage.rows`` what is
    missing: the ids of entries never published, the names of items without any rule.
    """

    department: str
    title: str
    entries: tuple[str, ...]
    fresh: Indicator[Due]
    quality: float | None
    dimensions: Mapping[str, float]
    available: float | None
    complete: float | None
    consistent: float | None
    response: Indicator[Reply]
    corrections: Indicator[Reply]
    linked: Indicator[str]
    coverage: Indicator[str]
    components: Mapping[str, float | None]
    weights: Mapping[str, float]
    score: float | None
    rank: int | None
    last_rank: int | None
    last_score: float | None
    light: Light | None
    grade: str | None
    unranked: str | None = None


@dataclass(frozen=True)
class Standings:
    """The whole banner in one period, as of ``as_of`` (naive UTC): ``county`` sums over the departments' rows.

    ``departments`` are in the order of the ranking, unranked ones last. ``ours`` are the due dates that our own outages
    spoilt; they lower nobody's figure.
    """

    period: Period
    as_of: datetime
    county: DepartmentStanding
    departments: tuple[DepartmentStanding, ...]
    entries: Mapping[str, EntryStanding] = field(default_factory=dict)
    ours: tuple[Due, ...] = ()

    def department(self, name: str) -> DepartmentStanding:
        """The standing of one department by its folder name."""
        return next(one for one in self.departments if one.department == name)
