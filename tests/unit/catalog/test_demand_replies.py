"""Until when a demand must be answered, and whether it was: working days, supplements, withdrawals."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuyuan.catalog.demand_replies import days_to_reply, reply_of
from shuyuan.entry import Assessment, Demand
from shuyuan.workdays import Calendar

RULES = Assessment.model_validate({"kind": "Assessment", "reply_within": {"conditional": 3, "unlisted": 5}})
PUBLISHED = Calendar({})
LATER = date(2026, 12, 31)


def day(text: str) -> date:
    """``11-02`` of 2026."""
    return date.fromisoformat(f"2026-{text}")


def demand(*steps: tuple[str, str]) -> Demand:
    told = [{"step": step, "on": f"2026-{on}", "by": "旗民政局", "why": "见附件"} for step, on in steps]
    return Demand.model_validate(
        {
            "kind": "Demand",
            "id": "civil_affairs.vehicles",
            "title": "低保核对用机动车信息",
            "provider": "traffic_police",
            "purpose": "低保核对",
            "use": "verification",
            "legal_basis": "《社会救助暂行办法》第五十八条",
            "steps": told,
        }
    )


def reply(*steps: tuple[str, str], sharing: str | None = "conditional", today: date = LATER):
    return reply_of(demand(*steps), sharing, RULES, PUBLISHED, today)


@pytest.mark.parametrize(("sharing", "days"), [("unconditional", 1), ("conditional", 3), ("none", 3), (None, 5)])
def test_the_limit_goes_by_the_sharing_type(sharing, days):
    assert days_to_reply(sharing, RULES) == days
    found = reply(("file", "11-02"), sharing=sharing)  # a Monday
    assert found.limit_on == PUBLISHED.due_after(day("11-02"), days)


@pytest.mark.parametrize(
    ("filed", "limit"),
    [
        ("11-02", "11-05"),  # Monday, the day itself does not count
        ("11-06", "11-11"),  # over a weekend
        ("09-30", "10-10"),  # over the National Day holiday; 10 October 2026 is a make-up Saturday
    ],
)
def test_only_working_days_count(filed, limit):
    assert reply(("file", filed)).limit_on == day(limit)


@pytest.mark.parametrize(
    ("steps", "answered", "state", "timely"),
    [
        ((("agree", "11-05"),), "11-05", "agreed", True),
        ((("agree", "11-06"),), "11-06", "agreed", False),
        ((("refuse", "11-03"),), "11-03", "refused", True),
        ((("agree", "11-04"), ("supplied", "12-04")), "11-04", "supplied", True),
        ((("agree", "11-09"), ("supplied", "11-09")), "11-09", "supplied", False),
        ((("withdraw", "11-04"),), None, "withdrawn", None),
        ((("withdraw", "11-20"),), None, "withdrawn", None),
        ((("agree", "11-09"), ("withdraw", "11-10")), "11-09", "withdrawn", False),
        ((), None, "overdue", False),
    ],
)
def test_how_it_ended(steps, answered, state, timely):
    found = reply(("file", "11-02"), *steps)
    assert (found.answered_on, found.state, found.timely) == (answered and day(answered), state, timely)


def test_the_day_of_the_limit_is_in_time():
    assert reply(("file", "11-02"), today=day("11-05")).state == "open"
    assert reply(("file", "11-02"), today=day("11-05")).timely is None
    assert reply(("file", "11-02"), today=day("11-06")).timely is False


def test_nothing_is_owed_before_it_is_filed_and_later_steps_do_not_count():
    steps = (("file", "11-02"), ("agree", "11-04"))
    assert reply(*steps, today=day("11-01")) is None
    assert reply(*steps, today=day("11-03")).state == "open"
    assert reply(*steps, today=day("11-04")).state == "agreed"


def test_the_clock_stands_still_while_a_supplement_is_asked_for():
    asked = (("file", "11-02"), ("supplement", "11-04"))  # two of three days are gone
    paused = reply(*asked, today=day("11-13"))
    assert (paused.state, paused.timely, paused.limit_on) == ("supplement", None, day("11-16"))
    again = (*asked, ("resubmit", "11-10"))
    assert reply(*again, ("agree", "11-11")).timely is True
    assert reply(*again, ("agree", "11-12")).timely is False
    assert reply(*again).limit_on == day("11-11")


def test_several_supplements_on_one_day():
    steps = (("supplement", "11-03"), ("resubmit", "11-03"), ("supplement", "11-03"), ("resubmit", "11-06"))
    assert reply(("file", "11-02"), *steps).limit_on == day("11-10")


def test_a_supplement_after_the_limit_gives_no_time_back():
    late = (("file", "11-02"), ("supplement", "11-10"))
    assert (reply(*late).state, reply(*late).timely, reply(*late).limit_on) == ("supplement", False, day("11-05"))
    assert reply(*late, ("resubmit", "11-11"), ("agree", "11-12")).timely is False


def test_withdrawn_while_a_supplement_was_asked_for_is_fixed():
    steps = (("file", "11-02"), ("supplement", "11-04"), ("withdraw", "11-06"))
    assert {reply(*steps, today=day("11-06") + timedelta(days=more)).limit_on for more in range(9)} == {day("11-09")}


@given(
    start=st.dates(date(2024, 1, 1), date(2026, 8, 1)),
    waits=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=4),
)
def test_the_limit_is_where_counting_day_by_day_ends(start, waits):
    steps, on, stopped = [("file", start)], start, set()
    for before, pause in waits:
        asked, done = on + timedelta(days=before), on + timedelta(days=before + pause)
        steps += [("supplement", asked), ("resubmit", done)]
        stopped |= {asked + timedelta(days=step) for step in range(1, pause + 1)}
        on = done
    given_steps = [{"step": step, "date": day, "by": "局", "why": "补"} for step, day in steps]
    asked_for = demand(("file", "11-02")).model_dump(by_alias=True) | {"steps": given_steps}
    expected, left = start, 3
    while left:
        expected += timedelta(days=1)
        left -= PUBLISHED.is_workday(expected) and expected not in stopped
    found = reply_of(Demand.model_validate(asked_for), "conditional", RULES, PUBLISHED, LATER)
    assert (found.limit_on, found.state, found.timely) == (expected, "overdue", False)
