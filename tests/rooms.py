"""A small project with a department database, run in this process: what tests of the pipeline stand on."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from unittest import mock

from building import changed, department_text, entry_text, make_project
from shuyuan.catalog import load_resource
from shuyuan.pipeline import Job, Step, run
from shuyuan.project import Project
from shuyuan.sources.connections import Connection, connection_from_environment

VEHICLES = {
    "id": "traffic_police.vehicles",
    "title": "机动车",
    "status": "published",
    "published_on": "2026-01-01",
    "source": None,
    "fields": [
        {"name": "plate", "title": "号牌号码", "type": "string", "required": True, "length": 10},
        {"name": "seats", "title": "核定载客", "type": "integer"},
    ],
    "load": {"mode": "replace", "key": ["plate"]},
    "update": {"cycle": "daily"},
}
SOURCE = {"type": "database", "connection": "traffic_police_db", "table": "vehicles"}
Row = tuple[str, str]


@dataclass
class Room:
    """One entry, ``traffic_police.vehicles``, read from a SQLite database at the project's root."""

    project: Project
    runs: int = field(default=0)

    def deliver(self, rows: list[Row]) -> None:
        """Replace what the department's table holds."""
        with sqlite3.connect(self.project.root / "department.db") as database:
            database.execute("DROP TABLE IF EXISTS vehicles")
            database.execute("CREATE TABLE vehicles (plate TEXT, seats TEXT)")
            database.executemany("INSERT INTO vehicles VALUES (?, ?)", rows)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a process of its own needs."""
        connection = {"conn_type": "sqlite", "schema": str(self.project.root / "department.db")}
        return {
            "SHUYUAN_PROJECT": str(self.project.root),
            "SHUYUAN_VAR": str(self.project.root / "var"),
            "AIRFLOW_CONN_TRAFFIC_POLICE_DB": json.dumps(connection),
        }

    def job(self, day: int = 20) -> Job:
        """A job for the data date of ``day`` November 2026, with a run id of its own."""
        self.runs += 1
        resource = load_resource(self.project, "traffic_police.vehicles")
        return Job.open(self.project, resource, date(2026, 11, day), f"run-{self.runs}", self.connect)

    def connect(self, name: str) -> Connection:
        """Look a connection up as the command line does."""
        with mock.patch.dict(os.environ, self.environment):
            return connection_from_environment(name)

    def run(self, day: int = 20) -> list[Step]:
        """Run all stages and return the steps."""
        return list(run(self.job(day)))

    def outcome(self, day: int = 20) -> str:
        """Run all stages and return the outcome."""
        return str(self.run(day)[-1].made)

    def shared(self) -> list[tuple[str, int | None]] | None:
        """What consumers read, or ``None`` before the first publication."""
        with self.job().warehouse.session() as session:
            if not session.query("SELECT 1 FROM duckdb_views() WHERE schema_name = 'share' AND NOT internal"):
                return None
            rows = session.query("SELECT plate, seats FROM share.traffic_police__vehicles ORDER BY 1, 2")
            return [(row["plate"], row["seats"]) for row in rows]

    def ledger(self, table: str) -> list[dict[str, object]]:
        """All rows of one ledger table."""
        with self.job().warehouse.session() as session:
            return session.query(f"SELECT * FROM ledger.{table}")


def make_room(folder: Path, **changes: object) -> Room:
    """Build the project; ``changes`` go into the entry."""
    declared = changed({**VEHICLES, "source": SOURCE}, changes)
    text = entry_text(**{"source": None}, **{key: value for key, value in declared.items() if key != "source"})
    text += "source: " + json.dumps(declared["source"]) + "\n"
    project = make_project(
        folder, {"traffic_police.vehicles": text}, departments={"traffic_police": department_text(title="交管大队")}
    )
    return Room(project)
