"""A run checks a delivery against the sources of its copies, as they are published at that moment."""

import sqlite3
from datetime import UTC, date, datetime

import pytest

from copies import HOUSEHOLDS, OTHER, PEOPLE, PERSON, UNKNOWN, make_copies, publish_people
from shuyuan.catalog import load_resource
from shuyuan.pipeline import Job, run
from shuyuan.pipeline.source_rows import borrow_sources
from shuyuan.quality import why_not_compared
from shuyuan.sources.connections import Connection
from shuyuan.stages import Verdict
from shuyuan.warehouses import open_warehouse

DATABASE = {"type": "database", "connection": "civil_affairs_db", "table": "households", "path": None, "format": None}


@pytest.fixture
def deliver(tmp_path, monkeypatch):
    """Run the households once for these rows; return the verdict and the outcome."""
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    runs = []

    def once(project, *rows):
        with sqlite3.connect(project.root / "households.db") as database:
            database.execute("DROP TABLE IF EXISTS households")
            database.execute("CREATE TABLE households (BH TEXT, SFZH TEXT, XM TEXT, SPRQ TEXT)")
            database.executemany("INSERT INTO households VALUES (?, ?, ?, ?)", rows)
        connection = Connection("civil_affairs_db", "sqlite", schema=str(project.root / "households.db"))
        resource = load_resource(project, HOUSEHOLDS)
        runs.append(resource)
        job = Job.open(project, resource, date(2026, 11, 20), f"run-{len(runs)}", lambda _: connection)
        outcome = list(run(job))[-1].made
        return job, Verdict.read(job.workdir), outcome

    return once


ROWS = [("1", PERSON, "张三", None), ("2", OTHER, "李四", None), ("3", UNKNOWN, "王五", None)]


def of_sources(verdict):
    return {one.rule: (one.evaluated, one.unexpected) for one in verdict.results if one.code.startswith("D5")}


def test_rows_whose_person_nobody_knows_are_rejected_and_recorded(tmp_path, deliver):
    project = make_copies(tmp_path, source=DATABASE)
    publish_people(project, [(PERSON, "张三"), (OTHER, "赵六")])
    job, verdict, outcome = deliver(project, *ROWS)
    assert outcome == "published"
    assert of_sources(verdict) == {"id_card_no.known_to_source": (3, 1), "person_name.agrees_with_source": (2, 1)}
    assert (verdict.delivered, verdict.accepted, verdict.rejected) == (3, 2, 1)
    with job.warehouse.session() as session:
        lines = session.query("SELECT rule, unexpected FROM ledger.rule_results WHERE code LIKE 'D5%' ORDER BY rule")
    assert [(line["rule"], line["unexpected"]) for line in lines] == [
        ("id_card_no.known_to_source", 1),
        ("person_name.agrees_with_source", 1),
    ]
    assert not (job.workdir / "sources").exists()


def test_a_source_that_was_never_published_rejects_nobody(tmp_path, deliver):
    _, verdict, outcome = deliver(make_copies(tmp_path, source=DATABASE), *ROWS)
    assert outcome == "published"
    assert {why_not_compared(one) for one in verdict.results if one.code.startswith("D5")} == {"never_published"}
    assert of_sources(verdict) == {"id_card_no.known_to_source": (0, 0), "person_name.agrees_with_source": (0, 0)}
    assert verdict.rejected == 0


def test_the_rows_that_a_check_borrowed_stay_as_they_were(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    project = make_copies(tmp_path)
    publish_people(project, [(PERSON, "张三")])
    shared = project.shared / "public_security__people.parquet"
    folder = tmp_path / "borrowed"
    with open_warehouse(project).session() as session:
        (borrowed,) = borrow_sources(session, load_resource(project, HOUSEHOLDS), folder, datetime.now(UTC))
    assert borrowed.path.samefile(shared)
    before = borrowed.path.read_bytes()
    publish_people(project, [(PERSON, "张三"), (OTHER, "李四")], load_no=2)
    assert borrowed.path.read_bytes() == before
    assert not borrowed.path.samefile(shared)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_shared_copy_that_is_gone_or_old_is_written_anew_but_not_for_others(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    project = make_copies(tmp_path)
    publish_people(project, [(PERSON, "张三")])
    shared = project.shared / "public_security__people.parquet"
    shared.unlink()
    with open_warehouse(project).session() as session:
        (borrowed,) = borrow_sources(session, load_resource(project, HOUSEHOLDS), tmp_path / "b", datetime.now(UTC))
    assert borrowed.path.exists()
    assert not shared.exists()


def test_an_entry_without_copies_borrows_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    project = make_copies(tmp_path)
    folder = tmp_path / "borrowed"
    with open_warehouse(project).session() as session:
        assert borrow_sources(session, load_resource(project, PEOPLE), folder, datetime.now(UTC)) == ()
    assert not folder.exists()
