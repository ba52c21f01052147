"""月度进度表: the form in which a department reports by the 28th.

Plans, meetings, rules, agreements, planned entries, connections, what is linked, problems. What ledger, catalog and
demands know stands in it; what only the department knows is left to write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from shuyuan.entry import Demand
from shuyuan.indicators.standing import DepartmentStanding
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Column, Paper, Paragraph, Table
from shuyuan.reporting.documents.findings import KINDS, Finding, entry_title, list_findings
from shuyuan.reporting.documents.names import department_names, file_name
from shuyuan.reporting.report import Report
from shuyuan.workdays import local_day

ITEMS = ("plan", "meetings", "rules", "agreements", "declared", "connected", "received", "problems")
"""In the order of the notice that asks for the form."""

_SHOWN = 12


def write_forms(report: Report) -> Iterator[Paper]:
    """Yield a form for each department of the report."""
    names, findings = department_names(report.titles), list_findings(report)
    year, _, month = report.period.month.partition("-")
    for standing in sorted(report.standings.departments, key=lambda one: one.department):
        found = findings.get(standing.department, ())
        known = {name: know(report, standing, found) for name, know in _KNOWN.items()}
        nothing = say("document.progress.unknown")
        rows = [[say(f"document.progress.item.{name}"), known.get(name, nothing), ""] for name in ITEMS]
        columns = [
            Column(say("document.column.item"), 26),
            Column(say("document.column.known"), 84),
            Column(say("document.column.report"), 46),
        ]
        people = [cell for part in ("who", "head", "day") for cell in (say(f"document.progress.{part}"), "")]
        until = say(
            "document.progress.until",
            day=figures.day(report.period.last + timedelta(days=1)),
            unit=report.evidence.assessment.unit,
            moment=figures.moment(report.standings.as_of),
        )
        yield Paper(
            name=file_name(say("document.file.progress"), names[standing.department], report.period.month),
            title=say("document.progress.title"),
            subtitle=say("document.progress.subtitle", department=standing.title, year=year, month=int(month)),
            blocks=[
                Paragraph(until, "note"),
                *([Paragraph(say("document.demo"), "note")] if report.demo else []),
                Table(columns, rows, tall=10),
                Table([Column("", width) for width in (24, 30, 24, 30, 20, 28)], [people], tall=10, headed=False),
            ],
        )


def _declared(report: Report, standing: DepartmentStanding, _: Sequence[Finding]) -> str:
    linked = standing.linked
    if not linked.whole:
        return say("document.progress.known.declared_none")
    rest = [entry_title(report, entry_id) for entry_id in linked.rows]
    listed = say("document.progress.known.rest", list=_short(rest)) if rest else ""
    return say(
        "document.progress.known.declared",
        entries=int(linked.whole),
        linked=int(linked.part),
        rest=int(linked.whole - linked.part),
        list=listed,
    )


def _connected(report: Report, standing: DepartmentStanding, _: Sequence[Finding]) -> str:
    today = local_day(report.standings.as_of)
    asked_by = [one for one in report.evidence.demands if one.department == standing.department]
    asked_of = [one for one in report.evidence.demands if one.provider == standing.department]
    fresh = standing.fresh
    lines = [
        say(
            "document.progress.known.fresh",
            whole=int(fresh.whole),
            part=int(fresh.part),
            value=figures.percent(fresh.value),
        )
        if fresh.whole
        else say("document.progress.known.no_fresh")
    ]
    for word, demands in (("asked_by", asked_by), ("asked_of", asked_of)):
        named = [told for one in demands if (told := _demand(one, today))]
        listed = say("document.progress.known.rest", list=_short(named)) if named else ""
        lines.append(say(f"document.progress.known.{word}", count=len(named), list=listed))
    return "\n".join(lines)


def _demand(demand: Demand, today: date) -> str:
    """The demand and its last step up to today; empty when it was filed later."""
    steps = [one.step for one in demand.steps if one.on <= today]
    if not steps:
        return ""
    word = say(f"document.progress.step.{steps[-1]}")
    return say("document.progress.known.demand", title=demand.title, step=word)


def _received(report: Report, standing: DepartmentStanding, _: Sequence[Finding]) -> str:
    published = [(name, one) for name in standing.entries if (one := report.facts.of(name).publication)]
    if not published:
        return say("document.progress.known.received_none")
    lines = [
        say(
            "document.progress.known.received_one",
            entry=entry_title(report, name),
            rows=figures.count(one.rows),
            day=figures.day(one.data_date),
        )
        for name, one in published[:_SHOWN]
    ]
    rows = figures.count(sum(one.rows for _, one in published))
    first = say("document.progress.known.received", entries=len(published), rows=rows)
    more = [say("document.freshness.others", count=len(published) - _SHOWN)] if len(published) > _SHOWN else []
    return "\n".join([first, *lines, *more])


def _problems(report: Report, standing: DepartmentStanding, findings: Sequence[Finding]) -> str:
    if not findings:
        return say("document.progress.known.problems_none")
    counts = Counter(one.kind for one in findings)
    named = [
        say("document.progress.known.problem", kind=say(f"document.finding.short.{kind}"), count=counts[kind])
        for kind in KINDS
        if counts[kind]
    ]
    return say("document.progress.known.problems", count=len(findings), list=say("document.comma").join(named))


def _short(names: Sequence[str]) -> str:
    shown = list(names[:_SHOWN])
    if len(names) > _SHOWN:
        shown.append("…")
    return say("document.comma").join(shown)


_KNOWN: dict[str, Callable[[Report, DepartmentStanding, Sequence[Finding]], str]] = {
    "declared": _declared,
    "connected": _connected,
    "received": _received,
    "problems": _problems,
}
