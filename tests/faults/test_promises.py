"""The promises, and that each test of them fails when its protection is switched off.

Each promise has a scenario that returns what was harmed (``None``: nothing). It runs twice: as the product
is, where nothing may be harmed, and with one protection removed, where the harm must show. A scenario that
cannot see the harm proves nothing.
"""

import contextlib
import json
import logging

import pyarrow.parquet as pq
import pytest

from building import entry_text, make_project
from rooms import make_room
from shuyuan import ledger
from shuyuan.catalog import CatalogError, read_catalog
from shuyuan.catalog.resources import Draft
from shuyuan.pipeline import stages
from shuyuan.problems import ShuyuanError
from shuyuan.warehouses import publishing
from shuyuan.warehouses.duckdb import DuckDBSession

OLD = [("A1", "5"), ("A2", "6"), ("A3", "7"), ("A4", "8")]
OLD_SHARED = [("A1", 5), ("A2", 6), ("A3", 7), ("A4", 8)]
CANARY_PLATE, CANARY_SEATS = "蒙K159901X", "159901199001011234"


@pytest.fixture(autouse=True)
def working_files(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))


def harm_of_dying_before_the_commit(folder, monkeypatch):
    room = make_room(folder, load={"mode": "merge", "key": ["plate"]})
    room.deliver(OLD)
    assert room.outcome() == "published"
    room.deliver([("A1", "99")])

    def die(name):
        if name == "before_commit":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "point", die)
        with pytest.raises(KeyboardInterrupt):
            room.run(21)
    return None if room.shared() == OLD_SHARED else room.shared()


def no_transaction(monkeypatch):
    @contextlib.contextmanager
    def autocommit(self):
        yield

    monkeypatch.setattr(DuckDBSession, "transaction", autocommit)


def harm_of_a_row_lost_while_reading(folder, monkeypatch):
    room = make_room(folder)
    room.deliver(OLD)
    real = stages.formats.read

    def lose_one(resource, delivery, workdir):
        batch = real(resource, delivery, workdir)
        table = pq.read_table(workdir / batch.path)
        pq.write_table(table.slice(0, batch.rows - 1), workdir / batch.path)
        return batch.model_copy(update={"rows": batch.rows - 1})

    with monkeypatch.context() as patch:
        patch.setattr(stages.formats, "read", lose_one)
        return None if room.outcome() == "failed" else room.ledger("runs")


def no_second_count(monkeypatch):
    def read(job):
        batch = stages.formats.read(job.resource, stages.Delivery.read(job.workdir), job.workdir)
        batch.model_copy(update={"counted": batch.rows}).save(job.workdir)
        return batch

    monkeypatch.setattr("shuyuan.pipeline.sequence.read", read)


def harm_of_the_same_delivery_again(folder, monkeypatch):
    room = make_room(folder)
    room.deliver(OLD)
    room.run()
    outcome = room.outcome()
    publications = len(room.ledger("publications"))
    return None if (outcome, publications) == ("unchanged", 1) else (outcome, publications)


def no_memory_of_publications(monkeypatch):
    monkeypatch.setattr(stages, "is_published", lambda *_: False)


def harm_of_a_later_run_taking_over(folder, monkeypatch):
    room = make_room(folder)
    room.deliver(OLD)
    room.run()
    real = DuckDBSession.publish
    room.deliver([("B1", "1"), *OLD])

    def overtaken(self, lot, token):
        self.lease(lot.entry.id)
        return real(self, lot, token)

    with monkeypatch.context() as patch:
        patch.setattr(DuckDBSession, "publish", overtaken)
        room.run(21)
    return None if room.shared() == OLD_SHARED else room.shared()


def no_fencing(monkeypatch):
    """Tokens that never grow: everybody holds the newest."""
    real = DuckDBSession.lease

    def lease(self, entry_id):
        rows = self.query("SELECT token FROM ledger.leases WHERE entry_id = ?", [entry_id])
        return rows[0]["token"] if rows else real(self, entry_id)

    monkeypatch.setattr(DuckDBSession, "lease", lease)


def harm_of_rows_without_a_past(folder, monkeypatch):
    """Every shared row must lead to a file's (or query's) hash, an entry version and a run."""
    room = make_room(folder)
    room.deliver(OLD)
    room.run()
    traced = {row["plate"] for row in traces(room) if row["sha256"] and row["spec_digest"] and row["run_id"]}
    lost = {plate for plate, _ in room.shared()} - traced
    return lost or None


