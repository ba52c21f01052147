"""What the ledger says of the entries, as frozen facts: the reports know nothing else.

Instants are naive UTC, as the ledger keeps them; ``figures`` turns them into Asia/Shanghai for people. ``reading``
makes the facts from the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeAlias

from shuyuan.workdays import local_day

WINDOW_DAYS = 30
MADE_UP = "demo__"
"""What the ids of made-up runs begin with: the demonstration's past."""

CopyKey: TypeAlias = tuple[str, str, str]
"""(entry id of the holder, field or joined key fields, source id): what one comparison line speaks of."""


@dataclass(frozen=True, slots=True)
class RunFact:
    """One line of ``ledger.runs``. ``seconds`` maps stage to duration, ``scores`` dimension to 0–100."""

    run_id: str
    data_date: date
    started_at: datetime
    outcome: str
    problem_code: str | None
    problem: str | None
    delivered: int | None
    accepted: int | None
    rejected: int | None
    score: float | None
    scores: Mapping[str, float]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RuleFact:
    """How one rule fared in the entry's latest checked run.

    ``trend`` is (instant, evaluated, unexpected) of the runs up to that one, oldest first; empty for a rule that no
    row failed.
    """

    rule: str
    code: str
    field: str | None
    indicator: str
    dimension: str
    effect: str
    evaluated: int
    unexpected: int
    success: bool
    errored: bool
    observed: str | None
    trend: tuple[tuple[datetime, int, int], ...] = ()

    @property
    def failing(self) -> bool:
        """Whether anybody should look: rows failed it, or it could not be computed."""
        return not self.success or self.errored or self.unexpected > 0


@dataclass(frozen=True, slots=True)
class PublicationFact:
    """One line of ``ledger.publications``. ``rows`` is what the shared table holds, the rest what one delivery did."""

    load_no: int
    run_id: str
    spec_version: str
    data_date: date
    mode: str
    rows: int
    added: int
    updated: int
    removed: int
    accepted: int
    rejected: int
    score: float | None
    published_at: datetime

    @property
    def delivered(self) -> int:
        """Rows delivered: every one of them was accepted or rejected."""
        return self.accepted + self.rejected


@dataclass(frozen=True, slots=True)
class ArrivalFact:
    """One due date of ``ledger.freshness``. ``day``: local day of ``due_at``.

    ``state``: ``on_time late missing no_change excluded waiting``, see ``standing.Due``.
    """

    due_at: datetime
    day: date
    state: str
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreFact:
    """The score that an entry had from a local day on."""

    day: date
    score: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ConsistencyFact:
    """The mean 0401/0402 score of an entry's copies from a local day on; ``None`` when none could be compared."""

    day: date
    score: float | None


@dataclass(frozen=True)
class ComparisonFact:
    """The latest line of ``ledger.comparisons`` of one copy. What was not compared has no numbers.

    ``since`` is the instant from which it could not be compared without a break, ``last_compared`` when it was
    compared last; both ``None`` where there is no such instant.
    """

    run_id: str
    compared_at: datetime
    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    match_key: str
    state: str
    reason: str | None
    copy_load_no: int | None
    source_load_no: int | None
    copy_rows: int | None
    matched: int | None
    agreeing: int | None
    differing: int | None
    blank_here: int | None
    blank_there: int | None
    only_here: int | None
    only_there: int | None
    source_duplicates: int | None
    indicator: str
    score: float | None
    since: datetime | None = None
    last_compared: datetime | None = None

    @property
    def key(self) -> CopyKey:
        """Which copy it is."""
        return self.entry_id, self.field, self.source_id


@dataclass(frozen=True, slots=True)
class DiscrepancyFact:
    """One listed difference that is still there: a keyed token and masked values, never the values."""

    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    token: str
    copy_value: str | None
    source_value: str | None
    first_seen: datetime
    last_seen: datetime
    correction_id: str | None
    place: int


@dataclass(frozen=True, slots=True)
class CorrectionFact:
    """One 疑义. ``state``: ``open``, ``corrected``, ``explained``; it is done when ``closed_at`` is set.

    ``referral`` is why the department asked first handed it to this one; ``None`` when it was not handed on.
    """

    correction_id: str
    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    department: str
    rows_first: int
    rows_now: int
    opened_at: datetime
    due_on: date
    state: str
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None
    closed_at: datetime | None
    reopened: int
    referral: str | None = None


@dataclass(frozen=True)
class OneSourceFacts:
    """What the ledger says of copies and their sources.

    ``discrepancies`` are the first of each copy and kind, ``listed`` how many there are, by (entry, field, kind,
    source). ``corrections`` are those not closed and those closed in the window.
    """

    comparisons: tuple[ComparisonFact, ...] = ()
    discrepancies: tuple[DiscrepancyFact, ...] = ()
    listed: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    corrections: tuple[CorrectionFact, ...] = ()


@dataclass(frozen=True)
class EntryFacts:
    """All that the reports know of one entry. Runs, publications: newest first; arrivals, scores: oldest first.

    ``rules`` are of the latest run whose delivery was checked; ``blocked`` counts the window's blocked runs.
    ``compared`` has the scores of each copy by local day, oldest first (``None``: could not be compared).
    """

    runs: tuple[RunFact, ...] = ()
    publications: tuple[PublicationFact, ...] = ()
    arrivals: tuple[ArrivalFact, ...] = ()
    scores: tuple[ScoreFact, ...] = ()
    rules: tuple[RuleFact, ...] = ()
    blocked: int = 0
    compared: Mapping[CopyKey, tuple[tuple[date, float | None], ...]] = field(default_factory=dict)

    @cached_property
    def consistency(self) -> tuple[ConsistencyFact, ...]:
        """The mean score of all copies that could be compared, from each day on which a comparison was written."""
        changes: dict[date, dict[CopyKey, float | None]] = {}
        for key, days in self.compared.items():
            for day, score in days:
                changes.setdefault(day, {})[key] = score
        current: dict[CopyKey, float | None] = {}
        series = []
        for day in sorted(changes):
            current |= changes[day]
            known = [score for score in current.values() if score is not None]
            series.append(ConsistencyFact(day, math.fsum(known) / len(known) if known else None))
        return tuple(series)

    @property
    def publication(self) -> PublicationFact | None:
        """What consumers see now."""
        return self.publications[0] if self.publications else None

    @property
    def latest(self) -> RunFact | None:
        """The last real run (dry runs change nothing and are left out)."""
        return next((run for run in self.runs if run.outcome != "dry_run"), None)

    @property
    def score(self) -> ScoreFact | None:
        """The score now: of the last checked delivery, published or blocked."""
        return self.scores[-1] if self.scores else None


@dataclass(frozen=True)
class Facts:
    """The ledger as of ``now`` (aware). ``since`` is the first local day with any record, if there is one."""

    now: datetime
    entries: Mapping[str, EntryFacts] = field(default_factory=dict)
    since: date | None = None
    one_source: OneSourceFacts = field(default_factory=OneSourceFacts)

    @property
    def made_up(self) -> bool:
        """Whether the demonstration's past is in the ledger: then the figures describe no real office."""
        return any(run.run_id.startswith(MADE_UP) for entry in self.entries.values() for run in entry.runs)

    @cached_property
    def today(self) -> date:
        """The local day of the report."""
        return local_day(self.now)

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The local days of the window, oldest first, today last."""
        return tuple(self.today - timedelta(days=back) for back in reversed(range(WINDOW_DAYS)))

    def of(self, entry_id: str) -> EntryFacts:
        """The facts of one entry; an entry that the ledger does not know has empty ones."""
        return self.entries.get(entry_id, EntryFacts())
