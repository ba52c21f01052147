"""The planted defects, counted again by a reader and rules of these tests' own."""

from __future__ import annotations

import re

import pytest
from demonstration_places import DAY, ROOT
from naive_checks import count_rejections, read_records

from shuyuan.demonstration import ENTRIES, deliver, expected_rejections, expected_totals

GENERATED = [entry_id for entry_id in ENTRIES if entry_id != "civil_affairs.divisions"]


def entry_of(catalog, entry_id):
    return next(resource.entry for resource in catalog.resources if resource.entry.id == entry_id)


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_every_rule_rejects_exactly_what_was_planted(entry_id, catalog, delivered):
    entry = entry_of(catalog, entry_id)
    records = read_records(delivered[entry_id], entry)
    assert len(records) - 1 == delivered[entry_id].totals.delivered
    assert count_rejections(records, entry, ROOT / "include/code_tables", DAY) == delivered[entry_id].rejections


@pytest.mark.parametrize("entry_id", GENERATED)
@pytest.mark.parametrize(("rows", "seed"), [(200, 7), (777, 1), (3001, 20260101)])
def test_other_sizes_and_seeds_keep_the_promise(entry_id, rows, seed, catalog, tmp_path):
    entry = entry_of(catalog, entry_id)
    (handover,) = deliver(tmp_path, DAY, rows, seed, [entry_id])
    records = read_records(handover, entry)
    assert len(records) - 1 == rows
    assert count_rejections(records, entry, ROOT / "include/code_tables", DAY) == expected_rejections(
        entry_id, rows, seed
    )


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_totals_add_up(entry_id):
    totals = expected_totals(entry_id)
    assert totals.delivered == totals.accepted + totals.rejected
    assert totals.rejected == sum(expected_rejections(entry_id).values())


@pytest.mark.parametrize("entry_id", GENERATED)
def test_no_identifier_belongs_to_anybody(entry_id, catalog, delivered):
    """Eighteen characters that look like a resident ID or credit code lie in the unassigned region, and so on."""
    text = "\n".join(
        cell for record in read_records(delivered[entry_id], entry_of(catalog, entry_id)) for cell in record
    )
    ids = re.findall(r"\b[1-9][0-9]{16}[0-9X]\b", text)
    assert {one[:6] for one in ids if not one.startswith("9")} <= {"159901"}
    assert all(one[2:8] == "159901" for one in re.findall(r"\b9[123][0-9]{6}MA[0-9A-Z]{8}\b", text))
    assert {one[:3] for one in re.findall(r"\b1[3-9][0-9]{9}\b", text)} <= {"142"}
    assert all(one.startswith("蒙Z") for one in re.findall(r"蒙[A-Z][A-Z0-9]{5}", text))


def test_rows_outside_the_limits_are_refused(tmp_path):
    with pytest.raises(ValueError, match="rows"):
        deliver(tmp_path, DAY, 199)
    with pytest.raises(ValueError, match="rows"):
        deliver(tmp_path, DAY, 1_000_001)
    with pytest.raises(ValueError, match="2020"):
        deliver(tmp_path, DAY.replace(year=2019))
