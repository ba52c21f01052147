from datetime import date, datetime, timedelta

import pytest

from shuyuan.indicators import read_board_facts, read_facts
from shuyuan.indicators.facts import ArrivalFact, EntryFacts, Facts, RunFact, ScoreFact
from shuyuan.indicators.measures import mean_score, on_time, on_time_series, score_series, state_of
from shuyuan.reporting.overview import overview, tiles
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


def test_what_is_still_waited_for_is_not_late():
    arrivals = [arrival("on_time"), arrival("late"), arrival("waiting"), arrival("missing", TODAY - timedelta(days=30))]
    assert (on_time(arrivals, TODAY).part, on_time(arrivals, TODAY).whole) == (1, 2)
    assert on_time([arrival("waiting")], TODAY).percent is None


def test_a_score_stays_until_the_next_delivery():
    scores = (ScoreFact(date(2026, 11, 2), 80.0, {"accuracy": 80.0}), ScoreFact(date(2026, 11, 10), 90.0, {}))
    entry = EntryFacts(scores=scores)
    assert mean_score([entry], date(2026, 11, 1)).count == 0
    assert mean_score([entry], date(2026, 11, 9)).value == 80
    assert mean_score([entry], TODAY).value == 90
    assert mean_score([entry], TODAY, "accuracy").value is None, "a dimension without rules has no score"


def test_tiles_and_the_last_points_are_the_same_numbers():
    resources = catalog()
    facts = read_facts(build(resources), NOW)
    known = [facts.of(resource.entry.id) for resource in resources]
    shown = {tile.label: tile.value for tile in tiles(resources, facts, known)}
    assert shown["按时率"] == f"{on_time_series(facts, known)[-1].value:.1f}%"
    assert shown["综合质量分"].startswith(f"{int(score_series(facts, known)[-1].value * 10) / 10}")


def test_an_empty_ledger_shows_dashes_and_never_100():
    facts = Facts(NOW)
    page = overview(catalog(), facts)
    assert [tile.value for tile in page["tiles"]] == ["0", "—", "—", "0", "—", "—"]
    assert {one.value for one in page["six"]} == {"—"}
    assert page["trend"] is None


def test_a_dimension_without_rules_has_a_dash():
    resources = catalog()
    six = {one.name: one.value for one in overview(resources, read_facts(build(resources), NOW))["six"]}
    assert six["一致性"] == six["可访问性"] == "—"
    assert six["规范性"] != "—"


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
