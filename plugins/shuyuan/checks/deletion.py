"""Deletion on time: what was asked and answered goes on its day, and the audit keeps the proof.

What stays of a request is its line in the ledger (``deleted``) and its records in the audit, which hold tokens only.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shuyuan.catalog.checks import read_checks
from shuyuan.checks.sealing import answer_name, request_name
from shuyuan.project import Project
from shuyuan.vault import anchors, audit, store
from shuyuan.vault.keys import KeyRing
from shuyuan.warehouses import Session, open_warehouse
from shuyuan.workdays import local_day

ACTOR, ROLE = "shuyuan", "platform"
"""Who deletes, in the audit: nobody in person."""

DESK = "desk"
"""Folder of ``project.var`` where the page packs a download; whoever is killed there leaves it behind."""

LEFT_BEHIND = timedelta(hours=1)


@dataclass(frozen=True)
class Due:
    """One request of which something is due. ``names`` are the seals to delete, ``whole``: nothing stays sealed."""

    line: Mapping[str, Any]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    whole: bool


def delete_due(project: Project, now: datetime) -> int:
    """Delete the requests and answers whose day has come, all of a check whose purpose has ended, and left files.

    One transaction a request: its seals go, its state becomes ``deleted`` once both are gone, and the audit says what
    was deleted. ``now`` is aware; days are local. Returns how many requests something was deleted of.

    Raises:
        PassingError: P396, P398 (the audit cannot be written: nothing was deleted of that request).
    """
    sweep_desk(project, now)
    ring, today = KeyRing.open(project), local_day(now)
    ended = {
        name
        for name, check in read_checks(project).items()
        if check.retention.purpose_ends is not None and today > check.retention.purpose_ends
    }
    with open_warehouse(project).session() as session:
        found = find_due(session, today, ended)
        for one in found:
            _delete(session, ring, project, one, now)
    return len(found)


def sweep_desk(project: Project, now: datetime) -> None:
    """Remove reports that a killed process left unsealed, once nobody can be packing them any more."""
    for folder in (project.var / DESK).glob("*"):
        with suppress(FileNotFoundError):  # packed and gone meanwhile
            if now - datetime.fromtimestamp(folder.stat().st_mtime, UTC) > LEFT_BEHIND:
                shutil.rmtree(folder)


def find_due(session: Session, today: date, ended: set[str]) -> list[Due]:
    """What is due on a local day; ``ended`` are the checks whose purpose has ended."""
    lines = session.query(
        'SELECT request_id, "check", department, delete_request_on, delete_answer_on FROM ledger.check_requests'
        " WHERE state <> 'deleted' ORDER BY asked_at, request_id"
    )
    sealed = {one.name for one in store.kept(session)} if lines else set()
    due = (_due_of(line, today, line["check"] in ended, sealed) for line in lines)
    return [one for one in due if one is not None]


def _due_of(line: Mapping[str, Any], today: date, ended: bool, sealed: set[str]) -> Due | None:
    parts = {
        "request": (request_name(line["request_id"]), line["delete_request_on"]),
        "answer": (answer_name(line["request_id"]), line["delete_answer_on"]),
    }
    gone = {kind: name for kind, (name, on) in parts.items() if ended or on <= today}
    kinds = tuple(kind for kind, name in gone.items() if name in sealed)
    whole = len(gone) == len(parts)
    return Due(line, kinds, tuple(gone[kind] for kind in kinds), whole) if kinds or whole else None


def _delete(session: Session, ring: KeyRing, project: Project, due: Due, now: datetime) -> None:
    line = due.line
    record = audit.AuditRecord(
        happened_at=now.astimezone(UTC).replace(tzinfo=None),
        actor=ACTOR,
        role=ROLE,
        department=line["department"],
        check=line["check"],
        request_id=line["request_id"],
        fields=",".join(due.kinds),
        found=len(due.names),
        decision="deleted",
    )
    with session.transaction():
        head = audit.append(session, ring, [record])
        for name in due.names:
            store.delete(session, name)
        if due.whole:
            session.execute(
                "UPDATE ledger.check_requests SET state = 'deleted' WHERE request_id = ?", [line["request_id"]]
            )
    anchors.note(project.audit_anchors, head, now)
