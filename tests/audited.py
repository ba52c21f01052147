"""Audit records about invented accesses, and a chain of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from shuyuan.vault import anchors, audit
from shuyuan.vault.tokens import token

MOMENT = datetime(2026, 11, 20, 9, 30, 0, 123456)


def a_record(number, ring=None, **changes):
    values = {
        "happened_at": MOMENT + timedelta(seconds=number),
        "actor": f"办事员{number % 7}",
        "role": "operator",
        "department": "civil_affairs",
        "check": "low_income",
        "request_id": "abcdefghijklmnopqrstuvwxyz",
        "source": "traffic_police.vehicles" if number % 3 else None,
        "version": f"{number} load" if number % 3 else None,
        "fields": "owner_id,plate" if number % 3 else None,
        "found": number if number % 3 else None,
        "case_token": token(ring, "low_income", f"case {number}") if ring and not number % 3 else None,
        "subject_token": token(ring, "low_income", f"person {number}") if ring and not number % 3 else None,
        "decision": ("intent", "answered", "read")[number % 3],
    }
    return audit.AuditRecord(**(values | changes))


def write_chain(session, ring, count, file, batch=10):
    """Append ``count`` records in batches, each noted in the anchor file; return the head."""
    for start in range(0, count, batch):
        records = [a_record(number, ring) for number in range(start, min(start + batch, count))]
        with session.transaction():
            head = audit.append(session, ring, records)
        anchors.note(file, head, MOMENT)
    return head
