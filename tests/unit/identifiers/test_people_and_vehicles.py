"""Lost rare characters, the check digit of a VIN, and shapes of divisions."""

import pytest

from shuyuan.identifiers import has_lost_character, has_vin_check_digit, is_vin, region_of


@pytest.mark.parametrize(
    "text", ["张?", "张\ue000", "\uf8ff", "张\U000f0001", "张\U0010fffd", "张\ufffd", "张□", "〓三"]
)
def test_a_lost_rare_character_is_seen(text):
    assert has_lost_character(text)


@pytest.mark.parametrize("text", ["", "张三", "王䶮", "𠮷田", "赵𬺈", "阿依古丽·买买提", "Bob", "張三"])
def test_rare_characters_that_arrived_are_not_lost(text):
    assert not has_lost_character(text)


@pytest.mark.parametrize("text", ["1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715"])
def test_check_digits_of_published_vins(text):
    assert has_vin_check_digit(text)


def test_a_vin_without_check_digit_is_a_vin_all_the_same():
    assert is_vin("WDB0000001A000001")
    assert not has_vin_check_digit("WDB0000001A000001")
    assert not has_vin_check_digit("1M8GDM9AXKP04278")


@pytest.mark.parametrize(
    ("text", "region"), [("159901413219GB00029F00010002", "159901"), ("15990", None), ("", None), ("A59901", None)]
)
def test_the_division_of_a_real_estate_unit(text, region):
    assert region_of(text, "real_estate_unit") == region


def test_an_identifier_without_a_division():
    with pytest.raises(KeyError):
        region_of("14200000000", "phone")
