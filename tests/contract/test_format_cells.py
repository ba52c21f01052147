"""Excel, JSON lines and Parquet: what their own types become, and which of their rows are none."""

from __future__ import annotations

import io
import json
import struct
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest
import xlsxwriter
from files import (
    NAMES,
    ROWS,
    TYPED,
    make_entry,
    pack_zip,
    read,
    refuse,
    text_fields,
    write_xls,
    write_xlsx,
)
from pyarrow import parquet

from shuyuan.entry import DatabaseSource

EXCEL = {"type": "excel"}


def read_excel(rows, workdir, fields=None, form=None, **look):
    reading = read(make_entry({**EXCEL, **(form or {})}, fields), workdir, write_xlsx(rows, **look))
    reading.check_conservation()
    return reading


def test_typed_cells_become_the_fields_text(tmp_path):
    day, moment = datetime(2024, 2, 29), datetime(2024, 2, 29, 8, 30, 15)
    fields = [
        {"name": "d", "title": "d", "type": "date", "format": "%Y年%m月%d日"},
        {"name": "t", "title": "t", "type": "datetime"},
        {"name": "n", "title": "n", "type": "integer"},
        {"name": "m", "title": "m", "type": "decimal(10,2)"},
        {"name": "b", "title": "b", "type": "boolean", "format": "是/否"},
        {"name": "s", "title": "s", "type": "string"},
    ]
    rows = [
        ["d", "t", "n", "m", "b", "s"],
        [day, moment, 7, 0.5, True, 3.0],
        ["2024年02月29日", "2024-02-29 08:30:15", "7", "0.50", "是", "3"],
    ]
    reading = read_excel(rows, tmp_path, fields, formats={0: "yyyy-mm-dd", 1: "yyyy-mm-dd hh:mm:ss"})
    assert reading.rows() == [(day.date(), moment, 7, Decimal("0.50"), True, "3")] * 2


def test_a_moment_is_no_date_and_a_serial_number_neither(tmp_path):
    fields = [{"name": "d", "title": "d", "type": "date"}, {"name": "s", "title": "s", "type": "string"}]
    rows = [["d", "s"], [datetime(2024, 2, 29, 8, 30), "x"], [45351, datetime(2024, 2, 29)]]
    reading = read_excel(rows, tmp_path, fields, formats={0: "yyyy-mm-dd hh:mm", 1: "yyyy-mm-dd"})
    assert reading.rows("d, _uncast")[0] == (None, 1)
    plain = read_excel(rows[:1] + rows[2:], tmp_path, fields, formats={1: "yyyy-mm-dd"})
    assert plain.rows("d, _uncast, s, _raw->>'d'") == [(None, 1, "2024-02-29", "45351")]


def test_an_identity_number_typed_as_number_stays_recognisably_damaged(tmp_path):
    numbers = [159901195206190604, 1.0e15, 999999999999999, 12345678901, 0.1, 1e-7, -2.5]
    reading = read_excel([["a"], *[[number] for number in numbers]], tmp_path, text_fields("a"))
    assert [text for (text,) in reading.rows("a")] == [
        "1.59901E+17",
        "1E+15",
        "999999999999999",
        "12345678901",
        "0.1",
        "0.0000001",
        "-2.5",
    ]


def test_sheet_and_header_row_and_an_offset(tmp_path):
    rows = [["某旗低保名单"], [], ["a", "b"], ["1", "2"], ["3", ""]]
    reading = read_excel(
        rows, tmp_path, text_fields("a", "b"), {"sheet": "名单 & <1>", "header_row": 3}, sheet="名单 & <1>", left=2
    )
    assert reading.rows("_line, a, b") == [(4, "1", "2"), (5, "3", None)]
    refuse("D231", make_entry({**EXCEL, "sheet": "无"}), tmp_path, write_xlsx([NAMES]))
    refuse("D224", make_entry({**EXCEL, "header_row": 9}), tmp_path, write_xlsx([NAMES]))


