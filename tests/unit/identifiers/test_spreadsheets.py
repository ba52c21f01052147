"""Damage by spreadsheet programs."""

from datetime import date

import pytest

from shuyuan.identifiers import (
    date_of_serial,
    find_damaged,
    has_lost_zeros,
    is_above_chance,
    is_scientific,
    is_zeroed,
)
from shuyuan.identifiers.spreadsheets import harmless, plain_again


@pytest.mark.parametrize("text", ["1.59901E+17", "1.59901e+17", "1E17", "1.E+17", "-1.5E-3", "+2E5", "159901195001E6"])
def test_scientific_notation_is_seen(text):
    assert is_scientific(text)


@pytest.mark.parametrize(
    "text", ["", "E", "1E", "E17", "1.5", "蒙E12345", "1.5E+17 ", "１E17", "1E１7", "15990119500101001X", "1E+17\n"]
)
def test_other_texts_are_not_scientific(text):
    assert not is_scientific(text)


@pytest.mark.parametrize(("text", "zeroed"), [
    ("159901195001010000", True), ("159901195001010016", False), ("159901195001011000", True),
    ("159901195001010", False), ("15990119500101000", False), ("1599011950010100000", True),
    ("1599011950010110000", True), ("159901195001010100", False), ("15990119500101００0", False), ("", False),
])  # fmt: skip
def test_zeros_beyond_the_15th_digit(text, zeroed):
    assert is_zeroed(text) is zeroed


@pytest.mark.parametrize(("zeroed", "long", "above"), [
    (0, 0, False), (1, 1, False), (2, 2, False), (3, 3, True), (2, 100, False), (3, 100, True),
    (10, 1000, False), (11, 1000, True), (2252, 1_000_000, False), (2253, 1_000_000, True), (1000, 1_000_000, False),
])  # fmt: skip
def test_how_many_are_above_chance(zeroed, long, above):
    assert is_above_chance(zeroed, long) is above


def test_single_zeroed_values_are_left_alone_and_many_are_not():
    good = [f"15990119500101{number:03}7" for number in range(1, 98)]
    zeroed = ["159901195001010000", "159901195001011000"]
    assert not any(find_damaged([*good, *zeroed]))
    found = find_damaged([*good, *zeroed, "159901195001012000", "1.59901E+17"])
    assert found == [False] * len(good) + [True] * 4


def test_scientific_notation_is_damage_even_alone():
    assert find_damaged(["1.59901E+17", "张三", ""]) == [True, False, False]


@pytest.mark.parametrize(("text", "lost"), [
    ("123", True), ("00123", False), ("12345", False), ("0123", False), ("12a", False), ("", False), ("１２３", False),
])  # fmt: skip
def test_lost_leading_zeros(text, lost):
    assert has_lost_zeros(text, 5) is lost


@pytest.mark.parametrize(("text", "day"), [
    ("45351", date(2024, 2, 29)), ("61", date(1900, 3, 1)), ("2958465", date(9999, 12, 31)), ("60", None),
    ("2958466", None), ("45351.5", None), ("４５３５１", None), ("", None), ("20240229", None), ("-1", None),
])  # fmt: skip
def test_dates_that_became_counts_of_days(text, day):
    assert date_of_serial(text) == day


@pytest.mark.parametrize("text", ["=1+1", "+86", "-", "@x", "\t=1", "＝1", "'", "'=1", "''-", "张三", "", "'张"])
def test_what_is_made_harmless_comes_back_as_it_was(text):
    made = harmless(text)
    assert made[:1] not in tuple("=+-@\t＝")
    assert plain_again(made) == text
