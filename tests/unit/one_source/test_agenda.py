"""What there is to compare, and how the values of a difference are shown."""

import json

import pytest

from counties import ALLOWANCES, ELEMENTS, RESIDENTS, allowances_text, make_county, residents_text
from shuyuan.catalog import read_catalog
from shuyuan.entry import OneSource
from shuyuan.one_source.agenda import copies_of, read_agenda
from shuyuan.one_source.discrepancies import Listing


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_county(tmp_path, monkeypatch)


def agenda(county):
    return read_agenda(read_catalog(county.project))


def only_task(county):
    (task,) = agenda(county).tasks
    return task


def change_element(county, **changes):
    made = ELEMENTS["person_name"] | changes
    path = county.project.elements / "all.yaml"
    lines = path.read_text(encoding="utf-8").split("person_name:")[0]
    rest = path.read_text(encoding="utf-8").partition("birth_date:")[2]
    body = "".join(f"  {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in made.items())
    path.write_text(f"{lines}person_name:\n{body}birth_date:{rest}", encoding="utf-8")


def test_one_link_with_its_lines(county):
    task = only_task(county)
    assert copies_of(task.link) == [(ALLOWANCES, field, RESIDENTS) for field in ("id_no", "name", "birthday")]
    assert task.usable


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_entries_that_do_not_run_hold_no_copies(county, status):
    county.write(ALLOWANCES, allowances_text(status=status))
    assert agenda(county).tasks == ()


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_source_that_does_not_run_keeps_its_links(county, status):
    county.write(RESIDENTS, residents_text(status=status))
    assert not only_task(county).usable


@pytest.mark.parametrize(
    ("changes", "mask"),
    [
        ({}, "keep(1,0)"),
        ({"mask": "none", "level": "L3"}, "hide"),
        ({"mask": "none", "level": "L4"}, "hide"),
        ({"mask": "none", "level": "L2"}, "none"),
    ],
)
def test_a_high_level_is_masked_even_where_nobody_names_a_mask(county, changes, mask):
    change_element(county, **changes)
    assert only_task(county).value_mask("name") == mask


def test_a_sensitive_field_is_masked_too(county):
    change_element(county, mask="none", level="L1")
    text = allowances_text().replace('element: "person_name"', 'element: "person_name", sensitive: true, mask: "hide"')
    county.write(ALLOWANCES, text)
    assert only_task(county).value_mask("name") == "hide"


def test_the_digest_is_about_what_decides_the_result(county):
    first = only_task(county).digest(OneSource())
    assert only_task(county).digest(OneSource()) == first
    assert only_task(county).digest(OneSource(answer_within=3, memory="1GB")) == first
    assert only_task(county).digest(OneSource(listed=3)) != first
    change_element(county, normal_form="exact")
    assert only_task(county).digest(OneSource()) != first


@pytest.mark.parametrize(
    ("key", "shown"),
    [("12345\x1fabc", "1***5+***"), ("12345\x1fabc\x1fd", "***"), (None, None)],
)
def test_each_part_of_a_key_has_its_mask(key, shown):
    assert Listing("a.b", "k+l", "e+f", "unknown", "c.d", ("keep(1,1)", "hide")).show(key) == shown
