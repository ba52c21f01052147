"""Excel workbooks (xlsx, xls) by calamine, one sheet, typed cells written as text.

The column names stand in ``format.header_row``; rows above it are titles and not read. A row is a defect
(``record.fields``) when it has a cell in a column without name, when it is empty and not among the last ones, or
when a cell holds an error such as ``#REF!`` (xlsx only: an error cell of an old xls reads as empty).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import python_calamine as calamine

from shuyuan.entry import Entry, ExcelFormat, Field, SftpSource
from shuyuan.formats.columns import match_columns
from shuyuan.formats.members import Member
from shuyuan.formats.pieces import Defect, Piece, make_column, make_piece
from shuyuan.formats.sheets import Inspection, inspect_workbook
from shuyuan.formats.texting import write_number, write_time, write_truth
from shuyuan.problems import DeliveryError, Location

Cell = int | float | str | bool | date | time | timedelta
_ROWS = 20_000
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_workbook(member: Member, entry: Entry) -> Iterator[Piece]:
    """Yield the rows of the declared sheet; ``lines`` are the sheet's row numbers.

    Raises:
        DeliveryError: D204 a bomb; D230 no workbook (or protected by a password); D231 the sheet is missing;
            D232 more cells than memory can hold; D220–D224 the header row.
    """
    assert isinstance(entry.source, SftpSource)
    assert isinstance(entry.source.format, ExcelFormat)
    form, path = entry.source.format, member.on_disk()
    inspection = _inspect(path, member)
    rows = enumerate(_open_rows(path, form, member.name), 1)
    header = next((cells for number, cells in rows if number == form.header_row), [])
    named = {index: name for index, cell in enumerate(header) if (name := _write_cell(cell, None))}
    if not named:
        raise DeliveryError("D224", location=Location(member.name, form.header_row), file=member.name)
    order = match_columns(list(named.values()), entry, member.name, form.header_row)
    sheet = _Sheet(entry, form, [list(named)[index] for index in order], inspection.errors_of(form.sheet))
    held: list[tuple[int, list[Cell]]] = []
    for number, cells in rows:
        held.append((number, cells))
        if len(held) >= _ROWS and any(cell != "" for cell in cells):
            yield sheet.read(held)
            held = []
    while held and all(cell == "" for cell in held[-1][1]) and held[-1][0] not in sheet.error_rows:
        held.pop()
    if held:
        yield sheet.read(held)


def _inspect(path: Path, member: Member) -> Inspection:
    with path.open("rb") as file:
        head = file.read(8)
    if head == _OLD_WORKBOOK:
        return Inspection()
    if not head.startswith(b"PK\x03\x04"):
        raise DeliveryError("D230", location=Location(member.name), file=member.name)
    return inspect_workbook(path, member)


def _open_rows(path: Path, form: ExcelFormat, file: str) -> Iterator[list[Cell]]:
    """Rows of the sheet from its first row and column on, all of one width."""
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            if form.sheet is not None and form.sheet not in workbook.sheet_names:
                raise DeliveryError("D231", location=Location(file), file=file, sheet=form.sheet)
            name = form.sheet if form.sheet is not None else next(iter(workbook.sheet_names), None)
            if name is None:
                raise DeliveryError("D230", location=Location(file), file=file)
            sheet = workbook.get_sheet_by_name(name)
            left: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
            for cells in sheet.iter_rows():
                yield left + cells
    except (calamine.CalamineError, OSError, ValueError):
        raise DeliveryError("D230", location=Location(file), file=file) from None


class _Sheet:
    """How rows of cells become pieces."""

    def __init__(self, entry: Entry, form: ExcelFormat, order: list[int], error_rows: set[int]) -> None:
        self._fields, self._null, self._order = entry.fields, form.null, order
        self.error_rows = error_rows

    def read(self, rows: list[tuple[int, list[Cell]]]) -> Piece:
        """Turn numbered rows into a piece."""
        defects, good = [], []
        for number, cells in rows:
            inside = sum(cells[index] != "" for index in self._order)
            filled = len(cells) - cells.count("")
            if not inside or filled > inside or number in self.error_rows:
                defects.append(Defect(number, "record.fields", _show(cells)))
            else:
                good.append((number, cells))
        columns = [
            make_column([_write_cell(cells[index], field) for _, cells in good], self._null)
            for index, field in zip(self._order, self._fields, strict=True)
        ]
        return make_piece(columns, [number for number, _ in good], self._fields, defects, len(rows))


def _write_cell(cell: Cell, field: Field | None) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return write_truth(cell, field) if field else str(cell).lower()
    if isinstance(cell, int | float):
        return write_number(cell)
    return write_time(cell, field) if field else str(cell)


def _show(cells: list[Cell]) -> str:
    return json.dumps([_write_cell(cell, None) for cell in cells], ensure_ascii=False)