def test_cells_outside_and_empty_rows_are_defects(tmp_path):
    rows = [["a", "b"], ["1", "2"], ["3", "4", "x"], [], ["5", "6"]]
    reading = read_excel(rows, tmp_path, text_fields("a", "b"))
    assert reading.rows("_line, a") == [(2, "1"), (5, "5")]
    assert reading.defects("_line, rule, raw") == [
        (3, "record.fields", '["3", "4", "x"]'),
        (4, "record.fields", '["", "", ""]'),
    ]


def test_error_cells_are_not_taken_for_empty(tmp_path):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        other, page = book.add_worksheet("空"), book.add_worksheet("数据")
        other.write_formula(3, 0, "=1/0", None, "#DIV/0!")
        page.write_row(0, 0, ["a", "b"])
        page.write_row(1, 0, ["1", "2"])
        page.write(2, 0, "3")
        page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        page.write_formula(4, 0, "=A99", None, "#REF!")
    entry = make_entry({**EXCEL, "sheet": "数据"}, text_fields("a", "b"))
    reading = read(entry, tmp_path, sink.getvalue())
    assert reading.rows() == [("1", "2")]
    assert reading.defects() == [(3, "record.fields"), (4, "record.fields"), (5, "record.fields")]


def test_old_workbooks(tmp_path):
    rows = [list(NAMES), *[list(row) for row in ROWS], ["x", "y", 2.5, 3, "2024-01-01", "是"]]
    reading = read(make_entry(EXCEL), tmp_path, write_xls(rows))
    assert reading.rows("id_card_no, person_name, amount::VARCHAR, people, day, valid") == [
        *TYPED,
        ("x", "y", "2.50", 3, date(2024, 1, 1), True),
    ]
    assert reading.rows("_line")[0] == (2,)


@pytest.mark.parametrize(
    "content",
    [
        b"<html><table><tr><td>",
        b"a\tb\n1\t2\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        pack_zip(("a.txt", b"x")),
    ],
)
def test_what_only_looks_like_a_workbook(content, tmp_path):
    refuse("D230", make_entry(EXCEL), tmp_path, content)


def test_one_cell_in_the_far_corner_does_not_exhaust_memory(tmp_path):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, NAMES)
        page.write(1_048_575, 16_383, "x")
    refuse("D232", make_entry(EXCEL), tmp_path, sink.getvalue())


def test_two_hundred_rows_of_excel_cross_pieces(tmp_path):
    rows = [["a"], *[[str(number)] for number in range(45_000)]]
    reading = read_excel(rows, tmp_path, text_fields("a"))
    assert reading.rows("a, _line") == [(str(number), number + 2) for number in range(45_000)]


def read_jsonl(text, workdir, fields=None):
    reading = read(
        make_entry({"type": "jsonl"}, fields or text_fields("a", "b")), workdir, text.encode("utf-8", "surrogatepass")
    )
    reading.check_conservation()
    return reading


def test_json_values_keep_their_digits(tmp_path):
    lines = ['{"a": 1.50, "b": 12345678901234567890}', '{"b": "x\\ny", "a": null}', '{"a": "", "b": true}']
    assert read_jsonl("\n".join(lines), tmp_path).rows() == [
        ("1.50", "12345678901234567890"),
        (None, "x\ny"),
        (None, "true"),
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"a": "1"', "record.quotes"),
        ("[1, 2]", "record.quotes"),
        ('"x"', "record.quotes"),
        ("null", "record.quotes"),
        ('{"a": "1", "b": "2", "a": "3"}', "record.quotes"),
        ('{"a": NaN, "b": 1}', "record.quotes"),
        ('{"a": "1", "b": "2"} x', "record.quotes"),
        ("[" * 100_000, "record.quotes"),
        ("  ", "record.quotes"),
        ("{'a': 1, 'b': 2}", "record.quotes"),
        ('{"a": "1"}', "record.fields"),
        ('{"a": 1, "b": 2, "c": 3}', "record.fields"),
        ('{"a": [1], "b": 2}', "record.fields"),
        ('{"a": {"x": 1}, "b": 2}', "record.fields"),
        ("", "record.fields"),
        ('{"a": "\\u0000", "b": 2}', "record.characters"),
        ('{"a": "\\ud800", "b": 2}', "record.characters"),
        ('{"a": "\\u200b", "b": 2}', "record.characters"),
    ],
)
def test_json_lines_that_are_no_records(line, rule, tmp_path):
    good = json.dumps({"a": "1", "b": "2"})
    reading = read_jsonl(f"{good}\n{line}\n{good}\n\n", tmp_path)
    assert reading.rows() == [("1", "2")] * 2
    assert reading.defects() == [(2, rule)]


