"""Frozen months: what a month's figures were made from and came to, kept in the ledger when it is first reported.

A month that is over is frozen by its first report; every later report of it is made from the snapshot alone, whatever
came, was answered or was edited since. The snapshot is JSON, compressed, in parts that
every warehouse can hold; its hash stands beside it, and so does the hash of the ledger's lines behind the figures.
The standings come first and are packed by themselves, because the next month needs no more of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from shuyuan import __version__
from shuyuan.indicators.evidence import Evidence
from shuyuan.indicators.reading import Ledger
from shuyuan.indicators.records import PeriodRecords
from shuyuan.indicators.snapshot import decoder, write_text
from shuyuan.indicators.standing import Standings
from shuyuan.ledger import Connection, insert
from shuyuan.problems import PlatformError
from shuyuan.project import Project

PART = 60_000
"""Characters of one part: MariaDB's TEXT holds 65,535."""


BETWEEN = "."
"""Stands between the pieces of a snapshot."""


class Writer(Connection, Protocol):
    """What freezing needs of a session."""

    def transaction(self) -> Any:
        """Commit on leaving; roll back when an exception leaves."""


@dataclass(frozen=True)
class Month:
    """One month as it was reported. ``last``: the standings of the month before, where it had any."""

    evidence: Evidence
    standings: Standings
    last: Standings | None = None


@dataclass(frozen=True)
class FrozenMonth:
    """A month of the ledger: ``closed_at`` (naive UTC) is when it was frozen, ``state_hash`` what its lines hash to."""

    month: Month
    closed_at: datetime
    state_hash: str
    code_version: str


def hash_state(records: PeriodRecords) -> str:
    """Return the SHA-256 (hex) of the ledger's lines that a month's figures are made from."""
    return hashlib.sha256(write_text(records).encode()).hexdigest()


def freeze_month(session: Writer, month: Month, now: datetime) -> None:
    """Keep ``month`` in one transaction. Of two at once the first one wins; the other changes nothing."""
    content = BETWEEN.join(_pack(piece) for piece in (month.standings, month.last, month.evidence))
    period, records = month.evidence.period, month.evidence.records
    line = {
        "month": period.month,
        "closed_at": now.astimezone(UTC).replace(tzinfo=None),
        "first_day": period.first,
        "last_day": period.last,
        "state_hash": hash_state(records or PeriodRecords(period, month.standings.as_of)),
        "snapshot_sha256": hashlib.sha256(content.encode()).hexdigest(),
        "parts": -(-len(content) // PART),
        "code_version": __version__,
    }
    try:
        with session.transaction():
            insert(session, "months", line)
            for number, start in enumerate(range(0, len(content), PART), start=1):
                part = {"month": period.month, "part": number, "content": content[start : start + PART]}
                insert(session, "month_parts", part)
    except Exception:
        if not is_frozen(session, period.month):
            raise


def is_frozen(session: Ledger, month: str) -> bool:
    """Whether ``month`` (``2026-11``) is frozen."""
    return bool(session.query("SELECT month FROM ledger.months WHERE month = ?", [month]))


def read_frozen(session: Ledger, month: str, project: Project) -> FrozenMonth | None:
    """Return a frozen month, ``None`` when it is not frozen yet.

    Raises:
        PlatformError: P365, the snapshot is not what was written; P366, this version cannot read it.
    """
    found = _read_pieces(session, month)
    if found is None:
        return None
    line, (standings, last, evidence) = found
    kept = Month(
        _unpack(evidence, Evidence, line, project),
        _unpack(standings, Standings, line, project),
        _unpack(last, Standings | None, line, project),
    )
    return FrozenMonth(kept, line["closed_at"], line["state_hash"], line["code_version"])


def read_frozen_standings(session: Ledger, month: str, project: Project) -> Standings | None:
    """Return only the standings of a frozen month. Raises like ``read_frozen``."""
    found = _read_pieces(session, month)
    if found is None:
        return None
    line, pieces = found
    kept: Standings = _unpack(pieces[0], Standings, line, project)
    return kept


def _read_pieces(session: Ledger, month: str) -> tuple[dict[str, Any], list[str]] | None:
    lines = session.query("SELECT * FROM ledger.months WHERE month = ?", [month])
    if not lines:
        return None
    line = lines[0]
    parts = session.query("SELECT content FROM ledger.month_parts WHERE month = ? ORDER BY part", [month])
    content = "".join(part["content"] for part in parts)
    if hashlib.sha256(content.encode()).hexdigest() != line["snapshot_sha256"]:
        raise PlatformError("P365", month=month, parts=len(parts), whole=int(line["parts"]))
    return line, content.split(BETWEEN)


def _pack(value: object) -> str:
    return base64.b64encode(zlib.compress(write_text(value).encode(), 6)).decode()


def _unpack(piece: str, hint: Any, line: dict[str, Any], project: Project) -> Any:
    try:
        return decoder(hint, project)(json.loads(zlib.decompress(base64.b64decode(piece))))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        made, kind = line["code_version"], type(error).__name__
        raise PlatformError("P366", month=line["month"], made=made, mine=__version__, kind=kind) from None
