"""A small project whose warehouse has sixty days of made-up ledger: what tests of whole reports stand on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from building import department_text, entry_text, make_project
from shuyuan.catalog import read_catalog
from shuyuan.ledger import insert
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse
from synthetic_ledger import DEPARTMENTS, build

ENTRIES = {
    "civil_affairs.low_income_households": "daily",
    "civil_affairs.orphans": "monthly",
    "market_regulation.companies": "daily",
    "social_security.pensions": "weekly",
}
OVER = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
"""Within the period of November 2026; that of October is over."""
FILLED = ("runs", "rule_results", "publications", "freshness")


def make_assessed_county(root: Path, monkeypatch: Any, warehouse: str | None = None) -> Project:
    """Build the project below ``root`` and fill the ledger of its warehouse (a URL; the embedded one by default)."""
    monkeypatch.setenv("SHUYUAN_VAR", str(root / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    if warehouse:
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", warehouse)
    texts = {
        entry_id: entry_text(
            id=entry_id,
            code=f"307010101/{number:06}",
            title=f"{DEPARTMENTS[entry_id.partition('.')[0]]}第{number}项",
            status="published",
            published_on="2026-01-01",
            update={"cycle": cycle},
        )
        for number, (entry_id, cycle) in enumerate(ENTRIES.items(), start=1)
    }
    folders = {entry_id.partition(".")[0] for entry_id in texts}
    departments = {folder: department_text(title=DEPARTMENTS[folder]) for folder in folders}
    project = make_project(root, texts, departments=departments)
    made = build(read_catalog(project).resources, days=60)
    with open_warehouse(project).session() as session, session.transaction():
        for table in FILLED:
            for row in made.query(f"SELECT * FROM ledger.{table}"):
                insert(session, table, row)
    return project


def change(project: Project, *statements: str) -> None:
    """Run statements on the project's ledger."""
    with open_warehouse(project).session() as session:
        for statement in statements:
            session.execute(statement)
