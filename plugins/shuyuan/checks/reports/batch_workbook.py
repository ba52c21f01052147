"""The workbook of a batch: a row a case, a row a line, the sources, how to read it.

Numbers of cases and authorisations are text, heads are frozen, every table has filters, and no cell begins like a
formula. Rows go to disk one by one, so that ten thousand cases take no more memory than ten. The same answer gives the
same bytes.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from shuyuan.checks.reports.wording import AnswerWords, CaseWords
from shuyuan.identifiers.spreadsheets import harmless
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import clean

Value: TypeAlias = str | int | float | date | None
MOST_ROWS = 1_000_000
"""Rows of one sheet; Excel takes 1,048,576 with the head. What is more begins another sheet."""

RESULTS = {
    "place": 8,
    "number": 38,
    "case": 24,
    "authorization": 22,
    "people": 8,
    "conclusion": 12,
    "meaning": 60,
    "next": 80,
}
LINES = {
    "place": 8,
    "case": 24,
    "who": 16,
    "rule": 18,
    "source": 28,
    "found": 14,
    "verdict": 12,
    "text": 60,
    "basis": 34,
}
SOURCES = {
    "title": 30,
    "owner": 26,
    "entry": 34,
    "data_date": 12,
    "version": 60,
    "quality": 9,
    "state": 40,
    "rules": 50,
}
_COLOURS = {"pass": "#C6EFCE", "fail": "#FFC7CE", "review": "#FFEB9C", "unavailable": "#D9D9D9"}
_LONGEST = 2000
_LINE, _TALLEST = 15.0, 400.0
"""Points: of one line, and of the tallest row; Excel takes 409."""


def make_workbook(words: AnswerWords, workroom: Path) -> bytes:
    """Return the .xlsx. ``workroom`` takes the parts that are being written, and is as private as the result."""
    file = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
        "tmpdir": str(workroom),
    }
    with xlsxwriter.Workbook(file, options) as workbook:
        made = figures.local(words.answer.answered_at).replace(tzinfo=None, microsecond=0)
        workbook.set_properties({"title": clean(words.check.title, 200), "created": made})
        pen = _Pen(workbook)
        results = _Table(pen, "results", RESULTS)
        for case in words.cases():
            results.add(_result(words, case), {5: case.state})
        results.close()
        lines = _Table(pen, "lines", LINES)
        for case in words.cases():
            for line in case.lines:
                unread = line.verdict == "unavailable"
                found = words.check.outcomes.unavailable if unread else line.found
                about = (case.place, case.case, line.who, line.rule, line.source)
                lines.add((*about, found, line.word, line.text, line.basis), {5: line.verdict} if unread else {})
        lines.close()
        _write_sources(pen, words)
        _write_notes(pen, words)
    return file.getvalue()


def tell_next(words: AnswerWords, case: CaseWords) -> str:
    """What is to be done about a case, in one cell: who and what, then the sources that could not be read."""
    told = []
    for line in case.pressing:
        who = say("check_report.case_wide") if line.person is None else say("check_report.person", who=line.who)
        told.append(f"{line.word} · {who}{line.text}")
    for source in words.unread_of(case.lines):
        head = words.check.outcomes.unavailable
        what = say("check_report.unread", source=source.owned, why=source.why)
        told.append(f"{head} · {what}{source.advice}")
    return "\n".join(told)


def note_lines(words: AnswerWords) -> list[str]:
    """What a reader must know before using a result."""
    check, answer = words.check, words.answer
    return [
        say("check_report.terms_purpose", purpose=check.purpose),
        say("check_report.terms_clue"),
        say("check_report.terms_objection", objection=check.objection),
        say("check_report.terms_legal", basis=check.legal_basis),
        say("check_report.terms_valid", day=answer.valid_until.isoformat()) + say("check_report.terms_private"),
        say("check_report.foot", number=answer.number, code=words.verification, day=answer.asked_on.isoformat()),
    ]


class _Pen:
    """The looks of one workbook's cells."""

    def __init__(self, workbook: Workbook) -> None:
        base = {"font_size": 11, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        text = base | {"num_format": "@", "text_wrap": True}
        self.workbook = workbook
        self.head = workbook.add_format(base | {"bold": True, "text_wrap": True, "bg_color": "#DDEBF7"})
        self.text = workbook.add_format(text)
        self.day = workbook.add_format(base | {"num_format": "yyyy-mm-dd"})
        self.count = workbook.add_format(base | {"num_format": "#,##0"})
        self.score = workbook.add_format(base | {"num_format": "0.0"})
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.line = workbook.add_format({"text_wrap": True, "valign": "top", "font_size": 11})
        self.colours = {name: workbook.add_format(text | {"bg_color": one}) for name, one in _COLOURS.items()}
        for form in (self.text, *self.colours.values()):
            form.set_quote_prefix()

    def write(self, sheet: Worksheet, row: int, place: int, value: Value, colour: str = "") -> None:
        """Write one cell: texts as text, days as days, numbers as numbers."""
        if isinstance(value, date):
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), self.day)
        elif isinstance(value, int):
            sheet.write_number(row, place, value, self.count)
        elif isinstance(value, float):
            sheet.write_number(row, place, value, self.score)
        elif value is None:
            sheet.write_blank(row, place, None, self.text)
        else:
            sheet.write_string(row, place, _plain(value), self.colours.get(colour, self.text))


