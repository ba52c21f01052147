"""Whose fault a due date is: every case of the rule."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from shuyuan.freshness.judging import RunTrace, Traces

DUE, GRACE = datetime(2026, 11, 20, 0, 30), timedelta(hours=2)
DEADLINE = DUE + GRACE
SLOT = ("civil_affairs.orphans", date(2026, 11, 20))
MINUTE = timedelta(minutes=1)


def run(outcome, code=None, start=DUE, minutes=5, department="civil_affairs"):
    return RunTrace(SLOT[0], department, SLOT[1], start, start + minutes * MINUTE, outcome, code)


def ours(*runs, look=None, contacts=(), dated=None):
    traces = Traces({SLOT: runs} if runs else {}, {SLOT: look} if look else {}, contacts)
    return traces.is_ours(SLOT, DUE, GRACE, dated)


def test_nobody_looked_so_nobody_knows():
    assert ours()
    assert ours(look=DEADLINE - 31 * MINUTE), "what lay there in the last half hour nobody saw"


@pytest.mark.parametrize("look", [DEADLINE - 30 * MINUTE, DEADLINE, DEADLINE + timedelta(hours=5)])
def test_an_empty_look_near_the_deadline_or_later_is_the_departments(look):
    assert not ours(look=look)


def test_what_their_own_machine_dates_after_the_deadline_is_the_departments():
    assert not ours(dated=DEADLINE + MINUTE)
    assert ours(dated=DEADLINE), "it lay there in time, and we did not look"


def test_a_run_that_gave_up_or_refused_the_delivery_is_the_departments():
    assert not ours(run("missing", "D101"))
    assert not ours(run("blocked", "D605", start=DUE - timedelta(hours=3)))
    assert ours(run("missing", "D101", start=DUE - timedelta(hours=3))), "a trial run at dawn says nothing"


@pytest.mark.parametrize("code", ["P306", "P401", "P411", "P104", "P108", "P201"])
def test_a_fault_of_the_platform_is_ours(code):
    assert ours(run("failed", code))
    assert ours(run("blocked", "D605"), run("failed", code, start=DUE + 10 * MINUTE)), (
        "the better delivery met our fault"
    )


@pytest.mark.parametrize("code", ["P110", "P115"])
def test_a_machine_that_refuses_to_be_read_is_the_departments(code):
    assert not ours(run("failed", code))


@pytest.mark.parametrize("code", ["P105", "P106", "P112", "P113"])
def test_a_machine_that_is_down_is_the_departments_only_when_our_line_worked(code):
    down = run("failed", code)
    assert ours(down)
    assert ours(down, contacts=[(DUE, "civil_affairs")]), "another machine of the same department says nothing"
    assert ours(down, contacts=[(DUE - timedelta(minutes=61), "tax"), (DUE + timedelta(minutes=66), "tax")])
    assert not ours(down, contacts=[(DUE + timedelta(minutes=65), "tax")])


def test_back_again_we_looked_and_the_place_was_empty():
    failed = run("failed", "P306", start=DEADLINE - 20 * MINUTE)
    assert ours(failed, look=failed.finished_at - MINUTE), "before the fault it may have come later"
    assert not ours(failed, look=failed.finished_at + MINUTE)
    retried = replace(failed, outcome="missing", started_at=failed.finished_at, finished_at=DEADLINE + MINUTE)
    assert not ours(failed, retried)
