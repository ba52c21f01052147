"""Workbooks that people fill in and send back: every sheet as rows of text, as it stands.

Blank rows and columns are kept, so that the place of a cell in the result is its place in the sheet.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import python_calamine as calamine

from shuyuan.formats.inflation import Budget
from shuyuan.formats.members import Member, show_name
from shuyuan.formats.sheets import inspect_workbook
from shuyuan.formats.texting import write_number
from shuyuan.problems import DeliveryError, Location

MOST_BYTES = 256 * 1024**2
"""A form may unpack to so much; those that we hand out stay far below."""


def read_form(path: Path) -> dict[str, list[list[str]]]:
    """Return sheet name → rows of cell texts, in the workbook's order. Numbers lose ``.0``, dates are ISO 8601.

    Raises:
        DeliveryError: D204 a bomb; D230 no workbook that can be read; D232 more cells than memory can hold.
    """
    name = show_name(path.name)
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"PK\x03\x04":
            inspect_workbook(path, Member(name, lambda: iter(()), Budget(MOST_BYTES), path.parent, path))
        with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            return {sheet: _rows(workbook.get_sheet_by_name(sheet)) for sheet in workbook.sheet_names}
    except (calamine.CalamineError, OSError, ValueError):
        raise DeliveryError("D230", location=Location(name), file=name) from None


def _rows(sheet: calamine.CalamineSheet) -> list[list[str]]:
    left = [""] * (sheet.start[1] if sheet.start else 0)
    return [left + [_text(cell) for cell in cells] for cells in sheet.iter_rows()]


def _text(cell: float | str | bool | date | time | timedelta) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        return write_number(cell)
    return str(cell) if isinstance(cell, timedelta) else cell.isoformat()
