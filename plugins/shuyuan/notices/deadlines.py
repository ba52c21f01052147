"""Until when: the due instants of an entry around now, and the hours in which nobody is disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from shuyuan.entry import QuietHours
from shuyuan.workdays import LOCAL, Calendar, Promise, due_periods

_FAR = timedelta(days=800)


def due_instants(promise: Promise, calendar: Calendar, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield when deliveries are due after ``since`` and not after ``until`` (aware), grace excluded, in order."""
    for _, due in due_periods(promise, calendar, naive(since), naive(until)):
        yield due.replace(tzinfo=UTC)


def next_due(promise: Promise, calendar: Calendar, now: datetime) -> datetime | None:
    """Return when the next delivery is due; ``None`` for an entry that promises none."""
    return next(due_instants(promise, calendar, now, now + _FAR), None)


def is_quiet(quiet: QuietHours, calendar: Calendar, now: datetime) -> bool:
    """Whether nobody is to be disturbed at ``now``. Hours that end before they start go over midnight."""
    local = now.astimezone(LOCAL)
    if quiet.days_off and not calendar.is_workday(local.date()):
        return True
    starts, ends, clock = _clock(quiet.starts), _clock(quiet.ends), local.time()
    if starts <= ends:
        return starts <= clock < ends
    return clock >= starts or clock < ends


def is_past(clock: str, now: datetime) -> bool:
    """Whether the local time of day ``clock`` has come."""
    return now.astimezone(LOCAL).time() >= _clock(clock)


def naive(instant: datetime) -> datetime:
    """The aware instant as the ledger keeps it."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def _clock(text: str) -> time:
    hour, minute = text.split(":")
    return time(int(hour), int(minute))
