"""What the linter says of copies that cannot find their source, at which place."""

from __future__ import annotations

import pytest

from building import entry_text, make_project, yaml_of
from shuyuan.catalog import read_catalog

PEOPLE, COPY = "public_security.people", "civil_affairs.aid"
ELEMENTS = {
    "resident_id": {"title": "公民身份号码", "source": PEOPLE},
    "person_name": {"title": "姓名", "source": PEOPLE},
    "note": {"title": "备注"},
}
OWN = [
    {"name": "id_no", "title": "身份号码", "element": "resident_id", "authoritative": True, "required": True},
    {"name": "full_name", "title": "姓名", "element": "person_name", "authoritative": True},
]
ID = {"name": "id_card_no", "title": "证件号码", "element": "resident_id", "required": True}
NAME = {"name": "person_name", "title": "姓名", "element": "person_name"}


def text(id, number, fields, key=None, **more):
    facts = {"id": id, "code": f"307010101/{number:06}", "title": f"资源{number}号", "fields": fields}
    load = {"key": [fields[0]["name"]] if key is None else key}
    return entry_text(**facts, source={"path": f"/out/{number}.csv"}, load=load, **more)


def lint(tmp_path, fields, *, people=None, elements=None, key=None):
    """The problems, each with the text that its place points at."""
    entries = {COPY: text(COPY, 1, fields, key), PEOPLE: text(PEOPLE, 2, OWN) if people is None else people}
    project = make_project(tmp_path, entries, elements=yaml_of({**ELEMENTS, **(elements or {})}))
    found = []
    for problem in read_catalog(project).problems:
        line = (project.root / problem.location.file).read_text().splitlines()[problem.location.line - 1]
        found.append((problem, line[problem.location.column - 1 :]))
    return found


def test_a_copy_with_its_key_is_fine(tmp_path):
    assert lint(tmp_path, [ID, NAME]) == []


@pytest.mark.parametrize(
    ("fields", "code", "points_at", "says"),
    [
        ([{"name": "no", "title": "编号", "required": True}, NAME], "E310", '"person_name"}', "resident_id"),
        (
            [ID, {**ID, "name": "spouse_id", "title": "配偶证件号码"}, NAME],
            "E311",
            '"person_name"}',
            "match_by",
        ),
        (
            [ID, {"name": "remark", "title": "备注", "element": "note"}, {**NAME, "match_by": ["remark"]}],
            "E312",
            '["remark"]}',
            "resident_id",
        ),
    ],
)
def test_no_way_to_match(tmp_path, fields, code, points_at, says):
    ((problem, there),) = lint(tmp_path, fields)
    assert (problem.code, there, problem.severity) == (code, points_at, "error")
    assert problem.location.file == "include/catalog_specs/civil_affairs/aid.yaml"
    assert says in f"{problem.message}{problem.next_step}"
    assert PEOPLE in problem.message


def test_the_candidates_are_named(tmp_path):
    ((problem, _),) = lint(tmp_path, [ID, {**ID, "name": "spouse_id", "title": "配偶"}, NAME])
    assert problem.allowed == ("id_card_no", "spouse_id")


@pytest.mark.parametrize("written", ["spous_id", ["spous_id"]])
def test_match_by_names_no_field(tmp_path, written):
    fields = [ID, {**ID, "name": "spouse_id", "title": "配偶"}, {**NAME, "match_by": written}]
    ((problem, there),) = lint(tmp_path, fields)
    assert (problem.code, problem.nearest) == ("E313", "spouse_id")
    assert there.startswith('"spous_id"')


def test_match_by_names_nothing_like_a_field(tmp_path):
    ((problem, _),) = lint(tmp_path, [ID, {**NAME, "match_by": ["zzz"]}])
    assert (problem.code, problem.nearest, problem.allowed) == ("E313", None, ("id_card_no",))


def test_a_source_whose_key_is_no_element(tmp_path):
    people = text(PEOPLE, 2, [{"name": "no", "title": "编号", "required": True}, *OWN])
    found = lint(tmp_path, [ID, NAME], people=people)
    assert [problem.code for problem, _ in found] == ["E309", "E309"]
    assert all(PEOPLE in problem.message for problem, _ in found)


