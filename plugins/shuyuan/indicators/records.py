"""What the ledger has of one assessment month, as of one instant: the raw lines that the indicators count.

Instants are naive UTC, days are local.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from shuyuan.indicators.periods import Period
from shuyuan.indicators.standing import RuleCount


@dataclass(frozen=True, slots=True)
class DueFact:
    """One line of ``ledger.freshness`` that may belong to the period. ``reason``: why it does not count."""

    entry_id: str
    due_at: datetime
    state: str
    arrived_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class AskedFact:
    """One correction (疑义) whose answer was due in the period.

    ``settled_at``: answered, or closed because no difference was left, whichever came first. ``dropped``: closed
    unanswered because its copy is compared no longer.
    """

    correction_id: str
    entry_id: str
    department: str
    opened_at: datetime
    due_on: date
    state: str
    settled_at: datetime | None
    dropped: bool


@dataclass(frozen=True, slots=True)
class RunCount:
    """How the period's runs of one entry ended: ``usable`` published or unchanged, of all whose end counts."""

    usable: int
    ended: int


@dataclass(frozen=True)
class PeriodRecords:
    """The lines of one period as of ``as_of``.

    ``checks``: the rules of each entry's last checked delivery. ``compared``: its copies as last compared.
    """

    period: Period
    as_of: datetime
    dues: tuple[DueFact, ...] = ()
    asked: tuple[AskedFact, ...] = ()
    checks: Mapping[str, tuple[RuleCount, ...]] = field(default_factory=dict)
    runs: Mapping[str, RunCount] = field(default_factory=dict)
    compared: Mapping[str, tuple[RuleCount, ...]] = field(default_factory=dict)
    published: tuple[str, ...] = ()
