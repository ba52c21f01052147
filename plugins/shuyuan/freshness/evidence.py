"""What the ledger knows of our looking for deliveries: the runs that brought nothing, and the empty looks between.

A run that waits is written when it ends, up to half a day after the deadline; so an empty look near the deadline
leaves a line of its own (``ledger.looks``). Instants are naive UTC.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from shuyuan import ledger
from shuyuan.entry import Entry
from shuyuan.freshness.judging import COMPANY, LINE_FAULTS, PATIENCE, RunTrace, Slot, Traces
from shuyuan.problems import NotYetDelivered
from shuyuan.workdays import UNPROMISED, Calendar, due_at

EMPTY = "D101"
_RUNS = """
    SELECT entry_id, department, data_date, started_at, finished_at, outcome, problem_code FROM ledger.runs
    WHERE outcome IN ('missing', 'blocked', 'failed') AND finished_at IS NOT NULL AND started_at >= ?{one}
    ORDER BY started_at, run_id"""
_LOOKS = "SELECT entry_id, data_date, looked_at FROM ledger.looks WHERE looked_at >= ?{one}"
_CONTACTS = """
    SELECT finished_at, department FROM ledger.runs WHERE started_at >= ? AND started_at <= ?
    AND (delivery_id IS NOT NULL OR outcome IN ('missing', 'blocked')) AND finished_at IS NOT NULL"""
_BEFORE_DUE = timedelta(days=1)
_LONGEST_RUN = timedelta(days=1)


def read_traces(session: ledger.Connection, first_due: datetime, entry_id: str | None = None) -> Traces:
    """Return what is known of the due dates from ``first_due`` on, of all entries or of one."""
    since = first_due - _BEFORE_DUE
    one, parameters = (" AND entry_id = ?", [since, entry_id]) if entry_id else ("", [since])
    runs: dict[Slot, list[RunTrace]] = defaultdict(list)
    broken: list[RunTrace] = []
    for row in session.query(_RUNS.format(one=one), parameters):
        run = RunTrace(**row)
        runs[run.entry_id, run.data_date].append(run)
        if run.problem_code in LINE_FAULTS:
            broken.append(run)
    looks = {
        (row["entry_id"], row["data_date"]): row["looked_at"]
        for row in session.query(_LOOKS.format(one=one), parameters)
    }
    return Traces(runs, looks, _contacts(session, broken) if broken else ())


def note_look(
    session: ledger.Connection,
    entry: Entry,
    data_date: date,
    missing: NotYetDelivered,
    now: datetime,
    calendar: Calendar,
) -> None:
    """Keep that a look found the place empty, if it is late enough to tell anything of the due date.

    What is there but not settled yet (D102), or may not be read at this hour (D112), is not an empty place.
    """
    promise = entry.update
    if promise.cycle in UNPROMISED or missing.problem.code != EMPTY:
        return
    due = due_at(promise, data_date + timedelta(days=promise.data_lag_days), calendar)
    if now >= due + promise.grace - PATIENCE:
        session.execute("DELETE FROM ledger.looks WHERE entry_id = ? AND data_date = ?", [entry.id, data_date])
        ledger.insert(session, "looks", {"entry_id": entry.id, "data_date": data_date, "looked_at": now})


def _contacts(session: ledger.Connection, broken: list[RunTrace]) -> list[tuple[datetime, str]]:
    first = min(run.started_at for run in broken) - COMPANY - _LONGEST_RUN
    last = max(run.finished_at for run in broken) + COMPANY
    return [(row["finished_at"], row["department"]) for row in session.query(_CONTACTS, [first, last])]
