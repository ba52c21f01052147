"""Writes deliveries in every format, reads them through ``formats.read``, and hands back plain Python rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import xlsxwriter
from pyarrow import parquet

from shuyuan import formats
from shuyuan.entry import Element, Entry
from shuyuan.problems import DeliveryError, Problem
from shuyuan.stages import Batch, DeliveredFile, Delivery

NAMES = ["证件号码", "姓名", "金额", "人数", "日期", "有效"]
FIELDS = [
    {"name": "id_card_no", "from": "证件号码", "title": "证件号码", "type": "string"},
    {"name": "person_name", "from": "姓名", "title": "姓名", "type": "string"},
    {"name": "amount", "from": "金额", "title": "金额", "type": "decimal(10,2)"},
    {"name": "people", "from": "人数", "title": "人数", "type": "integer"},
    {"name": "day", "from": "日期", "title": "日期", "type": "date"},
    {"name": "valid", "from": "有效", "title": "有效", "type": "boolean", "format": "是/否"},
]
CANARY = "王秘密甲"
ROWS = [
    ["159901195206190604", CANARY, "433.50", "3", "2024-02-29", "是"],
    ["15990119000101002X", "东風𬭎𠮷䶮", "-0.01", "-12", "1999-12-31", "否"],
    ["00123", "NA", "12345678.90", "0", "2000-01-01", "是"],
    ["null", "张 三 ", "7", "", "", ""],
]
TYPED = [
    ("159901195206190604", CANARY, "433.50", 3, date(2024, 2, 29), True),
    ("15990119000101002X", "东風𬭎𠮷䶮", "-0.01", -12, date(1999, 12, 31), False),
    ("00123", "NA", "12345678.90", 0, date(2000, 1, 1), True),
    ("null", "张 三 ", "7.00", None, None, None),
]


@dataclass(frozen=True)
class StandIn:
    """What reading needs of a catalog resource."""

    entry: Entry
    elements: Mapping[str, Element] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A way to write a table: the entry's format, and the file's ending."""

    name: str
    form: dict[str, Any]
    ending: str

    def write(self, rows: list[list[str]], header: list[str] | None = None) -> bytes:
        """Return the table as the bytes of one file."""
        header = NAMES if header is None else header
        if self.form["type"] in ("csv", "tsv"):
            return write_csv([header, *rows] if self.form.get("header", True) else rows, self.form)
        if self.form["type"] == "excel":
            return write_xlsx([header, *rows])
        if self.form["type"] == "jsonl":
            lines = [json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in rows]
            return "".join(f"{line}\n" for line in lines).encode()
        columns = [pa.array([row[index] or None for row in rows], pa.string()) for index in range(len(header))]
        sink = io.BytesIO()
        parquet.write_table(pa.Table.from_arrays(columns, names=header), sink)
        return sink.getvalue()


def write_csv(rows: list[list[str]], form: dict[str, Any], line_end: str = "\n") -> bytes:
    """Write like a careful department would; delimiters of several characters too."""
    delimiter, quote = form.get("delimiter", ","), form.get("quote", '"')
    stand_in = delimiter if len(delimiter) == 1 else "\x1f"
    text = io.StringIO()
    options: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    csv.writer(text, delimiter=stand_in, lineterminator=line_end, **options).writerows(rows)
    encoding = {"gbk": "gb18030", "utf-16": "utf-16"}.get(form.get("encoding", "utf-8"), form.get("encoding", "utf-8"))
    return text.getvalue().replace(stand_in, delimiter).encode(encoding)


def write_xlsx(
    rows: list[list[Any]], sheet: str = "数据", left: int = 0, formats: dict[int, str] | None = None
) -> bytes:
    """Write cells as they are typed in Python; ``formats`` gives number formats by column."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(sheet)
        looks = {column: book.add_format({"num_format": look}) for column, look in (formats or {}).items()}
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell not in ("", None):
                    page.write(number, column + left, cell, *([looks[column]] if column in looks and number else []))
    return sink.getvalue()


def write_xls(rows: list[list[str | float]]) -> bytes:
    """A minimal BIFF8 workbook in an OLE file: labels and numbers on one sheet."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    name = "数据".encode("utf-16-le")
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    sheet_name = struct.pack("<BB", len(name) // 2, 1) + name
    globals_size = len(begin) + 4 + 6 + len(sheet_name) + 4
    workbook = begin + record(0x0085, struct.pack("<IH", globals_size, 0) + sheet_name) + record(0x000A, b"")
    workbook += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    workbook += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(cell, str):
                text = cell.encode("utf-16-le")
                workbook += record(0x0204, place + struct.pack("<HB", len(text) // 2, 1) + text)
            else:
                workbook += record(0x0203, place + struct.pack("<d", cell))
    workbook += record(0x000A, b"")
    workbook = workbook.ljust(4096, b"\0")
    workbook += b"\0" * (-len(workbook) % 512)
    sectors = len(workbook) // 512
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    chain = [*range(1, sectors), end, end, 0xFFFFFFFD]
    table = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))

    def entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = title.encode("utf-16-le")
        head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2 if text else 0, kind, 1)
        return head + struct.pack("<III", free, free, child) + b"\0" * 36 + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, 0, len(workbook))
    directory += entry("", 0, free, 0, 0) * 2
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += b"\0" * 6 + struct.pack("<IIIIIIIII", 0, 1, sectors, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", sectors + 1, *[free] * 108)
    return header + workbook + directory + table


KINDS = [
    Kind("csv-utf-8", {"type": "csv"}, ".csv"),
    Kind("csv-gb18030", {"type": "csv", "encoding": "gb18030"}, ".csv"),
    Kind("csv-gbk", {"type": "csv", "encoding": "gbk"}, ".csv"),
    Kind("csv-utf-16", {"type": "csv", "encoding": "utf-16"}, ".csv"),
    Kind("csv-gb18030-bar", {"type": "csv", "encoding": "gb18030", "delimiter": "|"}, ".txt"),
    Kind("csv-gb18030-long", {"type": "csv", "encoding": "gb18030", "delimiter": "|+|"}, ".txt"),
    Kind("csv-no-quote", {"type": "csv", "quote": ""}, ".csv"),
    Kind("csv-no-header", {"type": "csv", "header": False}, ".csv"),
    Kind("csv-hive", {"type": "csv", "delimiter": "\x01", "quote": ""}, ".txt"),
    Kind("csv-chinese-delimiter", {"type": "csv", "delimiter": "，"}, ".txt"),
    Kind("tsv", {"type": "tsv", "delimiter": "\t"}, ".tsv"),
    Kind("excel", {"type": "excel"}, ".xlsx"),
    Kind("jsonl", {"type": "jsonl"}, ".jsonl"),
    Kind("parquet", {"type": "parquet"}, ".parquet"),
]
DELIMITED = [kind for kind in KINDS if kind.form["type"] in ("csv", "tsv")]


def make_entry(form: dict[str, Any], fields: list[dict[str, Any]] | None = None, **source: Any) -> Entry:
    """Return an entry whose source has the format ``form``."""
    fields = FIELDS if fields is None else fields
    return Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": "civil_affairs.people",
            "code": "307010101/000012",
            "title": "人员信息",
            "summary": "人员信息",
            "sharing": {"type": "unconditional"},
            "source": {"type": "sftp", "connection": "c", "path": "/out/a", "format": form, **source},
            "update": {"cycle": "daily"},
            "load": {"mode": "replace", "key": [fields[0]["name"]]},
            "fields": fields,
        }
    )


