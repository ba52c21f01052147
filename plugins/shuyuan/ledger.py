"""The ledger: what was delivered, run, judged and published. Reports and rankings are functions of it.

A *comparison* is one line a copied field and reconcile run; a *discrepancy* is one listed key (a keyed token, masked
values); a *correction* (疑义) is the request about one field's discrepancies, with its *events*.

Its tables live in the warehouse, in schema ``ledger``, because a publication and its ledger row must
commit in one transaction. Statements stay in the SQL that DuckDB, PostgreSQL and MariaDB share; times are
naive UTC. No column ever holds a personal value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Protocol

from shuyuan.stages import Delivery, RuleResult

TABLES: Mapping[str, str] = {
    "deliveries": """
        delivery_id VARCHAR(64) PRIMARY KEY, entry_id VARCHAR(130) NOT NULL, sha256 VARCHAR(64) NOT NULL,
        data_date DATE NOT NULL, received_at TIMESTAMP NOT NULL, evidence VARCHAR(16) NOT NULL,
        files TEXT NOT NULL, rows_declared BIGINT, rows_counted BIGINT, run_id VARCHAR(250) NOT NULL""",
    "runs": """
        run_id VARCHAR(250) PRIMARY KEY, entry_id VARCHAR(130) NOT NULL, department VARCHAR(63) NOT NULL,
        spec_digest VARCHAR(64) NOT NULL, spec_version VARCHAR(32) NOT NULL, code_version VARCHAR(32) NOT NULL,
        data_date DATE NOT NULL, "trigger" VARCHAR(16) NOT NULL, started_at TIMESTAMP NOT NULL,
        finished_at TIMESTAMP, outcome VARCHAR(16), problem_code VARCHAR(8), problem TEXT,
        delivery_id VARCHAR(64), load_no BIGINT, delivered BIGINT, accepted BIGINT, rejected BIGINT,
        score DOUBLE PRECISION, scores TEXT, seconds TEXT""",
    "rule_results": """
        run_id VARCHAR(250) NOT NULL, entry_id VARCHAR(130) NOT NULL, rule VARCHAR(200) NOT NULL,
        code VARCHAR(8) NOT NULL, field VARCHAR(63), indicator VARCHAR(4) NOT NULL, dimension VARCHAR(16) NOT NULL,
        effect VARCHAR(8) NOT NULL, evaluated BIGINT NOT NULL, unexpected BIGINT NOT NULL,
        success BOOLEAN NOT NULL, errored BOOLEAN NOT NULL, observed TEXT, PRIMARY KEY (run_id, rule)""",
    "publications": """
        load_no BIGINT PRIMARY KEY, load_id VARCHAR(64) NOT NULL, entry_id VARCHAR(130) NOT NULL,
        run_id VARCHAR(250) NOT NULL, delivery_id VARCHAR(64) NOT NULL, spec_digest VARCHAR(64) NOT NULL,
        spec_version VARCHAR(32) NOT NULL, data_date DATE NOT NULL, mode VARCHAR(16) NOT NULL,
        "rows" BIGINT NOT NULL, added BIGINT NOT NULL, updated BIGINT NOT NULL, removed BIGINT NOT NULL,
        accepted BIGINT NOT NULL, rejected BIGINT NOT NULL, score DOUBLE PRECISION, token BIGINT NOT NULL,
        published_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP""",
    "freshness": """
        entry_id VARCHAR(130) NOT NULL, due_at TIMESTAMP NOT NULL, period VARCHAR(32) NOT NULL,
        state VARCHAR(16) NOT NULL, arrived_at TIMESTAMP, run_id VARCHAR(250), PRIMARY KEY (entry_id, due_at)""",
    "leases": "entry_id VARCHAR(130) PRIMARY KEY, token BIGINT NOT NULL",
    "specs": """
        spec_digest VARCHAR(64) PRIMARY KEY, entry_id VARCHAR(130) NOT NULL, version VARCHAR(32) NOT NULL,
        first_run_at TIMESTAMP NOT NULL, spec TEXT NOT NULL, elements TEXT NOT NULL""",
    "comparisons": """
        run_id VARCHAR(250) NOT NULL, compared_at TIMESTAMP NOT NULL, entry_id VARCHAR(130) NOT NULL,
        field VARCHAR(200) NOT NULL, element VARCHAR(200) NOT NULL, kind VARCHAR(16) NOT NULL,
        source_id VARCHAR(130) NOT NULL, match_key VARCHAR(200) NOT NULL, link_digest VARCHAR(64) NOT NULL,
        state VARCHAR(16) NOT NULL, reason VARCHAR(32), copy_load_no BIGINT, source_load_no BIGINT,
        copy_rows BIGINT, matched BIGINT, agreeing BIGINT, differing BIGINT, blank_here BIGINT, blank_there BIGINT,
        only_here BIGINT, only_there BIGINT, source_duplicates BIGINT, indicator VARCHAR(4) NOT NULL,
        score DOUBLE PRECISION, PRIMARY KEY (run_id, entry_id, field, source_id)""",
    "discrepancies": """
        entry_id VARCHAR(130) NOT NULL, field VARCHAR(200) NOT NULL, element VARCHAR(200) NOT NULL,
        kind VARCHAR(16) NOT NULL, source_id VARCHAR(130) NOT NULL, token VARCHAR(64) NOT NULL, copy_value TEXT,
        source_value TEXT, first_seen TIMESTAMP NOT NULL, last_seen TIMESTAMP NOT NULL, cleared_at TIMESTAMP,
        times BIGINT NOT NULL, correction_id VARCHAR(32),
        PRIMARY KEY (entry_id, field, kind, source_id, token)""",
    "corrections": """
        correction_id VARCHAR(32) PRIMARY KEY, entry_id VARCHAR(130) NOT NULL, field VARCHAR(200) NOT NULL,
        element VARCHAR(200) NOT NULL, kind VARCHAR(16) NOT NULL, source_id VARCHAR(130) NOT NULL,
        department VARCHAR(63) NOT NULL, rows_first BIGINT NOT NULL, rows_now BIGINT NOT NULL,
        opened_at TIMESTAMP NOT NULL, due_on DATE NOT NULL, state VARCHAR(16) NOT NULL, answered_at TIMESTAMP,
        answered_by VARCHAR(100), answer TEXT, closed_at TIMESTAMP, reopened BIGINT NOT NULL""",
    "correction_events": """
        correction_id VARCHAR(32) NOT NULL, step BIGINT NOT NULL, happened_at TIMESTAMP NOT NULL, action VARCHAR(16) NOT NULL,
        who VARCHAR(100) NOT NULL, note TEXT, rows_then BIGINT NOT NULL, PRIMARY KEY (correction_id, step)""",
}


class Connection(Protocol):
    """What the ledger needs of a warehouse connection: ``?`` parameters, rows as dictionaries."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run one query and return all of its rows."""


