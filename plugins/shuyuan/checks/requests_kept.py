"""Requests and answers as they are kept: a line without any personal value, and what was asked and answered as seals.

``ledger.check_requests.state``: registered, answering, answered, failed, deleted. The names of the seals
are in ``sealing``; the key is the check's own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from shuyuan import ledger
from shuyuan.checks.answer import Answer
from shuyuan.checks.case_files import count_people
from shuyuan.checks.request import Request
from shuyuan.checks.sealing import answer_name, request_name
from shuyuan.entry import Check
from shuyuan.problems import PlatformError
from shuyuan.vault import store
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.seals import seal, unseal
from shuyuan.workdays import LOCAL, local_day

_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
COLUMNS = (
    "request_id", "check", "department", "asked_by", "asked_at", "cases", "subjects", "state", "problem_code",
    "answered_at", "delete_request_on", "delete_answer_on", "dag_run",
)  # fmt: skip
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)


@dataclass(frozen=True)
class KeptRequest:
    """One line of ``ledger.check_requests``. Instants are naive UTC."""

    request_id: str
    check: str
    department: str
    asked_by: str
    asked_at: datetime
    cases: int
    subjects: int
    state: str
    problem_code: str | None
    answered_at: datetime | None
    delete_request_on: date
    delete_answer_on: date
    dag_run: str | None


def keep(connection: ledger.Connection, ring: KeyRing, request: Request, check: Check) -> None:
    """Write the line of a new request and seal what it asks, inside the caller's transaction."""
    name, day, ends = request_name(request.request_id), local_day(request.asked_at), check.retention.purpose_ends
    values: dict[str, Any] = {
        "request_id": request.request_id,
        "check": request.check,
        "department": request.department,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at,
        "cases": len(request.cases),
        "subjects": count_people(request.cases),
        "state": "registered",
        "delete_request_on": _by(day + check.retention.request, ends),
        "delete_answer_on": _by(day + check.retention.answer, ends),
    }
    ledger.insert(connection, "check_requests", values)
    store.put(connection, name, seal(ring, request.check, name, _REQUEST.dump_json(request)))


def find(connection: ledger.Connection, request_id: str) -> KeptRequest | None:
    """Return a request's line, ``None`` when there is none."""
    rows = connection.query(f"SELECT {_NAMES} FROM ledger.check_requests WHERE request_id = ?", [request_id])
    return KeptRequest(**rows[0]) if rows else None


def list_requests(connection: ledger.Connection, department: str) -> list[KeptRequest]:
    """Return a department's requests, newest first."""
    sql = f"SELECT {_NAMES} FROM ledger.check_requests WHERE department = ? ORDER BY asked_at DESC, request_id"
    return [KeptRequest(**row) for row in connection.query(sql, [department])]


def count_subjects(connection: ledger.Connection, check_id: str, who: str, day: date) -> int:
    """How many people an officer has asked about on a local day with one check."""
    start = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    begins = (start - start.utcoffset()).replace(tzinfo=None)  # type: ignore[operator]
    rows = connection.query(
        'SELECT sum(subjects) AS asked FROM ledger.check_requests WHERE "check" = ? AND asked_by = ?'
        " AND asked_at >= ? AND asked_at < ?",
        [check_id, who, begins, begins + timedelta(days=1)],
    )
    return int(rows[0]["asked"] or 0)


def open_request(connection: ledger.Connection, ring: KeyRing, kept: KeptRequest) -> Request:
    """Return what was asked. Raises ``PlatformError`` P432 (it is deleted), or the vault's."""
    return _REQUEST.validate_json(_open(connection, ring, kept, request_name(kept.request_id)))


def keep_answer(connection: ledger.Connection, ring: KeyRing, answer: Answer, check: Check) -> None:
    """Seal an answer, to be kept while it is valid, and say so in the request's line; in the caller's transaction."""
    name = answer_name(answer.request_id)
    store.put(connection, name, seal(ring, answer.check, name, _ANSWER.dump_json(answer)))
    counted = Counter(case.conclusion for case in answer.cases)
    until = _by(answer.valid_until, check.retention.purpose_ends)
    connection.execute(
        "UPDATE ledger.check_requests SET state = 'answered', answered_at = ?, delete_answer_on = ?,"
        " passed = ?, failed = ?, to_review = ?, problem_code = NULL WHERE request_id = ?",
        [
            answer.answered_at,
            until,
            counted["pass"],
            counted["fail"],
            counted["review"],
            answer.request_id,
        ],
    )


def open_answer(connection: ledger.Connection, ring: KeyRing, kept: KeptRequest) -> Answer:
    """Return a kept answer. Raises ``PlatformError`` P432 (it is deleted), or the vault's."""
    return _ANSWER.validate_json(_open(connection, ring, kept, answer_name(kept.request_id)))


def set_state(
    connection: ledger.Connection, request_id: str, state: str, problem_code: str | None, dag_run: str | None
) -> None:
    """Say how far a request is; one that is answered or deleted stays so."""
    connection.execute(
        "UPDATE ledger.check_requests SET state = ?, problem_code = ?, dag_run = ?"
        " WHERE request_id = ? AND state NOT IN ('answered', 'deleted')",
        [state, problem_code, dag_run, request_id],
    )


def _open(connection: ledger.Connection, ring: KeyRing, kept: KeptRequest, name: str) -> bytes:
    sealed = store.get(connection, name)
    if sealed is None:
        raise PlatformError("P432")
    return unseal(ring, kept.check, name, sealed)


def _by(day: date, ends: date | None) -> date:
    return day if ends is None else min(day, ends)
