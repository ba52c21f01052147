"""What is kept of run directories: pure choices, then real folders."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from building import make_project
from shuyuan.pipeline.retention import GIVEN_UP, Limits, RunFolder, choose, clear
from shuyuan.pipeline.staging import RECORDED
from shuyuan.pipeline.staging_area import Area

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
MONTH = Limits(timedelta(days=30))


def folder(name, days, size=10, recorded=True, entry_id="a.b"):
    return RunFolder(entry_id, name, size, NOW - timedelta(days=days), recorded)


def chosen(folders, limits=MONTH):
    return [one.name for one in choose(folders, NOW, limits)]


def test_by_age_the_old_ones_go():
    assert chosen([folder("r1", 50), folder("r2", 31), folder("r3", 29), folder("r4", 1)]) == ["r1", "r2"]


def test_the_newest_of_an_entry_stays_however_old():
    old = [folder("r1", 90), folder("r2", 80), folder("r3", 70, entry_id="c.d")]
    assert chosen(old) == ["r1"]
    assert chosen(old, Limits(timedelta(days=30), 0)) == ["r1"]


def test_by_size_the_oldest_go_until_the_rest_fits_whichever_entry_they_are_of():
    folders = [
        folder("r1", 9, 40),
        folder("r2", 8, 40, entry_id="c.d"),
        folder("r3", 7, 40),
        folder("r4", 1, 40),
        folder("r5", 2, 40, entry_id="c.d"),
    ]
    assert chosen(folders, Limits(MONTH.age, 200)) == []
    assert chosen(folders, Limits(MONTH.age, 199)) == ["r1"]
    assert chosen(folders, Limits(MONTH.age, 120)) == ["r1", "r2"]
    assert chosen(folders, Limits(MONTH.age, 0)) == ["r1", "r2", "r3"]


def test_what_goes_by_age_counts_for_the_size():
    folders = [folder("r1", 40, 100), folder("r2", 10, 50), folder("r3", 1, 50)]
    assert chosen(folders, Limits(MONTH.age, 100)) == ["r1"]


@pytest.mark.parametrize("limits", [Limits(timedelta(0)), Limits(MONTH.age, 0)])
def test_an_unfinished_run_keeps_its_files_until_it_is_given_up(limits):
    newest = folder("r9", 0)
    assert chosen([folder("r1", 6.9, recorded=False), newest], limits) == []
    assert chosen([folder("r1", 7.1, recorded=False), newest], limits) == ["r1"]
    assert chosen([folder("r1", 6.9, recorded=True), newest], limits) == ["r1"]
    assert timedelta(days=7) == GIVEN_UP


def place(runs, name, days, recorded=True, size=10):
    run = runs / "a.b" / name
    (run / "raw").mkdir(parents=True)
    (run / "raw" / "0000").write_bytes(b"x" * size)
    (run / "read.json").write_text("{}", encoding="utf-8")
    if recorded:
        (run / RECORDED).write_text("{}", encoding="utf-8")
    stamp = (NOW - timedelta(days=days)).timestamp()
    for path in (*run.rglob("*"), run):
        os.utime(path, (stamp, stamp))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SHUYUAN_STAGING", f"file://{tmp_path}/staging")
    return make_project(tmp_path)


def left(runs):
    return sorted(path.name for path in runs.glob("*/*"))


def test_here_and_in_the_staging_area(project, tmp_path):
    for runs in (project.runs, tmp_path / "staging"):
        place(runs, "r1", 50)
        place(runs, "r2", 40)
        place(runs, "r3", 6, recorded=False)
        place(runs, "r4", 1)
    assert clear(project, NOW, MONTH) == 4
    assert left(project.runs) == left(tmp_path / "staging") == ["r3", "r4"]
    assert clear(project, NOW, Limits(MONTH.age, 0)) == 0, "one is the newest, the other unfinished"
    assert clear(project, NOW + timedelta(days=8), Limits(MONTH.age, 0)) == 2
    assert left(project.runs) == left(tmp_path / "staging") == ["r4"]


def test_a_run_that_begins_again_while_we_look_is_left_alone(project, tmp_path, monkeypatch):
    place(project.runs, "r1", 50)
    place(tmp_path / "staging", "r1", 50)
    place(project.runs, "r2", 1)
    place(tmp_path / "staging", "r2", 1)
    places = iter((project.runs, tmp_path / "staging"))

    def begin_again(folders, now, limits):
        made = choose(folders, now, limits)
        assert [one.name for one in made] == ["r1"]
        (next(places) / "a.b" / "r1" / RECORDED).unlink()
        return made

    monkeypatch.setattr("shuyuan.pipeline.retention.choose", begin_again)
    clear(project, NOW, MONTH)
    assert left(project.runs) == left(tmp_path / "staging") == ["r1", "r2"]


def test_a_removal_that_is_cut_off_leaves_no_hand_over_without_its_files(project, tmp_path, monkeypatch):
    place(tmp_path / "staging", "r1", 50)
    place(tmp_path / "staging", "r2", 1)

    def cut_off(area, path):
        raise KeyboardInterrupt

    monkeypatch.setattr(Area, "remove_folder", cut_off)
    with pytest.raises(KeyboardInterrupt):
        clear(project, NOW, MONTH)
    assert not list((tmp_path / "staging" / "a.b" / "r1").glob("*.json"))
    assert (tmp_path / "staging" / "a.b" / "r1" / "raw" / "0000").exists()


def test_the_limits_come_from_the_environment(project, tmp_path, monkeypatch):
    from shuyuan.orchestration.upkeep import clear_runs

    place(project.runs, "r1", 6, size=900_000)
    place(project.runs, "r2", 5, size=900_000)
    place(project.runs, "r3", 1, size=900_000)
    assert clear_runs(project, NOW) == 0
    monkeypatch.setenv("SHUYUAN_KEEP_RUNS_GB", "0.002")
    assert clear_runs(project, NOW) == 1
    monkeypatch.setenv("SHUYUAN_KEEP_RUNS_DAYS", "4")
    assert clear_runs(project, NOW) == 1
    assert left(project.runs) == ["r3"]
