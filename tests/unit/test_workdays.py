"""Due dates on the working calendar."""

import warnings
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from shuyuan.workdays import Calendar, arrival_state, data_date_for, due_at, due_day, period_start

NO_OVERRIDES = Calendar({})


@dataclass(frozen=True)
class Promise:
    cycle: str = "daily"
    due: str = "08:30"
    day: int = 1
    calendar: str = "everyday"
    grace: timedelta = timedelta(hours=2)
    data_lag_days: int = 0


def test_make_up_workday_is_worked_and_holiday_is_not():
    assert NO_OVERRIDES.is_workday(date(2026, 2, 14))  # a Saturday made up for Spring Festival
    assert not NO_OVERRIDES.is_workday(date(2026, 10, 1))


def test_override_wins(tmp_path):
    (tmp_path / "local.csv").write_text("date,kind\n2026-10-01,workday\n2026-11-20,holiday\n", encoding="utf-8")
    calendar = Calendar.read(tmp_path)
    assert calendar.is_workday(date(2026, 10, 1))
    assert not calendar.is_workday(date(2026, 11, 20))


def test_override_with_an_unknown_kind_is_refused(tmp_path):
    (tmp_path / "local.csv").write_text("date,kind\n2026-10-01,half\n", encoding="utf-8")
    with pytest.raises(ValueError, match="2026-10-01"):
        Calendar.read(tmp_path)


def test_unpublished_year_warns_and_counts_weekdays():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert NO_OVERRIDES.is_workday(date(2031, 1, 6))
        assert not NO_OVERRIDES.is_workday(date(2031, 1, 5))
    assert any("2031" in str(warning.message) for warning in caught)


@pytest.mark.parametrize(
    ("cycle", "day", "expected"),
    [
        ("daily", date(2026, 11, 22), date(2026, 11, 22)),
        ("weekly", date(2026, 11, 22), date(2026, 11, 16)),
        ("monthly", date(2026, 11, 22), date(2026, 11, 1)),
        ("quarterly", date(2026, 11, 22), date(2026, 10, 1)),
        ("half_yearly", date(2026, 11, 22), date(2026, 7, 1)),
        ("yearly", date(2026, 11, 22), date(2026, 1, 1)),
    ],
)
def test_period_start(cycle, day, expected):
    assert period_start(cycle, day) == expected


def test_due_day_moves_to_the_next_workday():
    promise = Promise(calendar="workday")
    assert due_day(promise, date(2026, 10, 1), NO_OVERRIDES) == date(2026, 10, 8)


def test_day_31_is_the_last_day_of_a_short_month():
    promise = Promise(cycle="monthly", day=31)
    assert due_day(promise, date(2026, 11, 9), NO_OVERRIDES) == date(2026, 11, 30)
    assert due_day(promise, date(2024, 2, 9), NO_OVERRIDES) == date(2024, 2, 29)


def test_weekly_day_is_an_iso_weekday():
    assert due_day(Promise(cycle="weekly", day=3), date(2026, 11, 22), NO_OVERRIDES) == date(2026, 11, 18)


def test_due_at_is_naive_utc():
    assert due_at(Promise(), date(2026, 11, 22), NO_OVERRIDES) == datetime(2026, 11, 22, 0, 30)


def test_data_date_lags():
    assert data_date_for(Promise(data_lag_days=1), date(2026, 11, 22)) == date(2026, 11, 21)
    assert data_date_for(replace(Promise(), cycle="monthly"), date(2026, 11, 22)) == date(2026, 11, 1)


DUE, GRACE = datetime(2026, 11, 22, 0, 30), timedelta(hours=2)


@pytest.mark.parametrize(
    ("arrived", "now", "state"),
    [
        (datetime(2026, 11, 22, 2, 30), datetime(2026, 11, 23), "on_time"),
        (datetime(2026, 11, 22, 2, 31), datetime(2026, 11, 23), "late"),
        (None, datetime(2026, 11, 22, 2, 30), "waiting"),
        (None, datetime(2026, 11, 22, 2, 31), "missing"),
    ],
)
def test_arrival_state(arrived, now, state):
    assert arrival_state(DUE, GRACE, arrived, now) == state
