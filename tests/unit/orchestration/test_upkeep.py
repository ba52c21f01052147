"""The nightly upkeep: what is missed, what is kept."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from building import make_project
from shuyuan.orchestration.upkeep import clear_runs, sweep_freshness, write_report
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import LOCAL
from vehicle_entries import vehicle_entry

ENTRY = "traffic_police.timed"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    return make_project(tmp_path, {ENTRY: vehicle_entry("timed", published_on="2026-11-18")})


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


def freshness(project):
    with open_warehouse(project).session() as session:
        return session.query("SELECT period, state, arrived_at FROM ledger.freshness ORDER BY due_at")


def test_the_sweep_reads_the_project_and_counts_what_is_newly_missing(project):
    """Due at 08:30 with two hours of grace; on the 20th somebody looked."""
    from shuyuan import ledger

    with open_warehouse(project).session() as session:
        looked = datetime(2026, 11, 20, 2, 15)
        ledger.insert(session, "looks", {"entry_id": ENTRY, "data_date": date(2026, 11, 20), "looked_at": looked})
    assert sweep_freshness(project, at("2026-11-20T10:29")) == 0
    assert sweep_freshness(project, at("2026-11-20T10:31")) == 1
    assert sweep_freshness(project, at("2026-11-20T10:46")) == 0
    assert [(row["period"], row["state"]) for row in freshness(project)] == [
        ("2026-11-18", "excluded"),
        ("2026-11-19", "excluded"),
        ("2026-11-20", "missing"),
    ]


def test_old_run_directories_go_but_the_newest_of_each_entry(project):
    now = datetime.now(UTC)
    for entry, ages in {"a.b": (50, 40, 1), "a.c": (90, 80)}.items():
        for age in ages:
            folder = project.runs / entry / f"run-{age}"
            (folder / "raw").mkdir(parents=True)
            stamp = (now - timedelta(days=age)).timestamp()
            os.utime(folder, (stamp, stamp))
    assert clear_runs(project, now) == 3
    assert sorted(path.name for path in project.runs.glob("*/*")) == ["run-1", "run-80"]
    assert clear_runs(project, now) == 0


def test_the_report_is_written_from_the_ledger(project):
    page = write_report(project, at("2026-11-20T05:30"))
    assert "机动车timed" in page.read_text(encoding="utf-8")
