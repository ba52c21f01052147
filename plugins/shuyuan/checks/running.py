"""Answering a request that was taken: audited before anything is read, sealed before anything is told.

``run`` may be killed anywhere and called again: there is one answer with one number. The intent is committed and
anchored first; the sealed answer, the audit of it and the request's state are one transaction.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from datetime import datetime

from shuyuan.catalog.checks import read_checks
from shuyuan.checks import requests_kept
from shuyuan.checks.answer import Answer, Conclusion
from shuyuan.checks.answering import answer_request
from shuyuan.checks.auditing import Desk
from shuyuan.checks.refusals import Denied
from shuyuan.checks.requests_kept import KeptRequest
from shuyuan.crashpoints import point
from shuyuan.entry import Check
from shuyuan.problems import PlatformError, ShuyuanError
from shuyuan.project import Project
from shuyuan.vault import audit
from shuyuan.vault.audit import AuditRecord
from shuyuan.vault.keys import KeyRing
from shuyuan.warehouses import Session, open_warehouse
from shuyuan.workdays import local_day

REQUEST_ID = "^[a-z2-7]{26}$"
CONCLUSIONS: tuple[Conclusion, ...] = ("pass", "fail", "review")


def run(
    project: Project, request_id: str, now: datetime, dag_run: str | None = None, check_id: str | None = None
) -> dict[str, int]:
    """Answer a request, or find the answer that it has, and count its cases by conclusion. ``now`` is aware.

    ``check_id``, where given, is the only check whose requests are answered.

    Raises:
        Denied: P430, there is no such request (of this check).
        PlatformError: P432 (past its date, or its purpose has ended), P433 (the check cannot be used), the vault's.
        PassingError: the audit cannot be written (nothing was read), the warehouse is busy.
    """
    ring = KeyRing.open(project)
    with open_warehouse(project).session() as session:
        kept = _find(session, request_id, check_id)
        desk = Desk(project, ring, kept.asked_by, kept.department, kept.check, now)
        try:
            answer = _kept_answer(session, desk, kept) or _answer(session, desk, kept, dag_run)
        except ShuyuanError as error:
            with suppress(ShuyuanError):  # what went wrong first is what people must hear
                note_failure(session, desk, request_id, error.problem.code, dag_run)
            raise
    counted = Counter(case.conclusion for case in answer.cases)
    return {"cases": len(answer.cases), **{one: counted[one] for one in CONCLUSIONS}}


def note_failure(session: Session, desk: Desk, request_id: str, code: str, dag_run: str | None) -> None:
    """Write down that a request was not answered this time; it can be run again."""
    with session.transaction():
        requests_kept.set_state(session, request_id, "failed", code, dag_run)
        decision: audit.Decision = "refused" if code in ("P430", "P432") else "failed"
        head = desk.append(session, [desk.record(decision, request_id)])
    desk.anchor(head)


def settle(
    project: Project, request_id: str, now: datetime, dag_run: str | None = None, check_id: str | None = None
) -> str:
    """Say of a request whose run has ended without a word (killed, out of memory) that it failed; return its state."""
    with open_warehouse(project).session() as session:
        kept = _find(session, request_id, check_id)
        if kept.state in ("registered", "answering"):
            desk = Desk(project, KeyRing.open(project), kept.asked_by, kept.department, kept.check, now)
            note_failure(session, desk, request_id, "P439", dag_run)
            return "failed"
        return kept.state


def _find(session: Session, request_id: str, check_id: str | None) -> KeptRequest:
    kept = requests_kept.find(session, request_id) if re.fullmatch(REQUEST_ID, request_id) else None
    if kept is None or check_id not in (None, kept.check):
        raise Denied
    return kept


def _answer(session: Session, desk: Desk, kept: KeptRequest, dag_run: str | None) -> Answer:
    check = _usable(desk, kept)
    request = requests_kept.open_request(session, desk.ring, kept)
    with session.transaction():
        requests_kept.set_state(session, kept.request_id, "answering", None, dag_run)
        head = desk.append(session, desk.records_of_cases(request, check.key, "intent"))
    desk.anchor(head)
    point("intent_written")
    answer = answer_request(desk.project, session, request, check, desk.now)
    point("answered")
    return _keep(session, desk, kept.request_id, check, answer)


class _Overtaken(Exception):
    """Another run has answered meanwhile: nothing of this one is kept."""


def _keep(session: Session, desk: Desk, request_id: str, check: Check, answer: Answer) -> Answer:
    """Seal the answer and write its audit, unless another run has answered meanwhile: then that answer stands."""
    with suppress(_Overtaken), session.transaction():
        desk.append(session, records_of_sources(desk, check, answer))  # others wait for the audit from here on
        kept = requests_kept.find(session, request_id)
        if kept is None or kept.state in ("answered", "deleted"):
            raise _Overtaken
        requests_kept.keep_answer(session, desk.ring, answer, check)
        point("answer_sealed")
    point("answer_kept")
    kept = requests_kept.find(session, request_id)
    answered = _kept_answer(session, desk, kept) if kept else None
    if answered is None:
        raise Denied
    return answered


def _kept_answer(session: Session, desk: Desk, kept: KeptRequest) -> Answer | None:
    """The answer that a request has. Its audit is anchored (again): whoever was killed before that did not."""
    if kept.state == "deleted":
        raise PlatformError("P432")
    if kept.state != "answered":
        return None
    head = audit.read_head(session)
    if head is not None:
        desk.anchor(head)
    return requests_kept.open_answer(session, desk.ring, kept)


def _usable(desk: Desk, kept: KeptRequest) -> Check:
    """The check as it is configured now, unless the request's time is over."""
    check, today = read_checks(desk.project).get(kept.check), local_day(desk.now)
    if check is None:
        raise PlatformError("P433", check=kept.check)
    ends = check.retention.purpose_ends
    if today >= kept.delete_request_on or (ends is not None and today > ends):
        raise PlatformError("P432")
    return check


def records_of_sources(desk: Desk, check: Check, answer: Answer) -> list[AuditRecord]:
    """Return one record a source: its publication, the items that were read, how many rows were somebody's."""
    found = _count_found(check, answer)
    made = []
    for used in answer.sources:
        lookup = check.sources[used.source]
        read = dict.fromkeys((*lookup.by, *lookup.or_by, *lookup.use))
        made.append(
            desk.record(
                "answered",
                answer.request_id,
                source=used.entry_id,
                version=used.version,
                fields=",".join(read) if used.reason is None else None,
                found=found[used.source] if used.reason is None else None,
            )
        )
    return made


def _count_found(check: Check, answer: Answer) -> Counter[str]:
    """Rows by source; a source that several rules look at counts once a person."""
    sources, counted = {rule.id: rule.source for rule in check.rules}, Counter[str]()
    for case in answer.cases:
        rows: dict[tuple[str, int | None], int] = {}
        for line in case.lines:
            place = sources[line.rule], line.subject
            rows[place] = max(rows.get(place, 0), line.found or 0)
        for (source, _), count in rows.items():
            counted[source] += count
    return counted
