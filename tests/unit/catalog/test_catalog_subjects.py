"""Subjects and the settings of 一数一源: read strictly, checked against elements and their authorities."""

from __future__ import annotations

import pytest

from building import entry_text, make_project, yaml_of
from shuyuan.catalog import CatalogError, read_catalog, read_one_source, read_subjects
from shuyuan.entry import OneSource

PEOPLE, FIRMS, AID = "public_security.people", "market_regulation.firms", "civil_affairs.aid"
ELEMENTS = {
    "resident_id": {"title": "公民身份号码", "source": PEOPLE},
    "person_name": {"title": "姓名", "source": PEOPLE},
    "level": {"title": "低保等级", "source": AID},
    "firm_name": {"title": "企业名称", "source": FIRMS},
    "credit_code": {"title": "统一社会信用代码", "source": FIRMS},
    "note": {"title": "备注"},
}


def own(name, element, **more):
    return {"name": name, "title": name, "element": element, "authoritative": True, **more}


def text(id, number, fields, **more):
    facts = {"id": id, "code": f"307010101/{number:06}", "title": f"资源{number}号", "fields": fields}
    return entry_text(**facts, source={"path": f"/out/{number}.csv"}, load={"key": [fields[0]["name"]]}, **more)


def project(tmp_path, subject=None, name="person", **more):
    entries = {
        PEOPLE: text(PEOPLE, 1, [own("id_no", "resident_id", required=True), own("name", "person_name")], **more),
        FIRMS: text(FIRMS, 2, [own("code", "credit_code", required=True), own("name", "firm_name")]),
        AID: text(
            AID,
            3,
            [{"name": "id_no", "title": "证件号码", "element": "resident_id", "required": True}, own("level", "level")],
        ),
    }
    made = make_project(tmp_path, entries, elements=yaml_of(ELEMENTS))
    made.subjects.mkdir()
    if subject is not None:
        (made.subjects / f"{name}.yaml").write_text(subject, encoding="utf-8")
    return made


def subject(key="resident_id", elements=("person_name", "level")):
    listed = "".join(f"  - {one}\n" for one in elements)
    return f"kind: Subject\ntitle: 人\nkey: {key}\nelements:\n{listed}"


def test_a_good_subject(tmp_path):
    catalog = read_catalog(project(tmp_path, subject()))
    assert catalog.problems == ()
    assert catalog.subjects["person"].elements == ("person_name", "level")
    assert read_subjects(project(tmp_path / "again", subject())) == catalog.subjects


def test_no_subjects_at_all(tmp_path):
    made = project(tmp_path)
    made.subjects.rmdir()
    assert read_catalog(made).problems == ()
    assert read_subjects(made) == {}


@pytest.mark.parametrize(
    ("told", "code", "place", "says"),
    [
        ({"elements": ("persn_name",)}, "E315", "5:5", "persn_name"),
        ({"key": "resident"}, "E315", "3:6", "resident"),
        ({"key": "note"}, "E316", "3:6", "note"),
        ({"elements": ("person_name", "note")}, "E317", "6:5", "note"),
        ({"elements": ("person_name", "firm_name")}, "E319", "6:5", FIRMS),
        ({"key": "level", "elements": ("level",)}, "E320", "5:5", "key"),
        ({"elements": ("level", "person_name", "level")}, "E320", "7:5", "elements[1]"),
    ],
)
def test_what_subjects_get_wrong(tmp_path, told, code, place, says):
    problems = read_catalog(project(tmp_path, subject(**told))).problems
    found = {problem.code: problem for problem in problems}
    assert str(found[code].location) == f"include/subjects/person.yaml:{place}"
    assert says in found[code].message


def test_the_nearest_element_is_named(tmp_path):
    (problem,) = read_catalog(project(tmp_path, subject(elements=("persn_name",)))).problems
    assert problem.nearest == "person_name"


def test_the_key_must_be_that_of_its_own_authority(tmp_path):
    problems = read_catalog(project(tmp_path, subject(key="person_name", elements=("level",)))).problems
    assert [(problem.code, problem.location.line) for problem in problems] == [("E319", 3), ("E319", 5)]


def test_an_authority_that_is_retired(tmp_path):
    problems = read_catalog(project(tmp_path, subject(elements=("person_name",)), status="retired")).problems
    assert [problem.code for problem in problems if problem.location.file.startswith("include/subjects")] == [
        "E318"
    ] * 2


def test_of_a_broken_authority_nothing_is_said(tmp_path):
    made = project(tmp_path, subject())
    people = made.specs / "public_security" / "people.yaml"
    people.write_text(people.read_text(encoding="utf-8").replace('mode: "replace"', 'mode: "wrong"'), encoding="utf-8")
    problems = read_catalog(made).problems
    assert [problem.code for problem in problems] == ["E113"]


@pytest.mark.parametrize(
    ("written", "code", "line"),
    [
        ("kind: Subject\ntitle: 人\nkeys: a\nelements: [x]\n", "E115", 3),
        ("kind: Subject\ntitle: 人\nkey: resident_id\n", "E118", 1),
        ("- a\n", "E119", 1),
        ("kind: [\n", "E104", 2),
    ],
)
def test_a_broken_subject_hides_only_itself(tmp_path, written, code, line):
    made = project(tmp_path, subject())
    (made.subjects / "other.yaml").write_text(written, encoding="utf-8")
    catalog = read_catalog(made)
    assert set(catalog.subjects) == {"person"}
    found = [problem for problem in catalog.problems if problem.code == code]
    assert [(problem.location.file, problem.location.line) for problem in found] == [
        ("include/subjects/other.yaml", line)
    ]


@pytest.mark.parametrize("name", ["public_security__people", "Person", "1a", "人"])
def test_a_file_name_that_cannot_name_a_view(tmp_path, name):
    catalog = read_catalog(project(tmp_path, subject(), name=name))
    assert [(problem.code, problem.facts["name"]) for problem in catalog.problems] == [("E321", name)]
    assert catalog.subjects == {}


def test_a_subject_in_the_wrong_place(tmp_path):
    made = project(tmp_path, subject())
    (made.subjects / "old").mkdir()
    (made.subjects / "old" / "person.yaml").write_text(subject(), encoding="utf-8")
    assert [problem.code for problem in read_catalog(made).problems] == ["E135"]


def test_settings(tmp_path):
    made = project(tmp_path)
    assert read_one_source(made) == read_catalog(made).one_source == OneSource()
    made.one_source.write_text("kind: OneSource\nanswer_within: 5\nmemory: 2GB\n", encoding="utf-8")
    assert read_one_source(made) == read_catalog(made).one_source == OneSource(answer_within=5, memory="2GB")


@pytest.mark.parametrize(
    ("written", "code"),
    [("answer_within: 0\n", "E137"), ("listed: many\n", "E123"), ("memory: 2 GB\n", "E122"), ("listd: 3\n", "E115")],
)
def test_wrong_settings(tmp_path, written, code):
    made = project(tmp_path)
    made.one_source.write_text(written, encoding="utf-8")
    catalog = read_catalog(made)
    assert [(problem.code, problem.location.file) for problem in catalog.problems] == [
        (code, "include/one_source.yaml")
    ]
    assert catalog.one_source == OneSource()
    with pytest.raises(CatalogError) as caught:
        read_one_source(made)
    assert caught.value.problem.code == code
