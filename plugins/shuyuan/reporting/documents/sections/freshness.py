"""三、更新时效: what came late or never, what was declared unchanged, what does not count, what is our fault."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from shuyuan.indicators.standing import Due
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Column, Heading, Paragraph, Table
from shuyuan.reporting.documents.findings import department_title, dues_of, entry_title
from shuyuan.reporting.report import Report

MOST = 25
"""Entries in a table of the bulletin; the workbook has all."""


def freshness(report: Report) -> list[Block]:
    """The overdue ones by entry, the most missing first."""
    dues = dues_of(report)
    blocks: list[Block] = [Heading(say("document.freshness.heading"))]
    blocks += _overdue(report, dues)
    unchanged = [due for due in dues if due.state == "no_change"]
    if unchanged:
        listed = _counted(report, unchanged)
        blocks.append(Paragraph(say("document.freshness.no_change", count=len(unchanged), list=listed)))
    reasons = Counter(due.reason or "other" for due in dues if due.state == "excluded")
    if reasons:
        listed = say("document.comma").join(
            say("document.freshness.excluded_one", reason=reason_word(reason), count=count)
            for reason, count in sorted(reasons.items())
        )
        blocks.append(Paragraph(say("document.freshness.excluded", count=reasons.total(), list=listed)))
    return [*blocks, *_ours(report)]


def reason_word(reason: str | None) -> str:
    """Why a due date does not count, in words; a reason that has no words yet is shown as it is."""
    return say(f"document.reason.{reason}") if reason in ("platform", "exempt", "first", "suspended") else reason or ""


def more_note(total: int) -> list[Block]:
    """Says how many lines are only in the workbook."""
    return [Paragraph(say("document.more", count=total - MOST, shown=MOST), "note")] if total > MOST else []


def _overdue(report: Report, dues: Sequence[Due]) -> list[Block]:
    by_entry: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for due in dues:
        if due.counts:
            by_entry[due.department, due.entry_id].append(due)
    lines = []
    for (department, entry_id), counted in by_entry.items():
        states = Counter(due.state for due in counted)
        if states["late"] or states["missing"]:
            last = max(due.day for due in counted if due.state in ("late", "missing"))
            lines.append((-states["missing"], -states["late"], entry_id, department, len(counted), last))
    if not lines:
        return [Paragraph(say("document.freshness.clean" if by_entry else "document.overall.no_due"))]
    lines.sort()
    missing, late = -sum(line[0] for line in lines), -sum(line[1] for line in lines)
    columns = [
        Column(say("document.column.department"), 46),
        Column(say("document.column.entry"), 50),
        *(Column(say(f"document.column.{name}"), 13, "right") for name in ("due", "missing", "late")),
        Column(say("document.column.last_overdue"), 21, "center"),
    ]
    rows = [
        [
            department_title(report, department),
            entry_title(report, entry_id),
            str(count),
            str(-absent),
            str(-tardy),
            figures.day(last),
        ]
        for absent, tardy, entry_id, department, count, last in lines[:MOST]
    ]
    said = say("document.freshness.overdue", missing=missing, late=late, entries=len(lines))
    return [Paragraph(said), Table(columns, rows), *more_note(len(lines))]


def _ours(report: Report) -> list[Block]:
    """Our own outages, named as ours."""
    ours = report.standings.ours
    if not ours:
        return [Paragraph(say("document.freshness.no_ours"))]
    days = sorted({due.day for due in ours})
    said = say(
        "document.freshness.ours",
        count=len(ours),
        days=say("document.comma").join(figures.day(day) for day in days[:MOST]),
        list=_counted(report, ours),
    )
    return [Paragraph(said)]


def _counted(report: Report, dues: Sequence[Due]) -> str:
    counts = Counter(due.entry_id for due in dues)
    named = [
        say("document.freshness.times", entry=entry_title(report, entry_id), count=count)
        for entry_id, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    if len(named) > MOST:
        named = [*named[:MOST], say("document.freshness.others", count=len(counts) - MOST)]
    return say("document.comma").join(named)