class _Table:
    """One table, on as many sheets as it needs."""

    def __init__(self, pen: _Pen, name: str, columns: dict[str, int]) -> None:
        self.pen, self.name, self.columns = pen, name, columns
        self.sheets = 0
        self._begin()

    def add(self, values: Sequence[Value], colours: dict[int, str]) -> None:
        """Write one row; ``colours`` says which cells stand out, by column."""
        if self.row == MOST_ROWS:
            self.close()
            self._begin()
        self.row += 1
        lines = (_lines(value, width) for value, width in zip(values, self.columns.values(), strict=True))
        self.sheet.set_row(self.row, min(_LINE * max(lines), _TALLEST))
        for place, value in enumerate(values):
            self.pen.write(self.sheet, self.row, place, value, colours.get(place, ""))

    def close(self) -> None:
        """Give the sheet its filters."""
        self.sheet.autofilter(0, 0, max(self.row, 1), len(self.columns) - 1)

    def _begin(self) -> None:
        self.sheets += 1
        title = say(f"check_report.sheet.{self.name}") + (f" {self.sheets}" if self.sheets > 1 else "")
        sheet = self.sheet = self.pen.workbook.add_worksheet(title)
        for place, width in enumerate(self.columns.values()):
            sheet.set_column(place, place, width)
        sheet.freeze_panes(1, 3)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for place, column in enumerate(self.columns):
            sheet.write_string(0, place, say(f"check_report.head.{column}"), self.pen.head)
        self.row = 0


def _lines(value: Value, width: int) -> int:
    """How many lines a value takes in a column; not every spreadsheet finds out by itself."""
    if not isinstance(value, str):
        return 1
    return sum(1 + (_span(line) - 1) // width for line in value.split("\n"))


@lru_cache(4096)
def _span(text: str) -> int:
    """Columns of a fixed font that a text takes, at least one: a Chinese character counts two."""
    return max(1, sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text))


@lru_cache(4096)
def _plain(text: str) -> str:
    """A text that every spreadsheet shows as it is; most of them stand in many rows."""
    return harmless("\n".join(clean(line, _LONGEST) for line in text.split("\n")))


def _result(words: AnswerWords, case: CaseWords) -> tuple[Value, ...]:
    return (
        case.place,
        case.number,
        case.case,
        case.authorization,
        len(case.people),
        case.conclusion,
        case.meaning,
        tell_next(words, case),
    )


def _write_sources(pen: _Pen, words: AnswerWords) -> None:
    table = _Table(pen, "sources", SOURCES)
    for one in words.sources:
        unavailable = words.check.outcomes.unavailable
        state = f"{unavailable}：{one.why}" if one.why else say("check_report.sheet.readable")
        rules = say("check_report.comma").join(one.rules)
        about = (one.title, one.department, one.entry_id, one.data_date, one.version, one.score, state, rules)
        table.add(about, {6: "unavailable"} if one.why else {})
    table.close()


def _write_notes(pen: _Pen, words: AnswerWords) -> None:
    sheet = pen.workbook.add_worksheet(say("check_report.sheet.notes"))
    sheet.set_column(0, 0, 110)
    sheet.set_column(1, 3, 24)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, harmless(clean(words.check.title, 200)), pen.title)
    row = 2
    unavailable = words.check.outcomes.unavailable
    for line in (*note_lines(words), say("check_report.lines_note", unavailable=unavailable)):
        sheet.write_string(row, 0, harmless(clean(line, _LONGEST)), pen.line)
        row += 1
    if not words.parameters:
        return
    row += 1
    for place, name in enumerate(("parameter", "value", "since", "basis")):
        sheet.write_string(row, place, say(f"check_report.head.{name}"), pen.head)
    for parameter in words.parameters:
        row += 1
        for place, text in enumerate(parameter):
            pen.write(sheet, row, place, text)
