"""The rules of a single entry: each breach has its code; the neighbour that is right has none."""

from __future__ import annotations

import re

import pytest

from building import ENTRY, ENTRY_ID, changed, department_text, entry_text, make_project
from shuyuan.catalog import read_catalog

FIELDS = ENTRY["fields"]


def codes(tmp_path, text, **others):
    catalog = read_catalog(make_project(tmp_path, {ENTRY_ID: text}, **others))
    for problem in catalog.problems:
        assert_told(problem)
    return [problem.code for problem in catalog.problems]


def assert_told(problem):
    """Every fact of the sentence is filled, in both languages, and there is a next step."""
    for language in ("zh", "en"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHUYUAN_LANG", language)
            assert problem.next_step
            assert not re.search(r"\{[a-z_]+\}", f"{problem.message} {problem.next_step}")


def field(at, **changes):
    """The fields of the valid entry with one changed."""
    return {"fields": [changed(one, changes) if number == at else one for number, one in enumerate(FIELDS)]}


def rules(*given):
    return {"quality": {"rules": list(given)}}


def increments(mode="merge", absent="keep", **source):
    told = {"type": "database", "connection": "c", "table": "t", "path": None, "format": None, "sync": "incremental"}
    return {"source": told | source, "load": {"mode": mode, "absent": absent}}


def deleted(name):
    return {"field": name, "values": ["注销"]}


CHECKED = field(0, check="resident_id")
PUBLISHED = {"status": "published", "published_on": "2026-09-01"}
CASES = {
    "id of another file": ({"id": "civil_affairs.other"}, ["E201"]),
    "conditional without condition": ({"sharing": {"condition": None}}, ["E202"]),
    "not shared without basis": ({"sharing": {"type": "none"}}, ["E203"]),
    "not shared with basis": ({"sharing": {"type": "none", "basis": "《统计法》第九条"}}, []),
    "not shared but opened": (
        {"sharing": {"type": "none", "basis": "x"}, "opening": {"type": "unconditional"}},
        ["E204"],
    ),
    "opened on no condition": ({"opening": {"type": "conditional"}}, ["E202"]),
    "opened on a condition": ({"opening": {"type": "conditional", "condition": "实名"}}, []),
    "classified": ({"classified": True}, ["E205"]),
    "key that is no field": ({"load": {"key": ["nothing"]}}, ["E206"]),
    "key not required": ({"load": {"key": ["approved_on"]}}, ["E207"]),
    "absent closed in a merge": ({"load": {"mode": "merge", "absent": "close"}}, ["E260"]),
    "absent closed in a history": ({"load": {"mode": "history", "absent": "close"}}, []),
    "deleted rows of a replaced table": ({"load": {"deleted_when": deleted("person_name")}}, ["E261"]),
    "deleted rows of a merge": ({"load": {"mode": "merge", "deleted_when": deleted("person_name")}}, []),
    "deleted by an unknown item": ({"load": {"mode": "merge", "deleted_when": deleted("nothing")}}, ["E206"]),
    "deleted by the key": ({"load": {"mode": "merge", "deleted_when": deleted("id_card_no")}}, ["E262"]),
    "an item named as a history's own": (
        {"load": {"mode": "history"}} | field(1, name="valid_from"),
        ["E263"],
    ),
    "key twice": ({"load": {"key": ["id_card_no", "id_card_no"]}}, ["E227"]),
    "rule on no field": (rules({"rule": "between", "field": "amount", "min": "0"}), ["E208"]),
    "unique on no field": (rules({"rule": "unique", "fields": ["person_name", "x"]}), ["E208"]),
    "compared with no field": (rules({"rule": "not_after", "field": "approved_on", "than": "x"}), ["E208"]),
    "compared with the data date": (rules({"rule": "not_after", "field": "approved_on", "than": "data_date"}), []),
    "compared with text": (rules({"rule": "not_after", "field": "approved_on", "than": "person_name"}), ["E209"]),
    "expectation on no field": (
        {"quality": {"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}]}},
        ["E208"],
    ),
    "between on text": (rules({"rule": "between", "field": "person_name", "min": "0"}), ["E209"]),
    "pattern on a number": (rules({"rule": "pattern", "field": "monthly_amount", "pattern": "a"}), ["E209"]),
    "length on a date": (rules({"rule": "length", "field": "approved_on", "max": 3}), ["E209"]),
    "sex against no field": (rules({"rule": "matches_id", "field": "person_name", "id": "id"}), ["E208"]),
    "amount against an id": (rules({"rule": "matches_id", "field": "monthly_amount", "id": "id_card_no"}), ["E209"]),
    "sex against what is no id": (rules({"rule": "matches_id", "field": "person_name", "id": "approved_on"}), ["E247"]),
    "date against an id": (
        {**CHECKED, **rules({"rule": "matches_id", "field": "approved_on", "id": "id_card_no"})},
        [],
    ),
    "region of no table": ({**CHECKED, **rules({"rule": "known_region", "field": "id_card_no"})}, ["E217"]),
    "region of a name": (rules({"rule": "known_region", "field": "person_name", "codes": "sex"}), ["E247"]),
    "region of an amount": (rules({"rule": "known_region", "field": "monthly_amount"}), ["E209"]),
    "region of an id": ({**CHECKED, **rules({"rule": "known_region", "field": "id_card_no", "codes": "sex"})}, []),
    "damage of an amount": (rules({"rule": "not_excel_damaged", "field": "monthly_amount"}), ["E209"]),
    "damage of an id": (rules({"rule": "not_excel_damaged", "field": "id_card_no"}), []),
    "two timestamps": ({"fields": [*FIELDS[:2], *({**one, "timestamp": True} for one in FIELDS[2:])]}, ["E210"]),
    "bound no number": (rules({"rule": "between", "field": "monthly_amount", "min": "1e3"}), ["E211"]),
    "bound with a separator": (rules({"rule": "between", "field": "monthly_amount", "max": "5,000"}), ["E211"]),
    "bound no date": (rules({"rule": "between", "field": "approved_on", "min": "2026-02-30"}), ["E211"]),
    "bounds of dates": (
        rules({"rule": "between", "field": "approved_on", "min": "2026-01-31", "max": "2026-02-01"}),
        [],
    ),
    "format of a date without its day": (field(3, format="%Y-%m"), ["E212"]),
    "format on text": (field(1, format="%Y"), ["E212"]),
    "format of a boolean": (field(1, type="boolean", format="是/否"), []),
    "format of a boolean with one word": (field(1, type="boolean", format="是"), ["E212"]),
    "format of a date-time": (field(3, type="datetime", format="%Y%m%d%H%M%S"), []),
    "unknown date placeholder": ({"source": {"path": "/out/{date:%Q}.csv"}}, ["E213"]),
    "placeholder of another kind": ({"source": {"path": "/out/{ds}.csv"}}, ["E213"]),
    "placeholder with an hour": ({"source": {"ready_when": "/out/{date:%Y%H}.ok"}}, ["E213"]),
    "empty placeholder": ({"source": {"manifest": "/out/{date:}.json"}}, ["E213"]),
    "other cycle without words": ({"update": {"cycle": "other"}}, ["E214"]),
    "other cycle with words": ({"update": {"cycle": "other", "note": "每旬"}}, []),
    "published without a date": ({"status": "published"}, ["E215"]),
    "published without office and basis": ({**PUBLISHED, "owner": {"office": None}, "legal_basis": None}, ["E215"]),
    "published": (PUBLISHED, []),
    "unknown element": (field(1, element="person_nam"), ["E216"]),
    "unknown code table": (field(1, codes="sexes"), ["E217"]),
    "unknown suite": ({"quality": {"suites": ["basics"]}}, ["E218"]),
    "due on the eighth day of a week": ({"update": {"cycle": "weekly", "day": 8}}, ["E222"]),
    "grace longer than wait": ({"update": {"grace": "13h"}}, ["E223"]),
    "authority over nothing": (field(1, authoritative=True), ["E224"]),
    "bounds turned round": (rules({"rule": "between", "field": "monthly_amount", "min": "9", "max": "10"}), []),
    "bounds as numbers": (rules({"rule": "between", "field": "monthly_amount", "min": 10, "max": 9}), ["E226"]),
    "lengths turned round": (rules({"rule": "length", "field": "person_name", "min": 3, "max": 2}), ["E226"]),
    "rows turned round": (rules({"rule": "row_count", "min": 3, "max": 2}), ["E226"]),
    "length of a number": (field(2, length=5), ["E228"]),
    "check on a date": (field(3, check="resident_id"), ["E228"]),
    "codes on a date": (field(3, codes="sex"), ["E228"]),
    "same rule twice": (
        rules(
            {"rule": "between", "field": "monthly_amount", "min": 0},
            {"rule": "between", "field": "monthly_amount", "max": 9},
        ),
        ["E229"],
    ),
    "warning below blocking": ({"quality": {"gate": {"warn_below": 50}}}, ["E230"]),
    "rule without a limit": (rules({"rule": "between", "field": "monthly_amount"}), ["E231"]),
    "row count without a limit": (rules({"rule": "row_count"}), ["E231"]),
    "database shared as a file": (
        {
            "source": {"type": "database", "connection": "c", "table": "t", "path": None, "format": None},
            "sharing": {"method": ["file"]},
        },
        ["E901"],
    ),
    "increments": (increments(watermark="approved_on"), []),
    "increments of a history": (increments("history", watermark="approved_on"), []),
    "increments that would close the rest": (increments("history", "close", watermark="approved_on"), ["E250"]),
    "increments that replace": (increments("replace", watermark="approved_on"), ["E250"]),
    "increments appended": (increments("append", watermark="approved_on"), ["E250"]),
    "increments without a watermark": (increments(), ["E248"]),
    "watermark of text": (increments(watermark="person_name"), ["E249"]),
    "watermark that is no field": (increments(watermark="nothing"), ["E249"]),
    "watermark without increments": (increments(sync="full", watermark="approved_on"), ["E251"]),
    "keys compared without increments": (increments(sync="full", compare_keys="7d"), ["E251"]),
    "keys compared at a rhythm": (increments(watermark="approved_on", compare_keys="7d"), []),
    "mail with a database": ({"sharing": {"channel": "mail"}}, ["E902"]),
    "mail with files": ({"sharing": {"channel": "mail", "method": ["file"]}}, []),
    "title is the system": ({"source_system": {"name": ENTRY["title"]}}, ["E903"]),
    "unique on the key": (rules({"rule": "unique", "fields": ["id_card_no"]}), ["E904"]),
    "related to nothing": ({"related": ["100000/000001"]}, ["E906"]),
    "sensitive and shown": (field(1, sensitive=True), ["E908"]),
    "sensitive and masked": (field(1, sensitive=True, mask="keep(1,0)"), []),
    "one of on integers": (
        {
            "fields": [*FIELDS, {"name": "n", "title": "n", "type": "integer"}],
            **rules({"rule": "one_of", "field": "n", "values": ["1", "x"]}),
        },
        ["E211"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(tmp_path, name):
    changes, expected = CASES[name]
    found = codes(tmp_path, entry_text(**changes), code_tables={"sex": "code,name\n1,男\n"})
    assert sorted(set(found)) == expected


def test_table_name_length(tmp_path):
    long = f"civil_affairs.{'a' * 60}"
    catalog = read_catalog(make_project(tmp_path, {long: entry_text(id=long)}))
    assert [problem.code for problem in catalog.problems] == ["E234"]


ELEMENTS = """
amount: {title: 金额, type: "decimal(12,2)"}
name: {title: 姓名, length: 50, mask: "keep(1,0)"}
"""


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"element": "amount", "type": "string"}, ["E232"]),
        ({"element": "amount", "type": "decimal(10,2)"}, ["E907"]),
        ({"element": "name", "length": 60}, ["E907"]),
        ({"element": "name", "length": 20}, []),
        ({"element": "name", "mask": "none"}, ["E907"]),
        ({"element": "name", "sensitive": True}, []),
    ],
)
def test_field_against_its_element(tmp_path, own, expected):
    text = entry_text(**field(1, **{"type": None, **own}))
    assert codes(tmp_path, text, elements=ELEMENTS) == expected


def test_an_unknown_element_has_no_consequences(tmp_path):
    text = entry_text(
        **field(3, type=None, element="nothing"),
        **rules({"rule": "not_after", "field": "approved_on", "than": "data_date"}),
    )
    assert codes(tmp_path, text) == ["E216"]


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ({"name": "s", "expectations": []}, []),
        ({"name": "s", "expectations": [{"type": "x", "kwargs": {"column": "person_name"}}]}, []),
        ({"name": "s", "expectations": [{"type": "x", "kwargs": {"column": "other"}}]}, ["E236"]),
        ({"name": "s"}, ["E235"]),
        ([], ["E235"]),
        ({"expectations": ["x"]}, ["E235"]),
    ],
)
def test_suites(tmp_path, suite, expected):
    assert codes(tmp_path, entry_text(quality={"suites": ["s"]}), suites={"s": suite}) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("code,name\n1,男\n", []),
        ("code,name,aliases,valid_from,valid_to\n1,男,male,2001,2026-01-01\n", []),
        ("name,code\n男,1\n", ["E241"]),
        ("code,name,note\n1,男,x\n", ["E241"]),
        ("", ["E241"]),
        ("code,name\n", ["E242"]),
        ('code,name\n1,"男\n', ["E242"]),
        ("code,name\n1\n", ["E243"]),
        ("code,name\n1,男,x\n", ["E243"]),
        (" code,name\n1,男\n", ["E241"]),
        ("code,name,valid_from\n1,男,2001-13-01\n", ["E244"]),
        ("code,name\n1,男\n1,女\n", ["E245"]),
        ("code,name,valid_from\n1,男,1990\n1,女,2001\n", []),
    ],
)
def test_code_tables(tmp_path, table, expected):
    assert sorted(set(codes(tmp_path, entry_text(), code_tables={"sex": table}))) == expected


@pytest.mark.parametrize("code", ["11150624MA0N00016F", "12345", "11150624MA0N0001I6", ""])
def test_credit_code_of_a_department(tmp_path, code):
    found = codes(tmp_path, entry_text(), departments={"civil_affairs": department_text(credit_code=code)})
    assert found == ["E233"]


def test_misplaced_files(tmp_path):
    project = make_project(tmp_path)
    for name in ("loose.yaml", "civil_affairs/x.yml", "civil_affairs/deep/x.yaml", "civil_affairs/_other.yaml"):
        (project.specs / name).parent.mkdir(exist_ok=True)
        (project.specs / name).write_text(entry_text())
    (project.elements / "x.yml").write_text("")
    assert [problem.code for problem in read_catalog(project).problems] == ["E135"] * 5


def test_a_file_name_that_gives_no_id(tmp_path):
    project = make_project(tmp_path, {"civil_affairs.Upper-Case": entry_text(id="civil_affairs.other")})
    assert sorted(problem.code for problem in read_catalog(project).problems) == ["E136", "E201"]
