"""The timetable of an entry: its due dates on the working calendar, as Airflow's scheduler asks for them.

A cron expression cannot say "the 5th, or the next working day" nor know make-up workdays. The timetable
carries all that it needs in its serialized form (the calendar's overrides included), so that the
scheduler reads no file of the project. ``data_interval_start`` is the first local midnight of the
period: the data date follows from it even when the due day has moved into the next period.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from pendulum import DateTime, instance

from shuyuan.orchestration.schedule import (
    Slot,
    Timing,
    calendar_from_text,
    next_slot,
    overrides_as_text,
    timing_words,
)
from shuyuan.workdays import LOCAL, Calendar, local_day, period_start


class DeliveryTimetable(Timetable):
    """One run a period, started in the half hour before the delivery is due."""

    def __init__(self, entry_id: str, timing: Timing, calendar: Calendar) -> None:
        self.entry_id = entry_id
        self.timing = timing
        self.calendar = calendar
        self.description = timing_words(timing)

    @property
    def summary(self) -> str:
        """The schedule in words, as the list of DAGs shows it."""
        return timing_words(self.timing)

    def serialize(self) -> dict[str, Any]:
        """Everything that ``deserialize`` needs; equal for equal entries, so no DAG version comes of itself."""
        timing = self.timing
        return {
            "entry_id": self.entry_id,
            "cycle": timing.cycle,
            "due": timing.due,
            "day": timing.day,
            "calendar": timing.calendar,
            "overrides": overrides_as_text(self.calendar) if timing.calendar == "workday" else {},
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        """The inverse of ``serialize``."""
        timing = Timing(data["cycle"], data["due"], data["day"], data["calendar"])
        return cls(data["entry_id"], timing, calendar_from_text(data["overrides"]))

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """A run started by hand belongs to the period of its day."""
        start = period_start(self.timing.cycle, local_day(run_after))
        return DataInterval(_midnight(start), run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next slot after the last automatic run; a newly published entry waits for its next slot."""
        now = datetime.now(UTC)
        after = last_automated_data_interval.end if last_automated_data_interval else now
        if restriction.earliest is not None:
            after = max(after, restriction.earliest)
        slot = next_slot(self.timing, self.entry_id, self.calendar, after, now)
        if restriction.latest is not None and slot.start > restriction.latest:
            return None
        return _run_info(slot)


def _run_info(slot: Slot) -> DagRunInfo:
    return DagRunInfo.interval(start=_midnight(slot.period), end=instance(slot.start))


def _midnight(day: Any) -> DateTime:
    return instance(datetime.combine(day, time(), LOCAL)).in_timezone("UTC")
