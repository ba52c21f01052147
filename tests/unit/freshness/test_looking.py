"""A run that finds nothing leaves its look behind, so that the sweep knows that somebody looked."""

from datetime import UTC, date, datetime, timedelta

import pytest

from building import make_project
from shuyuan.catalog import load_resource
from shuyuan.orchestration.upkeep import sweep_freshness
from shuyuan.pipeline import Job, fetch, stages
from shuyuan.problems import NotYetDelivered, PassingError
from shuyuan.sources.connections import Connection
from shuyuan.warehouses import open_warehouse
from vehicle_entries import vehicle_entry

ENTRY, DAY = "traffic_police.timed", date(2026, 11, 20)
DEADLINE = datetime(2026, 11, 20, 2, 30)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    return make_project(tmp_path, {ENTRY: vehicle_entry("timed", published_on="2026-11-20")})


def look(project, monkeypatch, error, at):
    def find_nothing(*_):
        raise error

    monkeypatch.setattr(stages.sources, "fetch", find_nothing)
    monkeypatch.setattr(stages, "utc_now", lambda: at)
    job = Job.open(project, load_resource(project, ENTRY), DAY, "run-1", lambda name: Connection(name, "sqlite"))
    with pytest.raises(type(error)):
        fetch(job)


def looks(project):
    with open_warehouse(project).session() as session:
        return [row["looked_at"] for row in session.query("SELECT looked_at FROM ledger.looks")]


def test_an_empty_place_is_noted_and_the_due_date_is_missing(project, monkeypatch):
    look(project, monkeypatch, NotYetDelivered("D101", path="x"), DEADLINE)
    assert looks(project) == [DEADLINE]
    assert sweep_freshness(project, DEADLINE.replace(tzinfo=UTC) + timedelta(minutes=1)) == 1


def test_a_line_that_is_down_is_no_look(project, monkeypatch):
    look(project, monkeypatch, PassingError("P105", connection="x", host="x"), DEADLINE)
    assert looks(project) == []
    assert sweep_freshness(project, DEADLINE.replace(tzinfo=UTC) + timedelta(minutes=1)) == 0