@dataclass(frozen=True)
class Run:
    """One line of ``ledger.runs``; see ``TABLES``. ``outcome``: published unchanged blocked failed missing."""

    run_id: str
    entry_id: str
    department: str
    spec_digest: str
    spec_version: str
    code_version: str
    data_date: date
    trigger: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    problem_code: str | None = None
    problem: str | None = None
    delivery_id: str | None = None
    load_no: int | None = None
    delivered: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    score: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """The current publication of an entry; see ``ledger.publications``."""

    load_no: int
    load_id: str
    data_date: date
    rows: int
    published_at: datetime


def create_ledger(connection: Connection, types: Mapping[str, str] = MappingProxyType({})) -> None:
    """Create the schema and the tables that are not there yet. ``types`` renames types for an engine."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ledger")
    for name, columns in TABLES.items():
        for ours, theirs in types.items():
            columns = re.sub(rf"\b{ours}\b", theirs, columns)
        connection.execute(f"CREATE TABLE IF NOT EXISTS ledger.{name} ({columns})")


def record_delivery(
    connection: Connection, delivery_id: str, delivery: Delivery, counted: int | None, run_id: str
) -> None:
    """Write one delivery once: the same content again is the same delivery, first seen by the first run."""
    if connection.query("SELECT 1 AS seen FROM ledger.deliveries WHERE delivery_id = ?", [delivery_id]):
        connection.execute(
            "UPDATE ledger.deliveries SET rows_counted = coalesce(rows_counted, ?) WHERE delivery_id = ?",
            [counted, delivery_id],
        )
        return
    files = [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in delivery.files]
    values = {
        "delivery_id": delivery_id,
        "entry_id": delivery.entry_id,
        "sha256": delivery.sha256,
        "data_date": delivery.data_date,
        "received_at": delivery.received_at,
        "evidence": delivery.evidence,
        "files": json.dumps(files, ensure_ascii=False),
        "rows_declared": delivery.rows_declared,
        "rows_counted": counted,
        "run_id": run_id,
    }
    insert(connection, "deliveries", values)


def record_run(connection: Connection, run: Run) -> None:
    """Write one run; a retried run replaces its earlier line."""
    values = asdict(run) | {
        "scores": json.dumps(run.scores),
        "seconds": json.dumps(run.seconds),
    }
    connection.execute("DELETE FROM ledger.runs WHERE run_id = ?", [run.run_id])
    insert(connection, "runs", values)


def record_results(connection: Connection, run_id: str, entry_id: str, results: Iterable[RuleResult]) -> None:
    """Write how each rule fared in one run; a retried run replaces its earlier lines."""
    connection.execute("DELETE FROM ledger.rule_results WHERE run_id = ?", [run_id])
    for result in results:
        insert(connection, "rule_results", {"run_id": run_id, "entry_id": entry_id} | result.model_dump())


def record_freshness(
    connection: Connection,
    entry_id: str,
    due_at: datetime,
    period: str,
    state: str,
    arrived_at: datetime | None,
    run_id: str | None,
) -> bool:
    """Write the state of one due date; return whether it was written.

    A due date once met (or met late) stays as it was first met.
    """
    settled = connection.query(
        "SELECT state FROM ledger.freshness WHERE entry_id = ? AND due_at = ? AND arrived_at IS NOT NULL",
        [entry_id, due_at],
    )
    if settled:
        return False
    connection.execute("DELETE FROM ledger.freshness WHERE entry_id = ? AND due_at = ?", [entry_id, due_at])
    values = {
        "entry_id": entry_id,
        "due_at": due_at,
        "period": period,
        "state": state,
        "arrived_at": arrived_at,
        "run_id": run_id,
    }
    insert(connection, "freshness", values)
    return True


def current_publication(connection: Connection, entry_id: str) -> Published | None:
    """Return what consumers see of an entry now, or ``None`` when it was never published."""
    rows = connection.query(
        'SELECT load_no, load_id, data_date, "rows", published_at FROM ledger.publications'
        " WHERE entry_id = ? AND superseded_at IS NULL ORDER BY load_no DESC LIMIT 1",
        [entry_id],
    )
    return Published(**rows[0]) if rows else None


def first_published(connection: Connection, entry_id: str) -> datetime | None:
    """Return when an entry was published first (naive UTC), or ``None``."""
    sql = "SELECT min(published_at) AS first FROM ledger.publications WHERE entry_id = ?"
    found: datetime | None = connection.query(sql, [entry_id])[0]["first"]
    return found


def recent_volumes(connection: Connection, entry_id: str, last: int = 7) -> list[int]:
    """Accepted rows of the last publications, newest first: what one delivery usually brings."""
    sql = f"SELECT accepted FROM ledger.publications WHERE entry_id = ? ORDER BY load_no DESC LIMIT {int(last)}"
    return [int(row["accepted"]) for row in connection.query(sql, [entry_id])]


def kept_publications(connection: Connection, entry_id: str, keep: int) -> list[int]:
    """The load numbers that consumers see or saw last, ``keep`` of them: after a roll back not the highest ones."""
    sql = (
        "SELECT load_no FROM ledger.publications WHERE entry_id = ? ORDER BY CASE WHEN superseded_at IS NULL THEN 0"
        f" ELSE 1 END, superseded_at DESC, load_no DESC LIMIT {int(keep)}"
    )
    return [int(row["load_no"]) for row in connection.query(sql, [entry_id])]


def take_lease(connection: Connection, entry_id: str) -> int:
    """Return a fencing token higher than any given before for this entry, whose line is there (the caller commits)."""
    connection.execute("UPDATE ledger.leases SET token = token + 1 WHERE entry_id = ?", [entry_id])
    return lease_token(connection, entry_id)


def lease_token(connection: Connection, entry_id: str, *, lock: bool = False) -> int:
    """Return the newest fencing token of an entry; ``lock`` keeps others from taking one before the commit."""
    sql = "SELECT token FROM ledger.leases WHERE entry_id = ?" + (" FOR UPDATE" if lock else "")
    return int(connection.query(sql, [entry_id])[0]["token"])


def insert(connection: Connection, table: str, values: Mapping[str, Any]) -> None:
    """Write one line of a ledger table; ``values`` by column."""
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO ledger.{table} ({columns}) VALUES ({marks})", list(values.values()))
