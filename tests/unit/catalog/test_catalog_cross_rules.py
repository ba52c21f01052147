"""What entries must hold to together: codes, titles, and one authority per element."""

from __future__ import annotations

import pytest

from building import ENTRY, ENTRY_ID, entry_text, make_project
from shuyuan.catalog import read_catalog
from shuyuan.catalog.cross_rules import plain

OTHER = "public_security.household_register"
OWN = {"name": "id_card_no", "title": "身份证件号码", "required": True, "element": "resident_id", "authoritative": True}


def other(**changes):
    facts = {"id": OTHER, "code": "307010101/000013", "title": "户籍人口", "source": {"path": "/out/h.csv"}, **changes}
    return entry_text(**facts)


def claiming(**changes):
    return {"fields": [{**OWN, **changes}, *ENTRY["fields"][1:]]}


def problems(tmp_path, first, second, elements=None):
    catalog = read_catalog(make_project(tmp_path, {ENTRY_ID: first, OTHER: second}, elements=elements))
    return catalog.problems


def test_two_good_entries(tmp_path):
    assert problems(tmp_path, entry_text(), other()) == ()


def test_repeated_code(tmp_path):
    (found,) = problems(tmp_path, entry_text(), other(code=ENTRY["code"]))
    assert found.code == "E302"
    assert str(found.location) == f"include/catalog_specs/{OTHER.replace('.', '/')}.yaml:4:7"
    assert "civil_affairs/low_income_households.yaml:4:7" in found.message


@pytest.mark.parametrize(
    "title", ["最低生活保障对象信息", "最低生活 保障对象信息", "最低生活保障对象（信息）", "《最低生活保障对象·信息》"]
)
def test_repeated_title(tmp_path, title):
    assert [one.code for one in problems(tmp_path, entry_text(), other(title=title))] == ["E303"]


def test_plain_titles():
    assert plain("Ａ股（上市）公司 名单") == plain("a股上市公司-名单")
    assert plain("低保对象") != plain("低保对象家庭")


def test_retired_entries_no_longer_count(tmp_path):
    assert problems(tmp_path, entry_text(status="retired"), other(code=ENTRY["code"], title=ENTRY["title"])) == ()


def test_one_file_for_two_entries(tmp_path):
    (found,) = problems(tmp_path, entry_text(), other(source={"path": ENTRY["source"]["path"]}))
    assert (found.code, found.severity) == ("E905", "warning")


def test_two_authorities_name_each_other(tmp_path):
    found = problems(
        tmp_path, entry_text(**claiming()), other(**claiming()), f"resident_id: {{title: x, source: {OTHER}}}\n"
    )
    assert [one.code for one in found] == ["E301"]
    assert found[0].location.file.endswith("household_register.yaml")
    assert "low_income_households.yaml:" in found[0].message
    assert "resident_id" in found[0].message


def test_the_source_is_the_authority(tmp_path):
    elements = f"resident_id: {{title: x, source: {OTHER}}}\n"
    assert problems(tmp_path, entry_text(**claiming(authoritative=False)), other(**claiming()), elements) == ()


def test_a_source_that_does_not_claim(tmp_path):
    (found,) = problems(tmp_path, entry_text(), other(), f"resident_id:\n  title: x\n  source: {OTHER}\n")
    assert (found.code, str(found.location)) == ("E306", "include/elements/all.yaml:3:11")


def test_a_source_that_is_not_there(tmp_path):
    (found,) = problems(tmp_path, entry_text(), other(), "resident_id: {title: x, source: a.b}\n")
    assert found.code == "E305"


def test_an_authority_that_is_not_the_source(tmp_path):
    found = problems(tmp_path, entry_text(**claiming()), other(), f"resident_id: {{title: x, source: {OTHER}}}\n")
    assert sorted(one.code for one in found) == ["E306", "E308"]


def test_an_element_defined_twice(tmp_path):
    project = make_project(tmp_path, elements="resident_id: {title: x}\n")
    (project.elements / "more.yaml").write_text("resident_id: {title: y}\n")
    (found,) = read_catalog(project).problems
    assert (found.code, found.facts["first"]) == ("E307", "include/elements/all.yaml:1:1")


def test_a_broken_element_hides_only_itself(tmp_path):
    catalog = read_catalog(make_project(tmp_path, elements="a: {title: x, typ: string}\nb: {title: z}\n"))
    assert set(catalog.elements) == {"b"}
    assert [(one.code, one.location.line, one.nearest) for one in catalog.problems] == [("E115", 1, "type")]


def test_a_broken_entry_is_still_compared(tmp_path):
    found = problems(tmp_path, entry_text(), other(code=ENTRY["code"], level="L9"))
    assert sorted(one.code for one in found) == ["E113", "E302"]
