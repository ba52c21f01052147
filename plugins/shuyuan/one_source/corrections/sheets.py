"""The workbook of correction requests (疑义清单): what a department gets, fills in and sends back.

Sheet 疑义清单 has a line a request with three columns to fill in, 差异明细 the differing keys (as keyed tokens, values
masked), 说明 how to. It has to survive officials' spreadsheets: texts are text cells, and none begins like a formula.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from shuyuan.identifiers.spreadsheets import harmless
from shuyuan.language import say
from shuyuan.ledger import Connection
from shuyuan.one_source.corrections.settling import Correction
from shuyuan.one_source.corrections.steps import ACTIONS, SYSTEM
from shuyuan.one_source.titles import Titles
from shuyuan.workdays import LOCAL, local_day

COLUMNS: dict[str, int] = {
    "id": 15,
    "state": 8,
    "department": 22,
    "entry": 24,
    "item": 16,
    "kind": 20,
    "source": 30,
    "rows": 10,
    "first_rows": 10,
    "opened": 12,
    "due": 12,
    "left": 18,
    "reopened": 10,
    "why": 24,
    "result": 16,
    "who": 12,
    "note": 44,
}
"""Columns of the list and their widths in characters; the last three are the department's."""

DETAILS: dict[str, int] = {
    "id": 15,
    "entry": 24,
    "item": 16,
    "kind": 20,
    "token": 68,
    "here": 24,
    "there": 24,
    "first_seen": 17,
    "last_seen": 17,
    "times": 10,
}
"""Columns of the details and their widths."""

ANSWERED = ("result", "who", "note")
_LONGEST = 1000

MOST = 100_000
"""Lines of details in one workbook: more than that nobody works through, and small machines cannot open."""


@dataclass(frozen=True)
class Discrepancy:
    """One differing key as the ledger lists it: a token, masked values, when it was seen. Instants are naive UTC."""

    entry_id: str
    field: str
    kind: str
    source_id: str
    token: str
    copy_value: str | None
    source_value: str | None
    first_seen: datetime
    last_seen: datetime
    times: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it shares with its request."""
        return self.entry_id, self.field, self.kind, self.source_id


def read_discrepancies(session: Connection, corrections: Sequence[Correction]) -> list[Discrepancy]:
    """Return the listed differences of these requests that are still there, in order, at most ``MOST``."""
    order = {one.key: place for place, one in enumerate(corrections)}
    rows = session.query(
        "SELECT entry_id, field, kind, source_id, token, copy_value, source_value, first_seen, last_seen, times"
        " FROM ledger.discrepancies WHERE cleared_at IS NULL"
    )
    found = (Discrepancy(**row) for row in rows)
    return sorted(
        (one for one in found if one.key in order), key=lambda one: (order[one.key], one.first_seen, one.token)
    )[:MOST]


def make_workbook(
    corrections: Sequence[Correction], discrepancies: Sequence[Discrepancy], titles: Titles, now: datetime
) -> bytes:
    """Return the workbook (xlsx); ``now`` is aware or naive UTC. The same four give the same sheets."""
    file = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(file, plain) as workbook:
        made = _local(now)
        workbook.set_properties({"title": say("correction.sheet.list"), "created": made})
        pen = _Pen(workbook)
        _write_list(pen, corrections, titles)
        _write_details(pen, corrections, discrepancies, titles)
        _write_notes(pen, corrections, discrepancies, made)
    return file.getvalue()


def state_of(correction: Correction) -> str:
    """The state in words."""
    return say(f"correction.state.{correction.shown}")


def time_left(correction: Correction) -> str:
    """``还有 3 个工作日``, ``今天到期``, ``逾期 2 个工作日``; what an answered request waits for; empty when closed."""
    if correction.closed_at:
        return say("correction.left.closed")
    if correction.days is None:
        return say(f"correction.left.{correction.state}")
    if correction.shown == "overdue":
        return say("correction.left.over" if correction.days else "correction.left.just_over", days=-correction.days)
    return say("correction.left.left" if correction.days else "correction.left.today", days=correction.days)


def why_asked(correction: Correction) -> str | None:
    """Why the request was handed to its department, asked again, or closed; ``None`` when nothing is to be said."""
    return say(f"correction.note.{correction.reason}") if correction.reason else correction.referral


def person(who: str | None) -> str:
    """Who it was, in the reader's language when it was nobody."""
    return say("correction.system") if who == SYSTEM else who or ""


