"""Settling due dates says the same on every warehouse: the statements are those that all of them share."""

from datetime import date, datetime, timedelta

import pytest

from lots import a_lot, publish
from servers import KINDS, warehouse_at
from shuyuan import ledger
from shuyuan.catalog.promises import Promised
from shuyuan.entry import Entry
from shuyuan.freshness.declaring import declare
from shuyuan.freshness.evidence import note_look
from shuyuan.freshness.sweeping import sweep
from shuyuan.problems import NotYetDelivered
from shuyuan.warehouses.duckdb import DuckDBWarehouse
from shuyuan.workdays import Calendar
from synthetic_ledger import make_resource

DUE = datetime(2026, 11, 20, 0, 30)
DEADLINE = DUE + timedelta(hours=2)
MINUTE = timedelta(minutes=1)
CALENDAR = Calendar({})
NAMES = ("looked", "unseen", "down", "declared", "suspended")


@pytest.fixture(params=KINDS)
def session(request, tmp_path, servers):
    made = (
        DuckDBWarehouse(tmp_path / "warehouse.duckdb")
        if request.param == "duckdb"
        else warehouse_at(servers.empty(request.param))
    )
    publish(made, a_lot(tmp_path, [("a", "1.00", None)]))
    with made.session() as opened:
        yield opened


def an_entry(name: str) -> Entry:
    status = "suspended" if name == "suspended" else "published"
    changes = {"key": ("id_card_no",), "status": status, "published_on": "2026-11-20"}
    return make_resource(f"civil_affairs.{name}", f"某项{name}", "daily", **changes).entry


def promised(entry: Entry) -> Promised:
    update = entry.update
    rhythm = (update.cycle, update.due, update.day, update.calendar, update.grace, update.data_lag_days)
    return Promised(entry.id, entry.title, "某局", entry.status, entry.published_on, *rhythm)


def run(session, entry_id, outcome, code, delivery=None):
    values = {"run_id": entry_id, "entry_id": entry_id, "department": entry_id.partition(".")[0], "spec_digest": "s"}
    values |= {"spec_version": "1", "code_version": "1", "data_date": DUE.date(), "trigger": "schedule"}
    values |= {"started_at": DUE, "finished_at": DUE + MINUTE, "outcome": outcome, "problem_code": code}
    ledger.insert(session, "runs", values | {"delivery_id": delivery})


def states(session):
    rows = session.query("SELECT entry_id, state, reason FROM ledger.freshness ORDER BY entry_id")
    return {row["entry_id"].partition(".")[2]: (row["state"], row["reason"]) for row in rows}


def test_every_state_is_settled_alike(session):
    entries = {name: an_entry(name) for name in NAMES}
    publication = session.query("SELECT * FROM ledger.publications")[0]
    declared = {"load_no": 99, "load_id": "l", "entry_id": entries["declared"].id, "published_at": DUE - 9 * MINUTE}
    ledger.insert(session, "publications", publication | declared)
    run(session, entries["down"].id, "failed", "P105")
    run(session, "tax.invoices", "published", None, "d")
    for at in (DEADLINE - MINUTE, DEADLINE):
        note_look(session, entries["looked"], DUE.date(), NotYetDelivered("D101", path="x"), at, CALENDAR)
    made = declare(session, entries["declared"], date(2026, 11, 20), "某人", "没有变化", CALENDAR, DEADLINE)
    assert made.state == "no_change"
    county = [promised(entry) for entry in entries.values()]
    for _ in range(2):
        sweep(session, county, CALENDAR, DEADLINE + MINUTE)
        assert states(session) == {
            "looked": ("missing", None),
            "unseen": ("excluded", "platform"),
            "down": ("missing", None),
            "declared": ("no_change", "declared"),
            "suspended": ("excluded", "suspended"),
        }
    note_look(session, entries["unseen"], DUE.date(), NotYetDelivered("D101", path="x"), DEADLINE + MINUTE, CALENDAR)
    sweep(session, county, CALENDAR, DEADLINE + 16 * MINUTE)
    assert states(session)["unseen"] == ("missing", None), "back again, we looked and the place was empty"
    again = declare(session, entries["declared"], date(2026, 11, 20), "别人", "没有变化", CALENDAR, DEADLINE)
    assert (again.state, again.who, again.declared_at) == ("repeated", "某人", DEADLINE)


def test_a_county_is_written_in_lots(session):
    one = promised(an_entry("looked"))
    county = [Promised(f"a.r{number}", *one_values(one)) for number in range(1201)]
    assert sweep(session, county, CALENDAR, DEADLINE + MINUTE)["excluded"] == 1201
    assert len(states(session)) == 1201


def one_values(one: Promised) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in Promised.__slots__[1:])
