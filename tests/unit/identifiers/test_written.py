"""Numbers and dates by explicit grammars, from the tables of what departments write."""

import pytest

from identifier_vectors import DATES, INTEGERS, MOMENTS, NUMBERS
from shuyuan.identifiers import is_decimal, is_integer, read_date, read_datetime


def test_the_tables_are_as_long_as_they_ought_to_be():
    assert len(NUMBERS) >= 60
    assert len(DATES) >= 40


@pytest.mark.parametrize(("text", "precision", "scale", "verdict"), NUMBERS)
def test_decimals(text, precision, scale, verdict):
    assert is_decimal(text, precision, scale) is verdict


@pytest.mark.parametrize(("text", "verdict"), INTEGERS)
def test_integers(text, verdict):
    assert is_integer(text) is verdict


@pytest.mark.parametrize(("text", "form", "day"), DATES)
def test_dates(text, form, day):
    found = read_date(text, form)
    assert (found and found.isoformat()) == day


@pytest.mark.parametrize(("text", "form", "moment"), MOMENTS)
def test_moments(text, form, moment):
    found = read_datetime(text, form)
    assert (found and found.isoformat()) == moment


def test_a_directive_that_formats_cannot_have():
    with pytest.raises(KeyError):
        read_date("2024-001", "%Y-%j")
