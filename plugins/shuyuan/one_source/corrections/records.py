"""Correction requests in the ledger: a line each in ``ledger.corrections``, their steps in ``correction_events``.

Statements keep to the SQL that the warehouses share; the caller owns the transaction. Instants are naive UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shuyuan.ledger import Connection, insert
from shuyuan.one_source.corrections.steps import Event, Request

COLUMNS = (
    "correction_id, entry_id, field, element, kind, source_id, department, rows_first, rows_now, opened_at, due_on,"
    " state, answered_at, answered_by, answer, closed_at, reopened"
)


def read_requests(session: Connection) -> dict[str, Request]:
    """Return all requests by number, with their histories."""
    histories = read_histories(session)
    found = {}
    for row in session.query(f"SELECT {COLUMNS} FROM ledger.corrections"):
        found[row["correction_id"]] = Request(
            row["correction_id"],
            (row["entry_id"], row["field"], row["kind"], row["source_id"]),
            row["department"],
            int(row["rows_now"]),
            row["state"],
            row["answered_at"],
            row["answered_by"],
            row["answer"],
            row["closed_at"],
            int(row["reopened"]),
            histories.get(row["correction_id"], ()),
        )
    return found


def read_histories(session: Connection) -> dict[str, tuple[Event, ...]]:
    """Return the events of every request, in order."""
    found: dict[str, list[Event]] = {}
    sql = "SELECT correction_id, action, who, note, rows_then FROM ledger.correction_events"
    for row in session.query(f"{sql} ORDER BY correction_id, step"):
        event = Event(row["action"], row["who"], row["note"], int(row["rows_then"]))
        found.setdefault(row["correction_id"], []).append(event)
    return {correction_id: tuple(events) for correction_id, events in found.items()}


def write_step(session: Connection, request: Request, now: datetime, event: Event, change: dict[str, Any]) -> None:
    """Change a request's line and note the event that did it."""
    columns = ", ".join(f"{name} = ?" for name in change)
    sql = f"UPDATE ledger.corrections SET {columns} WHERE correction_id = ?"
    session.execute(sql, [*change.values(), request.correction_id])
    note_event(session, request.correction_id, len(request.events) + 1, now, event)


def note_event(session: Connection, correction_id: str, step: int, now: datetime, event: Event) -> None:
    """Write one event; ``step`` counts from 1."""
    line = {
        "correction_id": correction_id,
        "step": step,
        "happened_at": now,
        "action": event.action,
        "who": event.who,
        "note": event.note,
        "rows_then": event.rows,
    }
    insert(session, "correction_events", line)


def next_number(session: Connection, year: int) -> int:
    """Return the number after the last one given in ``year``. Requests are never deleted, so none comes twice."""
    sql = "SELECT max(correction_id) AS last FROM ledger.corrections WHERE correction_id LIKE ?"
    last = session.query(sql, [f"YY{year}-%"])[0]["last"]
    return int(last.partition("-")[2]) + 1 if last else 1
