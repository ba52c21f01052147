"""Pydantic's findings in our words: code, place, what is allowed, what was meant."""

from __future__ import annotations

import re

import pytest

from building import ENTRY_ID, entry_text, make_project
from shuyuan.catalog import CatalogError, load_resource


def problems(tmp_path, text):
    project = make_project(tmp_path, {ENTRY_ID: text})
    try:
        load_resource(project, ENTRY_ID)
    except CatalogError as error:
        return error.problems
    return ()


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def rule(text):
    return {"quality": {"rules": [text]}}


CASES = {
    "missing key": ({"title": None}, "E118", "title", ""),
    "missing nested": ({"sharing": {"type": None}}, "E118", "sharing.type", "sharing:"),
    "unknown key": ({"keyword": ["x"]}, "E115", "keyword", "keyword:"),
    "unknown nested": ({"update": {"grase": "2h"}}, "E115", "update.grase", "grase"),
    "python name of from": (
        {"fields": [{"name": "a", "from_": "b", "title": "t"}]},
        "E115",
        "fields[1].from_",
        "from_",
    ),
    "enumeration": ({"update": {"cycle": "dayly"}}, "E113", "update.cycle", "cycle:"),
    "Chinese enumeration": ({"sharing": {"type": "有条件共享"}}, "E113", "sharing.type", "有条件共享"),
    "enumeration in a union": (
        {"source": {"format": {"encoding": "gb2312"}}},
        "E113",
        "source.format.encoding",
        "gb2312",
    ),
    "unknown source": ({"source": {"type": "ftp"}}, "E113", "source.type", "ftp"),
    "unknown format": ({"source": {"format": {"type": "xml"}}}, "E113", "source.format.type", "xml"),
    "source without type": ({"source": {"type": None}}, "E134", "source.type", "source:"),
    "unknown rule": (rule({"rule": "uniqe", "fields": ["id_card_no"]}), "E113", "quality.rules[1].rule", "uniqe"),
    "unknown key of a rule": (
        rule({"rule": "pattern", "field": "person_name", "pattern": "a", "x": "y"}),
        "E115",
        "quality.rules[1].x",
        "rule:",
    ),
    "key of a rule named like its tag": (
        rule({"rule": "pattern", "field": "person_name", "pattern": "\\d"}),
        "E129",
        "quality.rules[1].pattern",
        "rule:",
    ),
    "missing key of a rule": (rule({"rule": "length", "min": 1}), "E118", "quality.rules[1].field", "rule:"),
    "text for a mapping": ({"load": "replace"}, "E119", "load", "load:"),
    "text for a list": ({"keywords": "a"}, "E119", "keywords", "keywords:"),
    "list for text": ({"title": ["a"]}, "E119", "title", "title:"),
    "number unquoted": ({"owner": {"steward": 123}}, "E120", "owner.steward", "steward:"),
    "pattern": ({"code": "7/1"}, "E122", "code", "code:"),
    "identifier": ({"load": {"key": ["Id"]}}, "E122", "load.key[1]", "key:"),
    "number": ({"update": {"day": "x"}}, "E123", "update.day", "day:"),
    "too large": ({"update": {"day": 32}}, "E138", "update.day", "day:"),
    "too small": ({"update": {"day": 0}}, "E137", "update.day", "day:"),
    "not finite": ({"quality": {"gate": {"block_below": "nan"}}}, "E123", "quality.gate.block_below", "block_below"),
    "too long": ({"title": "长" * 51}, "E124", "title", "title:"),
    "too short": ({"fields": []}, "E139", "fields", "fields:"),
    "template": ({"summary": "x {{ ds }}"}, "E125", "summary", "summary:"),
    "statement": ({"title": "{% raw %}"}, "E125", "title", "title:"),
    "comment of a template": ({"legal_basis": "{# x #}"}, "E125", "legal_basis", "legal_basis:"),
    "truth": ({"classified": "yes"}, "E126", "classified", "classified:"),
    "span": ({"update": {"grace": "2 hours"}}, "E127", "update.grace", "grace:"),
    "percentage": ({"quality": {"gate": {"shrink_within": "0.2"}}}, "E128", "quality.gate.shrink_within", "shrink"),
    "path upwards": ({"source": {"path": "/out/../x.csv"}}, "E130", "source.path", "path:"),
    "relative path": ({"source": {"path": "out/x.csv"}}, "E130", "source.path", "path:"),
    "wildcard in a folder": ({"source": {"path": "/*/x.csv"}}, "E130", "source.path", "path:"),
    "date": ({"published_on": "20260901"}, "E131", "published_on", "published_on:"),
    "no such day": ({"published_on": "2026-02-30"}, "E131", "published_on", "published_on:"),
    "field twice": (
        {
            "fields": [{"name": "a", "title": "a", "required": True}, {"name": "a", "from": "b", "title": "b"}],
            "load": {"key": ["a"]},
        },
        "E132",
        "/",
        "",
    ),
    "decimal": (
        {"fields": [{"name": "id_card_no", "title": "a", "required": True, "type": "decimal(2,5)"}]},
        "E133",
        "fields[1]",
        "decimal(2,5)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_code_key_and_line(tmp_path, name):
    changes, code, key, part = CASES[name]
    text = entry_text(**changes)
    found = [one for one in problems(tmp_path, text) if one.code == code]
    assert found, [str(one) for one in problems(tmp_path, text)]
    assert found[0].facts.get("key", "/") == key
    if part:
        assert found[0].location.line == line_of(text, part)
    for one in found:
        assert not re.search(r"\{[a-z_]+\}", f"{one.message} {one.next_step}")


@pytest.mark.parametrize(
    ("changes", "nearest"),
    [
        ({"update": {"cycle": "dayly"}}, "daily"),
        ({"update": {"cycle": "每月"}}, "monthly"),
        ({"sharing": {"type": "无条件共享"}}, "unconditional"),
        ({"sharing": {"type": "有条件"}}, "conditional"),
        ({"load": {"mode": "全量替换"}}, "replace"),
        ({"keyword": ["x"]}, "keywords"),
        ({"source": {"type": "sfpt"}}, "sftp"),
        ({"quality": {"rules": [{"rule": "uniqe", "fields": ["id_card_no"]}]}}, "unique"),
        ({"source": {"format": {"delimeter": "|"}}}, "delimiter"),
        ({"source": {"format": {"null": ["-"]}}}, "nulls"),
    ],
)
def test_nearest_match(tmp_path, changes, nearest):
    text = entry_text(**changes)
    assert nearest in [one.nearest for one in problems(tmp_path, text)]


def test_allowed_values_are_named(tmp_path):
    found = problems(tmp_path, entry_text(load={"mode": "zzz"}))
    assert found[0].allowed == ("replace", "append", "merge", "history")


def test_all_problems_at_once(tmp_path):
    text = entry_text(
        keyword=["x"], code=None, id="civil_affairs.other", update={"cycle": "dayly"}, sharing={"condition": None}
    )
    assert {one.code for one in problems(tmp_path, text)} == {"E115", "E118", "E113", "E201", "E202"}


def test_a_broken_key_is_not_judged_twice(tmp_path):
    text = entry_text(fields=[{"name": "other", "title": "x", "typ": "string"}])
    assert {one.code for one in problems(tmp_path, text)} == {"E115"}


def test_full_width_colon_where_a_mapping_was_meant(tmp_path):
    text = entry_text(owner=None) + "owner:\n  office：社会救助股\n"
    found = problems(tmp_path, text)
    assert [one.code for one in found] == ["E119"]
    assert "半角" in found[0].message


def test_empty_value(tmp_path):
    found = problems(tmp_path, entry_text(legal_basis=None) + "legal_basis:\n")
    assert [(one.code, one.facts["key"]) for one in found] == [("E121", "legal_basis")]


def test_a_bad_default_is_told_where_it_stands(tmp_path):
    text = entry_text(update={"grace": None})
    project = make_project(tmp_path, {ENTRY_ID: text}, defaults="update:\n  grace: soon\n")
    with pytest.raises(CatalogError) as caught:
        load_resource(project, ENTRY_ID)
    assert str(caught.value.problem.location) == "include/catalog_specs/_defaults.yaml:2:10"
    assert caught.value.problem.excerpt == "  grace: soon"
