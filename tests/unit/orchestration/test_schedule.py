"""When runs start: due dates on the working calendar, spread, missed slots, data dates."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

from shuyuan.orchestration.schedule import (
    WINDOW,
    Timing,
    calendar_from_text,
    is_promised,
    next_slot,
    overrides_as_text,
    slot_starts,
    timing_words,
)
from shuyuan.workdays import LOCAL, Calendar, local_day

CALENDAR = Calendar({})
DAILY = Timing("daily", "08:30", 1, "everyday")
WORKDAYS = Timing("daily", "08:30", 1, "workday")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)


def days(timing, since, count, calendar=CALENDAR):
    return [local_day(slot.start) for slot in islice(slot_starts(timing, "a.b", calendar, at(since)), count)]


def test_a_run_starts_in_the_half_hour_before_its_delivery_is_due():
    for number in range(200):
        (slot,) = islice(slot_starts(DAILY, f"dept.r{number}", CALENDAR, at("2026-11-20T12:00")), 1)
        due = at("2026-11-21T08:30")
        assert due - WINDOW < slot.start <= due


def test_a_thousand_entries_spread_over_the_window():
    starts = {next(slot_starts(DAILY, f"d.r{n}", CALENDAR, at("2026-11-20T12:00"))).start for n in range(1000)}
    assert len(starts) > 700


def test_a_delivery_due_at_midnight_is_not_looked_for_the_day_before():
    timing = Timing("daily", "00:05", 1, "everyday")
    for number in range(50):
        (slot,) = islice(slot_starts(timing, f"d.r{number}", CALENDAR, at("2026-11-20T12:00")), 1)
        assert local_day(slot.start) == slot.period == date(2026, 11, 21)


def test_working_days_leave_out_holidays_and_keep_make_up_days():
    """National Day 2024: 1 to 7 October off, Sunday 29 September and Saturday 12 October worked."""
    assert days(WORKDAYS, "2024-09-27T12:00", 4) == [
        date(2024, 9, 29),
        date(2024, 9, 30),
        date(2024, 10, 8),
        date(2024, 10, 9),
    ]


def test_a_monthly_delivery_moves_to_the_next_working_day():
    timing = Timing("monthly", "08:30", 1, "workday")
    slots = list(islice(slot_starts(timing, "a.b", CALENDAR, at("2024-09-15T00:00")), 2))
    assert [(local_day(slot.start), slot.period) for slot in slots] == [
        (date(2024, 10, 8), date(2024, 10, 1)),
        (date(2024, 11, 1), date(2024, 11, 1)),
    ]


def test_a_delivery_moved_into_the_next_month_keeps_its_period():
    """31 August 2024 is a Saturday: due on Monday 2 September, still the delivery of August."""
    timing = Timing("monthly", "08:30", 31, "workday")
    (slot,) = islice(slot_starts(timing, "a.b", CALENDAR, at("2024-08-30T12:00")), 1)
    assert (local_day(slot.start), slot.period) == (date(2024, 9, 2), date(2024, 8, 1))


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        ("weekly", [date(2026, 11, 20), date(2026, 11, 27), date(2026, 12, 4)]),
        ("monthly", [date(2026, 12, 5), date(2027, 1, 5), date(2027, 2, 5)]),
        ("quarterly", [date(2027, 1, 5), date(2027, 4, 5), date(2027, 7, 5)]),
        ("half_yearly", [date(2027, 1, 5), date(2027, 7, 5), date(2028, 1, 5)]),
        ("yearly", [date(2027, 1, 5), date(2028, 1, 5), date(2029, 1, 5)]),
        ("irregular", [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]),
    ],
)
def test_cycles(cycle, expected):
    assert days(Timing(cycle, "08:30", 5, "everyday"), "2026-11-18T12:00", 3) == expected


def test_the_project_overrides_the_calendar():
    closed = Calendar({date(2026, 11, 20): False})
    assert days(WORKDAYS, "2026-11-19T12:00", 1, closed) == [date(2026, 11, 23)]
    assert calendar_from_text(overrides_as_text(closed)) == closed


def test_slots_missed_while_nothing_ran_are_left_out_but_for_the_newest():
    slot = next_slot(DAILY, "a.b", CALENDAR, at("2026-11-10T09:00"), at("2026-11-20T12:00"))
    assert slot.period == date(2026, 11, 20)


def test_after_the_newest_slot_comes_tomorrow():
    last = next_slot(DAILY, "a.b", CALENDAR, at("2026-11-10T09:00"), at("2026-11-20T12:00"))
    assert next_slot(DAILY, "a.b", CALENDAR, last.start, at("2026-11-20T12:00")).period == date(2026, 11, 21)


@pytest.mark.parametrize("cycle", ["daily", "weekly", "monthly", "quarterly", "yearly", "realtime", "other"])
@pytest.mark.parametrize("calendar", ["workday", "everyday"])
def test_slots_only_go_forward_and_come_after_what_was_asked(cycle, calendar):
    timing = Timing(cycle, "00:00", 31, calendar)
    since = at("2024-01-31T23:59")
    starts = [slot.start for slot in islice(slot_starts(timing, "x.y", CALENDAR, since), 8)]
    assert starts == sorted(starts)
    assert starts[0] > since


def test_only_irregular_entries_promise_nothing():
    assert not is_promised("irregular")
    assert is_promised("daily")


def test_the_schedule_in_words():
    assert timing_words(Timing("monthly", "09:00", 5, "workday")) == "每月 5 日 09:00（工作日，遇休息日顺延）"
    assert timing_words(Timing("weekly", "09:00", 5, "everyday")) == "每周星期5 09:00"


def test_grace_and_lag_do_not_move_the_start():
    class Promise:
        cycle, due, day, calendar, grace, data_lag_days = "daily", "08:30", 1, "everyday", timedelta(hours=9), 3

    assert Timing.of(Promise()) == DAILY
