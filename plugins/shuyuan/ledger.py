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
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
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
    "watermarks": """
        load_no BIGINT PRIMARY KEY, entry_id VARCHAR(130) NOT NULL, spec_digest VARCHAR(64) NOT NULL,
        watermark VARCHAR(32) NOT NULL, keys_compared_at TIMESTAMP""",
    "migrations": """
        migration_no BIGINT PRIMARY KEY, entry_id VARCHAR(130) NOT NULL, load_no BIGINT NOT NULL,
        from_digest VARCHAR(64) NOT NULL, to_digest VARCHAR(64) NOT NULL, spec_version VARCHAR(32) NOT NULL,
        mode VARCHAR(16) NOT NULL, "rows" BIGINT NOT NULL, shifts TEXT NOT NULL, who VARCHAR(100) NOT NULL,
        migrated_at TIMESTAMP NOT NULL""",
    "freshness": """
        entry_id VARCHAR(130) NOT NULL, due_at TIMESTAMP NOT NULL, period VARCHAR(32) NOT NULL,
        state VARCHAR(16) NOT NULL, arrived_at TIMESTAMP, run_id VARCHAR(250), reason VARCHAR(32),
        PRIMARY KEY (entry_id, due_at)""",
    "looks": """
        entry_id VARCHAR(130) NOT NULL, data_date DATE NOT NULL, looked_at TIMESTAMP NOT NULL,
        PRIMARY KEY (entry_id, data_date)""",
    "declarations": """
        entry_id VARCHAR(130) NOT NULL, data_date DATE NOT NULL, due_at TIMESTAMP NOT NULL,
        declared_at TIMESTAMP NOT NULL, who VARCHAR(100) NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (entry_id, data_date)""",
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
        correction_id VARCHAR(32) NOT NULL, step BIGINT NOT NULL, happened_at TIMESTAMP NOT NULL,
        action VARCHAR(16) NOT NULL, who VARCHAR(100) NOT NULL, note TEXT, rows_then BIGINT NOT NULL,
        PRIMARY KEY (correction_id, step)""",
    "months": """
        month VARCHAR(7) PRIMARY KEY, closed_at TIMESTAMP NOT NULL, first_day DATE NOT NULL, last_day DATE NOT NULL,
        state_hash VARCHAR(64) NOT NULL, snapshot_sha256 VARCHAR(64) NOT NULL, parts BIGINT NOT NULL,
        code_version VARCHAR(32) NOT NULL""",
    "month_parts": """
        month VARCHAR(7) NOT NULL, part BIGINT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (month, part)""",
    "notices": """
        kind VARCHAR(16) NOT NULL, recipient VARCHAR(130) NOT NULL, scope VARCHAR(40) NOT NULL,
        channel VARCHAR(63) NOT NULL, digest VARCHAR(64) NOT NULL, matters BIGINT NOT NULL, attempts BIGINT NOT NULL,
        tried_at TIMESTAMP NOT NULL, next_at TIMESTAMP, sent_at TIMESTAMP, outcome VARCHAR(16) NOT NULL,
        error_code VARCHAR(8), PRIMARY KEY (kind, recipient, scope)""",
    "seals": """
        name VARCHAR(200) NOT NULL, part BIGINT NOT NULL, parts BIGINT NOT NULL, purpose VARCHAR(63) NOT NULL,
        key_id VARCHAR(32) NOT NULL, content TEXT NOT NULL, PRIMARY KEY (name, part)""",
    "check_requests": """
        request_id VARCHAR(26) PRIMARY KEY, "check" VARCHAR(63) NOT NULL, department VARCHAR(63) NOT NULL,
        asked_by VARCHAR(100) NOT NULL, asked_at TIMESTAMP NOT NULL, cases BIGINT NOT NULL, subjects BIGINT NOT NULL,
        state VARCHAR(16) NOT NULL, problem_code VARCHAR(8), answered_at TIMESTAMP, delete_request_on DATE NOT NULL,
        delete_answer_on DATE NOT NULL, dag_run VARCHAR(250), passed BIGINT, failed BIGINT, to_review BIGINT""",
    "audit": """
        seq BIGINT PRIMARY KEY, happened_at TIMESTAMP NOT NULL, actor VARCHAR(100) NOT NULL,
        role VARCHAR(16) NOT NULL, department VARCHAR(63) NOT NULL, "check" VARCHAR(63) NOT NULL,
        request_id VARCHAR(26) NOT NULL, case_token VARCHAR(100), authorization_token VARCHAR(100),
        source VARCHAR(130), version VARCHAR(250), fields TEXT, subject_token TEXT, found BIGINT,
        decision VARCHAR(32) NOT NULL, previous VARCHAR(100) NOT NULL, mac VARCHAR(100) NOT NULL""",
    "audit_heads": "name VARCHAR(32) PRIMARY KEY, seq BIGINT NOT NULL, mac VARCHAR(100) NOT NULL",
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
    migration_no: int | None = None

    @property
    def version(self) -> str:
        """What no other publication has, of another warehouse neither; a migrated one is another one."""
        migrated = f" {self.migration_no}" if self.migration_no else ""
        return f"{self.load_no} {self.load_id} {self.published_at.isoformat()}{migrated}"


@dataclass(frozen=True)
class Comparison:
    """One line of ``ledger.comparisons``: one copied field (or key) of ``entry_id`` held against ``source_id``.

    ``kind``: ``reference`` (does the source know the key) or ``attribute`` (do both say the same). ``state``:
    ``compared`` or ``not_compared``; then ``reason`` says why and all counts and the score are ``None``.
    Counts are rows; ``score`` is 0 to 100, ``None`` where nothing could be counted.
    """

    run_id: str
    compared_at: datetime
    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    match_key: str
    link_digest: str
    state: str
    indicator: str
    reason: str | None = None
    copy_load_no: int | None = None
    source_load_no: int | None = None
    copy_rows: int | None = None
    matched: int | None = None
    agreeing: int | None = None
    differing: int | None = None
    blank_here: int | None = None
    blank_there: int | None = None
    only_here: int | None = None
    only_there: int | None = None
    source_duplicates: int | None = None
    score: float | None = None

    @property
    def copy(self) -> tuple[str, str, str]:
        """Which copy: entry, field, source."""
        return self.entry_id, self.field, self.source_id


def known_columns(connection: Connection) -> dict[str, set[str]]:
    """The tables of the ledger that are there, each with its columns, as far as the account may see them."""
    rows = connection.query(
        "SELECT table_name AS place, column_name AS name FROM information_schema.columns WHERE table_schema = 'ledger'"
    )
    known: dict[str, set[str]] = {}
    for row in rows:
        known.setdefault(row["place"], set()).add(row["name"])
    return known


def missing_parts(known: Mapping[str, Container[str]]) -> dict[str, str]:
    """What a ledger of ``known`` columns lacks, as statements by ``table`` or ``table.column``.

    A table that an earlier version made gets the columns that came later: they are nullable, for it has rows.
    """
    missing = {}
    for table, columns in TABLES.items():
        if table not in known:
            missing[table] = f"CREATE TABLE IF NOT EXISTS ledger.{table} ({columns})"
            continue
        for definition in re.split(r",\s+(?![^(]*\))", columns.strip()):
            column = definition.split()[0].strip('"')
            if not definition.startswith("PRIMARY KEY") and column not in known[table]:
                missing[f"{table}.{column}"] = f"ALTER TABLE ledger.{table} ADD COLUMN {definition}"
    return missing


def complete_ledger(
    connection: Connection, known: Mapping[str, Container[str]], types: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Create what the ledger lacks. ``types`` renames types for an engine."""
    for statement in missing_parts(known).values():
        for ours, theirs in types.items():
            statement = re.sub(rf"\b{ours}\b", theirs, statement)
        connection.execute(statement)


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


