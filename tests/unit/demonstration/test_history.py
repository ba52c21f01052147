"""The demonstration's made-up past: the same every time, written once, marked, and nothing but facts of the past."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shuyuan import ledger
from shuyuan.demonstration.departments import published_entries
from shuyuan.demonstration.history import FORMERLY, MANNERS, OUTAGES, fate_of, write_history
from shuyuan.demonstration.spells import HORIZON, MENDING_DAYS, Lots, broken_days
from shuyuan.indicators.reading import read_facts
from shuyuan.ledger import Run
from shuyuan.project import Project
from shuyuan.scoring import Measured, score_dimensions, score_total
from shuyuan.stages import RuleResult
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar, arrival_state, due_at, local_day

PROJECT = Project(Path(__file__).parents[3])
DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
RULES = (
    ("name.required", "D402", "0201", "reject", 1000, 7),
    ("id.resident_id", "D406", "0101", "reject", 990, 3),
    ("phone.pattern", "D408", "0102", "count", 900, 0),
    ("table.shrink", "D602", "0202", "block", 1, 0),
)


def real_runs(project: Project, started_at: datetime) -> dict[str, str]:
    """Write what the demonstration's own run leaves: a run of 1,000 rows for each entry, and how its rules fared."""
    ids = {}
    with open_warehouse(project).session() as session, session.transaction():
        for resource in published_entries(project):
            entry = resource.entry
            ids[entry.id] = run_id = f"{entry.id}.manual"
            results = [
                RuleResult(
                    rule=rule, code=code, indicator=indicator, dimension="completeness", effect=effect,
                    evaluated=evaluated, unexpected=unexpected, success=not unexpected,
                )
                for rule, code, indicator, effect, evaluated, unexpected in RULES
            ]  # fmt: skip
            ledger.record_results(session, run_id, entry.id, results)
            counts = {"delivered": 1000, "accepted": 990, "rejected": 10}
            facts = {"outcome": "published", "finished_at": started_at}
            ledger.record_run(
                session,
                Run(run_id, entry.id, entry.department, "0" * 64, "1.0.0", "0.1.0", DAY, "manual", started_at,
                    **facts, **counts),
            )  # fmt: skip
    return ids


@pytest.fixture
def written(tmp_path, monkeypatch):
    def write(name: str = "one", day: date = DAY, now: datetime = NOW):
        monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / name))
        monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
        ids = real_runs(PROJECT, now.replace(tzinfo=None))
        return write_history(PROJECT, published_entries(PROJECT), ids, day, now), ids

    return write


def rows(sql: str) -> list[dict]:
    with open_warehouse(PROJECT).session() as session:
        return session.query(sql)


def past(table: str) -> list[dict]:
    return rows(f"SELECT * FROM ledger.{table} WHERE run_id LIKE 'demo__%' ORDER BY ALL")


def test_it_is_the_same_every_time(written):
    count, _ = written("one")
    first = {table: past(table) for table in ("runs", "rule_results", "freshness", "deliveries")}
    again, _ = written("two")
    assert count == again == len(first["runs"]) > 300
    assert {table: past(table) for table in first} == first


def test_it_is_written_once_and_never_over_a_real_past(written):
    count, ids = written()
    assert count
    assert write_history(PROJECT, published_entries(PROJECT), ids, DAY, NOW) == 0
    assert write_history(PROJECT, published_entries(PROJECT), ids, DAY + timedelta(days=1), NOW) == 0
    with open_warehouse(PROJECT).session() as session:
        session.execute("DELETE FROM ledger.runs WHERE run_id LIKE 'demo__%'")
        session.execute("UPDATE ledger.runs SET started_at = ?", [datetime(2026, 11, 18)])
    assert write_history(PROJECT, published_entries(PROJECT), ids, DAY, NOW) == 0


def test_nothing_is_published_and_everything_is_marked(written):
    written()
    assert rows("SELECT * FROM ledger.publications") == rows("SELECT * FROM ledger.watermarks") == []
    runs = past("runs")
    assert {run["trigger"] for run in runs} == {"demo"}
    with open_warehouse(PROJECT).session() as session:
        assert read_facts(session, NOW).made_up
    assert {run["load_no"] for run in runs} == {None}
    assert {run["outcome"] for run in runs} == {"published", "unchanged", "blocked", "missing", "failed"}


