from datetime import UTC, datetime, timedelta

import pytest

from shuyuan.indicators import read_board_facts, read_facts
from shuyuan.indicators.facts import ArrivalFact, EntryFacts, RunFact
from shuyuan.indicators.measures import state_of
from synthetic_ledger import NOW, TODAY, Ledger, build, catalog


def arrival(state, day=TODAY):
    return ArrivalFact(datetime(day.year, day.month, day.day, 0, 30), day, state, None)


def run(outcome):
    return RunFact("r", TODAY, datetime(2026, 11, 20), outcome, None, None, None, None, None, None, {}, {})


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (EntryFacts(), "waiting"),
        (EntryFacts(arrivals=(arrival("on_time"),)), "normal"),
        (EntryFacts(arrivals=(arrival("late"),)), "late"),
        (EntryFacts(arrivals=(arrival("missing"),)), "missing"),
        (EntryFacts(arrivals=(arrival("waiting"),)), "waiting"),
        (EntryFacts(runs=(run("blocked"),), arrivals=(arrival("on_time"),)), "blocked"),
        (EntryFacts(runs=(run("failed"),)), "blocked"),
        (EntryFacts(runs=(run("missing"),)), "missing"),
        (EntryFacts(runs=(run("dry_run"), run("blocked"))), "blocked"),
        (EntryFacts(runs=(run("dry_run"),)), "waiting"),
    ],
)
def test_the_state_says_whether_consumers_can_rely_on_it(facts, state):
    assert state_of(facts) == state


def test_rows_after_now_are_not_looked_at():
    ledger = build(days=30)
    earlier = read_facts(ledger, NOW - timedelta(days=10))
    assert max(fact.day for entry in earlier.entries.values() for fact in entry.scores) <= TODAY - timedelta(days=10)
    assert all(
        run.started_at <= (NOW - timedelta(days=10)).replace(tzinfo=None)
        for entry in earlier.entries.values()
        for run in entry.runs
    )


def test_the_board_reads_less_and_says_the_same():
    ledger = build()
    whole, board = read_facts(ledger, NOW), read_board_facts(ledger, NOW)
    for resource in catalog():
        one, other = whole.of(resource.entry.id), board.of(resource.entry.id)
        assert state_of(one) == state_of(other)
        assert one.publication == other.publication
        assert one.score == other.score


def test_an_empty_ledger_can_be_read():
    facts = read_facts(Ledger.empty(), NOW)
    assert not facts.entries
    assert facts.since is None


def test_no_change_is_normal_and_what_is_excluded_is_passed_over():
    assert state_of(EntryFacts(arrivals=(arrival("missing"), arrival("no_change")))) == "normal"
    assert state_of(EntryFacts(arrivals=(arrival("late"), arrival("excluded")))) == "late"
    assert state_of(EntryFacts(arrivals=(arrival("excluded"),))) == "waiting"


def test_what_came_later_is_still_waited_for_before():
    ledger = build(days=3)
    arrived = ledger.query("SELECT max(arrived_at) AS last FROM ledger.freshness")[0]["last"]
    facts = read_facts(ledger, (arrived - timedelta(seconds=1)).replace(tzinfo=UTC))
    assert "waiting" in {entry.arrivals[-1].state for entry in facts.entries.values() if entry.arrivals}
