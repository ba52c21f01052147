"""``make demo``: a whole banner's exchange on this machine, through a real Airflow, in about a minute.

Seven departments' deliveries with planted defects → front-end machines over SFTP → Airflow → the embedded
warehouse → the report. Every count is compared with what was planted. Nothing is left running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from shuyuan.catalog import Resource
from shuyuan.demonstration.deliveries import Handover, deliver
from shuyuan.demonstration.departments import open_departments, published_entries
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse

WAITING, DONE, BLOCKED, UNCHANGED, FAILED = "waiting", "done", "blocked", "unchanged", "failed"
FINAL = (DONE, BLOCKED, UNCHANGED, FAILED)
_UNDER_WAY = ("running", "success")


class Airflow(Protocol):
    """What the demonstration needs of an Airflow; ``orchestration.local_runs`` has one."""

    def start(self, tell: Callable[[str], None]) -> None:
        """Start it and return when it answers."""

    def run_all(
        self, entry_ids: Sequence[str], conf: Mapping[str, Any], seen: Callable[[Tasks], None]
    ) -> dict[str, str]:
        """Run the entries; ``seen`` hears the task states. Returns the ledger's run id by entry id."""

    def stop(self) -> None:
        """Stop it; nothing is left."""


Tasks = Mapping[str, Mapping[str, str | None]]
"""State by task id, by entry id."""


@dataclass(frozen=True)
class Line:
    """One entry's line of the result. ``expected`` says whether every count is the planted one."""

    entry_id: str
    title: str
    state: str
    delivered: int | None
    published: int | None
    rejected: int | None
    score: float | None
    freshness: str | None
    problem: str | None
    expected: bool


@dataclass(frozen=True)
class Result:
    """What the demonstration came to. ``seconds`` is its wall time."""

    lines: tuple[Line, ...]
    report: Path
    seconds: float

    @property
    def good(self) -> bool:
        """Every entry published (or unchanged), every count as planted."""
        return all(line.expected and line.state in (DONE, UNCHANGED) for line in self.lines)


class Audience(Protocol):
    """Who watches. The command line shows it on a screen."""

    def phase(self, key: str, detail: str = "") -> None:
        """A phase begins (``frontends airflow deliveries runs stopping report``); ``detail`` says what it waits for."""

    def entries(self, states: Mapping[str, str]) -> None:
        """State by entry id: waiting fetch check load done blocked unchanged failed."""


def run_demo(
    project: Project,
    data_date: date,
    make_airflow: Callable[[Mapping[str, str]], Airflow],
    write_report: Callable[[], Path],
    audience: Audience,
    rows: int | None = None,
) -> Result:
    """Run the demonstration for one data date and stop whatever it started, Ctrl-C included.

    ``make_airflow`` gets the departments' connections as ``AIRFLOW_CONN_…`` settings.
    """
    began = time.monotonic()
    resources = published_entries(project)
    audience.phase("frontends")
    with open_departments(project) as departments, ThreadPoolExecutor(1) as writer:
        writing = writer.submit(deliver, departments.root, data_date, rows)
        airflow = make_airflow(departments.settings)
        try:
            airflow.start(lambda what: audience.phase("airflow", what))
            audience.phase("deliveries")
            handovers = {handover.entry_id: handover for handover in writing.result()}
            audience.phase("runs")
            ids = [resource.entry.id for resource in resources]
            run_ids = airflow.run_all(
                ids, {"data_date": str(data_date)}, lambda tasks: audience.entries(states_of(tasks, ids))
            )
        finally:
            audience.phase("stopping")
            airflow.stop()
    lines = read_lines(project, resources, run_ids, handovers)
    audience.entries({line.entry_id: line.state for line in lines})
    audience.phase("report")
    return Result(lines, write_report(), time.monotonic() - began)


def states_of(tasks: Tasks, entry_ids: Iterable[str]) -> dict[str, str]:
    """One word an entry out of its tasks' states."""
    return {entry_id: state_of(tasks.get(entry_id, {})) for entry_id in entry_ids}


def state_of(tasks: Mapping[str, str | None]) -> str:
    """The word for one run: what is going on now, or how it ended."""
    if tasks.get("record") not in ("success", "failed", "upstream_failed", "skipped"):
        return next((task for task in ("load", "check", "fetch") if tasks.get(task) in _UNDER_WAY), WAITING)
    if tasks.get("check") == "failed":
        return BLOCKED
    if "failed" in tasks.values() or "upstream_failed" in tasks.values():
        return FAILED
    return UNCHANGED if tasks.get("load") == "skipped" else DONE


def read_lines(
    project: Project, resources: Iterable[Resource], run_ids: Mapping[str, str], handovers: Mapping[str, Handover]
) -> tuple[Line, ...]:
    """What the ledger says of each run, beside what was planted."""
    with open_warehouse(project).session() as session:
        return tuple(
            _line(session.query, resource, run_ids.get(resource.entry.id, ""), handovers[resource.entry.id])
            for resource in resources
        )


def _line(query: Callable[..., list[dict[str, Any]]], resource: Resource, run_id: str, handover: Handover) -> Line:
    entry = resource.entry
    run = _first(query, "SELECT outcome, problem FROM ledger.runs WHERE run_id = ?", run_id)
    seen = _first(query, _CURRENT, entry.id)
    fresh = _first(query, _ARRIVAL, entry.id)
    found = {row["rule"]: row["unexpected"] for row in query(_REJECTIONS, [seen.get("run_id", "")])}
    planted = handover.totals
    accepted, rejected = seen.get("accepted"), seen.get("rejected")
    as_planted = (accepted, rejected) == (planted.accepted, planted.rejected) and found == dict(handover.rejections)
    return Line(
        entry.id,
        entry.title,
        {"published": DONE, "unchanged": UNCHANGED, "blocked": BLOCKED}.get(str(run.get("outcome")), FAILED),
        None if accepted is None or rejected is None else accepted + rejected,
        accepted,
        rejected,
        seen.get("score"),
        fresh.get("state"),
        run.get("problem"),
        as_planted,
    )


_CURRENT = """
    SELECT run_id, accepted, rejected, score FROM ledger.publications WHERE entry_id = ? AND superseded_at IS NULL"""
_ARRIVAL = "SELECT state FROM ledger.freshness WHERE entry_id = ? ORDER BY due_at DESC LIMIT 1"
_REJECTIONS = """
    SELECT rule, unexpected FROM ledger.rule_results WHERE run_id = ? AND unexpected > 0 AND effect = 'reject'"""


def _first(query: Callable[..., list[dict[str, Any]]], sql: str, key: str) -> dict[str, Any]:
    return next(iter(query(sql, [key])), {})
