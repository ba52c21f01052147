"""Due dates on the working calendar of China, including make-up workdays (调休).

Holidays come from the ``chinesecalendar`` package, which knows the years that the State Council has
published; ``include/calendar/*.csv`` (``date,kind,note`` with kind ``holiday`` or ``workday``) overrides it.
A year that nobody has published yet falls back to Monday to Friday, and ``Calendar.notices`` says so to people.
All dates are local (Asia/Shanghai); instants are naive UTC, as in the ledger.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

from shuyuan.problems import Location, Problem

LOCAL = ZoneInfo("Asia/Shanghai")
NOTICE_DAYS = 60
"""So many days ahead an unpublished year is told of: the longest clock that runs on working days is shorter."""
UNPROMISED = ("realtime", "irregular", "other")
"""Update cycles that promise no date."""
_LONGER = ("weekly", "monthly", "quarterly", "half_yearly", "yearly")
_LOOK_BACK = timedelta(days=45)  # a due day lies at most 30 days into its period and moves by one holiday
_KINDS = {"holiday": False, "workday": True}
_LAST_PUBLISHED = max(chinese_calendar.constants.holidays).year


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
    """Working days. ``overrides`` maps a date to True (workday) or False (holiday).

    ``problems`` are the lines of the override files that could not be understood; all others count.
    """

    overrides: Mapping[date, bool]
    problems: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Calendar:
        """Read every ``*.csv`` of ``folder``; a missing folder means no overrides.

        A line that is not ``YYYY-MM-DD,holiday|workday[,note]``, or contradicts an earlier one, is left out and named
        in ``problems`` (E335, E336): one slip must not stop every due date of the county.
        """
        overrides: dict[date, bool] = {}
        problems: list[Problem] = []
        for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
            _read_overrides(path, overrides, problems)
        return cls(overrides, tuple(problems))

    def is_workday(self, day: date) -> bool:
        """Whether ``day`` is worked, make-up workdays included."""
        override = self.overrides.get(day)
        return _is_national_workday(day) if override is None else override

    def unpublished_years(self, first: date, last: date) -> tuple[int, ...]:
        """The years from ``first`` to ``last`` for which Monday to Friday stands in.

        A year is known when the library has it, or when the overrides have its New Year's Day and its National Day.
        """
        later = range(max(first.year, _LAST_PUBLISHED + 1), last.year + 1)
        return tuple(year for year in later if not {date(year, 1, 1), date(year, 10, 1)} <= self.overrides.keys())

    def notices(self, today: date) -> tuple[Problem, ...]:
        """What people must know of the calendar: broken lines, and unpublished years (E911) that matter by now."""
        years = self.unpublished_years(today, today + timedelta(days=NOTICE_DAYS))
        facts = {"today": today.isoformat()}
        return (*self.problems, *(Problem("E911", {"year": year, **facts}) for year in years))

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


@cache
def _is_national_workday(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def _read_overrides(path: Path, overrides: dict[date, bool], problems: list[Problem]) -> None:
    """Add one file's lines to ``overrides``, or to ``problems`` with file and line."""
    file = "/".join(path.parts[-3:])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.append(Problem("E335", {"found": ""}, Location(file)))
        return
    rows = csv.reader(text.splitlines())
    for row in rows:
        written = [cell.strip() for cell in row[:2]]
        if not any(written) or (rows.line_num == 1 and written == ["date", "kind"]):
            continue
        found = ",".join(written)[:40]
        place = Location(file, rows.line_num)
        try:
            day, worked = date.fromisoformat(written[0]), _KINDS[written[1]]
        except (ValueError, KeyError, IndexError):
            problems.append(Problem("E335", {"found": found}, place, allowed=tuple(_KINDS)))
            continue
        if overrides.setdefault(day, worked) is not worked:
            problems.append(Problem("E336", {"found": found}, place))


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


def next_period(cycle: str, start: date) -> date:
    """First day of the period after the one that begins on ``start``."""
    months = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}.get(cycle)
    if months:
        return period_start(cycle, start + timedelta(days=31 * months + 1))
    return start + timedelta(days=7 if cycle == "weekly" else 1)


def has_delivery(promise: Promise, period: date, calendar: Calendar) -> bool:
    """Whether anything is due for a period: a daily entry on the working calendar has no delivery on a day off.

    Longer cycles move theirs.
    """
    return promise.cycle in _LONGER or due_day(promise, period, calendar) == period


def due_periods(
    promise: Promise, calendar: Calendar, since: datetime, until: datetime
) -> Iterator[tuple[date, datetime]]:
    """Yield (period, due instant) of every delivery that was due after ``since`` and not after ``until`` (naive UTC).

    A period is known by its first local day; nothing for cycles that promise no date.
    """
    if promise.cycle in UNPROMISED:
        return
    day, last = period_start(promise.cycle, local_day(since) - _LOOK_BACK), local_day(until)
    while day <= last:
        if has_delivery(promise, day, calendar):
            due = due_at(promise, day, calendar)
            if since < due <= until:
                yield day, due
        day = next_period(promise.cycle, day)
