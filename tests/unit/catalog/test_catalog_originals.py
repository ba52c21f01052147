"""``normalise: true``: the field in its normal form and the original beside it."""

from __future__ import annotations

import pytest

from building import ENTRY, ENTRY_ID, entry_text, make_project
from shuyuan.catalog import load_resource, read_catalog
from shuyuan.catalog.originals import delivered_fields, forms_of, keep_originals
from shuyuan.entry import Entry

ELEMENTS = """\
person_name: {title: 姓名, length: 20, mask: "keep(1,0)", normal_form: name}
plain: {title: 备注}
born: {title: 出生日期, type: date}
"""
NAME = {"name": "person_name", "from": "XM", "title": "姓名", "element": "person_name", "sensitive": True}


def entry(**changes):
    return entry_text(fields=[ENTRY["fields"][0], {**NAME, "normalise": True, **changes}, *ENTRY["fields"][2:]])


def found(tmp_path, text):
    problems = read_catalog(make_project(tmp_path, {ENTRY_ID: text}, elements=ELEMENTS)).problems
    return [(one.code, one.location.line, one.location.column) for one in problems]


def test_the_original_stands_after_all_fields(tmp_path):
    resource = load_resource(make_project(tmp_path, {ENTRY_ID: entry()}, elements=ELEMENTS), ENTRY_ID)
    names = [field.name for field in resource.entry.fields]
    assert names == ["id_card_no", "person_name", "monthly_amount", "approved_on", "person_name_raw"]
    own, original = resource.entry.field("person_name"), resource.entry.field("person_name_raw")
    assert (original.source_name, original.title, original.type) == ("XM", "姓名（原样）", "string")
    assert (original.mask, original.sensitive) == (own.mask, own.sensitive) == ("keep(1,0)", True)
    assert (original.element, original.length, original.required) == (None, None, False)
    assert forms_of(resource.entry, resource.elements) == {"person_name": "name"}
    assert [field.name for field in delivered_fields(resource.entry)] == names[:-1]


def test_an_entry_that_does_not_ask_stays_as_it_is():
    plain = Entry.model_validate(ENTRY)
    assert keep_originals(plain) is plain
    assert delivered_fields(plain) is plain.fields


def test_the_original_has_the_column_name_where_from_is_left_out():
    told = {**ENTRY, "fields": [ENTRY["fields"][0], {"name": "a", "title": "甲", "normalise": True}]}
    assert keep_originals(Entry.model_validate(told)).field("a_raw").source_name == "a"


def test_another_normal_form_is_another_digest(tmp_path):
    digests = set()
    for number, form in enumerate(("name", "text")):
        elements = ELEMENTS.replace("normal_form: name", f"normal_form: {form}")
        project = make_project(tmp_path / str(number), {ENTRY_ID: entry()}, elements=elements)
        digests.add(load_resource(project, ENTRY_ID).digest)
    assert len(digests) == 2


def test_the_title_is_the_same_in_every_language(tmp_path, monkeypatch):
    project = make_project(tmp_path, {ENTRY_ID: entry()}, elements=ELEMENTS)
    chinese = load_resource(project, ENTRY_ID).digest
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    assert load_resource(project, ENTRY_ID).digest == chinese


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"element": "plain"}, "E237"),
        ({"element": None}, "E237"),
        ({"element": "born"}, "E238"),
        ({"name": "x" * 60}, "E239"),
        ({"element": "nothing"}, "E216"),
    ],
)
def test_where_it_cannot_be(tmp_path, changes, code):
    changes = {key: value for key, value in changes.items() if value is not None}
    field = {**NAME, "normalise": True, **changes}
    if code == "E237" and not changes:
        field.pop("element")
    text = entry_text(fields=[ENTRY["fields"][0], field, *ENTRY["fields"][2:]])
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "normalise" in one)
    assert [one[:2] for one in found(tmp_path, text) if one[0] != "E908"] == [(code, line)]


def test_the_name_of_the_original_is_taken(tmp_path):
    taken = {"name": "person_name_raw", "from": "XM2", "title": "曾用名"}
    text = entry_text(fields=[ENTRY["fields"][0], {**NAME, "normalise": True}, taken])
    assert [one[0] for one in found(tmp_path, text)] == ["E239"]


def test_a_normal_form_is_for_text(tmp_path):
    elements = "born:\n  title: 出生日期\n  type: date\n  normal_form: text\n"
    (problem,) = read_catalog(make_project(tmp_path, elements=elements)).problems
    assert (problem.code, str(problem.location)) == ("E246", "include/elements/all.yaml:4:16")
