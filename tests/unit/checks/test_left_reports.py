"""What a killed process left unsealed goes with the night."""

import os
from datetime import UTC, datetime, timedelta

from shuyuan.checks.deletion import sweep_desk
from shuyuan.project import Project

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)


def test_left_reports_go_and_those_being_packed_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path))
    sweep_desk(Project(tmp_path), NOW)  # there is no desk yet
    for name, age in (("left", timedelta(hours=2)), ("packing", timedelta(minutes=5))):
        folder = tmp_path / "desk" / name
        folder.mkdir(parents=True)
        (folder / "report.html").write_text("x")
        moment = (NOW - age).timestamp()
        os.utime(folder, (moment, moment))
    sweep_desk(Project(tmp_path), NOW)
    assert [folder.name for folder in (tmp_path / "desk").iterdir()] == ["packing"]
