"""Strict YAML: a hostile corpus, each with the code and line that it must get."""

from __future__ import annotations

import pytest
import yaml.cyaml
from ruamel.yaml import YAML

from building import entry_text
from shuyuan.catalog.reading import MAX_BYTES, MAX_DEPTH, parse_document
from shuyuan.entry.values import Untyped


def read(text):
    return parse_document(text if isinstance(text, bytes) else text.encode(), "x.yaml")


def found(text):
    return [(problem.code, problem.location.line) for problem in read(text).problems]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
REFUSED = {
    "alias bomb": (BOMB, "E105", 1),
    "recursive alias": ("a: &a [*a]\n", "E105", 1),
    "anchor alone": ("a: &x 1\n", "E105", 1),
    "anchor on a mapping": ("a: &x\n  b: c\n", "E105", 1),
    "anchor on a list": ("k: v\na: &x [1]\n", "E105", 2),
    "anchor on a key": ("&x a: b\n", "E105", 1),
    "alias to nothing": ("a: *x\n", "E105", 1),
    "alias as a key": ("a: &x b\n*x : c\n", "E105", 1),
    "merge key": ("a:\n  <<: {b: c}\n", "E105", 2),
    "python tag": ("a: !!python/object/apply:os.system ['id']\n", "E106", 1),
    "str tag": ("a: b\nc: !!str 12\n", "E106", 2),
    "own tag": ("a: !secret x\n", "E106", 1),
    "tag on a mapping": ("a: !!map {b: c}\n", "E106", 1),
    "set tag": ("a: !!set {b, c}\n", "E106", 1),
    "binary tag": ("a: !!binary aGk=\n", "E106", 1),
    "tag on a key": ("!!str a: b\n", "E106", 1),
    "undefined tag handle": ("a: !x!y z\n", "E104", 1),
    "repeated key": ("a: 1\nb: 2\na: 3\n", "E114", 3),
    "repeated key inside": ("a:\n  b: 1\n  b: 2\n", "E114", 3),
    "repeated key in flow": ("a: {b: 1, b: 2}\n", "E114", 1),
    "repeated quoted key": ("a: 1\n'a': 2\n", "E114", 2),
    "two documents": ("a: 1\n---\nb: 2\n", "E107", 2),
    "three documents": ("---\na: 1\n---\nb: 2\n---\n", "E107", 3),
    "empty": ("", "E116", None),
    "only a comment": ("# x\n", "E116", None),
    "only a marker": ("---\n", "E116", None),
    "tab indent": ("a:\n\tb: 1\n", "E110", 2),
    "tab in a value": ("a: b\tc\n", "E110", 1),
    "tab in a comment": ("a: b #\tc\n", "E110", 1),
    "NUL": ("a: b\x00c\n", "E112", 1),
    "escape character": ("a: 1\nb: \x1b[31m\n", "E112", 2),
    "C1 control": ("a: b\x85c\n", "E112", 1),
    "line separator": ("a: b\u2028c\n", "E112", 1),
    "zero width in a value": ("a: b\u200bc\n", "E112", 1),
    "right-to-left override": ("a: 1\nb: x\u202ey\n", "E112", 2),
    "byte-order mark inside": ("a: 1\nb: \ufeffx\n", "E112", 2),
    "zero width in a key": ("ti\u200btle: x\n", "E109", 1),
    "full-width key": ("ｔitle: x\n", "E109", 1),
    "Cyrillic look-alike": ("titlе: x\n", "E109", 1),
    "Chinese key": ("a: 1\n名称: x\n", "E109", 2),
    "key with a blank": ("my key: x\n", "E109", 1),
    "empty key": ("'': x\nb: y\n", None, None),
    "key on": ("on: x\n", "E109", 1),
    "key no": ("a: 1\nno: x\n", "E109", 2),
    "key null": ("null: x\n", "E109", 1),
    "key that is a number": ("12: x\n", "E109", 1),
    "key that is a date": ("2026-01-01: x\n", "E109", 1),
    "list as a key": ("? [a, b]\n: c\n", "E109", 1),
    "mapping as a key": ("{a: b}: c\n", "E109", 1),
    "full-width colon": ("a: 1\ntitle：名称\n", "E108", 2),
    "full-width colon, nested": ("owner:\n  office: x\n  steward：y\n", "E108", 3),
    "full-width colon in flow": ("a: {name：x, b: c}\n", "E108", 1),
    "full-width colon first": ("kind：CatalogEntry\nid: x\n", "E108", 1),
    "no blank after the colon": ("a: 1\ntitle:名称\n", "E117", 2),
    "unclosed quote": ('a: "b\nc: d\n', "E104", 3),
    "unclosed bracket": ("a: [b, c\nd: e\n", "E104", 2),
    "unclosed brace": ("a: {b: c\nd: e\n", "E104", 2),
    "bad indent": ("a:\n  b: 1\n c: 2\n", "E104", 3),
    "colon inside": ("a: b: c\n", "E104", 1),
    "at sign": ("a: @b\n", "E104", 1),
    "unknown escape": ('a: "\\d"\n', "E104", 1),
    "dash and key": ("- a\nb: c\n", "E104", 2),
    "too deep": ("a: " + "[" * 11 + "]" * 11 + "\n", "E111", 1),
    "twenty thousand levels": ("[" * 20_000, "E111", 1),
    "too large": ("a: " + "x" * MAX_BYTES, "E102", None),
    "GBK": ("title: 低保\n".encode("gbk"), "E103", 1),
    "UTF-16": ("title: x\n".encode("utf-16"), "E103", 1),
    "Latin-1 on the third line": (b"a: 1\nb: 2\nc: \xe9\n", "E103", 3),
    "surrogate bytes": (b"a: \xed\xa0\x80\n", "E103", 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_code_and_line(name):
    text, code, line = REFUSED[name]
    if code is None:
        assert not read(text).problems or found(text)[0][0] == "E109"
    else:
        assert (code, line) in found(text)


def test_the_corpus_is_wide():
    assert len(REFUSED) >= 60


def test_all_slips_of_one_file_are_told_at_once():
    assert found("a: 1\na: 2\non: x\nｂ: y\n名: z\n") == [("E114", 2), ("E109", 3), ("E109", 4), ("E109", 5)]


def test_a_look_alike_key_is_read_as_the_word_it_looks_like():
    assert read("ti\u200btle: x\n").value == {"title": "x"}


def test_a_bomb_is_not_walked():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 12)
    ]
    document = read("\n".join(lines))
    assert document.value is None
    assert len(document.problems) <= 3


