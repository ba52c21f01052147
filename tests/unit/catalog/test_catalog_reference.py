"""What is generated is in step with the models, and the project's own catalog is clean in every reader's eyes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from building import make_project
from shuyuan.catalog import read_catalog
from shuyuan.catalog.reading import read_document
from shuyuan.catalog.reference import all_keys, entry_page, generated_files, key_node, problems_page
from shuyuan.catalog.schema import schema_of
from shuyuan.entry import Entry
from shuyuan.language import sentences
from shuyuan.project import Project

ROOT = Path(__file__).parents[3]
PROJECT = Project(ROOT)
SPECS = sorted(PROJECT.specs.rglob("*.yaml"))


@pytest.mark.parametrize("path", generated_files(PROJECT), ids=lambda path: path.name)
def test_generated_files_are_in_step(path):
    assert path.read_text(encoding="utf-8") == generated_files(PROJECT)[path], "run: shuyuan schema"


def test_pages_only_where_docs_are_kept(tmp_path):
    assert {path.name for path in generated_files(make_project(tmp_path))} == {
        "assessment.schema.json",
        "check.schema.json",
        "check-users.schema.json",
        "catalog-entry.schema.json",
        "demand.schema.json",
        "department.schema.json",
        "elements.schema.json",
        "notices.schema.json",
        "one-source.schema.json",
        "subject.schema.json",
    }


def test_every_key_can_be_explained():
    for key in all_keys():
        node, _ = key_node(key)
        assert node.get("title"), key
    assert key_node("source.sftp")[0]["title"] == "前置机文件"
    assert key_node("update.cycle")[1]
    assert key_node("fields[3].name")[1]
    assert key_node("department.credit_code")[1]
    assert key_node("nothing") is None


def test_pages_name_everything():
    page = entry_page()
    for name in schema_of(Entry)["properties"]:
        assert f"`{name}`" in page
    problems = problems_page()
    for code in sentences():
        if code[0] in "EDP" and code[1:].isdigit():
            assert f"| {code} |" in problems
    assert "{{" not in page + problems


def test_the_catalog_is_clean():
    catalog = read_catalog(PROJECT)
    assert [str(problem) for problem in catalog.problems] == []
    assert len(catalog.resources) == len(catalog.drafts) >= 5


@pytest.mark.parametrize("path", SPECS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_other_yaml_readers_see_the_same_tree(path):
    text = path.read_text(encoding="utf-8")
    ours = read_document(path, path.name).value

    def same(mine, theirs):
        if isinstance(mine, dict):
            assert list(mine) == list(theirs)
            for key in mine:
                same(mine[key], theirs[key])
        elif isinstance(mine, list):
            assert len(mine) == len(theirs)
            for one, other in zip(mine, theirs, strict=True):
                same(one, other)
        elif type(mine) is str:
            assert mine == theirs
        else:
            assert not isinstance(theirs, dict | list)

    same(ours, yaml.load(text, Loader=yaml.CSafeLoader))
    same(ours, YAML(typ="safe").load(text))


@pytest.mark.parametrize("path", [path for path in SPECS if not path.name.startswith("_")], ids=lambda path: path.stem)
def test_editors_check_each_entry(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../catalog-entry.schema.json"
    assert (path.parent / first.partition("=")[2]).resolve() == ROOT / "include" / "catalog-entry.schema.json"


def test_entries_fit_the_schema_once_resolved():
    schema = json.loads((ROOT / "include" / "catalog-entry.schema.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator({**schema, "required": []})
    for draft in read_catalog(PROJECT).drafts:
        told = yaml.load(draft.path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        errors = [error for error in validator.iter_errors(told) if error.validator in ("additionalProperties", "enum")]
        assert errors == []
