"""What the ledger says of checks (核查) in a period: how many, how fast, with which result. Nobody is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Query = Callable[[str, Sequence[Any]], list[Row]]

_ASKED = """
    SELECT t."check" AS asked, t.department, t.asked_at, t.state, t.cases, t.answered_at, t.passed, t.failed,
           t.to_review
    FROM ledger.check_requests t WHERE t.asked_at >= ? AND t.asked_at <= ? ORDER BY t.asked_at, t.request_id"""
_SOURCES = """
    SELECT t."check" AS asked, t.source, count(DISTINCT t.request_id) AS requests,
           count(DISTINCT CASE WHEN t.fields IS NULL AND t.version IS NOT NULL THEN t.request_id END) AS unusable,
           count(DISTINCT CASE WHEN t.fields IS NULL AND t.version IS NULL THEN t.request_id END) AS absent
    FROM ledger.audit t
    WHERE t.decision = 'answered' AND t.source IS NOT NULL AND t.happened_at >= ? AND t.happened_at <= ?
    GROUP BY t."check", t.source ORDER BY t."check", t.source"""


@dataclass(frozen=True, slots=True)
class RequestFact:
    """One request without its number and without who asked. Instants are naive UTC.

    ``answered_at`` is ``None`` while there is no answer; then the cases are not counted by conclusion either.
    ``broken``: it failed, and nobody ran it again.
    """

    check: str
    department: str
    asked_at: datetime
    cases: int
    answered_at: datetime | None
    passed: int | None
    failed: int | None
    to_review: int | None
    broken: bool


@dataclass(frozen=True, slots=True)
class ReadFact:
    """One source of one check: by how many answered requests it was wanted, and by how many it could not be read.

    ``unusable``: it had data, too old, blocked or unreachable at that time. ``absent``: it had none at all.
    """

    check: str
    entry_id: str
    requests: int
    unusable: int
    absent: int


@dataclass(frozen=True)
class CheckFacts:
    """The period's requests, oldest first, and the sources that they read. ``titles`` names the checks by id."""

    asked: tuple[RequestFact, ...] = ()
    read: tuple[ReadFact, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


def read_check_facts(query: Query, first: datetime, until: datetime, titles: Mapping[str, str]) -> CheckFacts:
    """Read what was asked from ``first`` to ``until`` (naive UTC); an answer that came later is none yet."""
    asked = tuple(_asked(row, until) for row in query(_ASKED, [first, until]))
    read = tuple(
        ReadFact(row["asked"], row["source"], int(row["requests"]), int(row["unusable"]), int(row["absent"]))
        for row in query(_SOURCES, [first, until])
    )
    return CheckFacts(asked, read, dict(titles))


def _asked(row: Row, until: datetime) -> RequestFact:
    answered = row["answered_at"] is not None and row["answered_at"] <= until
    counts = [row[name] if answered else None for name in ("passed", "failed", "to_review")]
    passed, failed, to_review = (None if one is None else int(one) for one in counts)
    return RequestFact(
        check=row["asked"],
        department=row["department"],
        asked_at=row["asked_at"],
        cases=int(row["cases"]),
        answered_at=row["answered_at"] if answered else None,
        passed=passed,
        failed=failed,
        to_review=to_review,
        broken=row["state"] == "failed",
    )
