"""A made-up catalog and thirty days of its ledger, the same on every machine: what the report tests draw.

``build(days=30)`` gives five departments with twelve entries, some late, missing, blocked or with rejected rows.
Nothing in it is a person.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from shuyuan.catalog import Resource
from shuyuan.entry import Department, Element, Entry
from shuyuan.ledger import TABLES
from shuyuan.project import Project

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DEPARTMENTS = {
    "civil_affairs": "鄂托克旗民政局",
    "market_regulation": "鄂托克旗市场监督管理局",
    "natural_resources": "鄂托克旗自然资源局",
    "public_security": "鄂托克旗公安局",
    "social_security": "鄂托克旗人力资源和社会保障局",
}
ENTRIES = (
    ("civil_affairs.low_income_households", "最低生活保障对象信息", "daily", 312_480),
    ("civil_affairs.marriages", "婚姻登记信息", "daily", 48_112),
    ("civil_affairs.orphans", "孤儿保障信息", "monthly", 37),
    ("market_regulation.companies", "企业登记信息", "daily", 21_904),
    ("market_regulation.food_permits", "食品经营许可信息", "weekly", 3_381),
    ("natural_resources.mining_rights", "采矿权登记信息", "monthly", 214),
    ("natural_resources.real_estate", "不动产登记信息", "daily", 186_733),
    ("public_security.households", "户籍登记信息", "daily", 1_046_220),
    ("public_security.vehicles", "机动车登记信息", "daily", 92_507),
    ("social_security.contracts", "劳动合同备案信息（含劳务派遣、非全日制用工）", "irregular", 5_020),
    ("social_security.insured", "社会保险参保信息", "daily", 402_318),
    ("social_security.pensions", "城乡居民养老保险待遇领取信息", "weekly", 18_775),
)
DIMENSION = {"01": "normativity", "02": "completeness", "03": "accuracy", "05": "timeliness"}
RULES = (
    ("record.fields", "D301", None, "0102"),
    ("id_card_no.required", "D402", "id_card_no", "0201"),
    ("id_card_no.resident_id", "D406", "id_card_no", "0101"),
    ("sex.codes", "D405", "sex", "0105"),
    ("monthly_amount.type", "D401", "monthly_amount", "0302"),
    ("monthly_amount.between", "D407", "monthly_amount", "0301"),
    ("approved_on.not_after.data_date", "D409", "approved_on", "0503"),
    ("key.unique", "D410", None, "0304"),
)


@dataclass
class Ledger:
    """An in-memory DuckDB with the ledger's tables; ``query`` is what reports read through."""

    connection: duckdb.DuckDBPyConnection

    @classmethod
    def empty(cls) -> Ledger:
        connection = duckdb.connect(":memory:")
        connection.execute("CREATE SCHEMA ledger")
        for name, columns in TABLES.items():
            connection.execute(f"CREATE TABLE ledger.{name} ({columns})")
        return cls(connection)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        found = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def insert(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            lot = pa.Table.from_pylist(list(rows))
            self.connection.register("lot", lot)
            names = ", ".join(f'"{name}"' for name in lot.column_names)
            self.connection.execute(f"INSERT INTO ledger.{table} ({names}) SELECT {names} FROM lot")
            self.connection.unregister("lot")


def make_resource(
    entry_id: str,
    title: str,
    cycle: str = "daily",
    department: str = "某局",
    elements: Mapping[str, Element] | None = None,
    **changes: Any,
) -> Resource:
    """A resource that needs no file."""
    key = changes.pop("key", ("id_card_no",))
    entry = Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": entry_id,
            "code": "307010101/000012",
            "title": title,
            "summary": "全旗相关登记、认定和动态调整情况，供救助资格核对和不动产登记联办使用。",
            "status": "published",
            "version": "1.2.0",
            "owner": {"office": "信息中心"},
            "legal_basis": "《社会救助暂行办法》第九条",
            "sharing": {"type": "conditional", "condition": "用于资格核对，一案一授权"},
            "source": {
                "type": "sftp",
                "connection": "front",
                "path": "/out/x_{date:%Y%m%d}.csv",
                "format": {"type": "csv", "encoding": "gb18030"},
            },
            "update": {"cycle": cycle, "due": "08:30", "calendar": "workday"},
            "load": {"mode": "replace", "key": key},
            "fields": [
                {"name": "id_card_no", "from": "SFZH", "title": "身份证件号码", "element": "id_card_no",
                 "type": "string", "required": "true", "length": 18, "check": "resident_id", "sensitive": "true"},
                {"name": "person_name", "from": "XM", "title": "姓名", "type": "string", "sensitive": "true"},
                {"name": "sex", "from": "XB", "title": "性别", "type": "string", "codes": "sex"},
                {"name": "monthly_amount", "from": "BZJE", "title": "月保障金额", "type": "decimal(10,2)",
                 "authoritative": "true"},
                {"name": "approved_on", "from": "SPRQ", "title": "审批日期", "type": "date", "format": "%Y-%m-%d"},
            ],
            "quality": {
                "rules": [
                    {"rule": "between", "field": "monthly_amount", "min": "0", "max": "5000"},
                    {"rule": "not_after", "field": "approved_on", "than": "data_date"},
                ]
            },
            **changes,
        }
    )  # fmt: skip
    named = Department(title=department, credit_code="11150624MA0N00016E")
    return Resource(entry, Path("entry.yaml"), "0" * 64, named, elements or {}, Project(Path("/nowhere")))


def catalog() -> list[Resource]:
    """The twelve entries."""
    return [
        make_resource(entry_id, title, cycle, DEPARTMENTS[entry_id.partition(".")[0]])
        for entry_id, title, cycle, _ in ENTRIES
    ]


