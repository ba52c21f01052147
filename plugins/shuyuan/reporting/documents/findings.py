"""What a department has to mend, as lines: the notices, the list of problems and the bulletin's tasks are these.

They are the open problems of the report's 问题台账 with its days, the demands that wait for an answer, and what came
late. Only what is the department's own is in here: our outages and mistakes in the catalog are nobody's finding.
Facts are counts and titles, never a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shuyuan.catalog.demand_replies import reply_of
from shuyuan.indicators.facts import CorrectionFact
from shuyuan.indicators.standing import Due, Reply
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.corrections import what_of
from shuyuan.reporting.documents.blocks import clean
from shuyuan.reporting.problem_lines import ProblemBook, ProblemLine
from shuyuan.reporting.report import Report
from shuyuan.workdays import local_day

Kind = Literal["blocked", "missing", "correction", "demand", "rule", "late"]
KINDS: tuple[Kind, ...] = ("blocked", "missing", "correction", "demand", "rule", "late")
"""In the order in which they are to be mended."""


TITLE = 60
"""Characters of a title in a sentence or cell."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``code`` is the problem's code, ``count`` how much, ``due`` the last day (``None``: from now on)."""

    kind: Kind
    department: str
    entry_id: str | None
    title: str
    code: str
    what: str
    count: str
    since: date | None
    due: date | None
    overdue: bool
    size: int = 0

    @property
    def page(self) -> str:
        """Where in the report it is shown; empty where no page has it."""
        return f"entries/{self.entry_id}.html" if self.entry_id else ""

    @property
    def how(self) -> str:
        """What to do and how to answer."""
        return say(f"document.finding.how.{self.kind}")


def list_findings(report: Report) -> Mapping[str, Sequence[Finding]]:
    """Return the findings of each department that has any, in the order in which to mend them."""
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in (*_problems(report), *_demands(report), *_late(report)):
        grouped[finding.department].append(finding)
    place = {kind: number for number, kind in enumerate(KINDS)}
    return {
        department: sorted(
            found, key=lambda one: (place[one.kind], one.due or date.max, -one.size, one.entry_id or "", one.what)
        )
        for department, found in sorted(grouped.items())
    }


def dues_of(report: Report) -> list[Due]:
    """Every due date of the period, by department, entry and time."""
    every = (due for entry in report.standings.entries.values() for due in entry.fresh.rows)
    return sorted(every, key=lambda due: (due.department, due.entry_id, due.due_at))


def entry_title(report: Report, entry_id: str) -> str:
    """The entry's title; its id when the catalog has lost it."""
    resource = report.by_id.get(entry_id)
    return clean(resource.entry.title, TITLE) if resource else entry_id


def department_title(report: Report, folder: str) -> str:
    """The department's title; its folder name when nobody knows it."""
    return clean(report.titles.get(folder, folder), TITLE)


def reply_subject(report: Report, reply: Reply) -> str:
    """What a 需求 or 疑义 is about, in words."""
    if reply.kind == "demand":
        return next((one.title for one in report.evidence.demands if one.id == reply.id), reply.id)
    for one in report.facts.one_source.corrections:
        if one.correction_id == reply.id:
            return what_of(one, report.by_id)
    return entry_title(report, reply.entry_id) if reply.entry_id else reply.id


def _problems(report: Report) -> Iterable[Finding]:
    book = report.problems
    for department, problems in book.open_of.items():
        if department:
            yield from _of_department(book, department, book.lines(problems))


def _of_department(book: ProblemBook, department: str, lines: Sequence[ProblemLine]) -> Iterable[Finding]:
    kinds: Mapping[str, Kind] = {
        "missing": "missing", "blocked": "blocked", "failed": "blocked", "rule": "rule", "correction": "correction",
    }  # fmt: skip
    for line in lines:
        problem = line.problem
        kind, what = kinds[problem.kind], line.what
        if isinstance(problem.fact, CorrectionFact):
            if problem.fact.state != "open":
                continue
            what = f"{problem.fact.correction_id} {what}"
        if kind in ("missing", "blocked") and not isinstance(problem.fact, CorrectionFact):
            count = say("document.finding.deliveries", count=problem.fact.times)
        else:
            count = line.rows
        yield Finding(
            kind, department, problem.entry_id, clean(line.entry, TITLE), problem.code, what, count, problem.since,
            problem.due, book.is_overdue(problem), problem.rows or 0,
        )  # fmt: skip


def _demands(report: Report) -> Iterable[Finding]:
    """Those that the provider has not answered, also when their limit lies in a later month."""
    today, evidence = local_day(report.standings.as_of), report.evidence
    for demand in evidence.demands:
        resource = report.by_id.get(demand.entry or "")
        sharing = resource.entry.sharing.type if resource else None
        reply = reply_of(demand, sharing, evidence.assessment, evidence.calendar, today)
        if reply is not None and reply.state in ("open", "overdue"):
            title = entry_title(report, demand.entry) if demand.entry else say("document.finding.unlisted")
            yield Finding(
                "demand", demand.provider, demand.entry if resource else None, title, "",
                f"{demand.id} {demand.title}", say("document.finding.one"), reply.asked_on, reply.limit_on,
                reply.state == "overdue",
            )  # fmt: skip


def _late(report: Report) -> Iterable[Finding]:
    for entry_id, standing in sorted(report.standings.entries.items()):
        found = [one for one in standing.fresh.rows if one.state == "late"]
        if found:
            arrived = found[-1].arrived_at
            what = say(
                "document.finding.late",
                due=figures.spoken_moment(found[-1].due_at),
                arrived=figures.spoken_moment(arrived) if arrived else figures.NONE,
            )
            yield Finding(
                "late", standing.department, entry_id, entry_title(report, entry_id), "", what,
                say("document.finding.deliveries", count=len(found)), found[0].day, None, False, len(found),
            )  # fmt: skip
