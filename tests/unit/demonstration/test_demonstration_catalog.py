"""The catalog that the demonstration delivers to: entries, departments, elements, code tables, the real divisions."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import numpy as np
import pytest
from demonstration_places import ROOT
from naive_checks import is_credit_code, is_resident_id, read_records

from shuyuan.demonstration import ENTRIES
from shuyuan.demonstration.chance import scatter
from shuyuan.demonstration.divisions import divisions
from shuyuan.demonstration.population import People

TABLES = sorted((ROOT / "include/code_tables").glob("*.csv"))


def test_the_catalog_has_no_problem(catalog):
    assert [str(problem.location) + problem.code for problem in catalog.problems] == []


def test_the_seven_entries_are_published_and_complete(catalog):
    entries = [resource.entry for resource in catalog.resources]
    assert {entry.id for entry in entries} == set(ENTRIES)
    for entry in entries:
        assert entry.status == "published"
        assert entry.legal_basis
        assert entry.owner.office
        assert entry.owner.steward
        assert entry.category
        assert entry.history
    assert Counter(entry.update.cycle for entry in entries) == {"daily": 5, "weekly": 1, "monthly": 1}


def test_first_lines_lead_editors_to_the_schema():
    for path in (ROOT / "include/catalog_specs").glob("*/*.yaml"):
        name = "department" if path.name == "_department.yaml" else "catalog-entry"
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../../{name}.schema.json"
    for path in (ROOT / "include/elements").glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../elements.schema.json"


def test_departments_have_valid_codes_of_the_unassigned_region(catalog):
    assert len(catalog.departments) == 5
    for department in catalog.departments.values():
        assert is_credit_code(department.credit_code)
        assert department.credit_code.startswith("11159901")


def test_each_element_has_exactly_one_authority(catalog):
    authorities = Counter(
        (field.element, resource.entry.id)
        for resource in catalog.resources
        for field in resource.entry.fields
        if field.authoritative
    )
    assert set(authorities.values()) == {1}
    assert set(authorities) == {(name, element.source) for name, element in catalog.elements.items()}


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_code_tables_are_clean(path):
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["code", "name"]
    codes = [row[0] for row in rows[1:]]
    assert len(codes) == len(set(codes))
    assert len({len(code) for code in codes}) == 1
    assert all(len(row) == 2 and row[1].strip() == row[1] != "" for row in rows)
    assert path.stem in (path.parent / "README.md").read_text(encoding="utf-8")


def test_the_divisions_are_the_published_ones(catalog, delivered):
    table = divisions()
    assert Counter(table.columns["JB"].tolist()) == {"1": 31, "2": 342, "3": 2978, "4": 41352}
    names = dict(zip(table.columns["QHDM"].tolist(), table.columns["MC"].tolist(), strict=True))
    assert names["150624"] == "鄂托克旗"
    assert names["150624200"] == "苏米图苏木"
    assert "159901" not in names
    parents = set(table.columns["SJDM"].tolist()) - {""}
    assert parents <= set(names)
    raw = delivered["civil_affairs.divisions"].data.read_bytes()
    assert "鄚".encode("gb18030").endswith(b"|")
    assert "湖㳇镇".encode("gb18030") in raw


def test_the_divisions_table_agrees_with_the_delivery(delivered, catalog):
    entry = next(resource.entry for resource in catalog.resources if resource.entry.id == "civil_affairs.divisions")
    records = read_records(delivered["civil_affairs.divisions"], entry)[1:]
    counties = {code.ljust(6, "0"): name for code, name, _, _ in records if len(code) <= 6}
    with (ROOT / "include/code_tables/divisions.csv").open(encoding="utf-8", newline="") as lines:
        codes = {row["code"]: row["name"] for row in csv.DictReader(lines)}
    assert codes.pop("159901")
    assert codes == counties


def test_people_are_valid_unique_and_plausible():
    people = People(5, date(2026, 1, 1), np.arange(40_000, dtype=np.int64))
    ids = people.resident_id.tolist()
    assert len(set(ids)) == 40_000
    assert all(is_resident_id(one) for one in ids)
    assert all(one[6:14] == born for one, born in zip(ids, people.birth_date.tolist(), strict=True))
    assert all(int(one[16]) % 2 == int(sex) % 2 for one, sex in zip(ids, people.sex.tolist(), strict=True))
    assert min(people.birth_date.tolist()) > "1940"
    assert max(people.birth_date.tolist()) < "2020"
    assert max(map(len, people.name.tolist())) <= 20


@pytest.mark.parametrize(("rows", "count"), [(1, 1), (200, 60), (2500, 2500), (6000, 86)])
def test_scattered_positions_are_different_and_inside(rows, count):
    positions = scatter(1, "test", rows, count).tolist()
    assert len(set(positions)) == count
    assert 0 <= min(positions) <= max(positions) < rows
    with pytest.raises(ValueError, match="do not fit"):
        scatter(1, "test", rows, rows + 1)
