"""What was told to whom, in ``ledger.notices``: one line a message, claimed before it is handed over.

A line is ``sending`` from before the first byte leaves until the answer is known, then ``sent``, ``failed`` (certainly
not delivered, tried again at ``next_at``) or ``unknown`` (perhaps delivered, not sent again). A process that dies in
between leaves ``sending``; after a while that is ``unknown`` too. So no day's message is delivered twice, at the price
that one may be lost: what it was about and is still open is in the next day's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shuyuan import ledger
from shuyuan.notices.deadlines import naive
from shuyuan.notices.message import Message
from shuyuan.warehouses import Session

LEASE = "notices"
"""The name of the line that claims are made under, one after the other."""
REMEMBERED = timedelta(days=60)
SENDING_SPELL = timedelta(minutes=15)
"""No attempt lasts longer (``channels.WHOLE``), so that an older ``sending`` is one whose process died."""
DIED = "P382"
MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of ``ledger.notices``. Instants are naive UTC."""

    kind: str
    recipient: str
    scope: str
    channel: str
    digest: str
    matters: int
    attempts: int
    tried_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    outcome: str
    error_code: str | None

    @property
    def unit(self) -> tuple[str, str, str]:
        """What is told once."""
        return self.kind, self.recipient, self.scope

    def blocks(self, now: datetime) -> bool:
        """Whether nothing may be sent for this unit at ``now``: it was delivered, may have been, or is not due yet."""
        return self.outcome != "failed" or self.next_at is None or naive(now) < self.next_at


def read_told(session: ledger.Connection, now: datetime) -> list[Told]:
    """Return what was told lately, the oldest first."""
    rows = session.query(
        "SELECT kind, recipient, scope, channel, digest, matters, attempts, tried_at, next_at, sent_at, outcome,"
        " error_code FROM ledger.notices WHERE tried_at >= ? ORDER BY tried_at, kind, recipient, scope",
        [naive(now) - REMEMBERED],
    )
    return [Told(**row) for row in rows]


def settle_dead(session: Session, now: datetime) -> None:
    """What a process that died was sending has an unknown outcome."""
    with session.transaction():
        session.execute(
            "UPDATE ledger.notices SET outcome = 'unknown', error_code = ? WHERE outcome = 'sending' AND tried_at < ?",
            [DIED, naive(now) - SENDING_SPELL],
        )


def claim(session: Session, message: Message, channel: str, now: datetime) -> int | None:
    """Write that ``message`` is being sent and return which attempt it is; ``None`` when it must not be sent.

    Claims wait for each other, so that of two sweeps at the same time one sends.
    """
    session.lease(LEASE)
    with session.transaction():
        ledger.lease_token(session, LEASE, lock=not session.embedded)
        unit = [message.kind, message.recipient.key, message.scope]
        rows = session.query(
            "SELECT outcome, attempts, next_at FROM ledger.notices WHERE kind = ? AND recipient = ? AND scope = ?", unit
        )
        attempt = int(rows[0]["attempts"]) + 1 if rows else 1
        if rows and (rows[0]["outcome"] != "failed" or not rows[0]["next_at"] or naive(now) < rows[0]["next_at"]):
            return None
        session.execute("DELETE FROM ledger.notices WHERE kind = ? AND recipient = ? AND scope = ?", unit)
        values = {
            "kind": message.kind,
            "recipient": message.recipient.key,
            "scope": message.scope,
            "channel": channel,
            "digest": message.digest,
            "matters": len(message.items),
            "attempts": attempt,
            "tried_at": naive(now),
            "outcome": "sending",
        }
        ledger.insert(session, "notices", values)
    return attempt


def record(session: Session, message: Message, attempt: int, now: datetime, outcome: str, code: str | None) -> None:
    """Write how the attempt went. A failed one is tried again after a pause that doubles, at most so many times."""
    pause = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
    again = naive(now) + pause if outcome == "failed" and attempt < MOST_ATTEMPTS else None
    with session.transaction():
        session.execute(
            "UPDATE ledger.notices SET outcome = ?, error_code = ?, next_at = ?, sent_at = ?"
            " WHERE kind = ? AND recipient = ? AND scope = ? AND outcome = 'sending'",
            [
                outcome,
                code,
                again,
                naive(now) if outcome == "sent" else None,
                message.kind,
                message.recipient.key,
                message.scope,
            ],
        )
