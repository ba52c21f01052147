"""Assessment months: from the day after one closing day to the next, and when a month is over.

Days are local (Asia/Shanghai); instants are naive UTC unless said to be aware.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shuyuan.entry.assessment import AssessmentPeriod
from shuyuan.workdays import LOCAL

_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The local days of one assessment month, both counted. ``month`` is ``2026-11``."""

    month: str
    first: date
    last: date

    @classmethod
    def of_month(cls, rules: AssessmentPeriod, month: str) -> Period:
        """Return the period named ``month``: with ``closes_on`` 27 ``2026-11`` is 2026-10-28 to 2026-11-27.

        Raises:
            ValueError: ``month`` is not of that form.
        """
        if not _MONTH.fullmatch(month):
            raise ValueError(f"not a month: {month}")
        last = date(int(month[:4]), int(month[5:]), rules.closes_on)
        return cls(month, (last.replace(day=1) - _DAY).replace(day=rules.closes_on) + _DAY, last)

    @classmethod
    def containing(cls, rules: AssessmentPeriod, day: date) -> Period:
        """Return the period that local ``day`` lies in."""
        later = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        named = day if day.day <= rules.closes_on else later
        return cls.of_month(rules, f"{named:%Y-%m}")

    def previous(self, rules: AssessmentPeriod) -> Period:
        """Return the period that ends on the day before this one begins."""
        return Period.containing(rules, self.first - _DAY)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first instant of the period and the first one after it, naive UTC."""
        return _midnight(self.first), _midnight(self.last + _DAY)

    def closing(self, rules: AssessmentPeriod) -> datetime:
        """Return when the month is over and reported (aware): the day after its last day at ``report_at``."""
        hour, minute = (int(part) for part in rules.report_at.split(":"))
        return datetime.combine(self.last + _DAY, time(hour, minute), LOCAL)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, LOCAL).astimezone(UTC).replace(tzinfo=None)