def record_spec(
    connection: Connection, digest: str, entry_id: str, version: str, spec: str, elements: str, now: datetime
) -> None:
    """Write the effective spec of a run once; what its elements say (JSON, by name) follows the latest run."""
    known = connection.query("SELECT elements FROM ledger.specs WHERE spec_digest = ?", [digest])
    if not known:
        values = {"spec_digest": digest, "entry_id": entry_id, "version": version, "first_run_at": now}
        insert(connection, "specs", values | {"spec": spec, "elements": elements})
    elif known[0]["elements"] != elements:
        connection.execute("UPDATE ledger.specs SET elements = ? WHERE spec_digest = ?", [elements, digest])


def last_specs(connection: Connection) -> list[dict[str, Any]]:
    """Return what each entry last ran: ``entry_id, started_at, spec_digest, version, spec, elements``, by entry id.

    ``spec`` and ``elements`` are JSON texts, ``None`` for a run from before specs were kept.
    """
    return connection.query(
        "SELECT r.entry_id, r.started_at, r.spec_digest, r.spec_version AS version, s.spec, s.elements FROM"
        " (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id ORDER BY t.started_at DESC, t.run_id DESC) AS place"
        " FROM ledger.runs t) r LEFT JOIN ledger.specs s ON s.spec_digest = r.spec_digest"
        " WHERE r.place = 1 ORDER BY r.entry_id"
    )


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
    reason: str | None = None,
) -> bool:
    """Write the state of one due date; return whether it was written.

    States: ``on_time late missing no_change excluded waiting``; ``reason`` says why it is excluded (``platform first
    suspended``) or that it was ``declared``. A due date once met (or met late) stays as it was first met.
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
        "reason": reason,
    }
    insert(connection, "freshness", values)
    return True


def current_publication(connection: Connection, entry_id: str) -> Published | None:
    """Return what consumers see of an entry now, or ``None`` when it was never published."""
    rows = connection.query(
        'SELECT load_no, load_id, data_date, "rows", published_at, (SELECT max(m.migration_no) FROM ledger.migrations m'
        " WHERE m.entry_id = p.entry_id AND m.load_no = p.load_no) AS migration_no FROM ledger.publications p"
        " WHERE entry_id = ? AND superseded_at IS NULL ORDER BY load_no DESC LIMIT 1",
        [entry_id],
    )
    return Published(**rows[0]) if rows else None


def current_watermark(connection: Connection, entry_id: str, spec_digest: str) -> str | None:
    """Return how far what consumers see was read from the source, ``None`` when that was under another spec."""
    rows = connection.query(
        "SELECT w.watermark FROM ledger.watermarks w JOIN ledger.publications p ON p.load_no = w.load_no"
        " WHERE p.entry_id = ? AND p.superseded_at IS NULL AND w.spec_digest = ? ORDER BY w.load_no DESC LIMIT 1",
        [entry_id, spec_digest],
    )
    return str(rows[0]["watermark"]) if rows else None


def keys_compared_at(connection: Connection, entry_id: str) -> datetime | None:
    """Return when the keys of an incremental source were last compared with the table (naive UTC), or ``None``."""
    sql = "SELECT max(keys_compared_at) AS last FROM ledger.watermarks WHERE entry_id = ?"
    found: datetime | None = connection.query(sql, [entry_id])[0]["last"]
    return found


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


def record_comparisons(connection: Connection, lines: Iterable[Comparison]) -> None:
    """Write comparison lines; a retried run replaces its earlier ones."""
    for line in lines:
        connection.execute(
            "DELETE FROM ledger.comparisons WHERE run_id = ? AND entry_id = ? AND field = ? AND source_id = ?",
            [line.run_id, *line.copy],
        )
        insert(connection, "comparisons", asdict(line))


def latest_comparisons(connection: Connection) -> dict[tuple[str, str, str], Comparison]:
    """Return the newest line of every copy, by entry, field and source; also of what is no copy any more."""
    columns = ", ".join(one.name for one in fields(Comparison))
    rows = connection.query(
        f"SELECT {columns} FROM (SELECT t.*, row_number() OVER (PARTITION BY t.entry_id, t.field, t.source_id"
        " ORDER BY t.compared_at DESC, t.run_id DESC) AS place FROM ledger.comparisons t) newest WHERE place = 1"
        " ORDER BY entry_id, source_id, match_key, kind DESC, field"
    )
    lines = (Comparison(**row) for row in rows)
    return {line.copy: line for line in lines}


def insert(connection: Connection, table: str, values: Mapping[str, Any]) -> None:
    """Write one line of a ledger table; ``values`` by column."""
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO ledger.{table} ({columns}) VALUES ({marks})", list(values.values()))


def insert_lot(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write many lines of a ledger table in one statement; each row's values in the order of ``columns``."""
    names = ", ".join(f'"{name}"' for name in columns)
    marks = f"({', '.join('?' for _ in columns)})"
    connection.execute(
        f"INSERT INTO ledger.{table} ({names}) VALUES {', '.join(marks for _ in rows)}",
        [value for row in rows for value in row],
    )
