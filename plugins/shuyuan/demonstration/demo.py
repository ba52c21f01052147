"""``make demo``: a whole banner's exchange on this machine, through a real Airflow, in about a minute.

The departments' deliveries with planted defects → front-end machines over SFTP → Airflow → the embedded warehouse →
copies compared with their sources, cases checked (核查) → the month's made-up past (``history``) → the report. Every
count, of defects and of disagreements, and every case is held against what was planted. Nothing is left running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

from shuyuan.catalog import Resource
from shuyuan.catalog.dictionary import read_elements
from shuyuan.catalog.subjects import read_subjects
from shuyuan.demonstration.cases import plant_cases
from shuyuan.demonstration.checking import CheckedCase, hand_in, read_checked
from shuyuan.demonstration.comparing import (
    Comparing,
    count_events,
    is_covered,
    judge_copies,
    name_corrections,
    read_golden,
    share_out,
)
from shuyuan.demonstration.deliveries import Handover, deliver
from shuyuan.demonstration.departments import open_departments, published_entries
from shuyuan.demonstration.disagreements import Expected, expected_comparisons
from shuyuan.demonstration.history import write_history
from shuyuan.indicators import read_facts
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import local_day

SUBJECT = "person"
"""The subject whose golden record is shown."""

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

    def settle(self) -> None:
        """Return when every publication has been followed by its comparisons."""

    def reconcile(self) -> None:
        """Compare now, and return when it is done."""

    def start_checks(self, requests: Mapping[str, str]) -> str:
        """Have requests answered (check → request number); return what ``finish_checks`` asks for."""

    def finish_checks(self, checks: Iterable[str], run_id: str) -> None:
        """Return when they are answered, or have failed."""

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
    """What the demonstration came to. ``seconds`` is its wall time, ``past`` how many past runs were made up."""

    lines: tuple[Line, ...]
    report: Path
    seconds: float
    comparing: Comparing = field(default_factory=Comparing)
    past: int = 0
    cases: tuple[CheckedCase, ...] = ()

    @property
    def good(self) -> bool:
        """Every entry published (or unchanged), every count, every comparison and every checked case as planted."""
        if not (self.comparing.exact and all(case.exact for case in self.cases)):
            return False
        return all(line.expected and line.state in (DONE, UNCHANGED) for line in self.lines)

    @property
    def same(self) -> bool:
        """Nothing was published and nothing compared anew."""
        return not self.comparing.changed and all(line.state == UNCHANGED for line in self.lines)


class Audience(Protocol):
    """Who watches. The command line shows it on a screen."""

    def phase(self, key: str, detail: str = "") -> None:
        """A phase begins; ``detail`` says what it waits for.

        Phases: frontends airflow deliveries runs reconcile checks stopping report.
        """

    def entries(self, states: Mapping[str, str]) -> None:
        """State by entry id: waiting fetch check load done blocked unchanged failed."""


def run_demo(
    project: Project,
    data_date: date,
    make_airflow: Callable[[Mapping[str, str]], Airflow],
    write_report: Callable[[], Path],
    audience: Audience,
    rows: int | None = None,
    corrected: bool = False,
) -> Result:
    """Run the demonstration for one data date and stop whatever it started, Ctrl-C included.

    ``make_airflow`` gets the departments' connections as ``AIRFLOW_CONN_…`` settings. ``corrected``: the departments
    deliver copies that agree with their sources.
    """
    began, started_at = time.monotonic(), datetime.now(UTC)
    resources = published_entries(project)
    audience.phase("frontends")
    today = data_date == local_day(started_at)  # of any other day the sources are out of date, and would say so
    with open_departments(project) as departments, ThreadPoolExecutor(1) as writer:
        writing = writer.submit(deliver, departments.root, data_date, rows, corrected=corrected)
        counting = writer.submit(expected_comparisons, rows, day=data_date, corrected=corrected, project=project)
        planting = writer.submit(plant_cases, project, data_date, rows, corrected) if today else None
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
            audience.phase("checks")
            cases = planting.result() if planting else ()
            requests = hand_in(project, cases, datetime.now(UTC))
            asked = airflow.start_checks(requests)
            audience.phase("reconcile")
            airflow.settle()
            airflow.finish_checks(requests, asked)
            planted = counting.result()
            if not _compared(project, planted):
                airflow.reconcile()  # published before there were comparisons, or by an Airflow that is gone
        finally:
            audience.phase("stopping")
            airflow.stop()
    lines = read_lines(project, resources, run_ids, handovers)
    audience.entries({line.entry_id: line.state for line in lines})
    comparing = read_comparing(project, resources, planted, started_at)
    checked = read_checked(project, cases, requests, datetime.now(UTC))
    audience.phase("report")
    past = write_history(project, resources, run_ids, data_date, datetime.now(UTC))
    return Result(lines, write_report(), time.monotonic() - began, comparing, past, checked)


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


def read_comparing(
    project: Project, resources: Sequence[Resource], planted: Mapping[tuple[str, str], Expected], since: datetime
) -> Comparing:
    """What the ledger says of copies and their sources, beside what was planted. ``since`` is aware."""
    elements = read_elements(project).elements
    began = since.astimezone(UTC).replace(tzinfo=None)
    with open_warehouse(project).session() as session:
        facts = read_facts(session, datetime.now(UTC)).one_source
        copies = judge_copies(facts.comparisons, planted, _loads(session.query))
        events = count_events(session.query, began)
        subjects = read_subjects(project)
        golden = None
        if SUBJECT in subjects:
            titles = {resource.entry.id: resource.entry.title for resource in resources}
            golden = read_golden(session.query, SUBJECT, subjects[SUBJECT], elements, titles)
    return Comparing(
        copies,
        share_out(copies, resources, {name: element.title for name, element in elements.items()}),
        name_corrections(facts.corrections, resources),
        events["opened"] + events["reopened"],
        events["closed"],
        sum(fact.compared_at >= began for fact in facts.comparisons),
        golden,
    )


def _compared(project: Project, planted: Mapping[tuple[str, str], Expected]) -> bool:
    with open_warehouse(project).session() as session:
        facts = read_facts(session, datetime.now(UTC)).one_source
        return is_covered(facts.comparisons, planted, _loads(session.query))


def _loads(query: Callable[..., list[dict[str, Any]]]) -> dict[str, int]:
    """The current load number by entry id."""
    return {row["entry_id"]: row["load_no"] for row in query(_LOADS)}


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
_LOADS = """
    SELECT entry_id, max(load_no) AS load_no FROM ledger.publications WHERE superseded_at IS NULL GROUP BY entry_id"""
_ARRIVAL = "SELECT state FROM ledger.freshness WHERE entry_id = ? ORDER BY due_at DESC LIMIT 1"
_REJECTIONS = """
    SELECT rule, unexpected FROM ledger.rule_results WHERE run_id = ? AND unexpected > 0 AND effect = 'reject'"""


def _first(query: Callable[..., list[dict[str, Any]]], sql: str, key: str) -> dict[str, Any]:
    return next(iter(query(sql, [key])), {})
