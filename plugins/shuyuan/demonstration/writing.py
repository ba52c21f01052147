"""How departments write: delimited text, JSON lines, Excel, zip, SQLite; a file appears whole, its marker after it.

Every writer gives the same bytes for the same table: no clock, no host, no user name goes into a file.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from shuyuan.demonstration.defects import Table

_TEXT_BLOCK = 50_000


def delimited_text(
    table: Table, delimiter: str, quoted: Sequence[str] = (), rows: range | None = None
) -> Iterator[str]:
    """Yield the table as text with a header and CRLF line ends, in blocks.

    ``quoted`` are the columns whose cells may hold delimiters or quotes; the others are written as they are.
    ``rows`` limits the rows (the header is always there).
    """
    span = rows if rows is not None else range(len(table))
    yield delimiter.join(table.columns) + "\r\n"
    for start in range(span.start, span.stop, _TEXT_BLOCK):
        stop = min(start + _TEXT_BLOCK, span.stop)
        columns = [
            [_quote(cell, delimiter) for cell in cells[start:stop]] if name in quoted else cells[start:stop].tolist()
            for name, cells in table.columns.items()
        ]
        lines = list(map(delimiter.join, zip(*columns, strict=True)))
        for position in (table.extra.keys() | table.missing.keys()) & set(range(start, stop)):
            record = [column[position - start] for column in columns]
            record = record[: len(record) - table.missing.get(position, 0)] + table.extra.get(position, [])
            lines[position - start] = delimiter.join(record)
        yield "\r\n".join(lines) + "\r\n"


def json_lines(table: Table) -> Iterator[str]:
    """Yield the table as JSON lines, in blocks. A record with too many cells has keys that the others lack."""
    for start in range(0, len(table), _TEXT_BLOCK):
        stop = min(start + _TEXT_BLOCK, len(table))
        columns = [cells[start:stop].tolist() for cells in table.columns.values()]
        lines = []
        for position, record in enumerate(zip(*columns, strict=True), start):
            told = dict(zip(table.columns, record, strict=True))
            for name in list(told)[len(told) - table.missing.get(position, 0) :]:
                del told[name]
            told |= {f"extra_{place}": cell for place, cell in enumerate(table.extra.get(position, []), 1)}
            lines.append(json.dumps(told, ensure_ascii=False))
        yield "\n".join(lines) + "\n"


def write_text(path: Path, blocks: Iterator[str], encoding: str) -> None:
    """Write text; ``utf-8-sig`` puts a byte-order mark first."""
    part = _part(path)
    with part.open("w", encoding=encoding, newline="") as stream:
        stream.writelines(blocks)
    part.replace(path)


def write_zip(path: Path, members: dict[str, Iterator[str]], day: date) -> None:
    """Write UTF-8 text files into one zip archive; the members are dated 06:00 of ``day``."""
    part = _part(path)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, blocks in members.items():
            member = zipfile.ZipInfo(name, (day.year, day.month, day.day, 6, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as stream:
                for block in blocks:
                    stream.write(block.encode("utf-8"))
    part.replace(path)


def write_workbook(path: Path, table: Table, sheet: str, title: str, day: date) -> None:
    """Write one sheet: the title in the first row, column names in the second, then the rows.

    ``date`` cells become Excel dates, ``float`` cells numbers, the rest text. At most 1,048,574 rows.
    """
    content = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    workbook = xlsxwriter.Workbook(content, options)
    workbook.set_properties({"created": datetime(day.year, day.month, day.day), "author": ""})
    dated = workbook.add_format({"num_format": "yyyy-mm-dd"})
    worksheet = workbook.add_worksheet(sheet)
    worksheet.write_string(0, 0, title)
    for column, name in enumerate(table.columns):
        worksheet.write_string(1, column, name)
    for line, record in enumerate(zip(*(cells.tolist() for cells in table.columns.values()), strict=True), 2):
        for column, cell in enumerate(record):
            if isinstance(cell, str):
                worksheet.write_string(line, column, cell)
            elif isinstance(cell, date):
                worksheet.write_datetime(line, column, cell, dated)
            else:
                worksheet.write_number(line, column, cell)
    workbook.close()
    write_bytes(path, content.getvalue())


def write_database(path: Path, table: Table, name: str) -> None:
    """Write one SQLite database with the one table ``name``, every column TEXT; ``None`` becomes NULL."""
    part = _part(path)
    part.unlink(missing_ok=True)
    connection = sqlite3.connect(part)
    try:
        with connection:
            connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} TEXT' for column in table.columns)})")
            marks = ", ".join("?" * len(table.columns))
            records = zip(*(cells.tolist() for cells in table.columns.values()), strict=True)
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", records)
    finally:
        connection.close()
    part.replace(path)


def write_manifest(path: Path, data: Path, rows: int) -> None:
    """Write the JSON manifest that declares ``data``: name, bytes, SHA-256, and the number of records."""
    with data.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    file = {"name": data.name, "bytes": data.stat().st_size, "sha256": digest}
    write_bytes(path, json.dumps({"files": [file], "rows": rows}, ensure_ascii=False, indent=1).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file under another name, then rename it."""
    part = _part(path)
    part.write_bytes(content)
    part.replace(path)


def _part(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".part")


def _quote(cell: str, delimiter: str) -> str:
    if delimiter in cell or '"' in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
