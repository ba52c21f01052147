"""How hard we may work a department's database: at what hours, how long, how many rows a second."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shuyuan.entry import DatabaseSource
from shuyuan.problems import NotYetDelivered

_HERE = ZoneInfo("Asia/Shanghai")


def require_hours(source: DatabaseSource, now: datetime) -> None:
    """Raise ``NotYetDelivered`` (D112) outside the allowed hours; its ``retry_after`` ends with their beginning.

    ``now`` is naive UTC, the hours are those of Asia/Shanghai and may pass midnight.
    """
    if source.hours is None:
        return
    opens, closes = (_minutes(clock) for clock in source.hours.split("-"))
    here = now.replace(tzinfo=UTC).astimezone(_HERE)
    at = here.hour * 60 + here.minute
    if (opens <= at < closes) if opens < closes else (at >= opens or at < closes):
        return
    wait = timedelta(minutes=(opens - at) % (24 * 60)) - timedelta(seconds=here.second)
    raise NotYetDelivered("D112", hours=source.hours, retry_after=int(wait.total_seconds()))


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


class Pace:
    """The time that one reading takes: at most ``seconds``, at most ``rows_per_second`` on average."""

    def __init__(self, seconds: float, rows_per_second: int | None) -> None:
        self._began = time.monotonic()
        self._seconds, self._most, self._rows = seconds, rows_per_second, 0

    def block(self, rows: int) -> int:
        """Return how many rows to take at once: a server ends a line that nobody reads from for long."""
        return rows if self._most is None else min(rows, self._most)

    def keep(self, rows: int) -> bool:
        """Wait as long as ``rows`` more ask for; return whether there is time left."""
        self._rows += rows
        if self._most is not None:
            ahead = self._rows / self._most - (time.monotonic() - self._began)
            if ahead > 0:
                time.sleep(ahead)
        return time.monotonic() - self._began <= self._seconds
