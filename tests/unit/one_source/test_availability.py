"""When a source can be held against its copies: the reasons, at the edges of each."""

from datetime import UTC, date, datetime, timedelta

import pytest

from counties import RESIDENTS, make_county, residents_text
from shuyuan import ledger
from shuyuan.catalog import load_resource
from shuyuan.one_source.availability import last_due, why_not_comparable
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar

DAILY = {"cycle": "daily", "due": "08:30", "grace": "2h", "calendar": "everyday"}
CALENDAR = Calendar({})


def china(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_county(tmp_path, monkeypatch, {RESIDENTS: residents_text(update=DAILY)})


def why(county, now, **update):
    if update:
        county.write(RESIDENTS, residents_text(update=update))
    entry = load_resource(county.project, RESIDENTS).entry
    with open_warehouse(county.project).session() as session:
        return why_not_comparable(session, entry, CALENDAR, now)


def record(county, outcome, day, at, delivered=True):
    instant = at.replace(tzinfo=None)
    run = ledger.Run(
        f"run-{at.isoformat()}-{outcome}", RESIDENTS, "public_security", "s", "1.0.0", "0", day, "cli", instant,
        finished_at=instant, outcome=outcome, delivery_id="d" if delivered else None,
    )  # fmt: skip
    with open_warehouse(county.project).session() as session:
        ledger.record_run(session, run)


def arrive(county, due, state="on_time"):
    with open_warehouse(county.project).session() as session:
        ledger.record_freshness(session, RESIDENTS, due.replace(tzinfo=None), "p", state, due.replace(tzinfo=None), "r")


def test_never_published(county):
    assert why(county, china(20, 12)) == "never_published"


def test_fresh_until_the_grace_of_the_next_period_is_over(county):
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))
    assert why(county, china(20, 12)) is None
    assert why(county, china(21, 10, 30)) is None
    assert why(county, china(21, 10, 31)) == "stale"


def test_an_arrival_that_brought_nothing_new_is_fresh(county):
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))
    arrive(county, china(21, 8, 30))
    assert why(county, china(21, 12)) is None
    assert why(county, china(22, 12)) == "stale"


def test_a_missing_delivery_in_the_ledger_is_no_arrival(county):
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))
    due = china(21, 8, 30).replace(tzinfo=None)
    with open_warehouse(county.project).session() as session:
        ledger.record_freshness(session, RESIDENTS, due, "p", "missing", None, None)
    assert why(county, china(21, 12)) == "stale"


@pytest.mark.parametrize("cycle", ["irregular", "realtime"])
def test_an_entry_without_a_due_date_is_never_stale(county, cycle):
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))
    assert why(county, china(20, 12) + timedelta(days=300), cycle=cycle) is None


def test_days_off_are_no_due_days_of_a_daily_entry(county):
    update = {"calendar": "workday", "due": "08:30", "grace": "2h"}
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))  # a Friday
    assert why(county, china(22, 23), cycle="daily", **update) is None
    assert why(county, china(23, 11), cycle="daily", **update) == "stale"


def test_a_monthly_entry_is_due_on_its_day(county):
    update = {"cycle": "monthly", "day": 5, "due": "08:30", "calendar": "everyday", "grace": "1d", "wait": "2d"}
    county.publish(RESIDENTS, [("1",)], date(2026, 10, 1))
    assert why(county, china(6, 8, 30), **update) is None
    assert why(county, china(6, 8, 31), **update) == "stale"
    assert why(county, china(6, 8, 31), **update, data_lag_days=31) is None, "1 November less 31 days is 1 October"


def test_a_refused_later_delivery_blocks_until_one_is_accepted(county):
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))
    later = china(20, 15)
    record(county, "blocked", date(2026, 11, 20), later)
    assert why(county, china(20, 16)) == "blocked"
    record(county, "unchanged", date(2026, 11, 20), later + timedelta(minutes=5))
    assert why(county, china(20, 16)) is None


@pytest.mark.parametrize(
    ("outcome", "day", "at", "delivered"),
    [
        ("blocked", 19, china(20, 15), True),  # an older data date says nothing new
        ("blocked", 20, china(20, 1), True),  # before the publication
        ("failed", 20, china(20, 15), True),  # our fault, not the department's
        ("blocked", 20, china(20, 15), False),
    ],
)
def test_what_does_not_block(county, outcome, day, at, delivered):
    county.publish(RESIDENTS, [("1",)], date(2026, 11, 20))
    record(county, outcome, date(2026, 11, day), at, delivered)
    assert why(county, china(20, 16)) is None


def test_last_due_of_a_daily_entry():
    entry_update = type("U", (), {"cycle": "daily", "due": "08:30", "day": 1, "calendar": "everyday",
                                  "grace": timedelta(hours=2), "data_lag_days": 1})()  # fmt: skip
    now = china(21, 12).replace(tzinfo=None)
    assert last_due(entry_update, CALENDAR, now) == (date(2026, 11, 20), china(21, 8, 30).replace(tzinfo=None))
