"""The product's figures and the naive ones from the raw ledger are the same, for every entry and department."""

from datetime import UTC, date, datetime, timedelta

import pytest

from naive_indicators import figures
from shuyuan.entry import Assessment, Demand
from shuyuan.indicators import Evidence, Facts, Period, assess, read_evidence
from shuyuan.ledger import TABLES
from synthetic_ledger import NOW, build, catalog

RAW = ("freshness", "runs", "rule_results", "publications", "comparisons", "corrections")
DEMANDS = (
    ("market_regulation.pensions", "social_security", "2026-11-02", [("agree", "2026-11-12")]),
    ("civil_affairs.cars", "public_security", "2026-11-02", [("refuse", "2026-11-18")]),
    ("civil_affairs.homes", "natural_resources", "2026-10-29", []),
    ("taxation.homes", "natural_resources", "2026-11-02", [("withdraw", "2026-11-03")]),
    ("taxation.companies", "market_regulation", "2026-11-16", []),
)
LIMIT = {"2026-11-02": date(2026, 11, 16), "2026-10-29": date(2026, 11, 12), "2026-11-16": date(2026, 11, 30)}
"""Ten working days later; there is no holiday among them."""


def demand(name, provider, filed, steps):
    return Demand.model_validate(
        {"kind": "Demand", "id": name, "title": "办事要用的数据", "provider": provider, "purpose": "办事",
         "use": "basis", "legal_basis": "某条例", "steps": [{"step": "file", "on": filed, "by": "某科"},
         *({"step": step, "on": day, "by": "某科", "why": "理由"} for step, day in steps)]}
    )  # fmt: skip


def raw_demand(name, provider, filed, steps):
    answered = [date.fromisoformat(day) for step, day in steps if step in ("agree", "refuse")]
    return {"department": provider, "limit_on": LIMIT[filed], "answered_on": answered[0] if answered else None,
            "withdrawn": [step for step, _ in steps] == ["withdraw"]}  # fmt: skip


def disturb(ledger):
    """What the made-up ledger lacks: no change, our outages, comparisons, corrections in every state."""
    ledger.connection.execute(
        "UPDATE ledger.freshness SET state = 'excluded', reason = 'platform' WHERE state = 'missing'"
        " AND entry_id LIKE 'market_regulation.%'"
    )
    ledger.connection.execute(
        "UPDATE ledger.freshness SET state = 'no_change' WHERE state = 'on_time' AND day(due_at) = 12"
    )
    ledger.connection.execute(
        "UPDATE ledger.runs SET outcome = 'failed', problem_code = 'P401' WHERE outcome = 'published'"
        " AND day(data_date) = 17"
    )
    ledger.connection.execute(
        "UPDATE ledger.freshness SET state = 'missing', arrived_at = NULL WHERE entry_id = 'civil_affairs.orphans'"
    )
    ledger.connection.execute(
        "UPDATE ledger.runs SET outcome = 'missing', delivered = NULL WHERE entry_id = 'civil_affairs.orphans'"
    )
    copy = {"run_id": "r1", "compared_at": datetime(2026, 11, 18, 3), "entry_id": "civil_affairs.marriages",
            "field": "sex", "element": "sex", "kind": "attribute", "source_id": "public_security.households",
            "match_key": "id_card_no", "link_digest": "0" * 64, "state": "compared", "indicator": "0401",
            "matched": 400, "only_here": None, "agreeing": 390, "differing": 10, "score": 97.5}  # fmt: skip
    key = copy | {"field": "id_card_no", "kind": "reference", "indicator": "0402", "matched": 400, "only_here": 100,
                  "agreeing": None, "differing": None, "score": 80.0}  # fmt: skip
    earlier = copy | {"run_id": "r0", "compared_at": datetime(2026, 11, 10, 3), "agreeing": 1, "differing": 399,
                      "score": 0.25}  # fmt: skip
    ledger.insert("comparisons", [copy, key, earlier])
    ask = {"entry_id": "civil_affairs.marriages", "field": "sex", "element": "sex", "kind": "attribute",
           "source_id": "public_security.households", "rows_first": 3, "rows_now": 3, "reopened": 0,
           "opened_at": datetime(2026, 10, 30, 3), "due_on": date(2026, 11, 13), "department": "civil_affairs",
           "state": "open", "answered_at": None, "closed_at": None}  # fmt: skip
    moments = (
        ("open", None, None), ("corrected", datetime(2026, 11, 13, 9), datetime(2026, 11, 16)),
        ("corrected", None, datetime(2026, 11, 12)), ("explained", datetime(2026, 11, 14), None),
        ("explained", None, datetime(2026, 11, 5)),
    )  # fmt: skip
    lines = [
        ask | {"correction_id": f"YY2026-{at:06}", "state": state, "answered_at": answered, "closed_at": closed}
        for at, (state, answered, closed) in enumerate(moments, start=1)
    ]
    lines.append(ask | {"correction_id": "YY2026-000009", "department": "public_security"})
    ledger.insert("corrections", lines)
    return ledger


