"""Properties of due dates over 2015 to 2026: every cycle, every make-up day, every holiday."""

import calendar as months
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuyuan.workdays import (
    Calendar,
    arrival_state,
    data_date_for,
    due_at,
    due_day,
    due_periods,
    has_delivery,
    local_day,
    next_period,
    period_start,
)

FIRST, LAST = date(2015, 1, 1), date(2026, 12, 31)
CALENDAR = Calendar({})
MADE_UP = sorted(day for day in chinese_calendar.constants.workdays if FIRST <= day <= LAST)
DAYS_OFF = sorted(day for day in chinese_calendar.constants.holidays if FIRST <= day <= LAST)
CYCLES = ("daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Promise:
    cycle: str = "daily"
    due: str = "08:30"
    day: int = 1
    calendar: str = "workday"
    grace: timedelta = timedelta(hours=2)
    data_lag_days: int = 0


DAYS = st.dates(FIRST, LAST - timedelta(days=60))
PROMISES = st.builds(
    Promise,
    cycle=st.sampled_from(CYCLES),
    due=st.sampled_from(["00:00", "08:30", "12:00", "23:59"]),
    day=st.integers(1, 31),
    calendar=st.sampled_from(["workday", "everyday"]),
    grace=st.integers(0, 72).map(lambda hours: timedelta(hours=hours)),
    data_lag_days=st.integers(0, 40),
)


def test_every_make_up_day_is_worked_and_falls_on_a_weekend():
    assert len(MADE_UP) > 60
    for day in MADE_UP:
        assert CALENDAR.is_workday(day)
        assert day.weekday() >= 5


def test_every_published_holiday_is_off():
    assert len(DAYS_OFF) > 12 * 20
    assert not any(CALENDAR.is_workday(day) for day in DAYS_OFF)


@pytest.mark.parametrize("day", MADE_UP, ids=str)
def test_a_daily_delivery_is_due_on_every_make_up_day(day):
    promise = Promise()
    assert has_delivery(promise, day, CALENDAR)
    assert due_day(promise, day, CALENDAR) == day
    assert due_day(Promise("weekly", day=day.isoweekday()), day, CALENDAR) == day, "a weekend entry is not moved off it"
    assert CALENDAR.due_after(day - DAY, 1) == day


@pytest.mark.parametrize("day", DAYS_OFF, ids=str)
def test_a_monthly_delivery_never_falls_on_a_holiday(day):
    due = due_day(Promise("monthly", day=day.day), day, CALENDAR)
    assert due > day
    assert CALENDAR.is_workday(due)
    assert not any(CALENDAR.is_workday(day + step * DAY) for step in range((due - day).days)), "the first workday after"


@pytest.mark.parametrize("year", range(2015, 2027))
def test_spring_festival_is_a_week_without_daily_deliveries(year):
    """Every daily due date around it is a workday, and the longest run of days off is a week at least."""
    since, until = datetime(year, 1, 5), datetime(year, 3, 10)
    dues = [local_day(due) for _, due in due_periods(Promise(), CALENDAR, since, until)]
    assert all(CALENDAR.is_workday(day) for day in dues)
    assert max((later - day).days for day, later in pairwise(dues)) >= 7
    named = chinese_calendar.constants.holidays.items()
    off = {day for day, name in named if name == "Spring Festival" and day.year == year}
    assert len(off) >= 7
    assert not off & set(dues)


@given(PROMISES, DAYS)
def test_a_period_has_one_due_day_and_its_data_date(promise, day):
    """Whichever day of the period is asked for, the answer is the same, and it never lies before the period."""
    start = period_start(promise.cycle, day)
    following = next_period(promise.cycle, start)
    assert start <= day < following
    assert period_start(promise.cycle, following - DAY) == start
    due = due_day(promise, day, CALENDAR)
    assert due == due_day(promise, start, CALENDAR)
    assert due >= start
    assert data_date_for(promise, day) == start - timedelta(days=promise.data_lag_days)
    if promise.calendar == "workday":
        assert CALENDAR.is_workday(due)
        unmoved = due_day(Promise(promise.cycle, day=promise.day, calendar="everyday"), day, CALENDAR)
        assert due == CALENDAR.next_workday(unmoved)


@given(st.sampled_from(["monthly", "quarterly", "half_yearly", "yearly"]), st.integers(1, 31), DAYS)
def test_a_day_that_the_month_does_not_have_is_its_last(cycle, day, today):
    start = period_start(cycle, today)
    due = due_day(Promise(cycle, day=day, calendar="everyday"), today, CALENDAR)
    assert (due.year, due.month) == (start.year, start.month)
    assert due.day == min(day, months.monthrange(due.year, due.month)[1])


@given(st.integers(1, 31), DAYS)
def test_a_weekly_delivery_stays_in_its_week_across_new_year(day, today):
    due = due_day(Promise("weekly", day=day, calendar="everyday"), today, CALENDAR)
    assert due.isocalendar()[:2] == today.isocalendar()[:2]
    assert due.isoweekday() == min(day, 7)


@pytest.mark.parametrize("year", range(2015, 2027))
def test_the_week_around_new_year_is_one_period(year):
    eve, new_year = date(year - 1, 12, 31), date(year, 1, 1)
    same = eve.isocalendar()[:2] == new_year.isocalendar()[:2]
    assert (period_start("weekly", eve) == period_start("weekly", new_year)) is same


@given(PROMISES, DAYS, st.integers(1, 120))
def test_due_periods_are_complete_and_in_order(promise, first, length):
    """The same as asking day by day: nothing twice, nothing left out, nothing outside the span."""
    since = datetime(first.year, first.month, first.day, 3, 17)
    until = since + length * DAY
    found = list(due_periods(promise, CALENDAR, since, until))
    assert found == sorted(set(found))
    days = [first + step * DAY for step in range(-400, length + 2)]
    periods = {period_start(promise.cycle, day) for day in days}
    naive = {
        (period, due_at(promise, period, CALENDAR))
        for period in periods
        if promise.cycle != "daily" or due_day(promise, period, CALENDAR) == period
    }
    assert set(found) == {(period, due) for period, due in naive if since < due <= until}


@given(DAYS, st.integers(0, 40))
def test_counting_working_days_forth_and_back(day, working_days):
    due = CALENDAR.due_after(day, working_days)
    assert CALENDAR.days_left(day, due) == working_days
    assert CALENDAR.days_left(due, day) == -working_days
    if working_days:
        assert CALENDAR.is_workday(due)


@given(PROMISES, DAYS, st.integers(-3, 3))
def test_grace_ends_sharply(promise, day, seconds):
    due = due_at(promise, day, CALENDAR)
    moment = due + promise.grace + timedelta(seconds=seconds)
    assert arrival_state(due, promise.grace, moment, moment) == ("on_time" if seconds <= 0 else "late")
    assert arrival_state(due, promise.grace, None, moment) == ("waiting" if seconds <= 0 else "missing")


@given(PROMISES, DAYS)
def test_the_due_instant_is_the_due_time_in_shanghai(promise, day):
    local = due_at(promise, day, CALENDAR) + timedelta(hours=8)
    assert local.date() == due_day(promise, day, CALENDAR)
    assert f"{local:%H:%M}" == promise.due
