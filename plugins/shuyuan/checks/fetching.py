"""Showing an answer: to the department that asked alone, and only once the audit says who looked."""

from __future__ import annotations

import re
from datetime import datetime

from shuyuan.checks import requests_kept
from shuyuan.checks.answer import Answer
from shuyuan.checks.auditing import UNKNOWN, Desk
from shuyuan.checks.refusals import Denied
from shuyuan.checks.requests_kept import KeptRequest
from shuyuan.checks.running import REQUEST_ID
from shuyuan.problems import PlatformError, Term
from shuyuan.project import Project
from shuyuan.vault.keys import KeyRing
from shuyuan.warehouses import Session, open_warehouse
from shuyuan.workdays import local_day


def find_request(project: Project, request_id: str, department: str) -> KeptRequest:
    """Return how far a department's request is.

    Raises:
        Denied: P430, there is none, or it is another department's.
    """
    with open_warehouse(project).session() as session:
        return _find(session, request_id, department)


def fetch_answer(project: Project, request_id: str, department: str, who: str, now: datetime) -> Answer:
    """Return the answer to a department's request; that ``who`` looked is in the audit first. ``now`` is aware.

    Raises:
        Denied: P430, no such request of this department; the attempt is in the audit.
        PlatformError: P436 (no answer yet), P432 (deleted, or past its date), the vault's.
        PassingError: the audit cannot be written, so nothing is shown.
    """
    ring = KeyRing.open(project)
    with open_warehouse(project).session() as session:
        try:
            kept = _find(session, request_id, department)
        except Denied:
            known = request_id if re.fullmatch(REQUEST_ID, request_id) else ""
            desk = Desk(project, ring, who, department, UNKNOWN, now)
            desk.commit(session, [desk.record("refused", known)])
            raise
        if kept.state == "deleted" or local_day(now) >= kept.delete_answer_on:
            raise PlatformError("P432")
        if kept.state != "answered":
            raise PlatformError("P436", state=Term(f"request.state.{kept.state}"))
        desk = Desk(project, ring, who, department, kept.check, now)
        desk.commit(session, [desk.record("read", request_id)])
        return requests_kept.open_answer(session, ring, kept)


def _find(session: Session, request_id: str, department: str) -> KeptRequest:
    kept = requests_kept.find(session, request_id) if re.fullmatch(REQUEST_ID, request_id) else None
    if kept is None or kept.department != department:
        raise Denied
    return kept
