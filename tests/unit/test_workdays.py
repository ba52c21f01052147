"""Due dates on the working calendar."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import chinese_calendar
import pytest

from shuyuan.workdays import (
    Calendar,
    arrival_state,
    data_date_for,
    due_at,
    due_day,
    due_periods,
    period_start,
)

NO_OVERRIDES = Calendar({})
LAST_KNOWN = max(chinese_calendar.constants.holidays).year


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


def test_a_broken_line_hides_nothing_but_itself(tmp_path):
    text = "date,kind,note\n2026-10-01,half\n2026-13-01,holiday\n,\n2026-11-20,holiday,那达慕\n2026-11-20,workday\n"
    (tmp_path / "local.csv").write_text(text, encoding="utf-8")
    calendar = Calendar.read(tmp_path)
    assert calendar.overrides == {date(2026, 11, 20): False}
    assert [(found.code, found.location.line) for found in calendar.problems] == [("E335", 2), ("E335", 3), ("E336", 6)]
    assert all(str(found.location).startswith("/".join(tmp_path.parts[-2:])) for found in calendar.problems)


@pytest.mark.parametrize("content", ["日期".encode("gb18030"), b"\xff\xfe\x00", b'"2026-01-01\n', b"2026-01-01"])
def test_no_calendar_file_ends_in_a_stack_trace(tmp_path, content):
    (tmp_path / "local.csv").write_bytes(content)
    (found,) = Calendar.read(tmp_path).problems
    assert found.code == "E335"
    assert "local.csv" in str(found)


def test_an_unpublished_year_counts_weekdays_and_is_told_with_the_day():
    assert NO_OVERRIDES.is_workday(date(2031, 1, 6))
    assert not NO_OVERRIDES.is_workday(date(2031, 1, 5))
    today = date(LAST_KNOWN, 12, 20)
    (notice,) = NO_OVERRIDES.notices(today)
    assert (notice.code, notice.severity) == ("E911", "warning")
    assert f"{LAST_KNOWN + 1} 年放假安排尚未发布（截至 {today}）" in notice.message
    assert not NO_OVERRIDES.notices(date(LAST_KNOWN, 6, 1)), "nothing to be done yet in summer"


def test_a_year_is_known_once_its_great_holidays_stand_in_the_overrides():
    year, first, last = LAST_KNOWN + 1, date(LAST_KNOWN, 7, 1), date(LAST_KNOWN + 2, 2, 1)
    assert NO_OVERRIDES.unpublished_years(first, last) == (year, year + 1)
    assert NO_OVERRIDES.unpublished_years(date(2003, 1, 1), date(2026, 12, 31)) == ()
    one_day_off = Calendar({date(year, 7, 15): False})
    assert one_day_off.unpublished_years(first, date(year, 2, 1)) == (year,)
    whole = Calendar({date(year, 1, 1): False, date(year, 10, 1): False})
    assert whole.unpublished_years(first, last) == (year + 1,)


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


def test_due_periods_are_those_between_two_instants():
    since, until = datetime(2024, 10, 5, 16, 0), datetime(2024, 10, 9, 0, 30)
    found = list(due_periods(Promise(calendar="workday"), NO_OVERRIDES, since, until))
    assert found == [
        (date(2024, 10, 8), datetime(2024, 10, 8, 0, 30)),
        (date(2024, 10, 9), datetime(2024, 10, 9, 0, 30)),
    ]


@pytest.mark.parametrize("cycle", ["irregular", "other", "realtime"])
def test_what_promises_no_date_has_no_due_periods(cycle):
    assert not list(due_periods(Promise(cycle), NO_OVERRIDES, datetime(2026, 1, 1), datetime(2026, 12, 31)))
