"""Resident IDs: check character, birth date, sex, and the 15 digits of before 1999."""

from datetime import date

import pytest

from identifier_vectors import STANDARD_EXAMPLES
from shuyuan.identifiers import (
    RESIDENT_CHECKS,
    RESIDENT_WEIGHTS,
    birth_of,
    is_old_resident_id,
    is_resident_id,
    modern_resident_id,
    region_of,
    sex_of,
)


def with_check(seventeen: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, RESIDENT_WEIGHTS, strict=True))
    return seventeen + RESIDENT_CHECKS[total % 11]


@pytest.mark.parametrize("text", STANDARD_EXAMPLES)
def test_the_check_characters_of_the_standard_s_own_examples(text):
    assert with_check(text[:17]) == text


def test_a_birth_year_before_1900_is_refused_though_the_check_character_is_right():
    assert is_resident_id(STANDARD_EXAMPLES[0])
    assert not is_resident_id(STANDARD_EXAMPLES[1])


@pytest.mark.parametrize(
    ("birth", "real"),
    [
        ("19000228", True),
        ("19000229", False),
        ("20000229", True),
        ("19960229", True),
        ("20230229", False),
        ("20991231", True),
        ("21000101", False),
        ("18991231", False),
        ("19500431", False),
        ("19500430", True),
        ("19501301", False),
        ("19500100", False),
    ],
)
def test_the_birth_date_must_be_a_real_one(birth, real):
    assert is_resident_id(with_check(f"159901{birth}001")) is real
    assert (birth_of(f"159901{birth}0010") is not None) is real


def test_a_wrong_character_at_any_place_is_found():
    right = "159901195001010016"
    for place in range(18):
        for character in "0123456789X".replace(right[place], ""):
            assert not is_resident_id(right[:place] + character + right[place + 1 :])


def test_the_parts_of_an_id():
    assert birth_of("159901198906150041") == date(1989, 6, 15)
    assert (sex_of("159901198906150041"), sex_of("159901195001010016")) == ("2", "1")
    assert sex_of("11010519491231002X") == "2"
    assert region_of("159901198906150041", "resident_id") == "159901"


@pytest.mark.parametrize("text", ["", "159901", "15990119890615004x", "1５9901198906150041", "159901670401001"])
def test_other_texts_have_no_parts(text):
    assert birth_of(text) is None
    assert sex_of(text) is None


def test_the_old_form_is_known_as_old_and_is_not_valid_today():
    old = "159901670401001"
    assert is_old_resident_id(old)
    assert not is_resident_id(old)
    modern = modern_resident_id(old)
    assert modern == with_check("15990119670401001")
    assert is_resident_id(modern)
    assert not is_old_resident_id(modern)


@pytest.mark.parametrize(
    "text", ["159901671301001", "159901670431001", "15990167040100", "15990167040100X", "", "1５9901670401001"]
)
def test_other_texts_are_not_of_the_old_form(text):
    assert not is_old_resident_id(text)


@pytest.mark.parametrize("text", ["", "15990167040100X", "159901195001010016"])
def test_only_15_digits_become_18(text):
    with pytest.raises(ValueError, match="15 digits"):
        modern_resident_id(text)
