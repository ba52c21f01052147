"""The ledger's problems as spells: from when to when an entry was missing, blocked, failed or broke one of its rules.

A spell begins with the first of an unbroken row of bad days and ends with the first good one; one that has not ended
is open. Statements stay in the SQL that DuckDB, PostgreSQL and MariaDB share, and answer one line a spell, however
many deliveries it lasted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from shuyuan.workdays import local_day

ProblemKind = Literal["missing", "blocked", "failed", "rule"]
LOOK_BACK_DAYS = 90
"""How many days before the period a spell is followed back; one that is older begins there."""

Row = dict[str, Any]
Query = Callable[[str, Sequence[Any]], list[Row]]

_MISSING = """
    SELECT m.entry_id, m.due_at, (
        SELECT min(f.arrived_at) FROM ledger.freshness f
        WHERE f.entry_id = m.entry_id AND f.due_at > m.due_at AND f.arrived_at <= ?) AS mended_at
    FROM ledger.freshness m WHERE m.state = 'missing' AND m.due_at >= ? AND m.due_at <= ?
    ORDER BY m.entry_id, m.due_at"""
_STOPPED = """
    SELECT s.entry_id, s.outcome, s.problem_code, s.problem, s.started_at, s.mended_at
    FROM (SELECT t.run_id, t.entry_id, t.outcome, t.problem_code, t.problem, t.started_at,
                 min(CASE WHEN t.outcome IN ('published', 'unchanged') THEN t.started_at END)
                 OVER (PARTITION BY t.entry_id ORDER BY t.started_at, t.run_id
                       ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS mended_at
          FROM ledger.runs t
          WHERE t.outcome IN ('published', 'unchanged', 'blocked', 'failed')
            AND t.started_at >= ? AND t.started_at <= ?) s
    WHERE s.outcome IN ('blocked', 'failed') AND (s.mended_at IS NULL OR s.mended_at >= ?)
    ORDER BY s.entry_id, s.started_at, s.run_id"""
_RULES = """
    WITH checked AS (
        SELECT t.run_id, t.entry_id, t.started_at,
               row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at, t.run_id) AS place
        FROM ledger.runs t
        WHERE t.delivered IS NOT NULL AND t.outcome IN ('published', 'blocked', 'failed')
          AND t.started_at >= ? AND t.started_at <= ?),
    failing AS (
        SELECT c.entry_id, x.rule, x.code, x.unexpected, x.evaluated, c.started_at, c.place,
               c.place - row_number() OVER (PARTITION BY c.entry_id, x.rule ORDER BY c.place) AS island
        FROM checked c JOIN ledger.rule_results x ON x.run_id = c.run_id WHERE x.unexpected > 0 OR x.errored),
    spells AS (
        SELECT g.entry_id, g.rule, min(g.started_at) AS first_seen, max(g.started_at) AS last_seen,
               max(g.place) AS last_place, count(*) AS times
        FROM failing g GROUP BY g.entry_id, g.rule, g.island)
    SELECT s.entry_id, s.rule, l.code, s.first_seen, s.last_seen, s.times, l.unexpected, l.evaluated,
           n.started_at AS closed_at
    FROM spells s
    JOIN failing l ON l.entry_id = s.entry_id AND l.rule = s.rule AND l.place = s.last_place
    LEFT JOIN checked n ON n.entry_id = s.entry_id AND n.place = s.last_place + 1
    WHERE n.started_at IS NULL OR n.started_at >= ?
    ORDER BY s.entry_id, s.rule, s.first_seen"""


@dataclass(frozen=True, slots=True)
class ProblemFact:
    """One spell. Instants are naive UTC; ``closed_at`` is ``None`` while it lasts.

    ``what`` is the rule's id (kind ``rule``) or the recorded sentence (``blocked``, ``failed``). ``rows`` out of
    ``evaluated`` broke the rule in its last delivery; ``None`` where nothing is counted. ``times``: bad deliveries or
    due dates in the spell. ``last_due``: of a missing one, the last date that passed.
    """

    kind: ProblemKind
    entry_id: str
    code: str
    what: str
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None
    times: int
    rows: int | None = None
    evaluated: int | None = None

    @property
    def since(self) -> date:
        """The local day on which it was first seen."""
        return local_day(self.first_seen)


def read_problems(query: Query, first: datetime, until: datetime) -> tuple[ProblemFact, ...]:
    """Read the spells that were open at ``first`` or began up to ``until`` (naive UTC), by entry and first day."""
    begin = first - timedelta(days=LOOK_BACK_DAYS)
    found = [
        *_missing(query(_MISSING, [until, begin, until]), first),
        *_stopped(query(_STOPPED, [begin, until, first])),
        *_broken(query(_RULES, [begin, until, first])),
    ]
    return tuple(sorted(found, key=lambda one: (one.entry_id, one.first_seen, one.kind, one.code, one.what)))


def _missing(rows: Sequence[Row], first: datetime) -> list[ProblemFact]:
    """Due dates that one arrival mended, or none yet, are one spell."""
    made = []
    for (entry_id, mended_at), group in groupby(rows, key=lambda row: (row["entry_id"], row["mended_at"])):
        dues = [row["due_at"] for row in group]
        if mended_at is None or mended_at >= first:
            made.append(ProblemFact("missing", entry_id, "D101", "", dues[0], dues[-1], mended_at, len(dues)))
    return made


def _stopped(rows: Sequence[Row]) -> list[ProblemFact]:
    """Runs stopped by one code until the next good run are one spell; its sentence is the last one's."""
    spells: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        spells.setdefault((row["entry_id"], row["outcome"], row["problem_code"], row["mended_at"]), []).append(row)
    return [
        ProblemFact(
            outcome,
            entry_id,
            code or "",
            group[-1]["problem"] or "",
            group[0]["started_at"],
            group[-1]["started_at"],
            mended_at,
            len(group),
        )
        for (entry_id, outcome, code, mended_at), group in spells.items()
    ]


def _broken(rows: Sequence[Row]) -> list[ProblemFact]:
    return [
        ProblemFact(
            "rule",
            row["entry_id"],
            row["code"],
            row["rule"],
            row["first_seen"],
            row["last_seen"],
            row["closed_at"],
            int(row["times"]),
            int(row["unexpected"]),
            int(row["evaluated"]),
        )
        for row in rows
    ]
