"""变更: what changed in the catalog in the period, what of it breaks something, and who approved it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import Any

from shuyuan.catalog.changes import Change, Spec
from shuyuan.catalog.differences import Checkout, compare_catalogs
from shuyuan.entry.model import Change as HistoryLine
from shuyuan.indicators.spec_history import SpecFact
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.report import Page, Report
from shuyuan.reporting.tiles import Tile
from shuyuan.workdays import local_day


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change between two specs that ran one after the other."""

    day: date
    entry_id: str
    entry: str
    versions: str
    change: Change
    whom: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry that ran for the first time in the period."""

    day: date
    entry_id: str
    entry: str
    department: str
    version: str


@dataclass(frozen=True, slots=True)
class Departure:
    """An entry that ran in the last days and that the catalog has no more, or no longer runs. It has no page."""

    entry_id: str
    department: str
    last_run: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of an entry's own history."""

    entry_id: str
    entry: str
    department: str
    line: HistoryLine


def changes_page(report: Report) -> dict[str, Any]:
    """Return what ``changes.html.j2`` shows."""
    changes = sorted(
        list_changes(report), key=lambda one: (not one.change.breaking, -one.day.toordinal(), one.entry_id)
    )
    arrived, gone, recorded = list_arrivals(report), list_departures(report), list_recorded(report)
    return {
        "tiles": tiles(changes, arrived, gone, recorded),
        "changes": changes,
        "arrived": arrived,
        "gone": gone,
        "recorded": recorded,
    }


def tiles(
    changes: Sequence[ChangeLine], arrived: Sequence[Arrival], gone: Sequence[Departure], recorded: Sequence[Recorded]
) -> list[Tile]:
    """How many changes, how many that break something, new ones, those gone, and approvals."""
    counts = {
        "changes": len(changes),
        "breaking": sum(one.change.breaking for one in changes),
        "arrived": len(arrived),
        "gone": len(gone),
        "recorded": len(recorded),
    }
    places = {"breaking": "changes"}
    approved = sum(one.line.approval is not None for one in recorded)
    notes = {"recorded": say("report_change.approved", count=approved)} if recorded else {}
    return [
        Tile(
            say(f"report_change.tile_{name}"),
            figures.count(number),
            notes.get(name, ""),
            link=f"#{places.get(name, name)}",
        )
        for name, number in counts.items()
    ]


def list_changes(report: Report) -> Iterator[ChangeLine]:
    """Compare each spec that first ran in the period with the one that the entry ran before."""
    for entry_id, group in groupby(report.evidence.specs, key=lambda one: one.entry_id):
        ran = list(group)
        for before, after in pairwise(ran):
            then, now = spec_of(before), spec_of(after)
            for change in compare_catalogs([then], Checkout({entry_id: now}, now.elements)):
                yield ChangeLine(
                    day=local_day(after.first_run_at),
                    entry_id=entry_id if entry_id in report.by_id else "",
                    entry=str(now.entry.get("title", entry_id)),
                    versions=f"{before.version} → {after.version}",
                    change=change,
                    whom=_whom(change, report),
                )


def list_arrivals(report: Report) -> list[Arrival]:
    """The entries of the catalog that ran first in the period, the newest first.

    A ledger that is older than its specs knows of earlier runs of an entry whose first spec is of the period.
    """
    arrived = []
    for entry_id, group in groupby(report.evidence.specs, key=lambda one: one.entry_id):
        first = next(group)
        resource, day = report.by_id.get(entry_id), local_day(first.first_run_at)
        if resource is not None and day >= report.period.first and not _ran_before(report, entry_id):
            arrived.append(Arrival(day, entry_id, resource.entry.title, resource.department.title, first.version))
    return sorted(arrived, key=lambda one: (-one.day.toordinal(), one.entry_id))


def list_departures(report: Report) -> list[Departure]:
    """The entries that ran in the period and that the catalog at hand has not, or has as draft or retired."""
    gone = []
    for entry_id, known in report.evidence.facts.entries.items():
        latest = known.latest
        if entry_id not in report.by_id and latest and local_day(latest.started_at) >= report.period.first:
            folder = entry_id.partition(".")[0]
            gone.append(Departure(entry_id, report.titles.get(folder, folder), latest.started_at))
    return sorted(gone, key=lambda one: one.entry_id)


def list_recorded(report: Report) -> list[Recorded]:
    """The lines that entries keep of themselves, dated in the period, the newest first."""
    first, last = report.period.first, min(report.period.last, report.facts.today)
    found = [
        Recorded(resource.entry.id, resource.entry.title, resource.department.title, line)
        for resource in report.resources
        for line in resource.entry.history
        if first <= line.date <= last
    ]
    return sorted(found, key=lambda one: (-one.line.date.toordinal(), one.entry_id, one.line.version))


def spec_of(fact: SpecFact) -> Spec:
    """Return the spec that a line of the ledger keeps."""
    return Spec(fact.entry_id, fact.spec_digest, json.loads(fact.spec), json.loads(fact.elements))


def _ran_before(report: Report, entry_id: str) -> bool:
    known, first = report.facts.of(entry_id), report.period.first
    days = [score.day for score in known.scores] + [local_day(run.started_at) for run in known.runs]
    return any(day < first for day in days)


def _whom(change: Change, report: Report) -> str:
    named = [report.titles.get(one, one) for one in change.departments]
    if change.consumers and not change.of_element:
        named.append(say("plan.consumers"))
    return say("report.rule.join").join(named)


PAGE = Page("changes", "changes.html", "changes.html.j2", changes_page)
