"""The sweep: what it settles and why, how often it asks the warehouse, what it remembers of the catalog."""

import os
from collections import Counter
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest

from building import entry_text, make_project
from county_ledger import Rhythm, make_county
from shuyuan import ledger
from shuyuan.catalog import read_catalog
from shuyuan.catalog.promises import Promised, read_promises
from shuyuan.freshness.sweeping import sweep
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar

ENTRY = "civil_affairs.orphans"
DUE = datetime(2026, 11, 20, 0, 30)
DEADLINE = DUE + timedelta(hours=2)
DAY = timedelta(days=1)
CALENDAR = Calendar({})


def promised(entry_id=ENTRY, **changes):
    rhythm = Rhythm("daily", calendar="everyday", **changes.pop("rhythm", {}))
    values = {name: getattr(rhythm, name) for name in ("cycle", "due", "day", "calendar", "grace", "data_lag_days")}
    known = {"title": "某信息", "department_title": "某局", "status": "published", "published_on": date(2026, 11, 19)}
    return Promised(entry_id=entry_id, **values | known | changes)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    with open_warehouse(make_project(tmp_path, {})).session() as opened:
        yield opened


def look(session, day, at):
    ledger.insert(session, "looks", {"entry_id": ENTRY, "data_date": day, "looked_at": at})


def run(session, outcome, code, at=DUE, entry_id=ENTRY, delivery=None):
    department = entry_id.partition(".")[0]
    values = {"run_id": f"{entry_id}{at}", "entry_id": entry_id, "department": department, "spec_digest": "s"}
    values |= {"spec_version": "1", "code_version": "1", "data_date": at.date(), "trigger": "schedule"}
    values |= {"started_at": at, "finished_at": at + timedelta(minutes=2), "outcome": outcome, "problem_code": code}
    ledger.insert(session, "runs", values | {"delivery_id": delivery})


def states(session):
    rows = session.query(
        "SELECT due_at, state, reason FROM ledger.freshness WHERE entry_id = ? ORDER BY due_at", [ENTRY]
    )
    return [(row["due_at"].day, row["state"], row["reason"]) for row in rows]


def test_missing_where_we_looked_and_ours_where_nobody_did(session):
    look(session, date(2026, 11, 20), DEADLINE)
    assert sweep(session, [promised()], CALENDAR, DEADLINE) == Counter(excluded=1)
    assert sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(seconds=1)) == Counter(missing=1)
    assert states(session) == [(19, "excluded", "platform"), (20, "missing", None)]
    assert not sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(minutes=15)), "nothing is written twice"


def test_a_fault_of_ours_is_judged_again_once_we_are_back(session):
    run(session, "failed", "P306")
    sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(minutes=1))
    assert states(session)[-1] == (20, "excluded", "platform")
    look(session, date(2026, 11, 20), DEADLINE + timedelta(minutes=5))
    assert sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(minutes=16)) == Counter(missing=1)
    assert states(session)[-1] == (20, "missing", None)


def test_a_machine_that_is_down_while_others_answer_is_the_departments(session):
    run(session, "failed", "P105")
    run(session, "published", None, entry_id="tax.invoices", delivery="d")
    sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(minutes=1))
    assert states(session)[-1] == (20, "missing", None)


def test_a_suspended_entry_does_not_count(session):
    look(session, date(2026, 11, 20), DEADLINE)
    sweep(session, [promised(status="suspended")], CALENDAR, DEADLINE + DAY / 24)
    assert states(session)[-1] == (20, "excluded", "suspended")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "confirmed"},
        {"status": "retired"},
        {"published_on": None},
        {"published_on": date(2026, 11, 21)},
        {"cycle": "irregular"},
        {"cycle": "realtime"},
    ],
)
def test_nobody_misses_what_was_not_promised(session, changes):
    assert not sweep(session, [promised(**changes)], CALENDAR, DEADLINE + timedelta(hours=1))


def test_due_dates_before_the_first_publication_are_left_alone(session):
    values = {"load_no": 1, "load_id": "l", "entry_id": ENTRY, "run_id": "r", "delivery_id": "d", "spec_digest": "s"}
    values |= {"spec_version": "1", "data_date": date(2026, 11, 19), "mode": "replace", "rows": 1, "added": 1}
    values |= {"updated": 0, "removed": 0, "accepted": 1, "rejected": 0, "token": 1, "published_at": DUE - DAY / 2}
    ledger.insert(session, "publications", values)
    sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(hours=1))
    assert [day for day, _, _ in states(session)] == [20]


