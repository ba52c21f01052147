"""The ledger's comparisons, discrepancies and corrections become facts, as of one instant.

A comparison line is never changed once written. Discrepancies and corrections are: what a later run did to them
(cleared, answered, closed, reopened) is undone from their instants and events, so that a report as of an earlier
moment does not know the future. Statements stay in the SQL that DuckDB, PostgreSQL and MariaDB share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from shuyuan.indicators.facts import ComparisonFact, CopyKey, CorrectionFact, DiscrepancyFact, OneSourceFacts
from shuyuan.workdays import local_day

LISTED = 10
"""How many differences of one copy are read; their number is read whole."""

Row = dict[str, Any]
Query = Callable[[str, Sequence[Any]], list[Row]]

_LATEST = """
    SELECT c.run_id, c.compared_at, c.entry_id, c.field, c.element, c.kind, c.source_id, c.match_key, c.state, c.reason,
           c.copy_load_no, c.source_load_no, c.copy_rows, c.matched, c.agreeing, c.differing, c.blank_here,
           c.blank_there, c.only_here, c.only_there, c.source_duplicates, c.indicator, c.score
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id, t.field, t.source_id
                                         ORDER BY t.compared_at DESC, t.run_id DESC) AS place
          FROM ledger.comparisons t WHERE t.compared_at <= ?) c
    WHERE c.place = 1 ORDER BY c.entry_id, c.source_id, c.kind DESC, c.field"""
_BROKEN = """
    SELECT n.entry_id, n.field, n.source_id, min(n.compared_at) AS since, max(g.last_at) AS last_compared
    FROM ledger.comparisons n
    LEFT JOIN (SELECT t.entry_id, t.field, t.source_id, max(t.compared_at) AS last_at FROM ledger.comparisons t
               WHERE t.state = 'compared' AND t.compared_at <= ? GROUP BY t.entry_id, t.field, t.source_id) g
      ON g.entry_id = n.entry_id AND g.field = n.field AND g.source_id = n.source_id
    WHERE n.state = 'not_compared' AND n.compared_at <= ? AND (g.last_at IS NULL OR n.compared_at > g.last_at)
    GROUP BY n.entry_id, n.field, n.source_id"""
_EARLIER = """
    SELECT s.entry_id, s.field, s.source_id, s.compared_at, s.state, s.score
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id, t.field, t.source_id
                                         ORDER BY t.compared_at DESC, t.run_id DESC) AS place
          FROM ledger.comparisons t WHERE t.compared_at < ?) s
    WHERE s.place = 1 ORDER BY s.entry_id, s.field, s.source_id"""
_WITHIN = """
    SELECT t.entry_id, t.field, t.source_id, t.compared_at, t.state, t.score FROM ledger.comparisons t
    WHERE t.compared_at >= ? AND t.compared_at <= ?
    ORDER BY t.entry_id, t.field, t.source_id, t.compared_at, t.run_id"""
_DIFFERENCES = """
    SELECT d.entry_id, d.field, d.element, d.kind, d.source_id, d.token, d.copy_value, d.source_value, d.first_seen,
           d.last_seen, d.correction_id, d.place
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id, t.field, t.kind, t.source_id
                                         ORDER BY t.first_seen, t.token) AS place
          FROM ledger.discrepancies t
          WHERE t.first_seen <= ? AND (t.cleared_at IS NULL OR t.cleared_at > ?)) d
    WHERE d.place <= ? ORDER BY d.entry_id, d.field, d.kind, d.source_id, d.place"""
_LISTED = """
    SELECT t.entry_id, t.field, t.kind, t.source_id, count(*) AS listed FROM ledger.discrepancies t
    WHERE t.first_seen <= ? AND (t.cleared_at IS NULL OR t.cleared_at > ?)
    GROUP BY t.entry_id, t.field, t.kind, t.source_id"""
_CORRECTIONS = """
    SELECT c.correction_id, c.entry_id, c.field, c.element, c.kind, c.source_id, c.department, c.rows_first, c.rows_now,
           c.opened_at, c.due_on, c.state, c.answered_at, c.answered_by, c.answer, c.closed_at, c.reopened
    FROM ledger.corrections c
    WHERE c.opened_at <= ? AND (c.closed_at IS NULL OR c.closed_at >= ?) ORDER BY c.due_on, c.correction_id"""
_UNDONE = """
    SELECT e.correction_id, e.happened_at, e.action, e.note, e.rows_then FROM ledger.correction_events e
    JOIN (SELECT t.correction_id FROM ledger.correction_events t WHERE t.happened_at > ? GROUP BY t.correction_id) l
      ON l.correction_id = e.correction_id
    WHERE e.happened_at <= ? ORDER BY e.correction_id, e.step"""

_REFERRED = """
    SELECT m.correction_id, m.note
    FROM (SELECT t.correction_id, t.action, t.note,
                 row_number() OVER (PARTITION BY t.correction_id ORDER BY t.step DESC) AS place
          FROM ledger.correction_events t
          WHERE t.action IN ('opened', 'reopened', 'referred') AND t.happened_at <= ?) m
    WHERE m.place = 1 AND m.action = 'referred'"""


def read_one_source(query: Query, until: datetime, window: datetime) -> OneSourceFacts:
    """Read what the 一数一源 page shows. ``until`` is the report's instant, ``window`` its first; both naive UTC."""
    broken = {_key(row): row for row in query(_BROKEN, [until, until])}
    comparisons = []
    for row in query(_LATEST, [until]):
        gap = broken.get(_key(row)) or {"since": None, "last_compared": None}
        last = gap["last_compared"] if row["state"] == "not_compared" else row["compared_at"]
        comparisons.append(ComparisonFact(**row, since=gap["since"], last_compared=last))
    listed = {
        (row["entry_id"], row["field"], row["kind"], row["source_id"]): row["listed"]
        for row in query(_LISTED, [until, until])
    }
    differences = query(_DIFFERENCES, [until, until, LISTED])
    return OneSourceFacts(
        comparisons=tuple(comparisons),
        discrepancies=tuple(
            DiscrepancyFact(**row | {"last_seen": min(row["last_seen"], until)}) for row in differences
        ),
        listed=listed,
        corrections=_read_corrections(query, until, window),
    )


