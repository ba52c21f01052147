"""六、下步要求: who has to mend how much, until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Column, Heading, Paragraph, Table
from shuyuan.reporting.documents.findings import KINDS, Finding, department_title
from shuyuan.reporting.report import Report


def tasks(report: Report, findings: Mapping[str, Sequence[Finding]]) -> list[Block]:
    """A row for each department that has anything to mend, with the first of its due days."""
    heading = Heading(say("document.tasks.heading"))
    if not findings:
        return [heading, Paragraph(say("document.tasks.none"))]
    within = report.evidence.assessment.rectify_within
    total = sum(len(found) for found in findings.values())
    said = say(
        "document.tasks.some",
        departments=len(findings),
        count=total,
        missing=within.missing,
        blocked=within.blocked,
        rule=within.rule,
    )
    columns = [
        Column(say("document.column.department"), 48),
        *(Column(say(f"document.finding.short.{kind}"), 14, "right") for kind in KINDS),
        Column(say("document.column.first_due"), 24, "center"),
    ]
    rows = [
        [
            department_title(report, department),
            *(str(sum(one.kind == kind for one in found)) for kind in KINDS),
            _first_due(found),
        ]
        for department, found in findings.items()
    ]
    return [heading, Paragraph(said), Table(columns, rows), Paragraph(say("document.tasks.how"))]


def _first_due(found: Sequence[Finding]) -> str:
    """How many are overdue; else the first day that is still to come."""
    overdue = sum(one.overdue for one in found)
    if overdue:
        return say("document.tasks.overdue", count=overdue)
    return figures.day(min((one.due for one in found if one.due), default=None))
