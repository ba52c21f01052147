"""The faults of single formats: quoting, encodings, containers, workbooks, JSON, Parquet. Nothing is accepted in silence."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from files import (
    CANARY,
    FIELDS,
    NAMES,
    ROWS,
    TYPED,
    make_entry,
    pack_gzip,
    pack_zip,
    read,
    text_fields,
    write_csv,
    write_xls,
    write_xlsx,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from shuyuan.problems import DeliveryError, EntryError

CSV = {"type": "csv"}
ABC = text_fields("a", "b", "c")


def refuse(code, entry, workdir, *files):
    with pytest.raises(DeliveryError) as caught:
        read(entry, workdir, *files)
    assert caught.value.problem.code == code, str(caught.value)
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)
    return caught.value.problem


def read_csv(text, workdir, fields=ABC, **form):
    content = text.encode() if isinstance(text, str) else text
    reading = read(make_entry({**CSV, **form}, fields), workdir, content)
    reading.check_conservation()
    return reading


# Quotes and line ends ------------------------------------------------------------------------------------------------


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
    numbers = [0] + [text.count("\n", 0, text.index("\n" + line + "\n")) + 2 for line in bad.values()][1:]
    assert [line for (line,) in reading.defects("_line")][1:] == numbers[1:]


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


cells = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf"), exclude_characters="\ufffd") | st.sampled_from('",|\n\t；+𠮷東'), max_size=6
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8),
    form=st.sampled_from([
        {}, {"encoding": "gb18030"}, {"encoding": "utf-16"}, {"delimiter": "|"}, {"delimiter": "|+|"}, {"delimiter": "\t"},
        {"delimiter": "；", "encoding": "gb18030"}, {"quote": "'"},
    ]),
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
    try:
        expected = [tuple(cell or None for cell in row) for row in rows]
        reading = read_csv(content, workdir, **form)
    except DeliveryError as error:
        assert error.problem.code == "D211", error
        return
    assert reading.rows() == expected
    counted = csv.reader(io.StringIO("".join(f"{row}\n" for row in ["x"] * len(rows)), newline=""))
    assert reading.batch.counted == sum(1 for _ in counted)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from('ab",\n\r\x00 '), max_size=40))
def test_any_text_is_accounted_for(text, tmp_path_factory):
    """Rows are only what a strict parser reads too; everything else is a defect or stops the file."""
    workdir = tmp_path_factory.mktemp("any")
    try:
        reading = read_csv("x,y\n" + text, workdir, text_fields("x", "y"))
    except DeliveryError as error:
        assert error.problem.code == "D213"
        assert '"' in text
        return
    if '"' not in text and "\r" not in text and "\x00" not in text:
        lines = text.rstrip("\n").split("\n") if text.strip("\n") else []
        good = [tuple(cell or None for cell in line.split(",")) for line in lines if line.count(",") == 1]
        assert reading.rows() == good
        assert reading.batch.counted == len(lines)


# Encodings -----------------------------------------------------------------------------------------------------------


def test_gb18030_trail_bytes_are_no_delimiters(tmp_path):
    assert "東".encode("gb18030") == b"\x96\x7c"
    reading = read_csv("a|b|c\n東|乗|亅俓\n".encode("gb18030"), tmp_path, encoding="gb18030", delimiter="|")
    assert reading.rows() == [("東", "乗", "亅俓")]


def test_gb18030_follows_the_2022_mapping(tmp_path):
    codes = bytes.fromhex(
        "A6D9A6DAA6DBA6DCA6DDA6DEA6DFA6ECA6EDA6F3A8BCFE51FE52FE53FE59FE61FE66FE67FE6CFE6DFE76FE7EFE90FE91FEA0"
    )
    expected = "︐︒︑︓︔︕︖︗︘︙ḿ𠂇𠂉𠃌龴龵龶龷𡗗龸𢦏龹龺𤇾龻"
    reading = read_csv(b"a,b,c\n" + codes + ",𬭎𠮷,䶮€\n".encode("gb18030"), tmp_path, encoding="gbk")
    assert reading.rows() == [(expected, "𬭎𠮷", "䶮€")]
    assert "\ue5e5" in read_csv("a,b,c\n\ue5e5,1,1\n".encode("gb18030"), tmp_path, encoding="gb18030").rows()[0]


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-16"])
@pytest.mark.parametrize("sent", ["gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "big5", "utf-32"])
def test_another_encoding_than_declared(encoding, sent, tmp_path):
    content = "\n".join([",".join(NAMES), *[f"{i},陳大文,1.00,2,2024-01-01,是" for i in range(60)]]).encode(sent)
    declared = {"gbk": "gb18030"}.get(encoding, encoding)
    entry = make_entry({**CSV, "encoding": encoding, "header": False})
    if sent.removesuffix("-sig") == declared:
        assert read(make_entry({**CSV, "encoding": encoding}), tmp_path, content).batch.rows == 60
        return
    try:
        reading = read(entry, tmp_path, content)
    except DeliveryError as error:
        assert error.problem.code in ("D210", "D211", "D212", "D215")
        return
    assert all(row[1] != "陳大文" for row in reading.rows())
    assert reading.batch.defects >= 60 or sent == "big5", "Big5 is valid GB 18030 mostly: only the rules can tell"


def test_mixed_encodings_name_the_line(tmp_path):
    content = "a,b,c\n1,张,3\n".encode() * 3 + "1,李四,3\n".encode("gb18030")
    assert refuse("D210", make_entry(CSV, ABC), tmp_path, content).location.line == 7
    content = "a,b,c\n1,张,3\n".encode("gb18030") + b"1,\x81\xff,3\n"
    assert refuse("D210", make_entry({**CSV, "encoding": "gb18030"}, ABC), tmp_path, content).location.line == 3
    content = "a,b,c\n1,张,3\n".encode("utf-16") + b"\x00\xd8\x41\x00\n\x00"
    assert refuse("D210", make_entry({**CSV, "encoding": "utf-16"}, ABC), tmp_path, content).location.line == 3


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_file_cut_inside_a_character(encoding, tmp_path):
    content = "a,b,c\n1,2,张".encode(encoding)[:-1]
    refuse("D210", make_entry({**CSV, "encoding": encoding}, ABC), tmp_path, content)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_mark_at_the_start_is_no_part_of_the_first_name(encoding, tmp_path):
    content = ("\ufeff" + "a,b,c\n1,2,3\n").encode(encoding)
    assert read_csv(content, tmp_path, encoding=encoding).rows() == [("1", "2", "3")]


def test_ascii_is_gb18030_too(tmp_path):
    assert read_csv(b"a,b,c\n1,2,3\n", tmp_path, encoding="gb18030").rows() == [("1", "2", "3")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_characters_across_chunks(encoding, tmp_path):
    rows = [[str(i), "𠮷东" * (i % 7), "y"] for i in range(150_000)]
    content = write_csv([["a", "b", "c"], *rows], {"encoding": encoding})
    assert len(content) > 2 << 20
    reading = read_csv(content, tmp_path, encoding=encoding)
    assert reading.rows() == [tuple(cell or None for cell in row) for row in rows]


# Containers ----------------------------------------------------------------------------------------------------------


def damage(content: bytes, kind: str) -> bytes:
    if kind == "cut":
        return content[: len(content) * 6 // 10]
    if kind == "cut in the trailer":
        return content[:-3]
    if kind == "crc":
        return content[:-8] + bytes([content[-8] ^ 1]) + content[-7:]
    if kind == "length":
        return content[:-1] + bytes([content[-1] ^ 1])
    if kind == "body":
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 0x10]) + content[middle + 1 :]
    return content + {"junk": b"junk", "zeros": b"\0\0", "junk member": b"\x1f\x8b\x08"}[kind]


PLAIN = ("a,b,c\n" + "".join(f"{i},{i * 7919 % 1000},{CANARY}\n" for i in range(20_000))).encode()


@pytest.mark.parametrize(
    "kind", ["cut", "cut in the trailer", "crc", "length", "body", "junk", "zeros", "junk member"]
)
def test_damaged_gzip(kind, tmp_path):
    refuse("D203", make_entry(CSV, ABC, unpack="gz"), tmp_path, damage(gzip.compress(PLAIN), kind))


def test_gzip_of_several_members_is_one_file(tmp_path):
    content = gzip.compress(b"a,b,c\n1,2,") + gzip.compress(b"3\n4,5,6\n")
    assert read(make_entry(CSV, ABC, unpack="gz"), tmp_path, content).rows() == [("1", "2", "3"), ("4", "5", "6")]


@pytest.mark.parametrize("kind", ["cut", "body", "junk", "zeros"])
def test_damaged_zip(kind, tmp_path):
    refuse("D203", make_entry(CSV, ABC, unpack="zip"), tmp_path, damage(pack_zip(("a.csv", PLAIN)), kind))


def test_zip_with_bytes_before_it(tmp_path):
    packed = pack_zip(("a.csv", PLAIN))
    refuse("D202", make_entry(CSV, ABC, unpack="zip"), tmp_path, b"MZjunk" + packed)
    refuse("D203", make_entry(CSV, ABC, unpack="zip"), tmp_path, packed[:30] + packed)


def test_zip_with_wrong_crc(tmp_path):
    packed = bytearray(pack_zip(("a.csv", PLAIN)))
    packed[packed.rindex(b"PK\x01\x02") + 16] ^= 1
    packed[14] ^= 1
    refuse("D203", make_entry(CSV, ABC, unpack="zip"), tmp_path, bytes(packed))


def hostile_zip(kind: str) -> bytes:
    good = b"a,b,c\n1,2,3\n"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_BZIP2 if kind == "method" else zipfile.ZIP_DEFLATED) as archive:
        if kind == "link":
            info = zipfile.ZipInfo("a.csv")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        elif kind == "too_many":
            for number in range(1001):
                archive.writestr(f"{number}.csv", good)
        elif kind == "no_member":
            archive.mkdir("empty")
        elif kind == "name_twice":
            archive.writestr("a.csv", good)
            archive.writestr("A.csv", good)
        elif kind == "nested by name":
            archive.writestr("a.zip", good)
        elif kind == "nested":
            archive.writestr("a.csv", pack_zip(("b.csv", good)))
        elif kind == "nested gz":
            archive.writestr("a.csv", gzip.compress(good))
        else:
            archive.writestr(kind.removeprefix("name ").replace("NUL", "\\"), good)
    content = sink.getvalue()
    if kind == "encrypted":
        content = bytearray(content)
        content[6] |= 1
        content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "kind",
    [
        "encrypted", "link", "too_many", "no_member", "name_twice", "nested", "nested by name", "nested gz", "method",
        "name ../a.csv", "name x/../../a.csv", "name /etc/a.csv", "name C:/a.csv", "name aNULb.csv",
    ],
)  # fmt: skip
def test_hostile_zip(kind, tmp_path):
    problem = refuse("D205", make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", hostile_zip(kind)))
    assert str(problem.facts["reason"])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["0", "raw"]


def test_names_in_a_zip_are_shown_in_chinese_and_clean(tmp_path):
    packed = pack_zip(("XXXX.csv", b"a,b,c\n1,2,3\n")).replace(b"XXXX", "姓名".encode("gbk"))
    assert read(make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", packed)).batch.files == ("d.zip!姓名.csv",)
    packed = pack_zip(("X\x1b[m.csv", b"a,b,c\n1,2,3\n"))
    assert read(make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", packed)).batch.files == ("d.zip!X?[m.csv",)


def test_folders_in_a_zip_are_no_files(tmp_path):
    packed = pack_zip(("2026/", b""), ("2026/a.csv", b"a,b,c\n1,2,3\n"))
    assert read(make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", packed)).batch.files == ("d.zip!2026/a.csv",)


def test_wrong_container(tmp_path):
    gz, zipped, plain = pack_gzip(PLAIN), pack_zip(("a", PLAIN)), PLAIN
    for unpack, content in (("gz", zipped), ("gz", plain), ("zip", gz), ("zip", plain), ("none", gz), ("none", zipped)):
        refuse("D202", make_entry(CSV, ABC, unpack=unpack), tmp_path, content)
    refuse("D205", make_entry(CSV, ABC, unpack="gz"), tmp_path, pack_gzip(gz))


def bomb(kind: str) -> bytes:
    block = gzip.compress(b"1,2,3\n" * 1_000_000, 9)
    if kind == "gz":
        return gzip.compress(b"a,b,c\n") + block * 170
    sink = io.BytesIO()
    inner = {"zip": "a.csv", "xlsx": "xl/worksheets/sheet1.xml"}[kind]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive, archive.open(inner, "w") as file:
        for _ in range(170):
            file.write(b"1,2,3\n" * 1_000_000)
    return sink.getvalue()


MEASURE = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from files import make_entry, read, text_fields
from shuyuan.problems import DeliveryError
form = {"type": "excel"} if sys.argv[3] == "xlsx" else {"type": "csv"}
unpack = "none" if sys.argv[3] == "xlsx" else sys.argv[3]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(make_entry(form, text_fields("a", "b", "c"), unpack=unpack), Path(sys.argv[2]), Path(sys.argv[2], "bomb").read_bytes())
except DeliveryError as error:
    print(error.problem.code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize("kind", ["gz", "zip", "xlsx"])
def test_a_bomb_of_a_gigabyte_fills_neither_memory_nor_disk(kind, tmp_path):
    (tmp_path / "bomb").write_bytes(bomb(kind))
    command = [sys.executable, "-c", MEASURE, str(Path(__file__).parent), str(tmp_path), kind]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ}).stdout.split()
    assert answer[0] == "D204", answer
    assert int(answer[1]) < 250, f"{answer[1]} MB more memory"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 20 << 20


def test_the_entrys_own_limit_holds_over_all_files(tmp_path):
    entry = make_entry(CSV, ABC, unpack="gz", max_unpacked_bytes=len(PLAIN) * 2 + 10)
    packed = pack_gzip(PLAIN)
    assert read(entry, tmp_path, packed, packed).batch.rows == 40_000
    refuse("D204", entry, tmp_path, packed, packed, packed)


# Excel ---------------------------------------------------------------------------------------------------------------

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
    rows = [["d", "t", "n", "m", "b", "s"], [day, moment, 7, 0.5, True, 3.0], ["2024年02月29日", "2024-02-29 08:30:15", "7", "0.50", "是", "3"]]  # fmt: skip
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
        "1.59901E+17", "1E+15", "999999999999999", "12345678901", "0.1", "0.0000001", "-2.5",
    ]  # fmt: skip


def test_sheet_and_header_row_and_an_offset(tmp_path):
    rows = [["某旗低保名单"], [], ["a", "b"], ["1", "2"], ["3", ""]]
    reading = read_excel(rows, tmp_path, text_fields("a", "b"), {"sheet": "名单 & <1>", "header_row": 3}, sheet="名单 & <1>", left=2)  # fmt: skip
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
    import xlsxwriter

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
    [b"<html><table><tr><td>", b"a\tb\n1\t2\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, pack_zip(("a.txt", b"x"))],
)
def test_what_only_looks_like_a_workbook(content, tmp_path):
    refuse("D230", make_entry(EXCEL), tmp_path, content)


def test_one_cell_in_the_far_corner_does_not_exhaust_memory(tmp_path):
    sink = io.BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, NAMES)
        page.write(1_048_575, 16_383, "x")
    refuse("D232", make_entry(EXCEL), tmp_path, sink.getvalue())


def test_two_hundred_rows_of_excel_cross_pieces(tmp_path):
    rows = [["a"], *[[str(number)] for number in range(45_000)]]
    reading = read_excel(rows, tmp_path, text_fields("a"))
    assert reading.rows("a, _line") == [(str(number), number + 2) for number in range(45_000)]


# JSON lines ----------------------------------------------------------------------------------------------------------


def read_jsonl(text, workdir, fields=None):
    reading = read(make_entry({"type": "jsonl"}, fields or text_fields("a", "b")), workdir, text.encode("utf-8", "surrogatepass"))
    reading.check_conservation()
    return reading


def test_json_values_keep_their_digits(tmp_path):
    lines = ['{"a": 1.50, "b": 12345678901234567890}', '{"b": "x\\ny", "a": null}', '{"a": "", "b": true}']
    assert read_jsonl("\n".join(lines), tmp_path).rows() == [
        ("1.50", "12345678901234567890"), (None, "x\ny"), (None, "true"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"a": "1"', "record.quotes"), ("[1, 2]", "record.quotes"), ('"x"', "record.quotes"), ("null", "record.quotes"),
        ('{"a": "1", "b": "2", "a": "3"}', "record.quotes"), ('{"a": NaN, "b": 1}', "record.quotes"),
        ('{"a": "1", "b": "2"} x', "record.quotes"), ("[" * 100_000, "record.quotes"), ("  ", "record.quotes"),
        ("{'a': 1, 'b': 2}", "record.quotes"), ('{"a": "1"}', "record.fields"), ('{"a": 1, "b": 2, "c": 3}', "record.fields"),
        ('{"a": [1], "b": 2}', "record.fields"), ('{"a": {"x": 1}, "b": 2}', "record.fields"), ("", "record.fields"),
        ('{"a": "\\u0000", "b": 2}', "record.characters"), ('{"a": "\\ud800", "b": 2}', "record.characters"),
        ('{"a": "\\u200b", "b": 2}', "record.characters"),
    ],
)  # fmt: skip
def test_json_lines_that_are_no_records(line, rule, tmp_path):
    good = json.dumps({"a": "1", "b": "2"})
    reading = read_jsonl(f"{good}\n{line}\n{good}\n\n", tmp_path)
    assert reading.rows() == [("1", "2")] * 2
    assert reading.defects() == [(2, rule)]


# Parquet -------------------------------------------------------------------------------------------------------------


def write_parquet(columns: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


PARQUET = {"type": "parquet"}


def test_typed_parquet_columns(tmp_path):
    day, moment = date(2024, 2, 29), datetime(2024, 2, 29, 8, 30, 15)
    content = write_parquet({
        "日期": pa.array([day, None]), "证件号码": pa.array([7, 8], pa.int32()), "姓名": pa.array(["a", ""]).dictionary_encode(),
        "金额": pa.array([Decimal("1.20"), Decimal("-0.01")]), "人数": pa.array([3.0, 3.5]), "有效": pa.array([True, False]),
    })  # fmt: skip
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
    lie = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")])
    refuse("D240", make_entry(PARQUET, text_fields("a")), tmp_path, write_parquet({"a": lie}))


def test_a_database_delivery_is_parquet(tmp_path):
    spec = make_entry(PARQUET).model_dump(by_alias=True, mode="json")
    spec["source"] = {"type": "database", "connection": "c", "table": "t", "null": ["NULL"]}
    rows = [*ROWS[:3], ["NULL", *ROWS[3][1:]]]
    columns = {name: pa.array([row[index] or None for row in rows], pa.string()) for index, name in enumerate(NAMES)}
    from shuyuan.entry import Entry

    spec["quality"] = {}
    spec["update"] = {"cycle": "daily"}
    spec["source"] = {**spec["source"]}
    reading = read(Entry.model_validate(spec), tmp_path, write_parquet(columns))
    assert reading.rows("id_card_no, people, _line") == [(TYPED[0][0], 3, 1), (TYPED[1][0], -12, 2), ("00123", 0, 3), (None, None, 4)]  # fmt: skip


# All together --------------------------------------------------------------------------------------------------------


def test_reading_again_gives_the_same(tmp_path):
    content = write_csv([NAMES, *ROWS, ["short"]], {})
    first = read(make_entry(CSV), tmp_path, content)
    before = (first.batch, first.rows("*"), first.defects("*"))
    again = read(make_entry(CSV), tmp_path, content)
    assert (again.batch, again.rows("*"), again.defects("*")) == before


def test_a_batch_without_defects_removes_those_of_an_earlier_try(tmp_path):
    read(make_entry(CSV), tmp_path, write_csv([NAMES, ["short"]], {}))
    assert (tmp_path / "defects.parquet").exists()
    read(make_entry(CSV), tmp_path, write_csv([NAMES, *ROWS], {}))
    assert not (tmp_path / "defects.parquet").exists()


def test_many_defects_are_numbered_after_the_rows(tmp_path):
    text = "a,b,c\n" + "1,2,3\nx\n" * 25_000
    reading = read_csv(text, tmp_path)
    assert (reading.batch.rows, reading.batch.defects, reading.batch.counted) == (25_000, 25_000, 50_000)
    assert reading.defects("_row, _line")[-1] == (49_999, 50_001)


def test_raw_texts_are_those_of_the_record(tmp_path):
    rows = [[*ROWS[0][:3], "x", *ROWS[0][4:]]]
    (raw,) = read(make_entry(CSV), tmp_path, write_csv([NAMES, *rows], {})).rows("_raw")[0]
    assert json.loads(raw) == dict(zip([field["name"] for field in FIELDS], rows[0], strict=True))


def test_typed_fields_beyond_the_bits_are_refused(tmp_path):
    fields = [{"name": f"f{number}", "title": "x", "type": "integer"} for number in range(64)]
    with pytest.raises(EntryError) as caught:
        read(make_entry(CSV, fields), tmp_path, b"x\n")
    assert caught.value.problem.code == "E292"
    fields[63]["type"] = "string"
    header = ",".join(field["name"] for field in fields)
    reading = read(make_entry(CSV, fields), tmp_path, f"{header}\n{','.join(['x'] * 64)}\n".encode())
    assert reading.rows("_uncast, f63") == [((1 << 63) - 1, "x")]
