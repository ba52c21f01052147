"""What a run writes of its due date, and what an empty look leaves behind."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest

from building import make_project
from shuyuan import ledger
from shuyuan.catalog import load_resource
from shuyuan.freshness.evidence import note_look
from shuyuan.pipeline import recording
from shuyuan.problems import NotYetDelivered
from shuyuan.stages import DeliveredFile, Delivery
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar
from vehicle_entries import vehicle_entry

ENTRY, DAY = "traffic_police.timed", date(2026, 11, 20)
DUE = datetime(2026, 11, 20, 0, 30)
DEADLINE = DUE + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    monkeypatch.setattr(recording, "utc_now", lambda: DEADLINE + timedelta(hours=9))
    project = make_project(tmp_path, {ENTRY: vehicle_entry("timed", published_on="2026-11-01")})
    with open_warehouse(project).session() as session:
        yield SimpleNamespace(project=project, session=session, resource=load_resource(project, ENTRY))


def publish(place, day, at):
    values = {"load_no": int(at.timestamp()), "load_id": f"{day}", "entry_id": ENTRY, "run_id": "r", "delivery_id": "d"}
    values |= {"spec_digest": "s", "spec_version": "1", "data_date": day, "mode": "replace", "rows": 1, "added": 1}
    values |= {"updated": 0, "removed": 0, "accepted": 1, "rejected": 0, "token": 1, "published_at": at}
    ledger.insert(place.session, "publications", values)


def deliver(at, dated=None):
    file = DeliveredFile(name="f", path="f", size=1, sha256="0", modified_at=dated)
    evidence = {"spec_digest": "s", "sha256": "0", "evidence": "marker", "files": (file,)}
    return Delivery(entry_id=ENTRY, data_date=DAY, received_at=at, **evidence)


def note(place, outcome, delivery=None, day=DAY):
    job = SimpleNamespace(resource=place.resource, data_date=day, project=place.project, run_id="run-1")
    recording.note_freshness(place.session, job, outcome, delivery)
    rows = place.session.query("SELECT state, reason, arrived_at FROM ledger.freshness WHERE due_at = ?", [DUE])
    return (rows[0]["state"], rows[0]["reason"]) if rows else None


def look(place, at, code="D101"):
    missing = NotYetDelivered(code, path="x")
    note_look(place.session, place.resource.entry, DAY, missing, at, Calendar({}))


def test_in_time(place):
    publish(place, DAY, DUE)
    assert note(place, "published", deliver(DEADLINE)) == ("on_time", None)


def test_the_same_content_for_a_new_data_date_is_no_change(place):
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    assert note(place, "unchanged", deliver(DUE)) == ("no_change", None)


def test_the_same_content_for_the_same_data_date_is_just_in_time(place):
    publish(place, DAY, DUE)
    assert note(place, "unchanged", deliver(DUE + MINUTE)) == ("on_time", None)


def test_late_when_we_had_looked_and_the_place_was_empty(place):
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    look(place, DEADLINE - MINUTE)
    assert note(place, "published", deliver(DEADLINE + MINUTE)) == ("late", None)
    assert note(place, "published", deliver(DUE)) == ("late", None), "what was met late stays late"


def test_late_when_their_machine_says_so_although_nobody_looked(place):
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    delivery = deliver(DEADLINE + timedelta(hours=3), dated=DEADLINE + MINUTE)
    assert note(place, "published", delivery) == ("late", None)


def test_found_at_the_first_look_after_an_outage_does_not_count(place):
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    delivery = deliver(DEADLINE + timedelta(hours=3), dated=DUE)
    assert note(place, "published", delivery) == ("excluded", "platform")


@pytest.mark.parametrize(("minutes", "became"), [(-5, ("excluded", "platform")), (5, ("late", None))])
def test_a_cleared_run_keeps_what_the_sweep_had_found(place, minutes, became):
    """Our fault came after an empty look; run again under its own id, the run left no trace of the fault."""
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    look(place, DEADLINE + minutes * MINUTE)
    ledger.record_freshness(place.session, ENTRY, DUE, str(DAY), "excluded", None, None, "platform")
    assert note(place, "published", deliver(DEADLINE + timedelta(hours=1))) == became


def test_unchanged_but_late_is_late(place):
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    look(place, DEADLINE)
    assert note(place, "unchanged", deliver(DEADLINE + MINUTE)) == ("late", None)


def test_the_first_period_counts_only_when_it_is_met(place):
    publish(place, DAY, DEADLINE + timedelta(hours=1))
    assert note(place, "published", deliver(DEADLINE + timedelta(hours=1))) == ("excluded", "first")


def test_a_run_that_gave_up_is_missing_and_a_later_delivery_is_late(place):
    publish(place, DAY - timedelta(days=1), DUE - timedelta(days=1))
    look(place, DEADLINE + MINUTE)
    assert note(place, "missing") == ("missing", None)
    assert note(place, "published", deliver(DEADLINE + timedelta(hours=5))) == ("late", None)


def test_only_looks_that_tell_something_are_kept(place):
    def kept():
        return [row["looked_at"] for row in place.session.query("SELECT looked_at FROM ledger.looks")]

    look(place, DEADLINE - 31 * MINUTE)
    look(place, DEADLINE, code="D102")
    look(place, DEADLINE, code="D112")
    assert kept() == []
    look(place, DEADLINE - 30 * MINUTE)
    look(place, DEADLINE)
    assert kept() == [DEADLINE]
