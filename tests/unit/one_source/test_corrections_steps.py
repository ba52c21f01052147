"""The life of a correction request, decision by decision, and its clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from shuyuan.one_source.corrections.steps import (
    Event,
    Request,
    has_grown,
    is_refuted,
    is_repeated,
    next_step,
)
from shuyuan.workdays import Calendar

THEN = datetime(2026, 11, 20, 2, 0)
LATER, EARLIER = THEN + timedelta(hours=1), THEN - timedelta(hours=1)
KEY = ("civil_affairs.low_income_households", "person_name", "differing", "public_security.household_register")


def request(state="open", closed=None, rows=20, told=20, **changes):
    values = {
        "correction_id": "YY2026-000001",
        "key": KEY,
        "department": "civil_affairs",
        "rows": rows,
        "state": state,
        "answered_at": None if state == "open" else THEN,
        "answered_by": None if state == "open" else "巴特尔",
        "answer": None if state == "open" else "已按户口簿更正",
        "closed_at": closed,
        "reopened": 0,
        "events": (Event("opened", "system", None, told),),
    }
    return Request(**(values | changes))


@pytest.mark.parametrize(
    ("known", "rows", "newest", "refuted", "step"),
    [
        (None, 0, None, False, "keep"),
        (None, 3, LATER, False, "open"),
        (request(), 20, EARLIER, False, "keep"),
        (request(), 22, LATER, False, "count"),
        (request(), 12, EARLIER, False, "count"),
        (request(), 30, LATER, False, "grow"),
        (request(), 0, None, False, "close"),
        (request("corrected"), 20, LATER, False, "keep"),
        (request("corrected"), 20, EARLIER, True, "reopen"),
        (request("corrected"), 0, None, False, "close"),
        (request("explained"), 20, EARLIER, True, "keep"),
        (request("explained"), 20, THEN, False, "keep"),
        (request("explained"), 19, LATER, False, "reopen"),
        (request("explained"), 18, EARLIER, False, "count"),
        (request("explained"), 20, None, False, "keep"),
        (request("explained"), 21, None, False, "reopen"),
        (request("explained"), 0, None, False, "close"),
        (request("corrected", closed=THEN, rows=0), 0, None, False, "keep"),
        (request("corrected", closed=THEN, rows=0), 1, LATER, False, "reopen"),
    ],
)
def test_what_a_comparison_does_to_a_request(known, rows, newest, refuted, step):
    assert next_step(known, rows, newest, refuted) == step


@pytest.mark.parametrize(
    ("told", "rows", "grown"),
    [
        (1, 2, False),
        (1, 10, False),
        (1, 11, True),
        (20, 29, False),
        (20, 30, True),
        (1000, 1499, False),
        (1000, 1500, True),
    ],
)
def test_growth_is_told_only_when_it_is_worth_telling(told, rows, grown):
    assert has_grown(told, rows) is grown


def test_growth_is_measured_from_what_was_told_last():
    told = (Event("opened", "system", None, 20), Event("grown", "system", None, 40), Event("answered", "x", "y", 90))
    assert request(events=told).told == 40
    assert next_step(request(events=told), 59, LATER, False) == "count"
    assert next_step(request(events=told), 60, LATER, False) == "grow"


@pytest.mark.parametrize(
    ("delivered", "lapsed", "refuted"),
    [
        (EARLIER, False, False),  # nothing has come since the claim: it cannot show yet
        (LATER, False, True),
        (None, False, True),  # no delivery is known: the comparison itself is newer
        (EARLIER, True, True),
    ],
)
def test_a_claim_is_believed_until_the_next_delivery(delivered, lapsed, refuted):
    assert is_refuted(THEN, delivered, LATER, lapsed) is refuted


ANSWERED = (Event("opened", "system", None, 20), Event("answered", "巴特尔", "已更正", 20))
CLAIMED = request("corrected", answered_by="巴特尔", answer="已更正", events=ANSWERED)
TWICE = (*ANSWERED, Event("closed", "system", "gone", 0), Event("reopened", "system", "returned", 5))


@pytest.mark.parametrize(
    ("known", "given", "repeated"),
    [
        (CLAIMED, ("corrected", "巴特尔", "已更正"), True),
        (CLAIMED, ("explained", "巴特尔", "已更正"), False),
        (CLAIMED, ("corrected", "乌云", "已更正"), False),
        (CLAIMED, ("referred", "巴特尔", "已更正"), False),
        (request("corrected", closed=LATER, events=ANSWERED), ("corrected", "巴特尔", "已更正"), True),
        # Reopened since: the same words are a new answer, but not when the list is an old one.
        (request(events=TWICE, reopened=1), ("corrected", "巴特尔", "已更正"), False),
        (request(events=TWICE, reopened=1), ("corrected", "巴特尔", "已更正", 1), False),
        (request(events=TWICE, reopened=1), ("corrected", "巴特尔", "已更正", 0), True),
        (request(events=TWICE, reopened=1), ("corrected", "巴特尔", "另一个说法", 0), False),
    ],
)  # fmt: skip
def test_the_same_answer_again(known, given, repeated):
    assert is_repeated(known, *given) is repeated


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 11, 20), 10, date(2026, 12, 4)),  # a Friday: two weeks on
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # the make-up Saturday before the Spring Festival
        (date(2026, 2, 13), 2, date(2026, 2, 24)),
        (date(2026, 2, 13), 10, date(2026, 3, 5)),  # 28 February is made up for, too
    ],
)
def test_due_days_count_working_days_with_make_up_days(start, days, due):
    assert Calendar({}).due_after(start, days) == due


def test_the_center_s_own_calendar_counts():
    assert Calendar({date(2026, 11, 23): False}).due_after(date(2026, 11, 20), 1) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 11, 20), 10),
        (date(2026, 12, 3), 1),
        (date(2026, 12, 4), 0),
        (date(2026, 12, 5), 0),  # Saturday after the due Friday: late, but by no working day
        (date(2026, 12, 7), -1),
        (date(2026, 12, 11), -5),
    ],
)
def test_days_left_of_a_due_day(today, left):
    assert Calendar({}).days_left(today, date(2026, 12, 4)) == left
