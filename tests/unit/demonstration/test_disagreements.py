"""The planted disagreements: which copies there are, what differs, what is only spelled otherwise, exact counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple

import numpy as np
import pytest
from demonstration_places import DAY

from shuyuan.catalog.links import Copied, find_links
from shuyuan.demonstration import DEFAULT_ROWS, ENTRIES, deliver, expected_rejections
from shuyuan.demonstration.copies import ENTERPRISES, REGISTER, SLIPS
from shuyuan.demonstration.deliveries import build_table, rejected_rows
from shuyuan.demonstration.disagreements import expected_comparisons
from shuyuan.demonstration.population import Scope
from shuyuan.normal_forms import normalise

LINKS = {
    ("civil_affairs.cremations", REGISTER, "id_card_no"): ("person_name",),
    ("civil_affairs.low_income_households", "civil_affairs.divisions", "division_code"): (),
    ("civil_affairs.low_income_households", REGISTER, "id_card_no"): ("person_name", "address", "phone"),
    ("civil_affairs.marriages", REGISTER, "husband_id"): ("husband_name",),
    ("civil_affairs.marriages", REGISTER, "wife_id"): ("wife_name",),
    ("human_resources.social_insurance", REGISTER, "id_card_no"): ("person_name",),
    (ENTERPRISES, REGISTER, "legal_representative_id"): ("legal_representative",),
    ("natural_resources.real_estate_titles", REGISTER, "holder_id"): ("holder_name",),
    (REGISTER, "civil_affairs.divisions", "division_code"): (),
    ("taxation.taxpayers", ENTERPRISES, "credit_code"): (
        "enterprise_name",
        "legal_representative",
        "registration_status",
    ),
    ("taxation.taxpayers", REGISTER, "legal_representative_id"): (),
    ("traffic_police.vehicles", REGISTER, "owner_id"): ("owner_name",),
}
COPIES = tuple(SLIPS)


@pytest.fixture(scope="module")
def expected():
    return expected_comparisons(day=DAY)


def test_every_copy_has_its_way_to_the_source(catalog):
    entries = {resource.entry.id: resource.entry for resource in catalog.resources}
    found = {}
    for entry in entries.values():
        links, unmatched = find_links(entry, catalog.elements, entries.get)
        assert unmatched == ()
        for link in links:
            found[link.entry_id, link.source_id, link.key_name] = tuple(one.field for one in link.copied)
            assert link.unknown == "count"
    assert found == LINKS


def test_a_copy_is_held_against_the_field_that_is_right(catalog):
    entries = {resource.entry.id: resource.entry for resource in catalog.resources}
    links, _ = find_links(entries["taxation.taxpayers"], catalog.elements, entries.get)
    copied = {one for link in links for one in link.copied}
    assert Copied("legal_representative", "responsible_person", "legal_representative") in copied


def test_the_catalog_has_what_counties_exchange(catalog):
    assert len(catalog.elements) >= 60
    for name, element in catalog.elements.items():
        assert element.meaning, name
        assert element.level
    assert all(element.standard for element in catalog.elements.values() if element.type == "date")


def test_subjects_take_what_is_kept_by_their_key(catalog):
    entries = {resource.entry.id: resource.entry for resource in catalog.resources}
    assert set(catalog.subjects) == {"person", "enterprise", "property"}
    for subject in catalog.subjects.values():
        assert len(set(subject.elements)) == len(subject.elements) > 5
        for name in subject.elements:
            source = entries[catalog.elements[name].source]
            assert [source.field(key).element for key in source.load.key] == [subject.key]


def test_there_is_one_expected_line_a_key_and_a_copied_field(expected):
    wanted = {(entry_id, field) for (entry_id, _, key), fields in LINKS.items() for field in (key, *fields)}
    assert set(expected) == wanted


def test_the_default_numbers_are_these(expected):
    """Copy rows, matched, agreeing, differing, blank here, blank there, only here, only there, source duplicates."""
    assert astuple(expected["civil_affairs.low_income_households", "phone"]) == (
        2958, 2921, 2202, 35, 117, 531, 0, 0, 0,
    )  # fmt: skip
    assert astuple(expected["civil_affairs.low_income_households", "id_card_no"]) == (
        2958, 2921, 0, 0, 0, 0, 37, 16899, 0,
    )  # fmt: skip
    assert astuple(expected["taxation.taxpayers", "registration_status"]) == (1485, 1437, 1407, 30, 0, 0, 0, 0, 0)
    differing = {key: one.differing for key, one in expected.items() if one.differing}
    assert differing == {
        ("civil_affairs.cremations", "person_name"): 6,
        ("civil_affairs.low_income_households", "person_name"): 18,
        ("civil_affairs.low_income_households", "address"): 36,
        ("civil_affairs.low_income_households", "phone"): 35,
        ("civil_affairs.marriages", "husband_name"): 16,
        ("civil_affairs.marriages", "wife_name"): 20,
        ("human_resources.social_insurance", "person_name"): 20,
        (ENTERPRISES, "legal_representative"): 13,
        ("natural_resources.real_estate_titles", "holder_name"): 27,
        ("taxation.taxpayers", "enterprise_name"): 13,
        ("taxation.taxpayers", "legal_representative"): 9,
        ("taxation.taxpayers", "registration_status"): 30,
        ("traffic_police.vehicles", "owner_name"): 17,
    }


def test_the_numbers_hang_together(expected):
    for (entry_id, field), one in expected.items():
        parts = one.agreeing + one.differing + one.blank_here + one.blank_there
        assert parts <= one.matched <= one.copy_rows
        assert one.matched + one.only_here <= one.copy_rows
        assert one.copy_rows == DEFAULT_ROWS[entry_id] - sum(expected_rejections(entry_id).values())
        assert min(astuple(one)) >= 0
        if field in {key for _, _, key in LINKS}:
            assert parts == 0
        elif field != "phone":
            assert parts == one.matched


def test_some_keys_are_unknown_to_every_source_of_people(expected):
    for (entry_id, source, key), _ in LINKS.items():
        unknown = expected[entry_id, key].only_here
        assert unknown == 0 if source == "civil_affairs.divisions" else unknown > 0


@pytest.mark.parametrize(("rows", "seed"), [(200, 7), (777, 20260101)])
def test_small_deliveries_have_disagreements_too(rows, seed):
    found = expected_comparisons(rows, seed, DAY)
    assert set(found) == set(expected_comparisons(rows, seed, DAY, corrected=True))
    assert sum(one.differing for one in found.values()) >= 8
    assert all(one.matched > 0 for one in found.values())


def test_a_corrected_delivery_differs_nowhere_and_in_nothing_else(expected):
    corrected = expected_comparisons(day=DAY, corrected=True)
    for key, one in expected.items():
        assert corrected[key].differing == 0
        assert corrected[key].agreeing == one.agreeing + one.differing
        assert corrected[key].only_here == one.only_here
        assert corrected[key].copy_rows == one.copy_rows


@pytest.mark.parametrize("entry_id", COPIES)
def test_correcting_changes_as_many_cells_as_were_planted(entry_id, expected):
    before, after = (build_table(entry_id, DAY, corrected=corrected) for corrected in (False, True))
    changed = Counter(
        column
        for column, cells in before.columns.items()
        for a, b in zip(cells, after.columns[column], strict=True)
        if a != b
    )
    planted = {slip.column: slip.cases(len(before)) for slip in SLIPS[entry_id] if slip.kind == "value"}
    assert changed == planted
    found = {key: one.differing for key, one in expected.items() if key[0] == entry_id}
    asked = found.pop((entry_id, "phone"), 0)
    assert asked <= changed.pop("LXDH", 0)  # some of these people have told the register no number
    assert sum(changed.values()) == sum(found.values())


@pytest.mark.parametrize("entry_id", COPIES)
def test_no_planted_row_carries_a_defect(entry_id):
    before, after = (build_table(entry_id, DAY, corrected=corrected) for corrected in (False, True))
    rejected = rejected_rows(entry_id)
    for column, cells in before.columns.items():
        changed = np.flatnonzero(cells != after.columns[column]).tolist()
        assert not rejected & set(changed)


@pytest.mark.parametrize(
    ("slip", "form"),
    [
        (slip, "text" if slip.column in ("ZZ", "NSRMC") else "name")
        for slips in SLIPS.values()
        for slip in slips
        if slip.kind == "spelling"
    ],
)
def test_spellings_are_the_same_value_and_differ_as_written(slip, form):
    written = {
        "name": ("张伟", "刘丽华", "乌云·其木格·巴雅尔", "杨东", "钟国强"),
        "text": ("示例旗乌兰镇第3社区12号", "示例旗恒丰商贸经营部"),
    }[form]
    for way in slip.ways:
        said = [way(text) for text in written]
        assert said != list(written)
        assert [normalise(text, form) for text in said] == [normalise(text, form) for text in written]


@pytest.mark.parametrize("entry_id", COPIES)
def test_values_differ_by_the_normal_form_too(entry_id):
    before, after = (build_table(entry_id, DAY, corrected=corrected) for corrected in (False, True))
    for column, cells in before.columns.items():
        for said, right in zip(cells, after.columns[column], strict=True):
            if said != right:
                assert normalise(said, "name") != normalise(right, "name")


def test_spellings_of_every_kind_are_delivered(delivered):
    names = build_table("natural_resources.real_estate_titles", DAY).columns["QLRMC"].tolist()
    assert any("•" in name for name in names)
    assert any("\u3000" in name for name in names)
    addresses = build_table("civil_affairs.low_income_households", DAY).columns["ZZ"].tolist()
    assert any("３" in address for address in addresses)
    raw = delivered["civil_affairs.low_income_households"].data.read_bytes().decode("gb18030")
    assert "３" in raw


def test_corrected_deliveries_are_stable_and_keep_their_defects(tmp_path):
    first, again = (
        {one.entry_id: one for one in deliver(tmp_path / place, DAY, 500, 3, corrected=True)} for place in ("a", "b")
    )
    plain = {one.entry_id: one for one in deliver(tmp_path / "c", DAY, 500, 3)}
    for entry_id in ENTRIES:
        assert first[entry_id].data.read_bytes() == again[entry_id].data.read_bytes()
        assert first[entry_id].rejections == plain[entry_id].rejections
        same = first[entry_id].data.read_bytes() == plain[entry_id].data.read_bytes()
        assert same is (entry_id not in SLIPS)


@pytest.mark.parametrize("residents", [200, 777, 778, 779, 20_000])
def test_different_seats_are_all_seats_adults_first(residents):
    scope = Scope(10, 1, DAY, residents, 100)
    seats = scope.different_seats("test").tolist()
    assert sorted(seats) == list(range(residents))
    adults = sum(seat % 4 < 2 for seat in range(residents))
    assert all(seat % 4 < 2 for seat in seats[:adults])


def test_the_cremated_stay_in_their_rows_until_newer_ones_take_them():
    today, later = (
        build_table("civil_affairs.cremations", day).columns["HHZH"].tolist() for day in (DAY, DAY.replace(day=25))
    )
    assert sum(a != b for a, b in zip(today, later, strict=True)) == 5