def write_parquet(columns: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


PARQUET = {"type": "parquet"}


def test_typed_parquet_columns(tmp_path):
    day, moment = date(2024, 2, 29), datetime(2024, 2, 29, 8, 30, 15)
    content = write_parquet(
        {
            "日期": pa.array([day, None]),
            "证件号码": pa.array([7, 8], pa.int32()),
            "姓名": pa.array(["a", ""]).dictionary_encode(),
            "金额": pa.array([Decimal("1.20"), Decimal("-0.01")]),
            "人数": pa.array([3.0, 3.5]),
            "有效": pa.array([True, False]),
        }
    )
    reading = read(make_entry(PARQUET), tmp_path, content)
    assert reading.rows("id_card_no, person_name, amount::VARCHAR, people, day, valid, _uncast") == [
        ("7", "a", "1.20", 3, day, True, 0),
        ("8", None, "-0.01", None, None, False, 8),
    ]
    fields = [{"name": "t", "title": "t", "type": "datetime", "format": "%Y/%m/%d %H:%M:%S"}]
    for kind in (pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "UTC")):
        value = pa.array([moment.replace(hour=0) if kind.tz else moment], kind)
        expected = moment if kind.tz is None else datetime(2024, 2, 29, 8, 30, 15)
        assert read(make_entry(PARQUET, fields), tmp_path, write_parquet({"t": value})).rows() == [(expected,)]
    content = write_parquet({"t": pa.array([moment.replace(microsecond=5)])})
    assert read(make_entry(PARQUET, fields), tmp_path, content).rows("t, _uncast") == [(None, 1)]


def test_numbers_in_parquet_never_get_an_exponent(tmp_path):
    content = write_parquet({"a": pa.array([1e-7, 123456789012.0, float("nan"), 1.5e17])})
    reading = read(make_entry(PARQUET, text_fields("a")), tmp_path, content)
    assert [text for (text,) in reading.rows("a")] == ["0.0000001", "123456789012", "nan", "1.5E+17"]
    tiny = write_parquet({"a": pa.array([Decimal("0E-10"), time(8, 30)][:1])})
    assert read(make_entry(PARQUET, text_fields("a")), tmp_path, tiny).rows() == [("0.0000000000",)]


@pytest.mark.parametrize(
    "column", [pa.array([[1]]), pa.array([{"x": 1}]), pa.array([b"\xff"]), pa.array([b"ab"], pa.binary(2))]
)
def test_columns_that_are_no_plain_values(column, tmp_path):
    refuse("D241", make_entry(PARQUET, text_fields("a")), tmp_path, write_parquet({"a": column}))


def test_text_that_lies_about_being_utf8(tmp_path):
    lie = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    )
    refuse("D240", make_entry(PARQUET, text_fields("a")), tmp_path, write_parquet({"a": lie}))


def test_a_database_delivery_is_parquet(tmp_path):
    source = DatabaseSource(type="database", connection="c", table="t", null=("NULL",))
    entry = make_entry(PARQUET).model_copy(update={"source": source})
    rows = [*ROWS[:3], ["NULL", *ROWS[3][1:]]]
    columns = {name: pa.array([row[index] or None for row in rows], pa.string()) for index, name in enumerate(NAMES)}
    reading = read(entry, tmp_path, write_parquet(columns))
    assert reading.rows("id_card_no, people, _line") == [
        (TYPED[0][0], 3, 1),
        (TYPED[1][0], -12, 2),
        ("00123", 0, 3),
        (None, None, 4),
    ]