def test_what_the_sweep_wrote_of_the_days_before_gives_way(written, monkeypatch, tmp_path):
    written("one")
    expected = rows("SELECT * FROM ledger.freshness ORDER BY ALL")
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "two"))
    with open_warehouse(PROJECT).session() as session:
        for line in expected[::3]:
            swept = {"entry_id": line["entry_id"], "due_at": line["due_at"], "period": line["period"]}
            ledger.insert(session, "freshness", swept | {"state": "excluded", "reason": "platform"})
    written("two")
    assert rows("SELECT * FROM ledger.freshness ORDER BY ALL") == expected


def test_it_ends_before_the_demonstrations_own_due_dates(written):
    written()
    calendar = Calendar.read(PROJECT.calendar)
    entries = {one.entry.id: one.entry for one in published_entries(PROJECT)}
    for line in rows("SELECT * FROM ledger.freshness"):
        promise = entries[line["entry_id"]].update
        assert line["due_at"] < due_at(promise, DAY, calendar)
        assert date(2026, 9, 28) <= local_day(line["due_at"]) < DAY
    assert max(run["started_at"] for run in past("runs")) < NOW.replace(tzinfo=None)


def test_a_date_to_come_has_no_past_to_come(written):
    written(day=date(2026, 12, 24))
    assert max(local_day(line["due_at"]) for line in rows("SELECT due_at FROM ledger.freshness")) < local_day(NOW)


def test_states_are_what_the_arrivals_say(written):
    written()
    grace = {one.entry.id: one.entry.update.grace for one in published_entries(PROJECT)}
    states = set()
    for line in rows("SELECT * FROM ledger.freshness"):
        state = arrival_state(line["due_at"], grace[line["entry_id"]], line["arrived_at"], NOW.replace(tzinfo=None))
        states.add(line["state"])
        if line["state"] == "excluded":
            assert (line["reason"], state) == ("platform", "late")
        else:
            assert state == ("on_time" if line["state"] == "no_change" else line["state"])
    assert states == {"on_time", "late", "missing", "no_change", "excluded"}


def test_counts_and_scores_agree(written):
    written()
    found: dict[str, list[dict]] = {}
    for result in past("rule_results"):
        found.setdefault(result["run_id"], []).append(result)
    checked = [run for run in past("runs") if run["delivered"] is not None]
    for run in checked:
        measured = [
            Measured(one["indicator"], one["evaluated"], one["unexpected"])
            for one in found[run["run_id"]]
            if not one["rule"].startswith("table.")
        ]
        assert json.loads(run["scores"]) == score_dimensions(measured)
        assert run["score"] == score_total(score_dimensions(measured))
        assert run["accepted"] + run["rejected"] == run["delivered"]
        stopped = [one["rule"] for one in found[run["run_id"]] if one["effect"] == "block" and one["unexpected"]]
        assert stopped == (["table.shrink"] if run["outcome"] == "blocked" else [])
    assert len(checked) > 300


def test_departments_differ_and_our_outages_are_ours():
    for former in (False, True):
        fates = {
            department: [fate_of(department, Lots(f"{department} {n}"), 1, former=former) for n in range(2000)]
            for department in (*MANNERS, "elsewhere")
        }
        assert set(fates["elsewhere"]) == {"on_time"}
        for department, manners in (MANNERS | FORMERLY if former else MANNERS).items():
            for fate, share in manners.items():
                assert abs(fates[department].count(fate) / 2000 - share) < 0.03
    for back in OUTAGES:
        assert fate_of("taxation", Lots("x"), back) == "outage"


def test_rules_fail_are_mended_and_come_back(written):
    """On the day before the demonstration most rules that fail in it fail, and few have failed for long."""
    assert broken_days("taxation", "a.b", "x.required") == broken_days("taxation", "a.b", "x.required")
    lasted = []
    for department, most in MENDING_DAYS.items():
        for number in range(200):
            days = broken_days(department, "a.b", f"x{number}")
            spells = [ago for ago in range(1, HORIZON) if ago in days and ago - 1 not in days]
            assert spells
            lasted.append(next(ago for ago in range(HORIZON) if ago + 1 not in days))
            assert lasted[-1] <= most
    assert sum(days <= 14 for days in lasted) / len(lasted) > 0.8
    written()
    rows_found = rows(
        "SELECT unexpected FROM ledger.rule_results WHERE run_id LIKE 'demo__%' AND rule = 'name.required'"
    )
    assert {line["unexpected"] > 0 for line in rows_found} == {True, False}
