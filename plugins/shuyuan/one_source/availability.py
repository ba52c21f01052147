"""Whether a source can be held against its copies now, and if not, why.

Comparing with what is known to be out of date would blame the copies; "not compared" is said instead, and never
counts as equal. Instants in the ledger are naive UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from shuyuan import ledger
from shuyuan.entry import Entry
from shuyuan.workdays import Calendar, Promise, data_date_for, due_at, due_day, local_day, period_start

_UNPROMISED = ("realtime", "irregular", "other")
_LONGEST_HOLIDAY = 40
"""Periods that are looked back for one that was due: more than any run of days off."""


def why_not_comparable(session: ledger.Connection, entry: Entry, calendar: Calendar, now: datetime) -> str | None:
    """Return ``never_published``, ``blocked``, ``stale``, or ``None`` when the source can be compared with.

    ``blocked``: a delivery that came after the published one was refused. ``stale``: the delivery of the period due
    by ``now`` (aware; the grace is over) has not come.
    """
    instant = now.astimezone(UTC).replace(tzinfo=None)
    published = ledger.current_publication(session, entry.id)
    if published is None:
        return "never_published"
    if _is_blocked(session, entry.id, published):
        return "blocked"
    period = last_due(entry.update, calendar, instant)
    if period is None:
        return None
    wanted, due = period
    if published.data_date >= wanted or _has_arrived(session, entry.id, due):
        return None
    return "stale"


def last_due(promise: Promise, calendar: Calendar, now: datetime) -> tuple[date, datetime] | None:
    """Return the data date and the due instant of the last delivery that must have come by ``now`` (naive UTC).

    The grace is over by then. ``None`` for entries that promise no date.
    """
    if promise.cycle in _UNPROMISED:
        return None
    day = period_start(promise.cycle, local_day(now))
    for _ in range(_LONGEST_HOLIDAY):
        due = due_at(promise, day, calendar)
        # A daily entry on the working calendar has no delivery on a day off; longer cycles move theirs.
        expected = promise.cycle != "daily" or due_day(promise, day, calendar) == day
        if expected and due + promise.grace < now:
            return data_date_for(promise, day), due
        day = period_start(promise.cycle, day - timedelta(days=1))
    return None


def _is_blocked(session: ledger.Connection, entry_id: str, published: ledger.Published) -> bool:
    """Whether the newest delivery since the publication was refused. One for an older data date says nothing new."""
    rows = session.query(
        "SELECT outcome FROM ledger.runs WHERE entry_id = ? AND finished_at >= ? AND data_date >= ?"
        " AND delivery_id IS NOT NULL AND outcome IN ('published', 'unchanged', 'blocked')"
        " ORDER BY finished_at DESC, started_at DESC LIMIT 1",
        [entry_id, published.published_at, published.data_date],
    )
    return bool(rows) and rows[0]["outcome"] == "blocked"


def _has_arrived(session: ledger.Connection, entry_id: str, due: datetime) -> bool:
    """Whether the delivery of a due date came, even when it brought nothing new."""
    return bool(
        session.query(
            "SELECT 1 AS there FROM ledger.freshness WHERE entry_id = ? AND due_at >= ? AND arrived_at IS NOT NULL",
            [entry_id, due],
        )
    )
