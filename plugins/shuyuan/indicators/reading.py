"""The ledger's rows become facts: the only place where the reports read the ledger.

Statements stay in the SQL that DuckDB, PostgreSQL and MariaDB share, with ``?`` parameters. Each statement returns
only what a page shows (the last runs of every entry, not all of them), so that a report of 1,500 entries stays a
matter of seconds however long the history is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar

from shuyuan.indicators.comparison_reading import read_compared, read_one_source
from shuyuan.indicators.facts import (
    WINDOW_DAYS,
    ArrivalFact,
    EntryFacts,
    Facts,
    PublicationFact,
    RuleFact,
    RunFact,
    ScoreFact,
)
from shuyuan.workdays import LOCAL, local_day

RUNS_SHOWN = 30
PUBLICATIONS_SHOWN = 15
BOARD_RUNS = 3

Row = dict[str, Any]
Fact = TypeVar("Fact")


class Ledger(Protocol):
    """What the reports need of a warehouse connection."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one query and return all of its rows."""


_LAST_RUNS = """
    SELECT r.run_id, r.entry_id, r.data_date, r.started_at, r.outcome, r.problem_code, r.problem, r.delivered,
           r.accepted, r.rejected, r.score, r.scores, r.seconds
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at DESC, t.run_id DESC) AS place
          FROM ledger.runs t WHERE t.outcome IS NOT NULL AND t.started_at <= ?) r
    WHERE r.place <= ? ORDER BY r.entry_id, r.place"""
_PUBLICATIONS = """
    SELECT p.entry_id, p.load_no, p.run_id, p.spec_version, p.data_date, p.mode, p.rows, p.added, p.updated,
           p.removed, p.accepted, p.rejected, p.score, p.published_at
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.load_no DESC) AS place
          FROM ledger.publications t WHERE t.published_at <= ?) p
    WHERE p.place <= ? ORDER BY p.entry_id, p.place"""
_ARRIVALS = """
    SELECT f.entry_id, f.due_at, f.state, f.arrived_at
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.due_at DESC) AS place
          FROM ledger.freshness t WHERE t.due_at <= ?) f
    WHERE f.place = 1 OR f.due_at >= ? ORDER BY f.entry_id, f.due_at"""
_SCORES = """
    SELECT t.entry_id, t.started_at, t.score, t.scores FROM ledger.runs t
    WHERE t.score IS NOT NULL AND t.outcome <> 'dry_run' AND t.started_at >= ? AND t.started_at <= ?
    ORDER BY t.entry_id, t.started_at, t.run_id"""
_EARLIER_SCORES = """
    SELECT s.entry_id, s.started_at, s.score, s.scores
    FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at DESC, t.run_id DESC) AS place
          FROM ledger.runs t WHERE t.score IS NOT NULL AND t.outcome <> 'dry_run' AND t.started_at < ?) s
    WHERE s.place = 1 ORDER BY s.entry_id"""
_BLOCKED = """
    SELECT t.entry_id, count(*) AS blocked FROM ledger.runs t
    WHERE t.outcome = 'blocked' AND t.started_at >= ? AND t.started_at <= ? GROUP BY t.entry_id"""
_RULES = """
    WITH checked AS (
        SELECT t.run_id, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at DESC, t.run_id DESC) AS place
        FROM ledger.runs t
        WHERE t.delivered IS NOT NULL AND t.outcome IN ('published', 'blocked', 'failed') AND t.started_at <= ?)
    SELECT x.entry_id, x.rule, x.code, x.field, x.indicator, x.dimension, x.effect, x.evaluated, x.unexpected,
           x.success, x.errored, x.observed
    FROM ledger.rule_results x JOIN checked c ON c.run_id = x.run_id
    WHERE c.place = 1 ORDER BY x.entry_id, x.code, x.rule"""
_TRENDS = """
    WITH checked AS (
        SELECT t.run_id, t.started_at,
               row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at DESC, t.run_id DESC) AS place
        FROM ledger.runs t
        WHERE t.delivered IS NOT NULL AND t.outcome IN ('published', 'blocked', 'failed') AND t.started_at <= ?),
    failing AS (
        SELECT y.entry_id, y.rule FROM ledger.rule_results y JOIN checked d ON d.run_id = y.run_id
        WHERE d.place = 1 AND y.unexpected > 0)
    SELECT x.entry_id, x.rule, x.evaluated, x.unexpected, c.started_at
    FROM ledger.rule_results x JOIN checked c ON c.run_id = x.run_id
    JOIN failing f ON f.entry_id = x.entry_id AND f.rule = x.rule
    WHERE c.place <= ? ORDER BY x.entry_id, x.rule, c.started_at, c.run_id"""
_SINCE = (
    "SELECT min(t.started_at) AS first_at FROM ledger.runs t",
    "SELECT min(t.due_at) AS first_at FROM ledger.freshness t",
)


