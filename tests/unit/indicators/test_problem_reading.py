"""Spells of the ledger: where one begins, where it ends, and that the future is not known."""

from datetime import datetime, timedelta

import pytest

from shuyuan.indicators.problems import LOOK_BACK_DAYS, read_problems
from shuyuan.indicators.spec_history import read_specs
from synthetic_ledger import Ledger

ENTRY = "civil_affairs.people"
FIRST, UNTIL = datetime(2026, 11, 1), datetime(2026, 11, 20)


def run(day, outcome, code=None, broken=(), hour=1):
    started = datetime(2026, 11, 1) + timedelta(days=day, hours=hour)
    run_id = f"{day}-{hour}"
    checked = outcome in ("published", "blocked", "failed") and code != "P101"
    return {
        "run_id": run_id, "entry_id": ENTRY, "department": "civil_affairs", "spec_digest": "0", "spec_version": "1",
        "code_version": "1", "data_date": started.date(), "trigger": "scheduled", "started_at": started,
        "outcome": outcome, "problem_code": code, "problem": code and f"{code} x",
        "delivered": 100 if checked else None,
    }, [
        {"run_id": run_id, "entry_id": ENTRY, "rule": rule, "code": "D402", "field": "a", "indicator": "0201",
         "dimension": "completeness", "effect": "reject", "evaluated": 100, "unexpected": rows, "success": rows == 0,
         "errored": False}
        for rule, rows in broken
    ]  # fmt: skip


def due(day, state, arrived=None):
    at = datetime(2026, 11, 1) + timedelta(days=day)
    return {"entry_id": ENTRY, "due_at": at, "period": str(day), "state": state,
            "arrived_at": None if arrived is None else at + timedelta(hours=arrived)}  # fmt: skip


def spells(runs=(), dues=(), first=FIRST, until=UNTIL):
    ledger = Ledger.empty()
    ledger.insert("runs", [one for one, _ in runs])
    ledger.insert("rule_results", [result for _, results in runs for result in results])
    ledger.insert("freshness", list(dues))
    return read_problems(ledger.query, first, until)


def test_missing_dates_that_one_arrival_mended_are_one_spell():
    open_, closed = sorted(
        spells(dues=[due(1, "missing"), due(2, "missing"), due(3, "on_time", 1), due(4, "missing")]),
        key=lambda one: one.times,
    )
    assert (closed.first_seen, closed.last_seen, closed.times) == (datetime(2026, 11, 2), datetime(2026, 11, 3), 2)
    assert closed.closed_at == datetime(2026, 11, 4, 1)
    assert (open_.closed_at, open_.code) == (None, "D101")


def test_a_stop_lasts_until_the_next_good_run_whatever_lies_between():
    found = spells([run(1, "blocked", "D602"), run(2, "missing"), run(3, "blocked", "D602"), run(4, "published")])
    assert [(one.kind, one.code, one.times, one.what, one.closed_at) for one in found] == [
        ("blocked", "D602", 2, "D602 x", datetime(2026, 11, 5, 1))
    ]


def test_two_codes_are_two_spells_and_ours_keeps_its_code():
    found = spells([run(1, "blocked", "D602"), run(2, "failed", "P101")])
    assert [(one.kind, one.code, one.closed_at) for one in found] == [
        ("blocked", "D602", None),
        ("failed", "P101", None),
    ]


def test_a_rule_that_fails_again_is_a_new_spell_with_the_rows_of_its_last_delivery():
    broken = [("a.required", 9)], [("a.required", 7), ("b.unique", 1)], [], [("a.required", 3)]
    found = spells([run(day, "published", broken=rules) for day, rules in enumerate(broken)])
    assert [(one.what, one.times, one.rows, one.evaluated, one.closed_at and one.closed_at.day) for one in found] == [
        ("a.required", 2, 7, 100, 3),
        ("b.unique", 1, 1, 100, 3),
        ("a.required", 1, 3, 100, None),
    ]


def test_what_happened_after_the_instant_is_not_known():
    runs = [run(1, "published", broken=[("a.required", 9)]), run(2, "published")]
    (spell,) = spells(runs, until=datetime(2026, 11, 3))
    assert spell.closed_at is None
    assert spells(dues=[due(1, "missing"), due(5, "on_time", 1)], until=datetime(2026, 11, 4))[0].closed_at is None


@pytest.mark.parametrize("days", [1, LOOK_BACK_DAYS + 1])
def test_a_spell_is_followed_back_so_far_and_one_that_ended_before_is_left_out(days):
    runs = [run(-days, "published", broken=[("a.required", 9)]), run(3, "published", broken=[("a.required", 8)])]
    (spell,) = spells(runs)
    assert spell.times == (2 if days < LOOK_BACK_DAYS else 1)
    ended = [run(-3, "blocked", "D602"), run(-2, "published")]
    assert spells(ended) == ()


def test_specs_come_with_the_one_before_them():
    ledger = Ledger.empty()
    ledger.insert("specs", [
        {"spec_digest": digest, "entry_id": entry_id, "version": "1", "first_run_at": at,
         "spec": "{}", "elements": "{}"}
        for digest, entry_id, at in (
            ("a", ENTRY, datetime(2026, 8, 1)),
            ("b", ENTRY, datetime(2026, 9, 1)),
            ("c", ENTRY, datetime(2026, 11, 5)),
            ("d", ENTRY, datetime(2026, 12, 5)),
            ("e", "x.old", datetime(2026, 9, 1)),
        )
    ])  # fmt: skip
    assert [one.spec_digest for one in read_specs(ledger.query, FIRST, UNTIL)] == ["b", "c"]