@pytest.mark.parametrize(("state", "arrived"), [("on_time", DUE), ("late", DEADLINE + DAY), ("no_change", DUE)])
def test_what_arrived_stays_arrived(session, state, arrived):
    ledger.record_freshness(session, ENTRY, DUE, "2026-11-20", state, arrived, "run-1")
    sweep(session, [promised()], CALENDAR, DEADLINE + timedelta(hours=1))
    assert states(session)[-1] == (20, state, None)


def test_after_an_outage_of_weeks_every_due_date_is_accounted_for(session):
    old = promised(published_on=date(2026, 1, 1))
    ledger.record_freshness(session, ENTRY, DUE - 20 * DAY, "2026-10-31", "on_time", DUE - 20 * DAY, "run-1")
    assert sweep(session, [old], CALENDAR, DEADLINE + timedelta(hours=1))["excluded"] == 20
    assert states(session)[0][1] == "on_time"


class Counting:
    """A session that counts its statements."""

    def __init__(self, session):
        self.session, self.count = session, 0

    def query(self, sql, parameters=()):
        self.count += 1
        return self.session.query(sql, parameters)

    def execute(self, sql, parameters=()):
        self.count += 1
        self.session.execute(sql, parameters)

    @contextmanager
    def transaction(self):
        with self.session.transaction():
            yield


def test_the_number_of_statements_does_not_grow_with_the_catalog(session):
    county = [promised(f"civil_affairs.r{number}", published_on=date(2026, 11, 20)) for number in range(300)]
    asked = Counting(session)
    assert sweep(asked, county, CALENDAR, DEADLINE)["excluded"] == 0
    assert asked.count == 2, "what is there, and whether the ledger is new"
    assert sweep(asked, county, CALENDAR, DEADLINE + timedelta(seconds=1))["excluded"] == 300
    assert asked.count == 2 + 7
    asked.count = 0
    assert not sweep(asked, county, CALENDAR, DEADLINE + timedelta(minutes=15))
    assert asked.count == 4, "faults of ours are judged again, and nothing is written"


def test_the_county_is_swept_from_its_files_and_its_ledger(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    project = make_county(tmp_path, entries=20, days=40)
    promises = read_promises(project)
    with open_warehouse(project).session() as session:
        assert not sweep(session, promises, CALENDAR, datetime(2026, 11, 20, 8, 30)), "the ledger has every due date"
        told = sweep(session, promises, CALENDAR, datetime(2026, 11, 23, 8, 30))
    assert told == Counter(excluded=14), "Monday's daily entries, for nobody looked"


def test_every_change_of_the_catalog_is_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    number = iter(range(10, 99))

    def text(entry_id, **changes):
        return entry_text(id=entry_id, code=f"307010101/{next(number):06}", title=f"资源{next(number)}", **changes)

    project = make_project(tmp_path, {"a.one": text("a.one"), "a.two": text("a.two"), "b.three": text("b.three")})

    def known():
        promises = read_promises(project)
        assert promises == tuple(
            sorted(map(Promised.of, read_catalog(project).resources), key=lambda one: one.entry_id)
        )
        return {one.entry_id: one for one in promises}

    def write(file, content):
        (project.specs / file).write_text(content, encoding="utf-8")

    assert list(known()) == ["a.one", "a.two", "b.three"]
    write("a/one.yaml", text("a.one", update={"due": "09:45"}))
    assert known()["a.one"].due == "09:45"
    write("b/four.yaml", text("b.four"))
    (project.specs / "a" / "two.yaml").unlink()
    assert list(known()) == ["a.one", "b.four", "b.three"]
    write("b/four.yaml", "kind: CatalogEntry\n")
    assert "b.four" not in known()
    write("_defaults.yaml", "update: {grace: 5h}\n")
    assert known()["b.three"].grace == timedelta(hours=5)
    write("b/_department.yaml", "kind: [\n")
    assert list(known()) == ["a.one"]
    assert project.var.joinpath("promises.json").is_file()


def test_an_untouched_catalog_is_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    project = make_project(tmp_path)
    first = read_promises(project)
    monkeypatch.setattr("shuyuan.catalog.gathering.read_catalog", pytest.fail)
    assert read_promises(project) == first


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "0", "files": {}, "entries": []}'])
def test_a_spoilt_memory_is_made_anew(tmp_path, monkeypatch, content):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    project = make_project(tmp_path)
    first = read_promises(project)
    (project.var / "promises.json").write_text(content, encoding="utf-8")
    assert read_promises(project) == first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_makes_it_only_slower(tmp_path, monkeypatch):
    (tmp_path / "var").mkdir(mode=0o500)
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    assert len(read_promises(make_project(tmp_path / "project"))) == 1
