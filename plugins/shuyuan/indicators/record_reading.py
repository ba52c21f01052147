"""The ledger's lines of one assessment month become ``PeriodRecords``, as of one instant.

Statements stay in the SQL that DuckDB, PostgreSQL and MariaDB share, one for all entries at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from shuyuan.indicators.periods import Period
from shuyuan.indicators.qualities import COPY_AGREES, COPY_KNOWN
from shuyuan.indicators.reading import Ledger
from shuyuan.indicators.records import AskedFact, DueFact, PeriodRecords, RunCount
from shuyuan.indicators.standing import RuleCount

_DUES = """
    SELECT t.entry_id, t.due_at, t.state, t.arrived_at, t.reason FROM ledger.freshness t
    WHERE t.due_at >= ? AND t.due_at < ? AND t.due_at <= ? ORDER BY t.due_at, t.entry_id"""
_ASKED = """
    SELECT t.correction_id, t.entry_id, t.department, t.opened_at, t.due_on, t.state, t.answered_at, t.closed_at
    FROM ledger.corrections t
    WHERE t.due_on >= ? AND t.due_on <= ? AND t.opened_at <= ? ORDER BY t.due_on, t.correction_id"""
_CHECKS = """
    WITH checked AS (
        SELECT t.run_id, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at DESC, t.run_id DESC) AS place
        FROM ledger.runs t
        WHERE t.delivered IS NOT NULL AND t.outcome IN ('published', 'blocked', 'failed')
              AND t.started_at >= ? AND t.started_at < ? AND t.started_at <= ?)
    SELECT x.entry_id, x.rule, x.code, x.indicator, x.evaluated, x.unexpected, x.errored
    FROM ledger.rule_results x JOIN checked c ON c.run_id = x.run_id
    WHERE c.place = 1 ORDER BY x.entry_id, x.rule"""
_RUNS = """
    SELECT t.entry_id, t.outcome, count(*) AS number FROM ledger.runs t
    WHERE t.outcome IN ('published', 'unchanged', 'blocked', 'missing', 'failed')
          AND (t.problem_code IS NULL OR t.problem_code NOT LIKE 'P%')
          AND t.started_at >= ? AND t.started_at < ? AND t.started_at <= ?
    GROUP BY t.entry_id, t.outcome"""
_COMPARED = """
    SELECT c.entry_id, c.field, c.kind, c.source_id, c.indicator, c.matched, c.only_here, c.agreeing, c.differing
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id, t.field, t.source_id
                                         ORDER BY t.compared_at DESC, t.run_id DESC) AS place
          FROM ledger.comparisons t WHERE t.compared_at < ? AND t.compared_at <= ?) c
    WHERE c.place = 1 AND c.state = 'compared' AND c.score IS NOT NULL
    ORDER BY c.entry_id, c.field, c.source_id"""
_PUBLISHED = """
    SELECT t.entry_id FROM ledger.runs t
    WHERE t.outcome = 'published' AND t.finished_at < ? AND t.finished_at <= ? GROUP BY t.entry_id"""


def read_records(ledger: Ledger, period: Period, as_of: datetime, longest_grace: timedelta) -> PeriodRecords:
    """Read the lines of ``period`` as of ``as_of`` (naive UTC): what was written later is not looked at.

    ``longest_grace`` is the catalog's: a due date belongs to the period in which its grace ends.
    """
    start, end = period.bounds
    span = [start, end, as_of]
    runs: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in ledger.query(_RUNS, span):
        runs[row["entry_id"]][0] += row["number"] if row["outcome"] in ("published", "unchanged") else 0
        runs[row["entry_id"]][1] += row["number"]
    return PeriodRecords(
        period=period,
        as_of=as_of,
        dues=tuple(_due(row, as_of) for row in ledger.query(_DUES, [start - longest_grace, end, as_of])),
        asked=tuple(_asked(row, as_of) for row in ledger.query(_ASKED, [period.first, period.last, as_of])),
        checks=_grouped(_check(row) for row in ledger.query(_CHECKS, span) if _is_scored(row)),
        runs={entry_id: RunCount(usable, ended) for entry_id, (usable, ended) in sorted(runs.items())},
        compared=_grouped(_copy(row) for row in ledger.query(_COMPARED, [end, as_of])),
        published=tuple(sorted(row["entry_id"] for row in ledger.query(_PUBLISHED, [end, as_of]))),
    )


def _due(row: dict[str, Any], as_of: datetime) -> DueFact:
    """What came after ``as_of`` had not come yet; whether it was missed by then is for the promise to say."""
    if row["arrived_at"] is not None and row["arrived_at"] > as_of and row["state"] != "excluded":
        return DueFact(row["entry_id"], row["due_at"], "waiting", None, None)
    return DueFact(row["entry_id"], row["due_at"], row["state"], row["arrived_at"], row["reason"])


def _asked(row: dict[str, Any], as_of: datetime) -> AskedFact:
    answered, closed = (
        moment if moment and moment <= as_of else None for moment in (row["answered_at"], row["closed_at"])
    )
    settled = min((moment for moment in (answered, closed) if moment), default=None)
    return AskedFact(
        row["correction_id"],
        row["entry_id"],
        row["department"],
        row["opened_at"],
        row["due_on"],
        row["state"] if settled else "open",
        settled,
        closed is not None and answered is None and row["state"] == "explained",
    )


def _is_scored(row: dict[str, Any]) -> bool:
    """Rules about rows and fields, as the score of a delivery counts them; nothing evaluated has no score."""
    ours = row["rule"].startswith("table.") or row["code"].startswith("D5") or row["errored"]
    return not ours and bool(row["evaluated"])


def _check(row: dict[str, Any]) -> RuleCount:
    return RuleCount(
        row["entry_id"], row["rule"], row["code"], row["indicator"], int(row["evaluated"]), int(row["unexpected"])
    )


def _copy(row: dict[str, Any]) -> RuleCount:
    known = row["kind"] == "reference"
    right, wrong = ("matched", "only_here") if known else ("agreeing", "differing")
    return RuleCount(
        row["entry_id"],
        f"{COPY_KNOWN if known else COPY_AGREES} {row['field']} {row['source_id']}",
        "",
        row["indicator"],
        int(row[right]) + int(row[wrong]),
        int(row[wrong]),
    )


def _grouped(counts: Iterable[RuleCount]) -> dict[str, tuple[RuleCount, ...]]:
    grouped: dict[str, list[RuleCount]] = defaultdict(list)
    for count in counts:
        grouped[count.entry_id].append(count)
    return {entry_id: tuple(rules) for entry_id, rules in sorted(grouped.items())}