def test_a_broken_key_of_the_source_is_told_once_and_at_the_source(tmp_path):
    found = lint(tmp_path, [ID, NAME], people=text(PEOPLE, 2, OWN, key=["nothing"]))
    assert [problem.code for problem, _ in found] == ["E206"]


def test_two_authorities_in_one_entry(tmp_path):
    people = text(PEOPLE, 2, [*OWN, {**OWN[1], "name": "former_name", "title": "曾用名"}])
    ((problem, there),) = lint(tmp_path, [ID, NAME], people=people)
    assert (problem.code, there) == ("E301", "true}")
    assert "people.yaml" in problem.message


@pytest.mark.parametrize(
    ("field", "points_at"),
    [
        ({"name": "x", "title": "甲", "copy": False}, "copy"),
        ({"name": "x", "title": "甲", "element": "note", "unknown": "reject"}, "unknown"),
        ({"name": "x", "title": "甲", "match_by": ["id_card_no"]}, "match_by"),
        ({**NAME, "copy": False, "match_by": ["id_card_no"]}, "match_by"),
    ],
)
def test_keys_that_speak_of_no_comparison(tmp_path, field, points_at):
    ((problem, there),) = lint(tmp_path, [ID, field])
    assert (problem.code, problem.severity) == ("E909", "warning")
    assert there.startswith(f"{points_at}:")


def test_a_definition_may_be_borrowed(tmp_path):
    assert lint(tmp_path, [ID, {**NAME, "copy": False}]) == []


def test_an_element_that_is_not_known_is_told_once(tmp_path):
    found = lint(tmp_path, [ID, {**NAME, "element": "person_nam", "match_by": ["id_card_no"]}])
    assert [problem.code for problem, _ in found] == ["E216"]


def circle(*borrowed):
    """Entries that are each keyed by the element that the next one is the source of."""
    elements = {f"key_{n}": {"title": f"键{n}", "source": f"d.entry_{n}"} for n in range(len(borrowed))}
    entries = {}
    for n, other in enumerate(borrowed):
        fields = [
            {"name": "k", "title": "主键", "element": f"key_{other}", "required": True, "authoritative": other == n},
            *([] if other == n else [{"name": "own", "title": "自产", "element": f"key_{n}", "authoritative": True}]),
        ]
        entries[f"d.entry_{n}"] = text(f"d.entry_{n}", n, fields)
    return entries, yaml_of(elements)


@pytest.mark.parametrize(
    ("borrowed", "circles"),
    [
        ((0, 0, 1), []),
        ((1, 0), ["d.entry_0 → d.entry_1 → d.entry_0"]),
        ((0, 2, 3, 1, 1), ["d.entry_1 → d.entry_2 → d.entry_3 → d.entry_1"]),
        ((1, 0, 3, 2), ["d.entry_0 → d.entry_1 → d.entry_0", "d.entry_2 → d.entry_3 → d.entry_2"]),
    ],
)
def test_nobody_owns_the_key(tmp_path, borrowed, circles):
    entries, elements = circle(*borrowed)
    problems = read_catalog(make_project(tmp_path, entries, elements=elements)).problems
    found = [problem for problem in problems if problem.code == "E314"]
    assert [problem.facts["circle"] for problem in found] == circles
    assert all(problem.location.file.endswith(f"{problem.facts['circle'][2:9]}.yaml") for problem in found)


def test_a_compound_key_that_leads_out_hides_no_circle(tmp_path):
    entries, elements = circle(2, 1, 0)
    fields = [
        {"name": "a", "title": "甲", "element": "key_1", "required": True},
        {"name": "b", "title": "乙", "element": "key_2", "required": True},
        {"name": "own", "title": "自产", "element": "key_0", "authoritative": True},
    ]
    entries["d.entry_0"] = text("d.entry_0", 0, fields, ["a", "b"])
    problems = read_catalog(make_project(tmp_path, entries, elements=elements)).problems
    assert [problem.facts["circle"] for problem in problems if problem.code == "E314"] == [
        "d.entry_0 → d.entry_2 → d.entry_0"
    ]
