"""Due dates on the working calendar of China, including make-up workdays (调休).

Holidays come from the ``chinesecalendar`` package, which knows the years that the State Council has
published; ``include/calendar/*.csv`` (``date,kind`` with kind ``holiday`` or ``workday``) overrides it.
A year that nobody has published yet falls back to Monday to Friday and says so with a warning.
All dates are local (Asia/Shanghai); instants are naive UTC, as in the ledger.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

LOCAL = ZoneInfo("Asia/Shanghai")


class Promise(Protocol):
    """When an entry is due: the ``update`` block of an entry."""

    @property
    def cycle(self) -> str: ...  # noqa: D102
    @property
    def due(self) -> str: ...  # noqa: D102
    @property
    def day(self) -> int: ...  # noqa: D102
    @property
    def calendar(self) -> str: ...  # noqa: D102
    @property
    def grace(self) -> timedelta: ...  # noqa: D102
    @property
    def data_lag_days(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Calendar:
    """Working days. ``overrides`` maps a date to True (workday) or False (holiday)."""

    overrides: Mapping[date, bool]

    @classmethod
    def read(cls, folder: Path) -> Calendar:
        """Read every ``*.csv`` of ``folder``; a missing folder means no overrides.

        Raises:
            ValueError: a line is not ``YYYY-MM-DD,holiday|workday``.
        """
        overrides: dict[date, bool] = {}
        for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                for row in csv.DictReader(lines):
                    if row.get("kind") not in ("holiday", "workday"):
                        raise ValueError(f"{path.name}: kind must be holiday or workday, for {row.get('date')}")
                    overrides[date.fromisoformat(row["date"])] = row["kind"] == "workday"
        return cls(overrides)

    def is_workday(self, day: date) -> bool:
        """Whether ``day`` is worked, make-up workdays included."""
        if day in self.overrides:
            return self.overrides[day]
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            _warn_of_unknown_year(day.year)
            return day.weekday() < 5

    def next_workday(self, day: date) -> date:
        """``day`` itself, or the first workday after it."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def due_after(self, day: date, working_days: int) -> date:
        """Return the last of ``working_days`` working days after ``day``; ``day`` itself does not count."""
        while working_days > 0:
            day += timedelta(days=1)
            working_days -= self.is_workday(day)
        return day

    def days_left(self, today: date, due: date) -> int:
        """Return the working days after ``today`` up to ``due``; negative: those after ``due`` up to ``today``.

        0 on the due day itself, and on days off right after it.
        """
        first, last, sign = (today, due, 1) if today <= due else (due, today, -1)
        span = (first + timedelta(days=step) for step in range(1, (last - first).days + 1))
        return sign * sum(self.is_workday(day) for day in span)


def _warn_of_unknown_year(year: int) -> None:
    warnings.warn(f"no holiday calendar for {year}: counting Monday to Friday as workdays", stacklevel=3)


def local_day(instant: datetime) -> date:
    """The local date of a naive UTC (or aware) instant."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return aware.astimezone(LOCAL).date()


def period_start(cycle: str, day: date) -> date:
    """First day of the update period that ``day`` lies in. Cycles without a fixed step are daily periods."""
    if cycle == "weekly":
        return day - timedelta(days=day.weekday())
    months = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}.get(cycle)
    if months:
        return date(day.year, (day.month - 1) // months * months + 1, 1)
    return day


def due_day(promise: Promise, day: date, calendar: Calendar) -> date:
    """The local day on which the delivery of the period around ``day`` is due.

    Weekly entries count ``promise.day`` as ISO weekday, longer cycles as day of the period's first month
    (the 31st means the month's last day). With ``calendar: workday`` a due day that is not worked moves on.
    """
    start = period_start(promise.cycle, day)
    if promise.cycle == "weekly":
        start += timedelta(days=min(promise.day, 7) - 1)
    elif start != day or promise.cycle in ("monthly", "quarterly", "half_yearly", "yearly"):
        following = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
        start = min(start + timedelta(days=promise.day - 1), following - timedelta(days=1))
    return calendar.next_workday(start) if promise.calendar == "workday" else start


def due_at(promise: Promise, day: date, calendar: Calendar) -> datetime:
    """The instant (naive UTC) at which the delivery of the period around local ``day`` is due, grace excluded."""
    hour, minute = promise.due.split(":")
    local = datetime.combine(due_day(promise, day, calendar), datetime.min.time(), LOCAL)
    return local.replace(hour=int(hour), minute=int(minute)).astimezone(UTC).replace(tzinfo=None)


def data_date_for(promise: Promise, day: date) -> date:
    """The data date of the delivery that a run on local ``day`` looks for.

    Daily entries: the day itself; longer cycles: the first day of the period; both less ``data_lag_days``.
    """
    return period_start(promise.cycle, day) - timedelta(days=promise.data_lag_days)


def arrival_state(due: datetime, grace: timedelta, arrived: datetime | None, now: datetime) -> str:
    """``on_time``, ``late``, ``missing`` or ``waiting``, all instants naive UTC.

    Late is after ``due + grace``; missing is not arrived while ``due + grace`` has passed.
    """
    limit = due + grace
    if arrived is not None:
        return "on_time" if arrived <= limit else "late"
    return "missing" if now > limit else "waiting"