def traces(room):
    with room.job().warehouse.session() as session:
        return session.query(
            "SELECT s.plate, d.sha256, p.spec_digest, r.run_id FROM share.traffic_police__vehicles s"
            " JOIN ledger.publications p ON p.load_no = s._load_no"
            " JOIN ledger.deliveries d ON d.delivery_id = p.delivery_id JOIN ledger.runs r ON r.run_id = p.run_id"
        )


def no_deliveries_in_the_ledger(monkeypatch):
    monkeypatch.setattr(ledger, "record_delivery", lambda *_: None)


def harm_of_one_broken_entry(folder, monkeypatch):
    project = make_project(folder, {"civil_affairs.good": entry_text(id="civil_affairs.good"), "a.broken": "kind: [\n"})
    usable = [resource.entry.id for resource in read_catalog(project).resources]
    return None if usable == ["civil_affairs.good"] else usable


def no_patience_with_errors(monkeypatch):
    real = Draft.__post_init__

    def raise_at_once(self):
        real(self)
        if self.problems:
            raise CatalogError(tuple(self.problems))

    monkeypatch.setattr(Draft, "__post_init__", raise_at_once)


def harm_of_a_shrunken_delivery(folder, monkeypatch):
    room = make_room(folder)
    room.deliver(OLD)
    room.run()
    room.deliver([("A1", "5")])
    blocked = room.outcome(21)
    text = room.ledger("runs")[-1]["problem"] or ""
    harmless = blocked == "blocked" and "2026-11-20" in text and room.shared() == OLD_SHARED
    return None if harmless else (blocked, text, room.shared())


def harm_of_an_empty_delivery(folder, monkeypatch):
    room = make_room(folder)
    room.deliver(OLD)
    room.run()
    room.deliver([])
    return None if room.outcome(21) == "blocked" and room.shared() == OLD_SHARED else room.shared()


def no_gate(monkeypatch):
    real = stages.quality.check

    def check(*arguments):
        return real(*arguments).model_copy(update={"blocked_by": ()})

    monkeypatch.setattr(stages.quality, "check", check)


def harm_to_privacy(folder, monkeypatch):
    """Planted values must be in ``share`` and ``rejected`` only: not in logs, stage files, problems or the ledger."""
    room = make_room(folder)
    logged = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    room.deliver([(CANARY_PLATE, "x" + CANARY_SEATS), ("A2", "6"), (CANARY_PLATE, "7")])
    steps = room.run()
    logging.getLogger().removeHandler(handler)
    said = " ".join(logged) + " ".join(repr(step.made) for step in steps)
    for path in room.project.runs.rglob("*.json"):
        said += path.read_text(encoding="utf-8")
    for table in ledger.TABLES:
        said += json.dumps(room.ledger(table), default=str, ensure_ascii=False)
    found = [value for value in (CANARY_PLATE, CANARY_SEATS) if value in said]
    return found or None


def careless_results(monkeypatch):
    real = stages.quality.check

    def check(resource, batch, workdir, *rest):
        verdict = real(resource, batch, workdir, *rest)
        sample = pq.read_table(workdir / batch.path)["plate"][-1].as_py()
        first = verdict.results[0].model_copy(update={"observed": sample})
        return verdict.model_copy(update={"results": (first, *verdict.results[1:])})

    monkeypatch.setattr(stages.quality, "check", check)


SCENARIOS = {
    "P1 dying before the commit": (harm_of_dying_before_the_commit, no_transaction),
    "P2 a row lost while reading": (harm_of_a_row_lost_while_reading, no_second_count),
    "P3 the same delivery again": (harm_of_the_same_delivery_again, no_memory_of_publications),
    "P4 a later run takes over": (harm_of_a_later_run_taking_over, no_fencing),
    "P5 rows without a past": (harm_of_rows_without_a_past, no_deliveries_in_the_ledger),
    "P6 a shrunken delivery": (harm_of_a_shrunken_delivery, no_gate),
    "P6 an empty delivery": (harm_of_an_empty_delivery, no_gate),
    "P7 no value where it does not belong": (harm_to_privacy, careless_results),
    "P8 one broken entry": (harm_of_one_broken_entry, no_patience_with_errors),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_promise_holds(scenario, tmp_path, monkeypatch):
    harm, _ = SCENARIOS[scenario]
    assert harm(tmp_path, monkeypatch) is None


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_harm_shows_when_the_protection_is_switched_off(scenario, tmp_path, monkeypatch):
    harm, switch_off = SCENARIOS[scenario]
    switch_off(monkeypatch)
    try:
        harmed = harm(tmp_path, monkeypatch)
    except (ShuyuanError, AssertionError) as error:
        harmed = error
    assert harmed is not None
