"""五、需求和疑义答复: how many were answered in time, and which are still owed."""

from __future__ import annotations

from shuyuan.indicators.standing import Reply
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Column, Heading, Paragraph, Table
from shuyuan.reporting.documents.findings import department_title, reply_subject
from shuyuan.reporting.documents.sections.freshness import MOST, more_note
from shuyuan.reporting.documents.sections.overall import replies_sentence
from shuyuan.reporting.report import Report


def replies(report: Report) -> list[Block]:
    """Demands and corrections apart; below them who owes an answer, the longest overdue first."""
    county = report.standings.county
    blocks: list[Block] = [
        Heading(say("document.replies.heading")),
        Paragraph(replies_sentence("demand", county.response)),
        Paragraph(replies_sentence("correction", county.corrections)),
    ]
    owed = [one for one in replies_of(report) if one.answered_on is None and one.timely is False]
    if owed:
        blocks += [
            Paragraph(say("document.replies.owed", count=len(owed))),
            _table(report, owed),
            *more_note(len(owed)),
        ]
    elif county.response.whole or county.corrections.whole:
        blocks.append(Paragraph(say("document.replies.none_owed")))
    return blocks


def replies_of(report: Report) -> list[Reply]:
    """Every question of the period, by its limit."""
    found = {
        (one.kind, one.id): one
        for department in report.standings.departments
        for one in (*department.response.rows, *department.corrections.rows)
    }
    return sorted(found.values(), key=lambda one: (one.limit_on, one.kind, one.id))


def reply_state(reply: Reply) -> str:
    """Whether it was answered, and in time; or why no answer is waited for."""
    if reply.state in ("withdrawn", "supplement"):
        return say(f"document.replies.{reply.state}")
    if reply.answered_on is None:
        return say("document.replies.open_late" if reply.timely is False else "document.replies.open_pending")
    word = "late" if reply.timely is False else "timely"
    return say(f"document.replies.answered_{word}", day=figures.day(reply.answered_on))


def _table(report: Report, owed: list[Reply]) -> Table:
    columns = [
        Column(say("document.column.kind"), 14, "center"),
        Column(say("document.column.number"), 28),
        Column(say("document.column.department"), 30),
        Column(say("document.column.subject"), 42),
        Column(say("document.column.limit"), 20, "center"),
        Column(say("document.column.state"), 22, "center"),
    ]
    rows = [
        [
            say(f"document.kind.{one.kind}"),
            one.id,
            department_title(report, one.department),
            reply_subject(report, one),
            figures.day(one.limit_on),
            reply_state(one),
        ]
        for one in owed[:MOST]
    ]
    return Table(columns, rows)
