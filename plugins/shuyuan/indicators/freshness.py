"""鲜活率: of the due dates of a period, the share that was met in time.

A due date belongs to the period in which its grace ends, so that none is settled after its month was reported and
none is counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from shuyuan.catalog import Resource
from shuyuan.entry import Assessment
from shuyuan.indicators.facts import EntryFacts
from shuyuan.indicators.records import DueFact, PeriodRecords
from shuyuan.indicators.standing import Due, DueState, Indicator
from shuyuan.workdays import arrival_state, local_day

PLATFORM = "platform"
_KNOWN: Mapping[str, DueState] = {
    "on_time": "on_time",
    "late": "late",
    "missing": "missing",
    "no_change": "no_change",
    "excluded": "excluded",
}


def list_dues(
    resources: Iterable[Resource], records: PeriodRecords, assessment: Assessment
) -> dict[str, tuple[Due, ...]]:
    """Return what became of every due date of the period, by entry, in the order of time."""
    entries = {resource.entry.id: resource for resource in resources}
    found: dict[str, list[Due]] = defaultdict(list)
    for fact in records.dues:
        resource = entries.get(fact.entry_id)
        if resource is None:
            continue
        settled_on = local_day(fact.due_at + resource.entry.update.grace)
        if records.period.first <= settled_on <= records.period.last:
            found[fact.entry_id].append(_judge(fact, resource, records, assessment))
    return {entry_id: tuple(dues) for entry_id, dues in found.items()}


def fresh_share(dues: Sequence[Due]) -> Indicator[Due]:
    """Met out of counting due dates. ``rows`` are all of them, those that do not count too."""
    counting = [due for due in dues if due.counts]
    return Indicator.of(sum(due.met for due in counting), len(counting), tuple(dues))


def is_fresh_now(facts: EntryFacts) -> bool | None:
    """Whether the last due date that is settled has its data by now; ``None``: none was settled yet."""
    settled = [arrival.state for arrival in facts.arrivals if arrival.state not in ("waiting", "excluded")]
    return settled[-1] != "missing" if settled else None


def _judge(fact: DueFact, resource: Resource, records: PeriodRecords, assessment: Assessment) -> Due:
    entry, day = resource.entry, local_day(fact.due_at)
    state, reason = _KNOWN.get(fact.state), fact.reason
    if state is None:
        arrival = arrival_state(fact.due_at, entry.update.grace, fact.arrived_at, records.as_of)
        state = "missing" if arrival == "missing" else "waiting"
    if entry.status == "suspended":
        state, reason = "excluded", "suspended"
    if is_exempt(assessment, entry.id, day):
        state, reason = "excluded", "exempt"
    return Due(entry.id, entry.department, fact.due_at, day, state, fact.arrived_at, reason)


def is_exempt(assessment: Assessment, entry_id: str, day: date) -> bool:
    """Whether the white list (白名单) has the entry on local ``day``."""
    return any(one.entry == entry_id and one.from_ <= day <= one.until for one in assessment.exempt)