def read_compared(
    query: Query, until: datetime, window: datetime
) -> dict[str, dict[CopyKey, tuple[tuple[date, float | None], ...]]]:
    """Read each copy's score by local day: the last one before the window, and the last one of every day in it."""
    days: dict[CopyKey, dict[date, float | None]] = defaultdict(dict)
    for row in query(_EARLIER, [window]) + query(_WITHIN, [window, until]):
        score = float(row["score"]) if row["state"] == "compared" and row["score"] is not None else None
        days[_key(row)][local_day(row["compared_at"])] = score
    by_entry: dict[str, dict[CopyKey, tuple[tuple[date, float | None], ...]]] = defaultdict(dict)
    for key, scores in days.items():
        by_entry[key[0]][key] = tuple(scores.items())
    return by_entry


def _read_corrections(query: Query, until: datetime, window: datetime) -> tuple[CorrectionFact, ...]:
    events: dict[str, list[Row]] = defaultdict(list)
    for row in query(_UNDONE, [until, until]):
        events[row["correction_id"]].append(row)
    referred = {row["correction_id"]: row["note"] for row in query(_REFERRED, [until])}
    known = [
        CorrectionFact(**row, referral=referred.get(row["correction_id"]))
        for row in query(_CORRECTIONS, [until, window])
    ]
    undone = [_as_of(fact, events[fact.correction_id], until) for fact in known]
    return tuple(fact for fact in undone if fact.closed_at is None or fact.closed_at >= window)


def _as_of(fact: CorrectionFact, events: Sequence[Row], until: datetime) -> CorrectionFact:
    """Undo what happened after ``until``. ``events`` are the earlier ones, and none when nothing happened since."""
    if fact.answered_at is not None and fact.answered_at > until:
        fact = replace(fact, state="open", answered_at=None, answered_by=None, answer=None)
    if fact.closed_at is not None and fact.closed_at > until:
        fact = replace(fact, state=fact.state if fact.answered_at else "open", closed_at=None)
    if not events:
        return fact
    standing = [event for event in events if event["action"] in ("opened", "reopened", "closed")]
    ended = bool(standing) and standing[-1]["action"] == "closed"
    return replace(
        fact,
        rows_now=events[-1]["rows_then"],
        reopened=sum(event["action"] == "reopened" for event in events),
        closed_at=standing[-1]["happened_at"] if ended else None,
        state=("explained" if standing[-1]["note"] == "unlinked" else "corrected") if ended else fact.state,
    )


def _key(row: Row) -> CopyKey:
    return row["entry_id"], row["field"], row["source_id"]