@pytest.fixture(scope="module")
def worked():
    resources = catalog()
    ledger = disturb(build(resources, days=60))
    rules = Assessment()
    entries = [
        {"id": one.entry.id, "department": one.entry.department, "shared": True, "grace": timedelta(hours=2)}
        for one in resources
    ]
    raw = {table: ledger.query(f"SELECT * FROM ledger.{table}") for table in RAW if table in TABLES}

    def of(month, now=NOW):
        period = Period.of_month(rules.period, month)
        as_of = min(now, period.closing(rules.period))
        declared = Evidence(
            period, tuple(resources), Facts(as_of), tuple(demand(*one) for one in DEMANDS), assessment=rules
        )
        naive_now = now.astimezone(UTC).replace(tzinfo=None)
        by_hand = figures(raw, entries, month, naive_now, [raw_demand(*one) for one in DEMANDS])
        return assess(read_evidence(ledger, as_of, declared)), by_hand

    return of


CASES = [
    ("2026-11", NOW),
    ("2026-10", NOW),
    ("2026-11", datetime(2026, 11, 28, 0, tzinfo=UTC)),
    ("2026-11", datetime(2026, 11, 12, 1, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("month", "now"), CASES)
def test_every_entry(worked, month, now):
    standings, by_hand = worked(month, now)
    assert set(standings.entries) == set(by_hand["entries"])
    for entry_id, mine in standings.entries.items():
        other = by_hand["entries"][entry_id]
        assert (mine.fresh.part, mine.fresh.whole) == (other["met"], other["due"]), entry_id
        assert {name: one.value for name, one in mine.dimensions.items()} == pytest.approx(other["dimensions"])
        assert mine.quality == pytest.approx(other["quality"])


@pytest.mark.parametrize(("month", "now"), CASES)
def test_every_department(worked, month, now):
    standings, by_hand = worked(month, now)
    for mine in standings.departments:
        if mine.department not in by_hand["departments"]:
            continue
        other = by_hand["departments"][mine.department]
        assert (mine.fresh.part, mine.fresh.whole) == (other["met"], other["due"])
        assert mine.response.part + mine.corrections.part == other["timely"]
        assert mine.response.whole + mine.corrections.whole == other["asked"]
        for component, value in mine.components.items():
            assert value == pytest.approx(other[component]), (mine.department, component)
        assert mine.score == pytest.approx(other["score"])
        assert mine.rank == other["rank"]


def test_the_month_before_is_the_one_that_was(worked):
    november, _ = worked("2026-11")
    _, october = worked("2026-10")
    before = {one.department: (one.last_rank, one.last_score) for one in november.departments}
    for name, other in october["departments"].items():
        rank, score = before[name]
        assert rank == other["rank"]
        assert score == pytest.approx(other["score"])


def test_the_cases_are_worth_something(worked):
    """Every branch is taken: answers in time and not, our outages, no change, copies, an entry that never came."""
    standings, _ = worked("2026-11")
    replies = [reply for one in standings.departments for reply in (*one.response.rows, *one.corrections.rows)]
    assert {reply.timely for reply in replies} == {True, False, None}
    states = {due.state for one in standings.entries.values() for due in one.fresh.rows}
    assert states >= {"on_time", "late", "missing", "no_change", "excluded"}
    assert standings.ours
    assert standings.entries["civil_affairs.marriages"].consistent == pytest.approx((97.5 + 80) / 2)
    assert any(one.quality == 0 for one in standings.entries.values())
    assert len({one.rank for one in standings.departments}) > 3
