"""When a run of an entry starts, and for which data date. Pure functions over the working calendar.

A run starts before its delivery is due and then waits for it. The start is spread by a stable hash over
half an hour, so that a thousand entries that are due at 08:30 do not start in one second. Instants are
aware UTC; days are local (Asia/Shanghai).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shuyuan.language import say
from shuyuan.orchestration.identity import spread
from shuyuan.workdays import (
    LOCAL,
    Calendar,
    Promise,
    data_date_for,
    due_at,
    has_delivery,
    local_day,
    next_period,
    period_start,
)

WINDOW = timedelta(minutes=30)
_LOOK_BACK = timedelta(days=45)  # a due day lies at most 30 days into its period and moves by one holiday
_UNPROMISED = ("irregular", "other")


@dataclass(frozen=True)
class Timing:
    """The keys of an entry's ``update`` block that decide when its runs start (a ``workdays.Promise``)."""

    cycle: str
    due: str
    day: int
    calendar: str
    grace: timedelta = timedelta(0)
    data_lag_days: int = 0

    @classmethod
    def of(cls, promise: Promise) -> Timing:
        """Take over what decides the start of a run."""
        return cls(promise.cycle, promise.due, promise.day, promise.calendar)


@dataclass(frozen=True)
class Slot:
    """One run to come: it starts at ``start`` (aware UTC) for the period that begins on local day ``period``."""

    start: datetime
    period: date


def is_promised(cycle: str) -> bool:
    """Whether a missing delivery is a broken promise (irregular entries are looked for daily, and may not come)."""
    return cycle not in _UNPROMISED


def slot_starts(timing: Timing, entry_id: str, calendar: Calendar, since: datetime) -> Iterator[Slot]:
    """Yield the slots that start after ``since``, in order, without end."""
    day = period_start(timing.cycle, local_day(since) - _LOOK_BACK)
    while True:
        period, day = day, next_period(timing.cycle, day)
        if has_delivery(timing, period, calendar):
            start = _start(timing, entry_id, period, calendar)
            if start > since:
                yield Slot(start, period)


def next_slot(timing: Timing, entry_id: str, calendar: Calendar, after: datetime, now: datetime) -> Slot:
    """The slot to run next once the run of ``after`` has been made.

    Slots that were missed while nothing ran are left out but for the newest: it may still be waited for.
    """
    chosen: Slot | None = None
    for slot in slot_starts(timing, entry_id, calendar, after):
        if slot.start > now:
            return chosen or slot
        chosen = slot
    raise AssertionError("slots never end")


def data_date_of(promise: Promise, period: date) -> date:
    """The data date that the run of a period looks for."""
    return data_date_for(promise, period)


def timing_words(timing: Timing) -> str:
    """The schedule in the reader's words: ``每月 5 日 08:30（遇休息日顺延）``."""
    key = timing.cycle if timing.cycle in ("weekly", "monthly", "quarterly", "half_yearly", "yearly") else "daily"
    words = say(f"schedule.{key}", day=timing.day, due=timing.due)
    return words + (say("schedule.workday") if timing.calendar == "workday" else "")


def overrides_as_text(calendar: Calendar) -> dict[str, bool]:
    """The calendar's overrides in a form that JSON can hold."""
    return {day.isoformat(): worked for day, worked in sorted(calendar.overrides.items())}


def calendar_from_text(overrides: Mapping[str, bool]) -> Calendar:
    """The inverse of ``overrides_as_text``."""
    return Calendar({date.fromisoformat(day): worked for day, worked in overrides.items()})


def _start(timing: Timing, entry_id: str, period: date, calendar: Calendar) -> datetime:
    due = due_at(timing, period, calendar).replace(tzinfo=UTC)
    midnight = datetime.combine(due.astimezone(LOCAL).date(), time(), LOCAL).astimezone(UTC)
    return max(midnight, due - timedelta(seconds=spread(entry_id, int(WINDOW.total_seconds()))))
