"""Quotes and line ends: RFC 4180 strictly, and where it is silent, our decisions."""

from __future__ import annotations

import pytest
from files import (
    ABC,
    CANARY,
    CSV,
    attempt,
    make_entry,
    read,
    read_csv,
    refuse,
    text_fields,
    write_csv,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shuyuan.problems import DeliveryError, EntryError, Problem


def test_quoted_newlines_quotes_and_delimiters_are_kept(tmp_path):
    reading = read_csv('a,b,c\r\n1,"x\r\ny\nz","""q"", w"\r\n2,,""\r\n3,"\r",d\r\n', tmp_path)
    assert reading.rows() == [("1", "x\r\ny\nz", '"q", w'), ("2", None, None), ("3", "\r", "d")]
    assert reading.rows("_line") == [(2,), (5,), (6,)]


@pytest.mark.parametrize(
    "line",
    ['5" pipe,b,c', 'a,"b"x,c', 'a, "b",c', 'a,b""c,d', '"a"" ,b",c"', 'a,"b" ,c', '""a",b,c', 'a,b,c"', 'a\r"b",c'],
)
def test_stray_quotes_are_a_defect_of_their_line(line, tmp_path):
    reading = read_csv(f'a,b,c\n1,2,3\n{line}\n4,"5\n5",6\n7,8,9\n', tmp_path)
    assert reading.rows() == [("1", "2", "3"), ("4", "5\n5", "6"), ("7", "8", "9")]
    assert reading.defects("_line, rule, raw") == [(3, "record.quotes", line)]
    assert reading.rows("_line") == [(2,), (4,), (6,)]


@pytest.mark.parametrize("place", [0, 2, 50, 99])
@pytest.mark.parametrize("rest", ["plain", "quoted"])
def test_unclosed_quote_stops_the_file(place, rest, tmp_path):
    rows = [f'{i},"{CANARY},{i}"' if rest == "quoted" else f"{i},{CANARY}" for i in range(100)]
    rows[place] = f'{place},"{CANARY}'
    problem = refuse("D213", make_entry(CSV, text_fields("a", "b")), tmp_path, "\n".join(["a,b", *rows]).encode())
    assert problem.location.line == place + 2


def test_unclosed_quote_of_a_long_file_stops_before_memory_does(tmp_path):
    row = "2,x,y\n" * 1000
    text = "a,b,c\n" + row * 20 + '1,"x,y\n' + row * 4000
    problem = refuse("D213", make_entry(CSV, ABC), tmp_path, text.encode())
    assert problem.location.line == 20_002


def test_a_record_beyond_all_measure_stops_the_file(tmp_path):
    refuse("D214", make_entry(CSV, ABC), tmp_path, b"a,b,c\n1,2," + b"x" * (20 << 20))


def test_a_long_field_is_kept(tmp_path):
    reading = read_csv("a,b,c\n1,2," + "长" * 3_500_000 + "\n4,5,6\n", tmp_path)
    assert [len(text) for (text,) in reading.rows("c")] == [3_500_000, 1]


def test_stray_quotes_at_the_borders_of_chunks(tmp_path):
    lines = [f'{i},"x{i}\n",z' if i % 3 else f"{i},x,{i}" for i in range(200_000)]
    bad = {i: f'{i},x"{"y" * 40},z' for i in range(0, 200_000, 9_973)}
    text = "a,b,c\n" + "\n".join(bad.get(i, line) for i, line in enumerate(lines)) + "\n"
    assert len(text) > 3 << 20
    reading = read_csv(text, tmp_path)
    assert reading.batch.rows == 200_000 - len(bad)
    assert [raw for (raw,) in reading.defects("raw")] == list(bad.values())
    numbers = [text.count("\n", 0, text.index("\n" + line + "\n")) + 2 for line in bad.values()]
    assert [line for (line,) in reading.defects("_line")] == numbers


def test_mismatching_quotes_over_lines_are_in_doubt(tmp_path):
    refuse("D213", make_entry(CSV, ABC), tmp_path, b'a,b,c\n1,"x\ny"z,3\n4,5,6\n')
    refuse("D213", make_entry(CSV, ABC), tmp_path, b'a,b,c\n5" pipe,"x\n1,2,3\ny",c\n4,5,6\n')


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n", "\r\n\r\n"])
def test_the_last_lines_may_lack_their_end_or_be_blank(end, tmp_path):
    reading = read_csv("a,b,c\n1,2,3\n4,5,6" + end, tmp_path)
    assert reading.rows() == [("1", "2", "3"), ("4", "5", "6")]
    assert reading.batch.counted == 2


def test_blank_lines_inside_are_defects(tmp_path):
    reading = read_csv("a,b,c\n\n1,2,3\r\n\r\n\n4,5,6\n\n", tmp_path)
    assert reading.defects("_line, rule, raw") == [(line, "record.fields", "") for line in (2, 4, 5)]
    assert reading.rows("_line") == [(3,), (6,)]


def test_blank_lines_of_a_single_column(tmp_path):
    reading = read_csv('a\n1\n\n""\n2\n\n', tmp_path, text_fields("a"))
    assert reading.rows() == [("1",), (None,), ("2",)]
    assert reading.defects() == [(3, "record.fields")]


def test_carriage_returns_alone_are_no_line_ends(tmp_path):
    refuse("D215", make_entry(CSV, ABC), tmp_path, b"a,b,c\r1,2,3\r4,5,6\r")
    refuse("D215", make_entry(CSV, ABC), tmp_path, b"a,b,c\r")
    assert read_csv(b"a,b,c\r\n1,2,3\r", tmp_path).defects("_line, rule, raw") == [(2, "record.characters", "1,2,3\r")]
    reading = read_csv("a,b,c\n1,2\r3,4\n5,6,7\r\r\n8,9,0\n", tmp_path)
    assert reading.rows() == [("8", "9", "0")]
    assert reading.defects() == [(2, "record.characters"), (3, "record.characters")]


def test_trailing_delimiters_and_spaces_are_not_repaired(tmp_path):
    reading = read_csv("a,b,c\n1,2,3,\n 1 ,　2,3\n", tmp_path)
    assert reading.defects() == [(2, "record.fields")]
    assert reading.rows() == [(" 1 ", "　2", "3")]


def test_quotes_are_text_where_none_are_declared(tmp_path):
    reading = read_csv('a,b,c\n"1,2",3\n"x\n', tmp_path, quote="")
    assert reading.rows() == [('"1', '2"', "3")]
    assert reading.defects() == [(3, "record.fields")]


def test_another_quote_character(tmp_path):
    reading = read_csv("a,b,c\n'1,''1',\"2,'3\n4'\n", tmp_path, quote="'")
    assert reading.rows() == [("1,'1", '"2', "3\n4")]


@pytest.mark.parametrize(
    "form", [{"delimiter": '"'}, {"delimiter": "\n"}, {"delimiter": "a\r"}, {"quote": "\n"}, {"quote": "＂"}]
)
def test_forms_that_cannot_be_read_are_the_engineers_fault(form, tmp_path):
    with pytest.raises(EntryError) as caught:
        read(make_entry({**CSV, **form}, ABC), tmp_path, b"a,b,c\n")
    assert caught.value.problem.code == "E293"


@pytest.mark.parametrize("header", [b'"a,b,c\n1,2,3\n', b'a"b,b,c\n1,2,3\n', b"a,b\0,c\n1,2,3\n", b"a,,c,b\n1,2,3,4\n"])
def test_unreadable_header(header, tmp_path):
    with pytest.raises(DeliveryError) as caught:
        read(make_entry(CSV, ABC), tmp_path, header)
    assert caught.value.problem.code in ("D213", "D222")


def test_no_header_at_all(tmp_path):
    refuse("D224", make_entry(CSV, ABC), tmp_path, b"\xef\xbb\xbf")


letters = st.characters(exclude_categories=("Cs", "Cc", "Cf"), exclude_characters="\ufffd")
cells = st.text(letters | st.sampled_from('",|\n\t；+𠮷東'), max_size=6)
FORMS = [
    {},
    {"encoding": "gb18030"},
    {"encoding": "utf-16"},
    {"delimiter": "|"},
    {"delimiter": "|+|"},
    {"delimiter": "\t"},
    {"delimiter": "；", "encoding": "gb18030"},
    {"quote": "'"},
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8),
    form=st.sampled_from(FORMS),
    line_end=st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
@example(rows=[("東|", "|+", '"')], form={"delimiter": "|+|", "encoding": "gb18030"}, line_end="\n")
def test_whatever_a_csv_writer_wrote_is_read_back(rows, form, line_end, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("round")
    # A csv writer quotes for single delimiters; with a longer one, its cells hold none of its characters unquoted.
    delimiter = form.get("delimiter", ",")
    if len(delimiter) > 1:
        rows = [tuple(cell.replace("|", "/").replace("+", "/") for cell in row) for row in rows]
    content = write_csv([["a", "b", "c"], *map(list, rows)], form, line_end)
    reading = attempt(make_entry({**CSV, **form}, ABC), workdir, content)
    if isinstance(reading, Problem):
        assert reading.code == "D211"
        return
    assert reading.rows() == [tuple(cell or None for cell in row) for row in rows]
    assert reading.batch.counted == len(rows)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from('ab",\n\r\x00 '), max_size=40))
def test_any_text_is_accounted_for(text, tmp_path_factory):
    """Rows are only what a strict parser reads too; everything else is a defect or stops the file."""
    workdir = tmp_path_factory.mktemp("any")
    reading = attempt(make_entry(CSV, text_fields("x", "y")), workdir, f"x,y\n{text}".encode())
    if isinstance(reading, Problem):
        assert reading.code == "D213"
        assert '"' in text
        return
    if '"' not in text and "\r" not in text and "\x00" not in text:
        lines = text.rstrip("\n").split("\n") if text.strip("\n") else []
        good = [tuple(cell or None for cell in line.split(",")) for line in lines if line.count(",") == 1]
        assert reading.rows() == good
        assert reading.batch.counted == len(lines)
