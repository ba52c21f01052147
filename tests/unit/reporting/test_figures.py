from datetime import date, datetime

import pytest

from shuyuan.indicators.ratio import Ratio
from shuyuan.reporting import figures


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "—"), (0, "0.0"), (94.2, "94.2"), (94.29, "94.2"), (99.97, "99.9"), (99.999999, "99.9"), (100.0, "100")],
)
def test_a_score_is_cut_so_that_100_means_100(value, shown):
    assert figures.score(value) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "—"),
        (0, 10, "0%"),
        (10, 10, "100%"),
        (1, 1_000_000, "<0.01%"),
        (3, 1000, "0.30%"),
        (124, 1000, "12.4%"),
        (999_999, 1_000_000, "99.9%"),
    ],
)
def test_few_are_never_shown_as_none_nor_most_as_all(part, whole, shown):
    assert figures.small_share(part, whole) == shown


def test_instants_are_shown_in_local_time():
    assert figures.moment(datetime(2026, 11, 19, 16, 5)) == "2026-11-20 00:05"
    assert figures.moment(None) == "—"


def test_days_follow_the_language(monkeypatch):
    assert figures.day(date(2026, 11, 2)) == "11月2日"
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    assert figures.day(date(2026, 11, 2)) == "11-02"


def test_a_score_carries_its_grade():
    assert figures.graded_as(94.96, "B") == "94.9 · 良"
    assert figures.graded_as(None, None) == "—"


def test_nothing_divided_by_nothing_is_not_100():
    assert Ratio(0, 0).percent is None
