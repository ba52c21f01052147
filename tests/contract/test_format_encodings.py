"""Encodings: what is not of the declared one is refused with its line, and GB 18030 is that of 2022."""

from __future__ import annotations

import pytest
from files import (
    ABC,
    CSV,
    attempt,
    make_entry,
    read_csv,
    refuse,
    write_csv,
)

from shuyuan.problems import Problem


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
@pytest.mark.parametrize(
    "sent", ["gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "big5", "utf-32"]
)
def test_another_encoding_than_declared(encoding, sent, tmp_path):
    content = "\n".join(["a,b,c", *[f"{i},陳大文,x" for i in range(60)]]).encode(sent)
    declared = {"gbk": "gb18030"}.get(encoding, encoding)
    entry = make_entry({**CSV, "encoding": encoding, "header": False}, ABC)
    if sent.removesuffix("-sig") == declared:
        assert read_csv(content, tmp_path, encoding=encoding).batch.rows == 60
        return
    reading = attempt(entry, tmp_path, content)
    if isinstance(reading, Problem):
        assert reading.code in ("D210", "D211", "D212", "D215")
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
