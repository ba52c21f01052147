"""Workers that share nothing but the staging area and the warehouse: processes, each with a folder of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rooms import Room, make_room
from shuyuan import pipeline
from shuyuan.catalog import load_resource
from shuyuan.pipeline.staging_area import Measured
from shuyuan.problems import ShuyuanError
from shuyuan.project import Project
from shuyuan.sources.connections import connection_from_environment
from shuyuan.warehouses import open_warehouse

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["shuyuan.pipeline", "great_expectations", "duckdb", "pyarrow"])
ENTRY = "traffic_police.vehicles"
ALL = "all"  # as ``shuyuan run`` does it
UNCOMPARED = "uncompared"  # from here on files are brought in without a look at their size and hash
STAGES = ("fetch", "read", "check", "load", "record")


@dataclass
class Center:
    """A project, its department's database, one warehouse, and any number of workers."""

    root: Path
    staging: str | None
    environment: dict[str, str] = field(default_factory=dict)
    room: Room = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.room = make_room(self.root)

    def deliver(self, *rows: tuple[str, str]) -> None:
        """What the department's table holds now."""
        self.room.deliver(list(rows))

    def do(self, worker: str, *stages: str, run: str = "run-1", day: int = 20, **more: str) -> dict[str, Any]:
        """Do stages on a worker; return a problem's ``code``, what the last stage ``made``, the exit ``status``."""
        environment = self.variables(worker) | more
        answer = self.root / f"answer-{worker}.json"
        answer.unlink(missing_ok=True)
        process = PROCESSES.Process(target=work, args=(stages, run, day, environment, answer))
        process.start()
        process.join(120)
        said = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
        return said | {"status": process.exitcode}

    def variables(self, worker: str) -> dict[str, str]:
        """The environment of a worker."""
        return {
            **self.room.environment,
            **self.environment,
            "SHUYUAN_VAR": str(self.var(worker)),
            "SHUYUAN_WAREHOUSE": f"duckdb:///{self.root}/warehouse/shuyuan.duckdb",
            "SHUYUAN_STAGING": self.staging or "",
            "SHUYUAN_CRASH_AT": "",
        }

    def var(self, worker: str) -> Path:
        """The working folder of a worker."""
        return self.root / "workers" / worker

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        saved = dict(os.environ)
        os.environ.update(self.variables("asking"))
        try:
            with open_warehouse(self.room.project).session() as session:
                return session.query(sql)
        finally:
            os.environ.clear()
            os.environ.update(saved)

    def shared(self) -> list[tuple[str, int | None]]:
        """What consumers see."""
        rows = self.query("SELECT plate, seats FROM share.traffic_police__vehicles ORDER BY 1, 2")
        return [(row["plate"], row["seats"]) for row in rows]


def work(stages: tuple[str, ...], run: str, day: int, environment: dict[str, str], answer: Path) -> None:
    """The body of a worker's process."""
    os.environ.update(environment)
    project = Project.find()
    resource = load_resource(project, ENTRY)
    job = pipeline.Job.open(project, resource, date(2026, 11, day), run, connection_from_environment)
    said: dict[str, Any] = {}
    try:
        for stage in stages:
            if stage == UNCOMPARED:
                Measured.__eq__ = lambda *_: True
                Measured.__ne__ = lambda *_: False
                continue
            made = list(pipeline.run(job))[-1].made if stage == ALL else getattr(pipeline, stage)(job)
            said["made"] = made if isinstance(made, str) else type(made).__name__
    except ShuyuanError as error:
        said |= {"code": error.problem.code, "passing": error.passing, "text": str(error)}
    answer.write_text(json.dumps(said), encoding="utf-8")
