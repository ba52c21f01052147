"""Whose fault it is that a due date was not met: the department's, or ours. Our outages lower nobody's figure.

The rule, in the order in which it is applied. The *deadline* is the due time plus the grace.

1. A delivery that the department's own machine dates after the deadline is the department's.
2. The last run for that data date failed and no later look found the place empty:

   * the front-end machine or database refuses to let us read (P110, P115): the department's;
   * it cannot be reached or does not answer (P105, P106, P112, P113): the department's when a front-end machine of
     another department was reached within an hour of it, for then our line worked; ours when none was;
   * any other fault of the platform (P…): ours.

3. A delivery was refused by the rules (blocked), or a run gave up waiting after the due time: the department's.
4. A look in the last half hour before the deadline, or later, found the place empty: the department's.
5. Otherwise nobody looked when it mattered (Airflow was down, the DAG was paused): ours, for nobody knows whether
   the delivery lay there.

So what comes late after an outage of ours is ``late`` only when we were back and saw the place empty before it came;
found at the first look after the outage, the due date does not count. A look that finds the place empty after the
outage turns the due date into ``missing``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

PATIENCE = timedelta(minutes=30)
"""Twice the rarest pause between two looks at a waiting entry."""
COMPANY = timedelta(hours=1)
THEIR_REFUSALS = frozenset({"P110", "P115"})
LINE_FAULTS = frozenset({"P105", "P106", "P112", "P113"})

Slot: TypeAlias = tuple[str, date]
"""(entry id, data date)."""


@dataclass(frozen=True, slots=True)
class RunTrace:
    """One run that brought nothing: its outcome is ``missing``, ``blocked`` or ``failed``. Instants are naive UTC."""

    entry_id: str
    department: str
    data_date: date
    started_at: datetime
    finished_at: datetime
    outcome: str
    problem_code: str | None


@dataclass(frozen=True)
class Traces:
    """What the ledger knows of our looking.

    ``runs``: those that brought nothing, by slot, oldest first. ``looks``: the last look that found the place empty.
    ``contacts``: when which department's machine was reached.
    """

    runs: Mapping[Slot, Sequence[RunTrace]] = field(default_factory=dict)
    looks: Mapping[Slot, datetime] = field(default_factory=dict)
    contacts: Sequence[tuple[datetime, str]] = ()

    def is_ours(self, slot: Slot, due: datetime, grace: timedelta, dated: datetime | None = None) -> bool:
        """Whether the due date of ``slot`` was not met because of us. ``dated``: the delivery's own time stamp."""
        deadline = due + grace
        if dated is not None and dated > deadline:
            return False
        runs, look = self.runs.get(slot, ()), self.looks.get(slot)
        saw_nothing = look is not None and look >= deadline - PATIENCE
        last = runs[-1] if runs else None
        if last is not None and last.outcome == "failed" and not (look and saw_nothing and look > last.finished_at):
            return not self._is_theirs(last)
        gave_up = any(run.outcome == "blocked" or (run.outcome == "missing" and run.finished_at >= due) for run in runs)
        return not (gave_up or saw_nothing)

    def stays_ours(self, slot: Slot, due: datetime, grace: timedelta, dated: datetime | None = None) -> bool:
        """Whether what was ours at the deadline still is when the delivery has come: no look since found nothing."""
        deadline, look = due + grace, self.looks.get(slot)
        return (dated is None or dated <= deadline) and (look is None or look <= deadline)

    def _is_theirs(self, failed: RunTrace) -> bool:
        if failed.problem_code in LINE_FAULTS:
            first, last = failed.started_at - COMPANY, failed.finished_at + COMPANY
            return any(first <= at <= last and whose != failed.department for at, whose in self.contacts)
        return failed.problem_code in THEIR_REFUSALS