class _Pen:
    """Writes cells of a workbook: texts as text, dates as dates, counts as numbers."""

    def __init__(self, workbook: Workbook) -> None:
        base = {"font_size": 11, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        head = base | {"bold": True, "text_wrap": True, "valign": "vcenter"}
        self.workbook = workbook
        self.head = workbook.add_format(head | {"bg_color": "#DDEBF7"})
        self.fill_in_head = workbook.add_format(head | {"bg_color": "#FFE699"})
        self.text = workbook.add_format(base | {"num_format": "@", "text_wrap": True})
        self.fill_in = workbook.add_format(base | {"num_format": "@", "text_wrap": True, "bg_color": "#FFF9E5"})
        self.late = workbook.add_format(base | {"num_format": "@", "bold": True, "font_color": "#C00000"})
        self.day = workbook.add_format(base | {"num_format": "yyyy-mm-dd"})
        self.count = workbook.add_format(base | {"num_format": "#,##0"})
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.line = workbook.add_format({"text_wrap": True, "valign": "top", "font_size": 11})

    def sheet(self, name: str, columns: dict[str, int], rows: int) -> Worksheet:
        """Begin a table: its head frozen and repeated on paper, with filters and widths."""
        sheet = self.workbook.add_worksheet(say(f"correction.sheet.{name}"))
        for place, (column, width) in enumerate(columns.items()):
            sheet.set_column(place, place, width)
            style = self.fill_in_head if column in ANSWERED else self.head
            sheet.write_string(0, place, say(f"correction.column.{column}"), style)
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def write(self, sheet: Worksheet, row: int, place: int, value: Any, style: Any = None) -> None:
        """Write one cell; ``None`` is an empty one."""
        if isinstance(value, date) and not isinstance(value, datetime):
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), self.day)
        elif isinstance(value, int):
            sheet.write_number(row, place, value, self.count)
        else:
            text = "" if value is None else str(value)
            text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
            sheet.write_string(row, place, harmless(text), style or self.text)


def _write_list(pen: _Pen, corrections: Sequence[Correction], titles: Titles) -> None:
    sheet = pen.sheet("list", COLUMNS, len(corrections))
    for row, one in enumerate(corrections, 1):
        cells = {
            "id": one.correction_id,
            "state": state_of(one),
            "department": titles.department(one.department),
            "entry": titles.entry(one.entry_id),
            "item": titles.item(one.entry_id, one.field),
            "kind": say(f"correction.kind.{one.kind}"),
            "source": say(
                "correction.of", department=titles.department_of(one.source_id), entry=titles.entry(one.source_id)
            ),
            "rows": one.rows_now,
            "first_rows": one.rows_first,
            "opened": local_day(one.opened_at),
            "due": one.due_on,
            "left": time_left(one),
            "reopened": one.reopened,
            "why": why_asked(one),
            "result": say(f"correction.result.{one.state}") if one.answered_at else None,
            "who": person(one.answered_by),
            "note": one.answer,
        }
        for place, (column, value) in enumerate(cells.items()):
            late = one.shown == "overdue" and column in ("state", "left")
            pen.write(sheet, row, place, value, pen.late if late else pen.fill_in if column in ANSWERED else None)
    if corrections:
        place = list(COLUMNS).index("result")
        rule = {
            "validate": "list",
            "source": [say(f"correction.result.{action}") for action in ACTIONS],
            "input_title": say("correction.column.result"),
            "input_message": say("correction.result.choose"),
            "error_title": say("correction.column.result"),
            "error_message": say("correction.result.choose"),
        }
        sheet.data_validation(1, place, len(corrections), place, rule)


def _write_details(
    pen: _Pen, corrections: Sequence[Correction], discrepancies: Sequence[Discrepancy], titles: Titles
) -> None:
    sheet = pen.sheet("details", DETAILS, len(discrepancies))
    numbers = {one.key: one.correction_id for one in corrections}
    for row, one in enumerate(discrepancies, 1):
        cells = (
            numbers[one.key],
            titles.entry(one.entry_id),
            titles.item(one.entry_id, one.field),
            say(f"correction.kind.{one.kind}"),
            one.token,
            one.copy_value,
            one.source_value,
            f"{_local(one.first_seen):%Y-%m-%d %H:%M}",
            f"{_local(one.last_seen):%Y-%m-%d %H:%M}",
            int(one.times),
        )
        for place, value in enumerate(cells):
            pen.write(sheet, row, place, value)


def _write_notes(
    pen: _Pen, corrections: Sequence[Correction], discrepancies: Sequence[Discrepancy], made: datetime
) -> None:
    sheet = pen.workbook.add_worksheet(say("correction.sheet.notes"))
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, say("correction.sheet.list"), pen.title)
    facts = {
        "moment": f"{made:%Y-%m-%d %H:%M}",
        "corrections": len(corrections),
        "rows": sum(one.rows_now for one in corrections),
        "listed": len(discrepancies),
    }
    lines = [line for line in say("correction.notes", **facts).splitlines() if line]
    for row, line in enumerate(lines, 2):
        sheet.write_string(row, 0, line, pen.line)


def _local(instant: datetime) -> datetime:
    """The instant in Asia/Shanghai without its zone: a spreadsheet knows none."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return aware.astimezone(LOCAL).replace(tzinfo=None)
