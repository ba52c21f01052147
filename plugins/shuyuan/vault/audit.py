"""The access audit: who asked about whom, by which right, and what was read; a chain that only grows.

Each record carries an HMAC-SM3 over itself and over the one before it, by a key that the warehouse does not hold: to
change, remove, move, copy or add a record one needs the key. Cutting off the newest records leaves a whole chain, so
after each commit the head is noted in a file elsewhere (``anchors``). People stand in it as tokens.

``append`` numbers without a gap: it takes the head's row first, and others wait until the caller's transaction ends.
So it comes first in a transaction: what was read there before may be older than what others wrote.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

from shuyuan.problems import PassingError, ShuyuanError
from shuyuan.vault.keys import AUDIT, Key, KeyRing
from shuyuan.vault.store import Connection, Session

Decision = Literal["registered", "intent", "answered", "refused", "failed", "read", "deleted"]
LOT, LISTED = 100, 1000
"""Records a statement: where each value has its mark (more take longer), and where a column is one list."""

_HEAD = "audit"


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """One access. ``happened_at`` is naive UTC; tokens are those of ``vault.tokens``, several joined by a blank.

    One record a source that was read (``source``: the entry, ``version`` its publication, ``fields`` the items used,
    joined by a comma, ``found`` the rows), one record a case (``case_token``, ``authorization_token``,
    ``subject_token``), or one of the whole request. ``decision``: ``intent`` before anything is read, ``answered``,
    ``refused``, ``failed``, ``read`` (an answer was fetched), ``deleted``.
    """

    happened_at: datetime
    actor: str
    role: str
    department: str
    check: str
    request_id: str
    case_token: str | None = None
    authorization_token: str | None = None
    source: str | None = None
    version: str | None = None
    fields: str | None = None
    subject_token: str | None = None
    found: int | None = None
    decision: Decision


@dataclass(frozen=True)
class Head:
    """The newest record: its number (from 1) and its MAC, ``<key id>:<64 hexadecimal digits>``."""

    seq: int
    mac: str


COLUMNS = tuple(one.name for one in fields(AuditRecord))
_values = attrgetter(*COLUMNS)
_TYPES = ("BIGINT", "TIMESTAMP", *["TEXT"] * 11, "BIGINT", "TEXT", "TEXT", "TEXT")
_NAMES = ", ".join(f'"{name}"' for name in ("seq", *COLUMNS, "previous", "mac"))
_MARKS = f"({', '.join('?' * (len(COLUMNS) + 3))})"


def append(session: Session, ring: KeyRing, records: Sequence[AuditRecord]) -> Head:
    """Write records at the end of the chain, inside the caller's transaction, and return the new head.

    After the commit the caller hands the head to ``anchors.note``. Whatever goes wrong, there is no answer: nothing
    may be read or shown that is not in the audit.

    Raises:
        PassingError: P396, the audit cannot be written: no table, no right, a lock, a full disk.
        PlatformError: P391 (the key of its head is not here), P390, P392.
    """
    if not records:
        raise ValueError("nothing to write")
    key = ring.current(AUDIT)
    try:
        head = _take_head(session, len(records))
        if head.mac:
            ring.find(AUDIT, head.mac.partition(":")[0])
        lines = []
        for number, record in enumerate(records, head.seq + 1):
            values = (number, *_values(record), head.mac)
            head = Head(number, mac_of(key, values))
            lines.append((*values, head.mac))
        lot = LISTED if session.embedded else LOT
        for at in range(0, len(lines), lot):
            _insert(session, lines[at : at + lot])
        session.execute("UPDATE ledger.audit_heads SET mac = ? WHERE name = ?", [head.mac, _HEAD])
    except ShuyuanError:
        raise
    except Exception as error:
        raise PassingError("P396", kind=type(error).__name__) from None
    return head


def read_head(connection: Connection) -> Head | None:
    """Return the head as the warehouse notes it, ``None`` before the first record."""
    rows = connection.query("SELECT seq, mac FROM ledger.audit_heads WHERE name = ?", [_HEAD])
    return Head(int(rows[0]["seq"]), rows[0]["mac"]) if rows else None


def read_lines(connection: Connection, after: int, most: int) -> list[tuple[Any, ...]]:
    """Return ``most`` lines after a number: ``seq``, the record's values as ``COLUMNS``, ``previous``, ``mac``."""
    rows = connection.query(f"SELECT {_NAMES} FROM ledger.audit WHERE seq > ? ORDER BY seq LIMIT {int(most)}", [after])
    return [tuple(row.values()) for row in rows]


def read_records(
    connection: Connection, last: int, *, request: str | None = None, actor: str | None = None
) -> list[tuple[int, AuditRecord]]:
    """Return the ``last`` records with their numbers, the newest first; of one request or one person only, if named."""
    wanted = {"request_id": request, "actor": actor}
    named = {column: value for column, value in wanted.items() if value is not None}
    where = f" WHERE {' AND '.join(f'{column} = ?' for column in named)}" if named else ""
    rows = connection.query(
        f"SELECT {_NAMES} FROM ledger.audit{where} ORDER BY seq DESC LIMIT {int(last)}", list(named.values())
    )
    return [(int(row["seq"]), AuditRecord(**{name: row[name] for name in COLUMNS})) for row in rows]


def mac_of(key: Key, values: tuple[Any, ...]) -> str:
    """Return the MAC of ``seq``, a record's values and ``previous``, in their canonical writing.

    Canonical is the JSON list of them: UTF-8, no blanks, times as ISO 8601 with six digits of a second.
    """
    shown = [value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value for value in values]
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    return f"{key.key_id}:{key.sum('audit', text.encode()).hex()}"


def _insert(session: Session, lines: Sequence[tuple[Any, ...]]) -> None:
    """Insert lines in one statement. DuckDB takes a list a column ten times as fast as a mark a value."""
    into = f"INSERT INTO ledger.audit ({_NAMES})"
    if session.embedded:
        columns = [list(column) for column in zip(*lines, strict=True)]
        session.execute(f"{into} SELECT {', '.join(f'unnest(?::{one}[])' for one in _TYPES)}", columns)
    else:
        values = [value for line in lines for value in line]
        session.execute(f"{into} VALUES {', '.join([_MARKS] * len(lines))}", values)


def _take_head(connection: Connection, count: int) -> Head:
    """Count the head up by ``count`` and return it as it was; its row is ours until the transaction ends."""
    count_up = "UPDATE ledger.audit_heads SET seq = seq + ? WHERE name = ?"
    connection.execute(count_up, [count, _HEAD])
    head = read_head(connection)
    if head is None:
        connection.execute("INSERT INTO ledger.audit_heads (name, seq, mac) VALUES (?, ?, ?)", [_HEAD, count, ""])
        return Head(0, "")
    return Head(head.seq - count, head.mac)
