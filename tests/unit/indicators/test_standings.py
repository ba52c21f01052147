"""Properties of the standings: bounds, monotony, independence of order, nothing counted is None, ties."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shuyuan.entry import Assessment
from shuyuan.indicators import Evidence, Facts, Period, assess
from shuyuan.indicators.ranking import grade_of, light_of, rank, ranking_score, scaled_weights
from shuyuan.indicators.records import AskedFact, DueFact, PeriodRecords, RunCount
from shuyuan.indicators.standing import COMPONENTS, RuleCount
from synthetic_ledger import make_resource

PERIOD = Period("2026-11", date(2026, 10, 28), date(2026, 11, 27))
AS_OF = datetime(2026, 11, 28, 0)
DEPARTMENTS = ("civil_affairs", "market_regulation", "taxation")
STATES = ("on_time", "late", "missing", "no_change", "excluded", "waiting")
INDICATORS = ("0102", "0201", "0302", "0503")


def resource(entry_id, **changes):
    return make_resource(entry_id, entry_id, **changes)


@some.composite
def evidences(draw):
    names = draw(some.lists(some.sampled_from(DEPARTMENTS), min_size=1, max_size=5))
    resources = [resource(f"{name}.e{number}") for number, name in enumerate(names)]
    dues, checks, asked, runs = [], {}, [], {}
    for one in resources:
        entry_id = one.entry.id
        for day in range(draw(some.integers(0, 8))):
            due_at = datetime(2026, 11, 2 + day, 0, 30)
            state = draw(some.sampled_from(STATES))
            came = due_at if state in ("on_time", "late", "no_change") else None
            dues.append(DueFact(entry_id, due_at, state, came, "platform" if state == "excluded" else None))
        if draw(some.booleans()):
            counts = draw(some.lists(some.tuples(some.integers(1, 9), some.integers(0, 9)), min_size=1, max_size=4))
            checks[entry_id] = tuple(
                RuleCount(entry_id, f"r{at}", "D401", INDICATORS[at], whole, min(whole, bad))
                for at, (whole, bad) in enumerate(counts)
            )
        if draw(some.booleans()):
            ended = draw(some.integers(1, 9))
            runs[entry_id] = RunCount(draw(some.integers(0, ended)), ended)
    for number in range(draw(some.integers(0, 4))):
        settled = draw(some.sampled_from([None, datetime(2026, 11, 10), datetime(2026, 11, 20)]))
        state = "explained" if settled else "open"
        asked.append(
            AskedFact(f"YY2026-{number:06}", resources[0].entry.id, draw(some.sampled_from(DEPARTMENTS)),
                      datetime(2026, 10, 30), date(2026, 11, 13), state, settled, False)
        )  # fmt: skip
    published = tuple(one.entry.id for one in resources if draw(some.booleans()))
    records = PeriodRecords(PERIOD, AS_OF, tuple(dues), tuple(asked), checks, runs, {}, published)
    return Evidence(PERIOD, tuple(resources), Facts(AS_OF.replace(tzinfo=UTC)), records=records)


def in_bounds(value):
    return value is None or 0 <= value <= 100


@settings(max_examples=60, deadline=None)
@given(evidences())
def test_every_figure_is_a_percentage_or_nothing(evidence):
    standings = assess(evidence)
    for one in (*standings.departments, standings.county):
        shares = (one.fresh, one.response, one.corrections, one.linked, one.coverage)
        assert all(in_bounds(share.value) and 0 <= share.part <= share.whole for share in shares)
        assert all((share.value is None) == (share.whole == 0) for share in shares)
        assert all(map(in_bounds, (one.quality, one.score, *one.dimensions.values(), *one.components.values())))
        assert sum(one.weights.values()) == pytest.approx(100 if one.score is not None else 0)
        assert all(one.weights[name] == 0 for name in COMPONENTS if one.components[name] is None)
    for entry in standings.entries.values():
        assert in_bounds(entry.quality)
        assert (entry.light is None) == (entry.fresh.value is None and entry.quality is None)


@settings(max_examples=60, deadline=None)
@given(evidences())
def test_the_banner_is_the_sum_of_its_departments(evidence):
    standings = assess(evidence)
    for share in ("fresh", "response", "corrections", "linked", "coverage"):
        parts = [getattr(one, share) for one in standings.departments]
        whole = getattr(standings.county, share)
        assert (whole.part, whole.whole) == (sum(one.part for one in parts), sum(one.whole for one in parts))


@settings(max_examples=40, deadline=None)
@given(evidences(), some.randoms(use_true_random=False))
def test_the_order_of_rows_and_entries_says_nothing(evidence, chance):
    records, resources = evidence.records, list(evidence.resources)
    dues, asked = list(records.dues), list(records.asked)
    for rows in (resources, dues, asked):
        chance.shuffle(rows)
    mixed = replace(
        evidence, resources=tuple(resources), records=replace(records, dues=tuple(dues), asked=tuple(asked))
    )
    mine, other = assess(evidence), assess(mixed)
    assert [(one.department, one.rank, one.score, one.quality) for one in mine.departments] == [
        (one.department, one.rank, one.score, one.quality) for one in other.departments
    ]


@settings(max_examples=40, deadline=None)
@given(evidences(), some.permutations(DEPARTMENTS))
def test_a_department_is_judged_by_what_it_did_not_by_its_name(evidence, names):
    renamed = dict(zip(DEPARTMENTS, names, strict=True))

    def other(entry_id):
        return f"{renamed[entry_id.partition('.')[0]]}.{entry_id.partition('.')[2]}"

    records = evidence.records
    moved = PeriodRecords(
        PERIOD,
        AS_OF,
        tuple(replace(due, entry_id=other(due.entry_id)) for due in records.dues),
        tuple(replace(one, department=renamed[one.department]) for one in records.asked),
        {other(key): rules for key, rules in records.checks.items()},
        {other(key): count for key, count in records.runs.items()},
        {},
        tuple(other(entry_id) for entry_id in records.published),
    )
    resources = tuple(resource(other(one.entry.id)) for one in evidence.resources)
    mine = {renamed[one.department]: one for one in assess(evidence).departments}
    for one in assess(replace(evidence, resources=resources, records=moved)).departments:
        assert (one.rank, one.score, one.unranked) == (
            mine[one.department].rank, mine[one.department].score, mine[one.department].unranked
        )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(evidences())
def test_coming_in_time_never_costs_anything(evidence):
    dues = evidence.records.dues
    late = [at for at, due in enumerate(dues) if due.state == "late"]
    if not late:
        return
    better = list(dues)
    better[late[0]] = replace(dues[late[0]], state="on_time")
    before = assess(evidence)
    after = assess(replace(evidence, records=replace(evidence.records, dues=tuple(better))))
    name = dues[late[0]].entry_id.partition(".")[0]
    mine, other = before.department(name), after.department(name)
    assert other.fresh.value > mine.fresh.value
    assert other.score >= mine.score
    assert (other.rank or 99) <= (mine.rank or 99)


@settings(max_examples=60, deadline=None)
@given(evidences())
def test_our_own_outages_never_cost_anything(evidence):
    """A due date that a fault of ours spoilt counts as if it had never been."""
    standings = assess(evidence)
    kept = tuple(due for due in evidence.records.dues if due.state != "excluded")
    without = assess(replace(evidence, records=replace(evidence.records, dues=kept)))
    assert len(standings.ours) == len(evidence.records.dues) - len(kept)
    assert [(one.department, one.score, one.rank) for one in standings.departments] == [
        (one.department, one.score, one.rank) for one in without.departments
    ]


@given(some.dictionaries(some.text(max_size=3), some.one_of(some.none(), some.floats(0, 100)), max_size=8))
def test_ranks(scores):
    ranks = rank(scores)
    printed = sorted((round(score, 2) for score in scores.values() if score is not None), reverse=True)
    for name, score in scores.items():
        assert ranks[name] == (None if score is None else printed.index(round(score, 2)) + 1)


def test_equal_scores_share_a_rank():
    assert rank({"a": 90.0, "b": 80.001, "c": 79.999, "d": 70.0, "e": None}) == {
        "a": 1, "b": 2, "c": 2, "d": 4, "e": None
    }  # fmt: skip


def test_a_component_without_data_gives_its_weight_to_the_others():
    components = {"linked": 100.0, "fresh": 50.0, "quality": None, "response": None, "used": None}
    weights = scaled_weights(components, Assessment())
    assert weights == {
        "linked": pytest.approx(100 / 3), "fresh": pytest.approx(200 / 3), "quality": 0, "response": 0, "used": 0
    }  # fmt: skip
    assert ranking_score(components, weights) == pytest.approx((15 * 100 + 30 * 50) / 45)
    nothing = dict.fromkeys(COMPONENTS)
    assert ranking_score(nothing, scaled_weights(nothing, Assessment())) is None


@pytest.mark.parametrize(
    ("fresh", "quality", "light"),
    [
        (80, 80, "green"), (79.9, 100, "yellow"), (49.9, 100, "red"), (100, 50, "yellow"), (None, None, None),
        (None, 90, "green"), (90, None, "green"), (None, 10, "red"),
    ],
)  # fmt: skip
def test_lights(fresh, quality, light):
    assert light_of(fresh, quality, Assessment()) == light


def test_grades_are_those_of_the_rules():
    strict = Assessment.model_validate({"grades": {"a": 99, "b": 98, "c": 97, "d": 96}})
    assert (grade_of(95, Assessment()), grade_of(95, strict), grade_of(None, strict)) == ("A", "E", None)


def made(resources, dues, **changes):
    records = PeriodRecords(PERIOD, AS_OF, tuple(dues))
    return assess(Evidence(PERIOD, tuple(resources), Facts(AS_OF.replace(tzinfo=UTC)), records=records, **changes))


def due(state, day=2, entry_id="taxation.e", hour=0):
    return DueFact(entry_id, datetime(2026, 11, day, hour, 30), state, None, None)


def test_a_due_date_belongs_to_the_month_in_which_its_grace_ends():
    slow = resource("taxation.e", update={"cycle": "monthly", "due": "08:30", "grace": "5d"})
    before = DueFact("taxation.e", datetime(2026, 10, 25, 0, 30), "late", datetime(2026, 11, 1), None)
    after = DueFact("taxation.e", datetime(2026, 11, 25, 0, 30), "late", datetime(2026, 11, 27), None)
    standings = made([slow], [before, after])
    assert [one.due_at for one in standings.entries["taxation.e"].fresh.rows] == [before.due_at]


def test_nobody_is_ranked_for_a_handful_of_due_dates_or_without_anything_to_share():
    few = made([resource("taxation.e")], [due("on_time", day) for day in (2, 3, 4, 5)])
    assert (few.departments[0].unranked, few.departments[0].rank) == ("few_samples", None)
    assert few.departments[0].score is not None, "its figures are shown"
    kept = resource("taxation.e", sharing={"type": "none", "basis": "某法"})
    none = made([kept], [due("on_time", day) for day in range(2, 9)])
    assert (none.departments[0].unranked, none.departments[0].rank) == ("nothing_to_share", None)


def test_a_department_without_any_entry_is_listed():
    standings = made([], [], titles={"forestry": "林业和草原局"})
    assert [(one.title, one.unranked) for one in standings.departments] == [("林业和草原局", "nothing_to_share")]


def test_the_white_list_and_a_suspension_take_due_dates_out_and_print_them():
    exempt = {"entry": "taxation.e", "from": "2026-11-02", "until": "2026-11-03", "why": "停机", "approval": "1号"}
    rules = Assessment.model_validate({"exempt": [exempt]})
    days = [due("missing", day) for day in (2, 3, 4)]
    standings = made([resource("taxation.e")], days, assessment=rules)
    fresh = standings.entries["taxation.e"].fresh
    assert [one.reason for one in fresh.rows] == ["exempt", "exempt", None]
    assert (fresh.part, fresh.whole) == (0, 1)
    paused = made([resource("taxation.e", status="suspended")], days).entries["taxation.e"].fresh
    assert {one.reason for one in paused.rows} == {"suspended"}
    assert paused.value is None


def test_what_never_came_has_no_timeliness_and_nothing_else():
    gone = made([resource("taxation.e")], [due("missing", 2), due("missing", 3)]).entries["taxation.e"]
    assert {name: one.value for name, one in gone.dimensions.items()} == {"timeliness": 0}
    assert (gone.quality, gone.available, gone.light) == (0, None, "red")


def test_a_due_date_still_waited_for_is_not_counted_and_turns_missing_by_itself():
    waiting = replace(due("waiting"), due_at=AS_OF - timedelta(days=1, hours=9))
    assert made([resource("taxation.e")], [waiting]).entries["taxation.e"].fresh.rows[0].state == "missing"
    soon = replace(waiting, due_at=AS_OF - timedelta(hours=9))
    records = PeriodRecords(PERIOD, soon.due_at + timedelta(hours=1), (soon,))
    standings = assess(Evidence(PERIOD, (resource("taxation.e"),), Facts(AS_OF.replace(tzinfo=UTC)), records=records))
    assert standings.county.fresh.value is None
