"""Correction requests (疑义): asked for after a comparison, listed for the departments, closed by themselves.

There is one request for each field (or key) and kind of difference of a copy and its source. The caller owns the
transaction. Instants are naive UTC, days are local.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shuyuan.entry import OneSource
from shuyuan.ledger import Connection, insert
from shuyuan.one_source.corrections.records import (
    COLUMNS,
    next_number,
    note_event,
    read_histories,
    read_requests,
    write_step,
)
from shuyuan.one_source.corrections.steps import SYSTEM, Event, Group, Request, is_refuted, next_step
from shuyuan.workdays import Calendar, local_day

_THEIRS = (
    "FROM ledger.corrections WHERE corrections.entry_id = discrepancies.entry_id"
    " AND corrections.field = discrepancies.field AND corrections.kind = discrepancies.kind"
    " AND corrections.source_id = discrepancies.source_id"
)
_NAME = (
    f"UPDATE ledger.discrepancies SET correction_id = (SELECT max(corrections.correction_id) {_THEIRS})"
    f" WHERE correction_id IS NULL AND EXISTS (SELECT 1 {_THEIRS})"
)
"""Gives the listed differences that have none yet the number of their request."""


@dataclass(frozen=True)
class Settled:
    """How many requests a reconcile opened, closed, reopened, and told to have grown."""

    opened: int = 0
    closed: int = 0
    reopened: int = 0
    grown: int = 0


@dataclass(frozen=True)
class Correction:
    """One request as people see it: a line of ``ledger.corrections``, and what follows from it today.

    ``shown`` is ``open`` (待校核), ``overdue`` (逾期), ``corrected`` (已更正) or ``explained`` (已说明); ``days`` the
    working days left of an open one, negative when it is late. ``referral`` is why it was handed to ``department``.
    ``reason`` is why it was closed (``gone``, ``unlinked``) or asked again (``returned``, ``not_corrected``, ``new``).
    """

    correction_id: str
    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    department: str
    rows_first: int
    rows_now: int
    opened_at: datetime
    due_on: date
    state: str
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None
    closed_at: datetime | None
    reopened: int
    shown: str
    days: int | None
    referral: str | None
    reason: str | None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What its differences have in common: entry, field, kind, source."""
        return self.entry_id, self.field, self.kind, self.source_id


def settle(
    session: Connection, groups: Iterable[Group], now: datetime, settings: OneSource, calendar: Calendar
) -> Settled:
    """Bring the requests up to date with what was compared; a group of 0 rows closes its request.

    Differences already listed in ``ledger.discrepancies`` get the number of their request. Runs inside the caller's
    transaction.
    """
    office = _Office(session, now, settings, calendar)
    steps = [office.settle(group) for group in groups]
    session.execute(_NAME)
    return Settled(steps.count("open"), steps.count("close"), steps.count("reopen"), steps.count("grow"))


def close_unlinked(session: Connection, linked: Collection[tuple[str, str, str, str]], now: datetime) -> int:
    """Close the requests whose copy is no longer compared (not a copy any more, or of another source).

    ``linked`` has the (entry, field, kind, source) of all that still is. They count as explained, not as corrected.
    Returns how many were closed. Runs inside the caller's transaction.
    """
    gone = [one for one in read_requests(session).values() if one.closed_at is None and one.key not in linked]
    for request in gone:
        change = {"state": "explained", "closed_at": now, "rows_now": 0}
        write_step(session, request, now, Event("closed", SYSTEM, "unlinked", 0), change)
    return len(gone)


def list_corrections(
    session: Connection,
    today: date,
    department: str | None = None,
    all: bool = False,
    calendar: Calendar | None = None,
) -> list[Correction]:
    """Return the requests that somebody has to act on, the most urgent first; ``all`` adds explained and closed ones.

    ``department`` is a department's folder name. Without ``calendar`` the published holidays count.
    """
    asked = {} if department is None else {"department": department}
    where = " WHERE department = ?" if asked else ""
    rows = session.query(f"SELECT {COLUMNS} FROM ledger.corrections{where}", list(asked.values()))
    histories = read_histories(session)
    made = (_show(row, histories.get(row["correction_id"], ()), today, calendar or Calendar({})) for row in rows)
    chosen = [one for one in made if all or (one.closed_at is None and one.state != "explained")]
    order = ("overdue", "open", "corrected", "explained")
    return sorted(chosen, key=lambda one: (order.index(one.shown), one.due_on, one.correction_id))


