"""部门整改通知单: one paper for each department that has something to mend, with a part to fill in and send back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Cell, Column, Heading, Paper, Paragraph, Table
from shuyuan.reporting.documents.findings import KINDS, Finding, department_title, list_findings
from shuyuan.reporting.documents.names import department_names, file_name
from shuyuan.reporting.report import Report
from shuyuan.workdays import local_day

MOST = 200
"""Lines of one notice; the workbook has all."""


def write_notices(report: Report) -> Iterator[Paper]:
    """Yield the notices. A department's number is its place among all, so that it is the same every month."""
    titles = {**report.titles, **{name: department_title(report, name) for name in list_findings(report)}}
    names = department_names(titles)
    numbers = {folder: f"{number:02}" for number, folder in enumerate(sorted(titles), 1)}
    for department, findings in list_findings(report).items():
        month = report.period.month
        subtitle = say("document.notice.subtitle", month=month, number=numbers[department])
        yield Paper(
            name=file_name(say("document.file.notice"), names[department], month),
            title=say("document.notice.title"),
            subtitle=subtitle,
            blocks=[*_body(report, department, findings), *_answer()],
        )


def _body(report: Report, department: str, findings: Sequence[Finding]) -> list[Block]:
    moment = figures.moment(report.standings.as_of)
    blocks: list[Block] = [
        Paragraph(_addressee(report, department), "plain"),
        Paragraph(say("document.notice.intro", moment=moment, count=len(findings))),
        *([Paragraph(say("document.demo"))] if report.demo else []),
        Table(_columns(), [_row(number, one) for number, one in enumerate(findings[:MOST], 1)]),
        *_rest(len(findings)),
        Heading(say("document.notice.how")),
    ]
    kinds = {one.kind for one in findings}
    blocks += [
        Paragraph(
            say(
                "document.notice.how_one",
                kind=say(f"document.finding.short.{kind}"),
                how=say(f"document.finding.how.{kind}"),
            )
        )
        for kind in KINDS
        if kind in kinds
    ]
    ours = sum(due.department == department for due in report.standings.ours)
    if ours:
        blocks.append(Paragraph(say("document.notice.ours", count=ours)))
    blocks += [
        Paragraph(say("document.notice.days")),
        Paragraph(say("document.notice.page")),
        Paragraph(say("document.notice.values")),
        Paragraph(say("document.notice.ask", unit=report.evidence.assessment.unit)),
        Paragraph(report.evidence.assessment.unit, "sign"),
        Paragraph(figures.full_day(local_day(report.standings.as_of)), "sign"),
    ]
    return blocks


def _addressee(report: Report, department: str) -> str:
    """The department, with the office that the catalog names for it."""
    members = report.members.get(department, ())
    office = members[0].department.contact.office if members else None
    title = department_title(report, department)
    return (
        say("document.notice.to_office", department=title, office=office)
        if office
        else say("document.notice.to", department=title)
    )


def _rest(total: int) -> list[Block]:
    return [Paragraph(say("document.more", count=total - MOST, shown=MOST), "fine")] if total > MOST else []


def _columns() -> list[Column]:
    return [
        Column("#", 8, "center"),
        Column(say("document.column.entry"), 38),
        Column(say("document.column.what"), 51),
        Column(say("document.column.count"), 29, "center"),
        Column(say("document.column.since"), 20, "center"),
        Column(say("document.column.due_on"), 22, "center"),
    ]


def _row(number: int, one: Finding) -> list[Cell]:
    place = f"{one.title}\n{one.entry_id}" if one.entry_id else one.title
    due = figures.day(one.due) if one.due else say("document.notice.next_time")
    if one.overdue:
        due = say("document.notice.overdue", day=due)
    return [str(number), place, f"{one.code} {one.what}".strip(), one.count, figures.day(one.since), due]


def _answer() -> list[Block]:
    parts = ("done", "who", "head", "day")
    rows = [[say(f"document.notice.reply_{part}"), ""] for part in parts]
    columns = [Column("", 46), Column("", 110)]
    return [Heading(say("document.notice.reply")), Table(columns, rows, tall=12, headed=False, together=True)]