NOT_TEXT = [
    "0123456",
    "011000",
    "110101",
    "2024-01-01",
    "12:30",
    "on",
    "NO",
    "1_000",
    "12E03",
    "1e3",
    "true",
    "~",
    "null",
    "0x1F",
    "0o17",
    ".inf",
    ".NaN",
    "-1",
    "+2.5",
    "1.",
    "2024-01-01T08:00:00Z",
    "y",
    "Yes",
    "OFF",
    "190:20:30",
    "0b11",
    "<<",
]
TEXT = [
    "08:30",
    "2h",
    "20%",
    "2.1.0",
    "1-2",
    "abc",
    "2024-1",
    "a1",
    "./x",
    "/out/x",
    "GB/T",
    "sftp",
    "307010101/000012",
    "11150624MA0N00016E",
    "none",
    "None",
    "nil",
    "v1",
    "0x",
    "12:60x",
    "--",
    "1.2.3.4",
    "on_time",
    "n/a",
    "yes!",
    "低保",
]


@pytest.mark.parametrize("scalar", NOT_TEXT)
def test_what_other_readers_do_not_take_for_text_is_untyped(scalar):
    assert type(read(f"a: {scalar}\n").value["a"]) is Untyped
    assert read(f"a: {scalar}\n").value["a"] == scalar


@pytest.mark.parametrize("scalar", TEXT)
def test_plain_text_is_text(scalar):
    assert type(read(f"a: {scalar}\n").value["a"]) is str


@pytest.mark.parametrize("scalar", NOT_TEXT)
def test_quotes_make_text(scalar):
    value = read(f"a: \"{scalar}\"\nb: ['{scalar}']\n").value
    assert (type(value["a"]), type(value["b"][0])) == (str, str)


@pytest.mark.parametrize("scalar", TEXT)
def test_other_readers_agree_on_text(scalar):
    line = f"a: {scalar}\n"
    assert yaml.load(line, Loader=yaml.CSafeLoader) == {"a": scalar}
    assert YAML(typ="safe").load(line) == {"a": scalar}


def test_an_empty_value_is_untyped():
    assert type(read("a:\nb: x\n").value["a"]) is Untyped


def test_shapes():
    assert read("a: {b: [x, {c: d}], e: |\n  f\n  g\n}\n".replace(", e: |\n  f\n  g\n", "")).value == {
        "a": {"b": ["x", {"c": "d"}]}
    }
    assert read("a: |\n  f\n  g\nb: >-\n  f\n  g\n").value == {"a": "f\ng\n", "b": "f g"}
    assert read("\ufeffa: 1\r\nb: 2\r\n").value == {"a": "1", "b": "2"}


def test_positions_of_keys_and_values():
    document = read("a: 1\nb:\n  c: [x, {d: y}]\n  长: z\n")
    assert str(document.locate(("a",))) == "x.yaml:1:4"
    assert str(document.locate(("a",), key=True)) == "x.yaml:1:1"
    assert str(document.locate(("b", "c", 1, "d"))) == "x.yaml:3:14"
    assert str(document.locate(("b", "c", 0))) == "x.yaml:3:7"
    assert str(document.locate(("b", "nothing", "there"))) == "x.yaml:2:1"
    assert str(document.locate(("nothing",))) == "x.yaml:1:1"
    assert document.has(("b", "c"))
    assert not document.has(("c",))


def test_columns_count_characters_not_bytes():
    document = read("a: {名: 1, b: 低保, c: x}\n".replace("名", "n"))
    assert document.locate(("a", "c")).column == len("a: {n: 1, b: 低保, c: ") + 1


def test_a_good_file_is_parsed_once(monkeypatch):
    made = []

    def counting(text):
        made.append(text)
        return yaml.cyaml.CParser(text)

    monkeypatch.setattr("shuyuan.catalog.reading.CParser", counting)
    document = read(entry_text())
    assert len(made) == 1
    assert document.locate(("title",)).line
    assert len(made) == 2
    document.locate(("code",))
    assert len(made) == 2


def test_depth_limit_is_exact():
    assert not read("[" * MAX_DEPTH + "]" * MAX_DEPTH).problems
    assert found("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == [("E111", 1)]