def text_fields(*names: str) -> list[dict[str, Any]]:
    """Fields that are all text."""
    return [{"name": name, "title": name, "type": "string"} for name in names]


CSV = {"type": "csv"}
ABC = text_fields("a", "b", "c")


def read(
    entry: Entry, workdir: Path, *files: bytes | tuple[str, bytes], elements: Mapping[str, Element] | None = None
) -> Reading:
    """Deliver ``files`` (bytes, or name and bytes) and read them."""
    (workdir / "raw").mkdir(parents=True, exist_ok=True)
    delivered = []
    for index, file in enumerate(files):
        name, content = file if isinstance(file, tuple) else (f"f{index}.dat", file)
        path = f"raw/{index}"
        (workdir / path).write_bytes(content)
        delivered.append(DeliveredFile(name=name, path=path, size=len(content), sha256="0" * 64))
    delivery = Delivery(
        entry_id=entry.id,
        spec_digest="0" * 64,
        data_date=date(2026, 1, 31),
        received_at=datetime(2026, 2, 1, tzinfo=UTC),
        sha256="0" * 64,
        evidence="stable",
        files=tuple(delivered),
    )
    batch = formats.read(StandIn(entry, elements or {}), delivery, workdir)
    return Reading(batch, workdir)


@dataclass(frozen=True)
class Reading:
    """A batch, and its Parquet files as rows."""

    batch: Batch
    workdir: Path

    def rows(self, columns: str = "* EXCLUDE (_row, _file, _line, _uncast, _raw)") -> list[tuple[Any, ...]]:
        """Return the chosen columns, in the order of ``_row``."""
        path = self.workdir / self.batch.path
        return duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}') ORDER BY _row").fetchall()

    def defects(self, columns: str = "_line, rule") -> list[tuple[Any, ...]]:
        """Return the chosen columns of the defects, in the order of ``_row``."""
        if self.batch.defects_path is None:
            return []
        path = self.workdir / self.batch.defects_path
        return duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}') ORDER BY _row").fetchall()

    def check_conservation(self) -> None:
        """Every record is a row or a defect; the numbers of the rows are dense; nothing is left lying about."""
        batch = self.batch
        assert batch.rows + batch.defects == batch.counted
        numbers = [row for (row,) in self.rows("_row")] + [row for (row,) in self.defects("_row")]
        assert numbers == list(range(batch.counted))
        assert not [path for path in self.workdir.iterdir() if path.suffix in (".part", ".spool")]


def pack_gzip(content: bytes) -> bytes:
    """One gzip member."""
    return gzip.compress(content, 6)


def pack_zip(*members: tuple[str, bytes]) -> bytes:
    """A zip of ``(name, content)``."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return sink.getvalue()


def refuse(code: str, entry: Entry, workdir: Path, *files: bytes | tuple[str, bytes]) -> Problem:
    """Reading must stop with ``code``, and tell nobody a personal value."""
    with pytest.raises(DeliveryError) as caught:
        read(entry, workdir, *files)
    assert caught.value.problem.code == code, str(caught.value)
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)
    return caught.value.problem


def read_csv(text: str | bytes, workdir: Path, fields: list[dict[str, Any]] | None = None, **form: Any) -> Reading:
    """Read one csv file with the text columns a, b, c (or ``fields``); every record must be accounted for."""
    content = text.encode() if isinstance(text, str) else text
    reading = read(make_entry({**CSV, **form}, fields or ABC), workdir, content)
    reading.check_conservation()
    return reading


def attempt(entry: Entry, workdir: Path, content: bytes) -> Reading | Problem:
    """Read what may be refused: the reading, or the problem that stopped it."""
    try:
        reading = read(entry, workdir, content)
    except DeliveryError as error:
        return error.problem
    reading.check_conservation()
    return reading