def build(resources: Sequence[Resource] | None = None, days: int = 30, volumes: dict[str, int] | None = None) -> Ledger:
    """Fill a ledger with ``days`` days that end on ``TODAY``."""
    volumes = volumes if volumes is not None else {entry_id: rows for entry_id, _, _, rows in ENTRIES}
    chance = random.Random(36344)
    ledger = Ledger.empty()
    names = ("runs", "rule_results", "publications", "freshness")
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    load_no = 0
    for resource in resources if resources is not None else catalog():
        entry = resource.entry
        rows, quality = volumes.get(entry.id, 1000), chance.uniform(0.004, 0.12)
        trouble = chance.uniform(0.02, 0.2)
        for back in reversed(range(days)):
            day = TODAY - timedelta(days=back)
            if not _is_due(entry.update.cycle, day):
                continue
            due = datetime(day.year, day.month, day.day, 0, 30)
            fate = chance.random()
            outcome = "missing" if fate < trouble / 3 else "blocked" if fate < trouble / 2 else "published"
            if entry.id.endswith("real_estate") and back < 2:
                outcome = "blocked"
            late = outcome == "published" and fate < trouble
            arrived = due + timedelta(minutes=chance.randint(-40, 90) + (180 if late else 0))
            run_id = f"scheduled__{day}__{entry.id}"
            rows = max(1, rows + chance.randint(-rows // 400 - 1, rows // 300 + 2))
            run, results = _run(resource, run_id, day, arrived, outcome, rows, quality, chance)
            tables["runs"].append(run)
            tables["rule_results"] += results
            if entry.update.cycle != "irregular" and outcome != "blocked":
                state = "missing" if outcome == "missing" else "late" if late else "on_time"
                tables["freshness"].append(
                    {"entry_id": entry.id, "due_at": due, "period": str(day), "state": state, "run_id": run_id,
                     "arrived_at": None if outcome == "missing" else arrived}
                )  # fmt: skip
            if outcome == "published":
                load_no += 1
                tables["publications"].append(_publication(load_no, run, rows, chance))
    for name, lines in tables.items():
        ledger.insert(name, lines)
    return ledger


def _is_due(cycle: str, day: date) -> bool:
    if cycle == "weekly":
        return day.weekday() == 2
    if cycle == "monthly":
        return day.day == 2
    if cycle == "irregular":
        return day.day in (3, 14)
    return day.weekday() < 5


def _run(
    resource: Resource,
    run_id: str,
    day: date,
    started: datetime,
    outcome: str,
    rows: int,
    quality: float,
    chance: random.Random,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    entry = resource.entry
    checked = outcome in ("published", "blocked")
    results = []
    for rule, code, field, indicator in RULES if checked else ():
        part = quality * (3 if outcome == "blocked" else 1) * chance.uniform(0.2, 1.4)
        unexpected = round(rows * part) if chance.random() < 0.5 or code == "D406" else 0
        results.append(
            {"run_id": run_id, "entry_id": entry.id, "rule": rule, "code": code, "field": field, "indicator": indicator,
             "dimension": DIMENSION[indicator[:2]], "effect": "reject", "evaluated": rows, "unexpected": unexpected,
             "success": unexpected == 0, "errored": False, "observed": None}
        )  # fmt: skip
    scores: dict[str, float] = {}
    for dimension in sorted({result["dimension"] for result in results}):
        parts = [100 * (1 - r["unexpected"] / rows) for r in results if r["dimension"] == dimension]
        scores[dimension] = sum(parts) / len(parts)
    score = sum(scores.values()) / len(scores) if scores else None
    rejected = max((result["unexpected"] for result in results), default=0)
    problem = {
        "missing": ("D101", "D101 应到 08:30，等待 12 小时仍未收到文件。 请部门确认是否已导出。"),
        "blocked": ("D602", "D602 交付的行数比上次发布少 37%，超过允许的 20%。 请部门核对是否漏导。"),
    }.get(outcome, (None, None))
    run = {
        "run_id": run_id, "entry_id": entry.id, "department": entry.department, "spec_digest": resource.digest,
        "spec_version": entry.version, "code_version": "0.1.0", "data_date": day, "trigger": "scheduled",
        "started_at": started, "finished_at": started + timedelta(seconds=25), "outcome": outcome,
        "problem_code": problem[0], "problem": problem[1], "delivery_id": run_id if checked else None, "load_no": None,
        "delivered": rows if checked else None, "accepted": rows - rejected if checked else None,
        "rejected": rejected if checked else None, "score": score, "scores": json.dumps(scores),
        "seconds": json.dumps({"fetch": 6.1, "read": 2.4, "check": 9.8, "load": 7.9} if checked else {}),
    }  # fmt: skip
    return run, results


def _publication(load_no: int, run: dict[str, Any], rows: int, chance: random.Random) -> dict[str, Any]:
    return {
        "load_no": load_no, "load_id": f"load-{load_no}", "entry_id": run["entry_id"], "run_id": run["run_id"],
        "delivery_id": run["delivery_id"], "spec_digest": run["spec_digest"], "spec_version": run["spec_version"],
        "data_date": run["data_date"], "mode": "replace", "rows": run["accepted"],
        "accepted": run["accepted"],
        "added": chance.randint(0, rows // 90 + 1), "updated": chance.randint(0, rows // 40 + 1),
        "removed": chance.randint(0, rows // 300 + 1),
        "rejected": run["rejected"], "score": run["score"], "token": load_no,
        "published_at": run["started_at"] + timedelta(seconds=26), "superseded_at": None,
    }  # fmt: skip
