"""响应及时率: of the questions whose limit fell in the period, the share that was answered in time.

A demand (需求) is answered by agreeing or by refusing with a reason; a correction (疑义) by an answer, or by data that
leaves no difference. Open and overdue is untimely; what was withdrawn before an answer is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from shuyuan.catalog import Resource
from shuyuan.catalog.demand_replies import reply_of
from shuyuan.entry import Assessment, Demand
from shuyuan.indicators.records import PeriodRecords
from shuyuan.indicators.standing import Indicator, Reply
from shuyuan.workdays import Calendar, local_day


def list_demand_replies(
    demands: Iterable[Demand],
    resources: Iterable[Resource],
    records: PeriodRecords,
    assessment: Assessment,
    calendar: Calendar,
) -> tuple[Reply, ...]:
    """Return the demands whose limit falls in the period, by limit and id; the provider owes the answer."""
    sharing = {resource.entry.id: resource.entry.sharing.type for resource in resources}
    today, found = last_day_seen(records), []
    for demand in demands:
        reply = reply_of(demand, sharing.get(demand.entry or ""), assessment, calendar, today)
        if reply is None or not records.period.first <= reply.limit_on <= records.period.last:
            continue
        made = Reply(
            "demand", demand.id, demand.provider, demand.entry, reply.asked_on, reply.limit_on, reply.answered_on,
            reply.state, reply.timely,
        )  # fmt: skip
        found.append(made)
    return tuple(sorted(found, key=lambda reply: (reply.limit_on, reply.id)))


def list_correction_replies(records: PeriodRecords) -> tuple[Reply, ...]:
    """Return the corrections that were due in the period, by limit and number."""
    today = last_day_seen(records)
    found = []
    for asked in records.asked:
        answered_on = local_day(asked.settled_at) if asked.settled_at else None
        timely: bool | None = None
        if answered_on is not None:
            timely = None if asked.dropped else answered_on <= asked.due_on
        elif today > asked.due_on:
            timely = False
        state = (
            "withdrawn" if asked.dropped else "overdue" if asked.state == "open" and timely is False else asked.state
        )
        made = Reply(
            "correction", asked.correction_id, asked.department, asked.entry_id, local_day(asked.opened_at),
            asked.due_on, answered_on, state, timely,
        )  # fmt: skip
        found.append(made)
    return tuple(sorted(found, key=lambda reply: (reply.limit_on, reply.id)))


def response_share(replies: Iterable[Reply]) -> Indicator[Reply]:
    """In time out of those whose time is over or that were answered. ``rows`` are all."""
    rows = tuple(replies)
    counting = [reply for reply in rows if reply.timely is not None]
    return Indicator.of(sum(reply.timely is True for reply in counting), len(counting), rows)


def by_department(replies: Iterable[Reply]) -> Mapping[str, tuple[Reply, ...]]:
    """Group replies by the department that owes them."""
    grouped: dict[str, tuple[Reply, ...]] = {}
    for reply in replies:
        grouped[reply.department] = (*grouped.get(reply.department, ()), reply)
    return grouped


def last_day_seen(records: PeriodRecords) -> date:
    """The last local day whose end the records know of, at most the day after the period."""
    return min(local_day(records.as_of), records.period.last + timedelta(days=1))
