"""What the audit is told of a check: people, cases and authorisations as tokens of the check's own key.

A record counts once it is committed *and* anchored: whoever shows or reads something waits for both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shuyuan.checks.request import Request
from shuyuan.entry.values import IDENTIFIER
from shuyuan.project import Project
from shuyuan.vault import anchors, audit
from shuyuan.vault.audit import AuditRecord, Decision, Head
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.tokens import token
from shuyuan.warehouses import Session, open_warehouse

OPERATOR = "operator"
"""The role (操作) of those who ask; managers and auditors do not."""

UNKNOWN = "unknown"
"""Stands for a check or department that there is none of: what was typed may be anything."""


@dataclass(frozen=True)
class Desk:
    """Whose access it is: an officer (``actor``) of a department, with one check. ``now`` is aware."""

    project: Project
    ring: KeyRing
    actor: str
    department: str
    check: str
    now: datetime
    role: str = OPERATOR

    def record(
        self,
        decision: Decision,
        request_id: str = "",
        *,
        case_token: str | None = None,
        authorization_token: str | None = None,
        source: str | None = None,
        version: str | None = None,
        fields: str | None = None,
        subject_token: str | None = None,
        found: int | None = None,
    ) -> AuditRecord:
        """Return one record of this access."""
        return AuditRecord(
            happened_at=self.now.astimezone(UTC).replace(tzinfo=None),
            actor=self.actor,
            role=self.role,
            department=self.department if re.fullmatch(IDENTIFIER, self.department) else UNKNOWN,
            check=self.check,
            request_id=request_id,
            case_token=case_token,
            authorization_token=authorization_token,
            source=source,
            version=version,
            fields=fields,
            subject_token=subject_token,
            found=found,
            decision=decision,
        )

    def records_of_cases(self, request: Request, key: str, decision: Decision) -> list[AuditRecord]:
        """Return one record a case: its number, its authorisation and its people (``key``: their item) as tokens."""
        made = []
        for case in request.cases:
            people = " ".join(self._token(subject[key] or "") for subject in case.subjects)
            authorization = self._token(case.authorization) if case.authorization else None
            made.append(
                self.record(
                    decision,
                    request.request_id,
                    case_token=self._token(case.number),
                    authorization_token=authorization,
                    subject_token=people,
                )
            )
        return made

    def append(self, session: Session, records: Sequence[AuditRecord]) -> Head:
        """Write records in the caller's transaction; after its commit comes ``anchor``."""
        return audit.append(session, self.ring, records)

    def anchor(self, head: Head) -> None:
        """Note the head outside the warehouse. Raises ``PassingError`` P398."""
        anchors.note(self.project.audit_anchors, head, self.now)

    def commit(self, session: Session, records: Sequence[AuditRecord]) -> None:
        """Write records in a transaction of their own, and anchor them."""
        with session.transaction():
            head = self.append(session, records)
        self.anchor(head)

    def note_refusal(self, request_id: str = "") -> None:
        """Write down that something was refused."""
        with open_warehouse(self.project).session() as session:
            self.commit(session, [self.record("refused", request_id)])

    def _token(self, text: str) -> str:
        return token(self.ring, self.check, text)
