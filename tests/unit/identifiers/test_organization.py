"""Credit codes and organisation codes: every single wrong character is found."""

import pytest

from identifier_vectors import VALID
from shuyuan.identifiers import (
    CREDIT_ALPHABET,
    is_credit_code,
    is_organization_code,
    organization_code_of,
    region_of,
)


def test_each_single_wrong_character_of_a_credit_code_is_found():
    right = VALID["credit_code"][0]
    for place in range(18):
        for character in CREDIT_ALPHABET.replace(right[place], ""):
            assert not is_credit_code(right[:place] + character + right[place + 1 :])


def test_each_single_wrong_digit_of_an_organization_code_is_found():
    right = "60003734-1"
    for place in (*range(8), 9):
        for digit in "0123456789".replace(right[place], ""):
            assert not is_organization_code(right[:place] + digit + right[place + 1 :])


@pytest.mark.parametrize(
    ("credit", "organization"), [("91350100M000100Y43", "M000100Y4"), ("91110000600037341L", "600037341")]
)
def test_a_credit_code_holds_an_organization_code(credit, organization):
    assert organization_code_of(credit) == organization
    assert is_organization_code(organization)


def test_a_made_up_credit_code_may_have_the_right_check_and_shows_inside():
    assert is_credit_code("91310101MA1FPX1234")
    assert not is_organization_code(organization_code_of("91310101MA1FPX1234"))


def test_a_wrong_credit_code_holds_nothing():
    assert organization_code_of("91350100M000100Y44") is None


def test_the_division_of_a_credit_code():
    assert region_of("91350100M000100Y43", "credit_code") == "350100"
    assert region_of("913501", "credit_code") is None
    assert region_of("91A50100M000100Y43", "credit_code") is None
