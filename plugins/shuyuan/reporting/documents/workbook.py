"""The workbook beside the 通报: every row behind its numbers, one sheet each, and how they were made.

Identifiers and codes are text, heads are frozen, every table has filters, and no cell begins like a formula. The same
report gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from shuyuan.identifiers.spreadsheets import harmless
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import clean
from shuyuan.reporting.documents.sections.appendix import definitions, exemptions_of, origin_lines, weight_rows
from shuyuan.reporting.documents.sheet_rows import SHEETS, Value
from shuyuan.reporting.report import Report

MOST_ROWS = 1_000_000
"""Rows of one sheet; Excel takes 1,048,576 with the head."""

_LONGEST = 1000
_LIGHTS = {"green": "#C6EFCE", "yellow": "#FFEB9C", "red": "#FFC7CE"}


def make_workbook(report: Report, title: str) -> bytes:
    """Return the .xlsx. The only date in it is the cut-off."""
    file = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(file, plain) as workbook:
        made = figures.local(report.standings.as_of).replace(tzinfo=None, microsecond=0)
        author = clean(report.evidence.assessment.unit, 200)
        workbook.set_properties({"title": clean(title, 200), "author": author, "created": made})
        pen = _Pen(workbook)
        for sheet in SHEETS:
            heads = [
                (say(f"document.column.{name}") if word is None else word(), width)
                for name, width, word in sheet.columns
            ]
            pen.table(say(f"document.sheet.{sheet.name}"), heads, sheet.rows(report))
        _write_notes(pen, report, title)
    return file.getvalue()


class _Pen:
    """Writes cells of one workbook: texts as text, dates as dates, numbers as numbers."""

    def __init__(self, workbook: Workbook) -> None:
        base = {"font_size": 11, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        self.workbook = workbook
        self.head = workbook.add_format(base | {"bold": True, "text_wrap": True, "bg_color": "#DDEBF7"})
        self.text = workbook.add_format(base | {"num_format": "@", "text_wrap": True})
        self.day = workbook.add_format(base | {"num_format": "yyyy-mm-dd"})
        self.moment = workbook.add_format(base | {"num_format": "yyyy-mm-dd hh:mm"})
        self.count = workbook.add_format(base | {"num_format": "#,##0"})
        self.score = workbook.add_format(base | {"num_format": "0.0"})
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.line = workbook.add_format({"text_wrap": True, "valign": "top", "font_size": 11})
        self.lights = {
            say(f"document.light.{light}"): workbook.add_format(base | {"num_format": "@", "bg_color": colour})
            for light, colour in _LIGHTS.items()
        }
        for form in (self.text, *self.lights.values()):
            form.set_quote_prefix()

    def table(self, name: str, columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[Value]]) -> None:
        sheet = self.workbook.add_worksheet(name)
        for place, (head, width) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, head, self.head)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(min(len(rows), MOST_ROWS), 1), len(columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for number, row in enumerate(rows[:MOST_ROWS], 1):
            for place, value in enumerate(row):
                self.write(sheet, number, place, value)

    def write(self, sheet: Worksheet, row: int, place: int, value: Value) -> None:
        if isinstance(value, datetime):
            sheet.write_datetime(row, place, value, self.moment)
        elif isinstance(value, date):
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), self.day)
        elif isinstance(value, int):
            sheet.write_number(row, place, value, self.count)
        elif isinstance(value, float):
            sheet.write_number(row, place, value, self.score)
        elif value is None:
            sheet.write_blank(row, place, None, self.text)
        else:
            sheet.write_string(row, place, harmless(clean(value, _LONGEST)), self._form(value))

    def _form(self, value: str) -> Format:
        return self.lights.get(value, self.text)


def _write_notes(pen: _Pen, report: Report, title: str) -> None:
    """说明: what the period is, how the numbers are made, with which weights, and what did not count."""
    sheet = pen.workbook.add_worksheet(say("document.sheet.notes"))
    sheet.set_column(0, 0, 96)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 3, 30)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, harmless(clean(title, 200)), pen.title)
    row = 2
    for line in (*origin_lines(report), *definitions(report)):
        sheet.write_string(row, 0, harmless(clean(line, _LONGEST)), pen.line)
        row += 1
    row += 1
    exempt = [(f"{one.entry} {one.from_} – {one.until}", one.why, one.approval) for one in exemptions_of(report)]
    tables: list[tuple[list[str], Sequence[Sequence[str]]]] = [
        ([say("document.column.part"), say("document.column.weight")], weight_rows(report)),
        ([say("document.appendix.white_list"), say("document.column.why"), say("document.column.approval")], exempt),
    ]
    for heads, lines in tables:
        for place, head in enumerate(heads):
            sheet.write_string(row, place, head, pen.head)
        for cells in lines:
            row += 1
            for place, value in enumerate(cells):
                pen.write(sheet, row, place, value)
        row += 2