def read_facts(ledger: Ledger, now: datetime) -> Facts:
    """Read all that the report pages show, as of ``now`` (aware). Later rows are not looked at."""
    until, window = _naive_utc(now), _window_start(now)
    trends: dict[tuple[str, str], list[tuple[datetime, int, int]]] = defaultdict(list)
    for row in ledger.query(_TRENDS, [until, RUNS_SHOWN]):
        trends[row["entry_id"], row["rule"]].append((row["started_at"], row["evaluated"], row["unexpected"]))
    rules: dict[str, list[RuleFact]] = defaultdict(list)
    for row in ledger.query(_RULES, [until]):
        entry_id = row.pop("entry_id")
        rules[entry_id].append(RuleFact(**row, trend=tuple(trends.get((entry_id, row["rule"]), ()))))
    blocked = {row["entry_id"]: row["blocked"] for row in ledger.query(_BLOCKED, [window, until])}
    entries = _join(
        blocked,
        runs=_by_entry(ledger.query(_LAST_RUNS, [until, RUNS_SHOWN]), _run),
        publications=_by_entry(ledger.query(_PUBLICATIONS, [until, PUBLICATIONS_SHOWN]), _publication),
        arrivals=_arrivals(ledger, until, until - timedelta(days=3 * WINDOW_DAYS)),
        scores=_daily(ledger.query(_EARLIER_SCORES, [window]) + ledger.query(_SCORES, [window, until])),
        rules=rules,
        compared=read_compared(ledger.query, until, window),
    )
    one_source = read_one_source(ledger.query, until, window)
    return Facts(now=now, entries=entries, since=_first_day(ledger, until), one_source=one_source)


def read_board_facts(ledger: Ledger, now: datetime) -> Facts:
    """Read only what the freshness board needs: the last run, publication, due date and score of every entry."""
    until = _naive_utc(now)
    entries = _join(
        {},
        runs=_by_entry(ledger.query(_LAST_RUNS, [until, BOARD_RUNS]), _run),
        publications=_by_entry(ledger.query(_PUBLICATIONS, [until, 1]), _publication),
        arrivals=_arrivals(ledger, until, until),
        scores=_daily(ledger.query(_EARLIER_SCORES, [until + timedelta(microseconds=1)])),
    )
    return Facts(now=now, entries=entries)


def _naive_utc(now: datetime) -> datetime:
    return (now.astimezone(UTC) if now.tzinfo else now).replace(tzinfo=None)


def _window_start(now: datetime) -> datetime:
    """The first midnight (Asia/Shanghai) of the window, as naive UTC."""
    first = local_day(now) - timedelta(days=WINDOW_DAYS - 1)
    return _naive_utc(datetime.combine(first, time.min, LOCAL))


def _join(
    blocked: Mapping[str, int], compared: Mapping[str, Any] | None = None, **parts: Mapping[str, Sequence[Any]]
) -> dict[str, EntryFacts]:
    scored = compared or {}
    known = sorted({*scored, *(entry_id for part in parts.values() for entry_id in part)})
    return {
        entry_id: EntryFacts(
            blocked=blocked.get(entry_id, 0),
            compared=scored.get(entry_id, {}),
            **{name: tuple(part.get(entry_id, ())) for name, part in parts.items()},
        )
        for entry_id in known
    }


def _by_entry(rows: Iterable[Row], make: Callable[[Row], Fact]) -> dict[str, list[Fact]]:
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for row in rows:
        grouped[row.pop("entry_id")].append(make(row))
    return grouped


def _run(row: Row) -> RunFact:
    return RunFact(**row | {"scores": _numbers(row["scores"]), "seconds": _numbers(row["seconds"])})


def _publication(row: Row) -> PublicationFact:
    return PublicationFact(**row)


def _arrivals(ledger: Ledger, until: datetime, since: datetime) -> dict[str, list[ArrivalFact]]:
    """The due dates from ``since`` on, and each entry's last; what came after ``until`` is still waited for."""
    rows = ledger.query(_ARRIVALS, [until, since])
    for row in rows:
        if row["arrived_at"] is not None and row["arrived_at"] > until:
            row |= {"state": "waiting", "arrived_at": None}
    return _by_entry(rows, lambda row: ArrivalFact(day=local_day(row["due_at"]), **row))


def _daily(rows: Iterable[Row]) -> dict[str, list[ScoreFact]]:
    """Keep the last score of each entry and local day; ``rows`` are in the order of time within an entry."""
    last: dict[str, dict[date, Row]] = defaultdict(dict)
    for row in rows:
        last[row["entry_id"]][local_day(row["started_at"])] = row
    return {
        entry_id: [ScoreFact(day, float(row["score"]), _numbers(row["scores"])) for day, row in sorted(days.items())]
        for entry_id, days in last.items()
    }


def _numbers(text: str | None) -> dict[str, float]:
    """Read a JSON object of numbers; nulls are left out, so that "no rule" never becomes a number."""
    values = json.loads(text) if text else {}
    return {str(name): float(value) for name, value in values.items() if value is not None}


def _first_day(ledger: Ledger, until: datetime) -> date | None:
    found = [row["first_at"] for sql in _SINCE for row in ledger.query(sql)]
    days = [local_day(instant) for instant in found if instant is not None and instant <= until]
    return min(days) if days else None
