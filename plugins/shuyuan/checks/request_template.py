"""The empty form of a check: a workbook that a caseworker fills in, one line a person.

Every cell below the header is a text cell, so that no spreadsheet turns an identifier into a number.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import xlsxwriter

from shuyuan.checks.request_files import AUTHORIZATION, NUMBER, SIGNED, columns_of, needed_columns
from shuyuan.entry import Check, Element
from shuyuan.language import say

_WIDTH, _ROWS, _LONGEST_LIST = 22, 500, 255


def write_template(check: Check, elements: Mapping[str, Element], codes: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return the workbook (xlsx). ``elements`` and ``codes`` (name → code) by item name, as ``Items`` has them."""
    content = io.BytesIO()
    needed, columns = set(needed_columns(check)), columns_of(check)
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        head = workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#EAF1F8"})
        text = workbook.add_format({"num_format": "@"})
        wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
        sheet = workbook.add_worksheet(say("request.sheet.people"))
        sheet.freeze_panes(1, 0)
        for place, (name, title) in enumerate(columns.items()):
            sheet.set_column(place, place, _WIDTH, text)
            sheet.write_string(0, place, title + ("*" if name in needed else ""), head)
            words = [word for word, code in codes.get(name, {}).items() if word != code]
            if words and len(",".join(words)) <= _LONGEST_LIST:
                sheet.data_validation(1, place, _ROWS, place, {"validate": "list", "source": words})
        notes = workbook.add_worksheet(say("request.sheet.notes"))
        notes.set_column(0, 0, _WIDTH, wrap)
        notes.set_column(1, 1, 90, wrap)
        notes.write_string(0, 0, check.title, head)
        notes.write_string(0, 1, check.purpose, head)
        for row, (name, title) in enumerate(columns.items(), 1):
            notes.write_string(row, 0, title)
            notes.write_string(row, 1, _explain(check, name, name in needed, elements))
        for row, line in enumerate(say("request.notes").strip().splitlines(), len(columns) + 2):
            notes.write_string(row, 1, line)
    return content.getvalue()


def _explain(check: Check, name: str, needed: bool, elements: Mapping[str, Element]) -> str:
    must = say("request.must" if needed else "request.may")
    if name == NUMBER:
        return must + say("request.about.case_number")
    if name == AUTHORIZATION:
        return must + say("request.about.authorization")
    if name == SIGNED:
        days = check.authorization.valid_for.days if check.authorization else 0
        return must + say("request.about.signed_on", days=days)
    return must + (elements[name].meaning or elements[name].title)
