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
from shuyuan.quality.code_tables import read_codes

TABLES = sorted((ROOT / "include/code_tables").glob("*.csv"))


def test_the_catalog_has_no_problem(catalog):
    assert [str(problem.location) + problem.code for problem in catalog.problems] == []


def test_the_ten_entries_are_published_and_complete(catalog):
    entries = [resource.entry for resource in catalog.resources]
    assert {entry.id for entry in entries} == set(ENTRIES)
    for entry in entries:
        assert entry.status == "published"
        assert entry.legal_basis
        assert entry.owner.office
        assert entry.owner.steward
        assert entry.category
        assert entry.history
    assert Counter(entry.update.cycle for entry in entries) == {"daily": 8, "weekly": 1, "monthly": 1}


def test_first_lines_lead_editors_to_the_schema():
    for path in (ROOT / "include/catalog_specs").glob("*/*.yaml"):
        name = "department" if path.name == "_department.yaml" else "catalog-entry"
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../../{name}.schema.json"
    others = {
        "elements/*.yaml": "../elements.schema.json",
        "subjects/*.yaml": "../subject.schema.json",
        "one_source.yaml": "one-source.schema.json",
    }
    for pattern, schema in others.items():
        found = list((ROOT / "include").glob(pattern))
        assert found
        for path in found:
            first = path.read_text(encoding="utf-8").splitlines()[0]
            assert first == f"# yaml-language-server: $schema={schema}"


def test_departments_have_valid_codes_of_the_unassigned_region(catalog):
    assert len(catalog.departments) == 7
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
    asked = {"party_role", "disability_certificate_number"}  # items of requests: nobody's data is right about them
    assert {name for name, element in catalog.elements.items() if element.source is None} == asked
    assert set(authorities) == {
        (name, element.source) for name, element in catalog.elements.items() if name not in asked
    }


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_code_tables_are_clean(path):
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["code", "name", "aliases", "valid_from", "valid_to"]
    assert all(len(row) == 5 and row[1].strip() == row[1] != "" for row in rows)
    codes = [row[0] for row in rows[1:]]
    assert codes == sorted(codes)
    assert len({(row[0], row[3]) for row in rows[1:]}) == len(codes)
    assert len({len(code) for code in codes}) == 1
    now = [row[0] for row in rows[1:] if not row[4]]
    assert len(now) == len(set(now))
    assert read_codes(path) == tuple(now)
    assert read_codes(path, ever=True) == tuple(dict.fromkeys(codes))
    aliases = [alias for row in rows[1:] if not row[4] for alias in row[2].split("|") if alias]
    assert all(alias.strip() == alias for alias in aliases)
    assert all(not begun or not ended or begun < ended for _, _, _, begun, ended in rows[1:])
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
        codes = {row["code"]: row["name"] for row in csv.DictReader(lines) if not row["valid_to"]}
    assert all(codes.pop(code) for code in ("159901", "710000", "810000", "820000", "830000"))
    assert codes == counties


def test_divisions_that_were_given_up_are_known_with_their_years():
    path = ROOT / "include/code_tables/divisions.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    given_up = {row["code"]: (row["name"], row["valid_to"]) for row in rows if row["valid_to"]}
    assert given_up["152725"] == ("鄂托克旗", "2001")
    assert given_up["152724"] == ("鄂托克前旗", "2001")
    assert given_up["152700"] == ("伊克昭盟", "2001")
    assert {row["code"]: row["valid_from"] for row in rows}["150624"] == "2001"
    assert "152725" not in read_codes(path)
    assert "152725" in read_codes(path, ever=True)
    assert len(given_up) > 3000


@pytest.mark.parametrize(
    ("table", "code", "alias"),
    [
        ("ethnicity", "36", "毛难"),
        ("ethnicity", "46", "崩龙"),
        ("ethnicity", "15", "土家"),
        ("ethnicity", "31", "达翰尔"),
        ("ethnicity", "32", "么佬"),
        ("sex", "1", "男"),
        ("marital_status", "40", "离异"),
        ("family_relation", "61", "爷爷"),
    ],
)
def test_what_departments_write_instead_is_an_alias_of_one_code(table, code, alias):
    with (ROOT / f"include/code_tables/{table}.csv").open(encoding="utf-8", newline="") as lines:
        found = {row["code"] for row in csv.DictReader(lines) if alias in row["aliases"].split("|")}
    assert found == {code}


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