class _Office:
    """Settles one group after another within one reconcile."""

    def __init__(self, session: Connection, now: datetime, settings: OneSource, calendar: Calendar) -> None:
        self.session, self.now, self.settings, self.calendar = session, now, settings, calendar
        self.today = local_day(now)
        self.due = calendar.due_after(self.today, settings.answer_within)
        self.requests = {request.key: request for request in read_requests(session).values()}
        self.number = next_number(session, self.today.year)

    def settle(self, group: Group) -> str:
        """Take the group's step and return it."""
        request = self.requests.get(group.key)
        claimed = request is not None and request.state == "corrected" and request.closed_at is None
        refuted = request is not None and claimed and self._refuted(request)
        step = next_step(request, group.rows, group.newest, refuted)
        if request is None:
            if step == "open":
                self._open(group)
            return step
        if step == "count":
            sql = "UPDATE ledger.corrections SET rows_now = ? WHERE correction_id = ?"
            self.session.execute(sql, [group.rows, request.correction_id])
        elif step == "grow":
            event = Event("grown", SYSTEM, None, group.rows)
            write_step(self.session, request, self.now, event, {"rows_now": group.rows})
        elif step == "close":
            change = {"state": "corrected", "closed_at": self.now, "rows_now": 0}
            write_step(self.session, request, self.now, Event("closed", SYSTEM, "gone", 0), change)
        elif step == "reopen":
            self._reopen(request, group)
        return step

    def _open(self, group: Group) -> None:
        correction_id = f"YY{self.today.year}-{self.number:06}"
        self.number += 1
        line = {
            "correction_id": correction_id,
            "entry_id": group.entry_id,
            "field": group.field,
            "element": group.element,
            "kind": group.kind,
            "source_id": group.source_id,
            "department": group.department,
            "rows_first": group.rows,
            "rows_now": group.rows,
            "opened_at": self.now,
            "due_on": self.due,
            "state": "open",
            "reopened": 0,
        }
        insert(self.session, "corrections", line)
        note_event(self.session, correction_id, 1, self.now, Event("opened", SYSTEM, None, group.rows))

    def _reopen(self, request: Request, group: Group) -> None:
        """Ask again, with a new due day. Who wrongly said to have corrected is asked again; else who is asked first."""
        why = "returned" if request.closed_at else "not_corrected" if request.state == "corrected" else "new"
        change = {
            "state": "open",
            "department": request.department if why == "not_corrected" else group.department,
            "rows_now": group.rows,
            "due_on": self.due,
            "answered_at": None,
            "answered_by": None,
            "answer": None,
            "closed_at": None,
            "reopened": request.reopened + 1,
        }
        write_step(self.session, request, self.now, Event("reopened", SYSTEM, why, group.rows), change)

    def _refuted(self, request: Request) -> bool:
        if request.answered_at is None:
            return True
        within = self.calendar.due_after(local_day(request.answered_at), self.settings.answer_within)
        return is_refuted(request.answered_at, self._delivered(request), self.now, self.today > within)

    def _delivered(self, request: Request) -> datetime | None:
        """When the data that the asked department answers for were published last."""
        entry_id, _, _, source_id = request.key
        theirs = [one for one in (entry_id, source_id) if one.partition(".")[0] == request.department]
        marks = ", ".join("?" for _ in theirs) or "NULL"
        sql = f"SELECT max(published_at) AS newest FROM ledger.publications WHERE entry_id IN ({marks})"
        newest: datetime | None = self.session.query(sql, theirs)[0]["newest"]
        return newest


def _show(row: dict[str, Any], events: Sequence[Event], today: date, calendar: Calendar) -> Correction:
    waiting = row["state"] == "open" and row["closed_at"] is None
    shown = ("overdue" if today > row["due_on"] else "open") if waiting else row["state"]
    days = calendar.days_left(today, row["due_on"]) if waiting else None
    moved = [event for event in events if event.action in ("opened", "reopened", "closed", "referred")]
    last = moved[-1] if moved else Event("opened", SYSTEM, None, 0)
    referral, reason = (last.note, None) if last.action == "referred" else (None, last.note)
    return Correction(**row, shown=shown, days=days, referral=referral, reason=reason)
