"""One entry with everything it needs: cascade, elements, digest, and work that does not grow."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from building import ENTRY, ENTRY_ID, changed, department_text, entry_text, make_project, yaml_of
from shuyuan.catalog import CatalogError, dictionary, load_resource, read_catalog
from shuyuan.catalog.cascading import cascade

ELEMENTS = yaml_of(
    {
        "resident_id": {
            "title": "公民身份号码",
            "standard": "GB 11643—1999",
            "length": 18,
            "check": "resident_id",
            "mask": "keep(3,4)",
            "level": "L3",
        },
        "sex": {"title": "性别", "codes": "sex"},
        "birth": {"title": "出生日期", "type": "date"},
    }
)
SEX = "code,name\n1,男\n2,女\n"


def with_fields(*fields, **changes):
    return entry_text(
        fields=[{"name": "id_card_no", "title": "身份证件号码", "required": True, **fields[0]}, *fields[1:]], **changes
    )


def test_a_valid_entry(tmp_path):
    resource = load_resource(make_project(tmp_path), ENTRY_ID)
    assert resource.entry.id == ENTRY_ID
    assert resource.entry.fields[0].source_name == "SFZH"
    assert resource.department.title == "鄂托克旗民政局"
    assert re.fullmatch(r"[0-9a-f]{64}", resource.digest)
    assert resource.path.is_file()
    assert resource.code_table_path("sex").name == "sex.csv"


def test_cascade_merges_key_by_key_and_replaces_lists():
    below = {"update": {"grace": "2h", "wait": "12h"}, "keywords": ["a", "b"], "level": "L2"}
    above = {"update": {"grace": "1h"}, "keywords": ["c"]}
    assert cascade(below, above) == {"update": {"grace": "1h", "wait": "12h"}, "keywords": ["c"], "level": "L2"}
    assert below["update"] == {"grace": "2h", "wait": "12h"}


def test_another_type_drops_the_defaults_of_the_first():
    below = {"source": {"type": "sftp", "connection": "a", "format": {"type": "csv", "quote": ""}}}
    assert cascade(below, {"source": {"type": "database", "table": "t"}}) == {
        "source": {"type": "database", "table": "t"}
    }
    assert cascade(below, {"source": {"format": {"type": "excel"}}})["source"]["format"] == {"type": "excel"}
    assert cascade(below, {"source": {"path": "/x"}})["source"]["connection"] == "a"


def test_defaults_then_department_then_entry(tmp_path):
    project = make_project(
        tmp_path,
        {ENTRY_ID: entry_text(update={"due": "07:00"})},
        defaults='level: L1\nupdate: {due: "06:00", grace: 1h, wait: 9h}\n',
        departments={"civil_affairs": department_text(defaults={"level": "L3", "update": {"grace": "3h"}})},
    )
    entry = load_resource(project, ENTRY_ID).entry
    assert entry.level == "L3"
    assert entry.update.due == "07:00"
    assert (entry.update.grace.total_seconds(), entry.update.wait.total_seconds()) == (3 * 3600, 9 * 3600)


def test_an_empty_element_file_stops_no_entry(tmp_path):
    project = make_project(tmp_path, {ENTRY_ID: with_fields({"element": "resident_id"})}, elements=ELEMENTS)
    (project.elements / "a.yaml").write_text("", encoding="utf-8")
    assert set(load_resource(project, ENTRY_ID).elements) == {"resident_id"}


def test_elements_fill_unset_keys(tmp_path):
    text = with_fields(
        {"element": "resident_id", "length": 17},
        {"name": "sex", "title": "性别", "element": "sex"},
        {"name": "born", "title": "出生", "element": "birth", "format": "%Y%m%d"},
        {"name": "note", "title": "备注"},
    )
    project = make_project(tmp_path, {ENTRY_ID: text}, elements=ELEMENTS, code_tables={"sex": SEX})
    resource = load_resource(project, ENTRY_ID)
    first, sex, born, note = resource.entry.fields
    assert (first.type, first.length, first.check, first.mask, first.standard) == (
        "string",
        17,
        "resident_id",
        "keep(3,4)",
        "GB 11643—1999",
    )
    assert (sex.codes, sex.type) == ("sex", "string")
    assert (born.type, note.type) == ("date", "string")
    assert set(resource.elements) == {"resident_id", "sex", "birth"}


def digest(tmp_path, name, text, **others):
    return load_resource(make_project(tmp_path / name, {ENTRY_ID: text}, **others), ENTRY_ID).digest


def test_digest_is_of_the_effective_spec(tmp_path):
    same = digest(tmp_path, "a", entry_text())
    turned = yaml_of(dict(reversed(list(changed(ENTRY, {}).items()))))
    assert digest(tmp_path, "b", turned) == same
    assert digest(tmp_path, "c", "# 注释\n" + entry_text()) == same
    assert digest(tmp_path, "d", entry_text(update={"grace": "2h"})) == same
    assert digest(tmp_path, "e", entry_text(), defaults="level: L2\n") == same
    assert digest(tmp_path, "f", entry_text(), defaults="level: L3\n") != same
    assert digest(tmp_path, "g", entry_text(title="另一个名称")) != same


def test_digest_covers_code_tables_and_suites(tmp_path):
    text = with_fields({"codes": "sex"}, quality={"suites": ["basic"]})
    suite = {"name": "basic", "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {}}]}
    first = digest(tmp_path, "a", text, code_tables={"sex": SEX}, suites={"basic": suite})
    assert digest(tmp_path, "b", text, code_tables={"sex": SEX, "other": SEX}, suites={"basic": suite}) == first
    assert digest(tmp_path, "c", text, code_tables={"sex": SEX + "9,未说明\n"}, suites={"basic": suite}) != first
    assert digest(tmp_path, "d", text, code_tables={"sex": SEX}, suites={"basic": {**suite, "name": "x"}}) != first


def test_digest_covers_the_table_of_a_rule(tmp_path):
    rule = {"rule": "known_region", "field": "id_card_no", "codes": "regions"}
    text = with_fields({"check": "resident_id", "type": "string"}, quality={"rules": [rule]})
    first = digest(tmp_path, "a", text, code_tables={"regions": "code,name\n159901,示例旗\n"})
    assert digest(tmp_path, "b", text, code_tables={"regions": "code,name\n159902,示例旗\n"}) != first


@pytest.mark.parametrize(
    "entry_id", ["civil_affairs.none", "none.x", "x", "", "../x.y", "civil_affairs./etc/passwd", "A.b"]
)
def test_an_unknown_entry(tmp_path, entry_id):
    with pytest.raises(CatalogError) as caught:
        load_resource(make_project(tmp_path), entry_id)
    assert caught.value.problem.code == "E100"


def test_a_missing_department_is_told_once_and_stops_its_entries(tmp_path):
    project = make_project(
        tmp_path, {"a.x": entry_text(id="a.x"), "a.y": entry_text(id="a.y", title="另一项", code="100000/000001")}
    )
    (project.specs / "a" / "_department.yaml").unlink()
    catalog = read_catalog(project)
    assert [one.code for one in catalog.problems if one.severity == "error"] == ["E219"]
    assert catalog.resources == ()


def test_a_broken_department_stops_its_entries(tmp_path):
    project = make_project(tmp_path, departments={"civil_affairs": department_text(credit_code="11150624MA0N00016F")})
    with pytest.raises(CatalogError) as caught:
        load_resource(project, ENTRY_ID)
    assert [one.code for one in caught.value.problems] == ["E233"]
    assert caught.value.problem.location.line == 3


def test_the_error_travels_between_processes(tmp_path):
    project = make_project(tmp_path, {ENTRY_ID: entry_text(level="L9", update={"cycle": "x"})})
    with pytest.raises(CatalogError) as caught:
        load_resource(project, ENTRY_ID)
    caught.value.state = "共享库不变"
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems
    assert str(again) == str(caught.value)
    assert "共享库不变" in str(again)


def test_a_task_reads_only_its_own_files(tmp_path, monkeypatch):
    entries = {
        f"dept_{n}.entry": entry_text(id=f"dept_{n}.entry", title=f"资源{n}号", code=f"100000/{n:06}")
        for n in range(30)
    }
    elements = ELEMENTS + "".join(f"element_{n}: {{title: x}}\n" for n in range(500))
    text = with_fields({"element": "resident_id"})
    project = make_project(tmp_path, {**entries, ENTRY_ID: text}, elements=elements, code_tables={"sex": SEX})
    opened, parsed = [], []
    real_open = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *args, **kwargs: (opened.append(self), real_open(self, *args, **kwargs))[1]
    )
    real_parse = dictionary.parse_document
    monkeypatch.setattr(
        "shuyuan.catalog.dictionary.parse_document",
        lambda content, file: (parsed.append(len(content)), real_parse(content, file))[1],
    )
    load_resource(project, ENTRY_ID)
    names = {path.relative_to(project.root).as_posix() for path in opened if path.is_relative_to(project.root)}
    assert names == {
        "include/catalog_specs/civil_affairs/low_income_households.yaml",
        "include/catalog_specs/civil_affairs/_department.yaml",
        "include/elements/all.yaml",
    }
    assert len(parsed) == 1
    assert parsed[0] < 300


def test_one_bad_of_a_hundred_hides_only_itself(tmp_path):
    entries = {
        f"a.entry_{n}": entry_text(
            id=f"a.entry_{n}", title=f"资源{n}号", code=f"100000/{n:06}", source={"path": f"/out/{n}.csv"}
        )
        for n in range(100)
    }
    entries["a.entry_50"] = "kind: [\n"
    catalog = read_catalog(make_project(tmp_path, entries))
    assert len(catalog.resources) == 99
    assert {one.location.file for one in catalog.problems} == {"include/catalog_specs/a/entry_50.yaml"}


def test_problems_between_entries_leave_both_usable(tmp_path):
    other = "civil_affairs.other"
    project = make_project(tmp_path, {ENTRY_ID: entry_text(), other: entry_text(id=other, source={"path": "/o.csv"})})
    catalog = read_catalog(project)
    assert {one.code for one in catalog.problems} == {"E302", "E303"}
    assert len(catalog.resources) == 2
