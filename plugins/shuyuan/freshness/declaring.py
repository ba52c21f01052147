"""无变化申报: a department says that a period has brought no change, so nothing is delivered for it.

In time it counts like a delivery (``no_change``), after the deadline it is ``late`` like one; both with the reason
``declared``. Who said so, when and why stays in ``ledger.declarations``. Instants are naive UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

from shuyuan import ledger
from shuyuan.entry import Entry
from shuyuan.language import say
from shuyuan.problems import PlatformError
from shuyuan.warehouses import Session
from shuyuan.workdays import LOCAL, UNPROMISED, Calendar, arrival_state, data_date_for, due_periods, local_day

_SPAN = timedelta(days=420)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Declaration:
    """What was taken down. ``state``: ``no_change late excluded``, or ``repeated`` when it had been declared before."""

    entry_id: str
    data_date: date
    due_at: datetime
    declared_at: datetime
    who: str
    why: str
    state: str


def declare(
    session: Session, entry: Entry, day: date, who: str, why: str, calendar: Calendar, now: datetime
) -> Declaration:
    """Take a declaration down, once, in one transaction.

    ``day`` names the period by its data date or, where no data date is meant, by its due day.

    Raises:
        PlatformError: P360 nothing is due for that day, P361 a delivery came for it, P362 the entry has no due dates,
            P363 it was never published.
    """
    data_date, due = _period(entry, day, calendar, now)
    with session.transaction():
        known = session.query(
            "SELECT declared_at, who, why FROM ledger.declarations WHERE entry_id = ? AND data_date = ?",
            [entry.id, data_date],
        )
        if known:
            return Declaration(entry.id, data_date, due, **known[0], state="repeated")
        _refuse_delivered(session, entry, data_date, due)
        if ledger.first_published(session, entry.id) is None:
            raise PlatformError("P363", entry=entry.id)
        made = Declaration(entry.id, data_date, due, now, who, why, _settle(session, entry, data_date, due, now))
        values = asdict(made)
        del values["state"]
        ledger.insert(session, "declarations", values)
    return made


def _period(entry: Entry, day: date, calendar: Calendar, now: datetime) -> tuple[date, datetime]:
    """The data date and due instant that ``day`` means; the period must have begun."""
    if entry.status != "published" or entry.published_on is None:
        raise PlatformError("P362", entry=entry.id, why=say("declare.unpublished", status=entry.status))
    if entry.update.cycle in UNPROMISED:
        raise PlatformError("P362", entry=entry.id, why=say("declare.irregular"))
    middle = datetime.combine(day, datetime.min.time())
    periods = list(due_periods(entry.update, calendar, middle - _SPAN, middle + _SPAN))
    dues = [(data_date_for(entry.update, period), due) for period, due in periods if period <= local_day(now)]
    dues = [one for one in dues if local_day(one[1]) >= entry.published_on]
    meant = [one for one in dues if one[0] == day] or [one for one in dues if local_day(one[1]) == day]
    if not meant:
        raise PlatformError("P360", entry=entry.id, day=day, near=_near(dues, day))
    return meant[0]


def _near(dues: Sequence[tuple[date, datetime]], day: date) -> str:
    nearest = sorted(dues, key=lambda one: abs(one[0] - day))[:_NAMED]
    return say("hint.separator").join(str(data_date) for data_date, _ in sorted(nearest)) or "—"


def _refuse_delivered(session: Session, entry: Entry, data_date: date, due: datetime) -> None:
    """A delivery came for that date: published, unchanged or refused by the rules."""
    came = session.query(
        "SELECT min(received_at) AS came FROM ledger.deliveries WHERE entry_id = ? AND data_date = ?",
        [entry.id, data_date],
    ) + session.query(
        "SELECT min(arrived_at) AS came FROM ledger.freshness WHERE entry_id = ? AND due_at = ?", [entry.id, due]
    )
    for row in came:
        if row["came"] is not None:
            raise PlatformError("P361", entry=entry.id, day=data_date, arrived=local_minute(row["came"]))


def _settle(session: Session, entry: Entry, data_date: date, due: datetime, now: datetime) -> str:
    """Settle the due date by the declaration; one that does not count stays as it is."""
    known = session.query("SELECT state FROM ledger.freshness WHERE entry_id = ? AND due_at = ?", [entry.id, due])
    if known and known[0]["state"] == "excluded":
        return "excluded"
    state = "no_change" if arrival_state(due, entry.update.grace, now, now) == "on_time" else "late"
    ledger.record_freshness(session, entry.id, due, str(data_date), state, now, None, "declared")
    return state


def local_minute(instant: datetime) -> str:
    """A naive UTC instant as people here write it: ``2026-11-20 08:30``."""
    return f"{instant.replace(tzinfo=UTC).astimezone(LOCAL):%Y-%m-%d %H:%M}"
