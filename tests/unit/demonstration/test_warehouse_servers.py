"""The demonstration's warehouse server: its data stays, it is stopped, and what is missing is said."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from shuyuan.demonstration import warehouse_servers
from shuyuan.demonstration.database_servers import missing_package
from shuyuan.demonstration.warehouse_servers import demonstration_warehouse
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    made = Project(tmp_path)
    yield made
    for note in (made.var / "servers").glob("*.json"):
        shutil.rmtree(json.loads(note.read_text())["folder"], ignore_errors=True)


def test_the_embedded_warehouse_needs_no_server(project, monkeypatch):
    monkeypatch.setenv("SHUYUAN_WAREHOUSE", "mysql://elsewhere/")
    with demonstration_warehouse(project, "duckdb"):
        assert project.warehouse_url.startswith("duckdb:")
    assert project.warehouse_url == "mysql://elsewhere/"
    with demonstration_warehouse(project, None):
        assert project.warehouse_url == "mysql://elsewhere/"


def test_a_missing_package_is_named(project, monkeypatch):
    monkeypatch.setattr(warehouse_servers, "missing_package", lambda kind: f"{kind}-server")
    with pytest.raises(PlatformError) as caught, demonstration_warehouse(project, "mysql"):
        pass
    assert caught.value.problem.code == "P339"
    assert "mariadb-server" in str(caught.value)
    assert "SHUYUAN_WAREHOUSE" not in os.environ


@pytest.mark.parametrize("kind", ["mysql", "postgresql"])
def test_what_was_published_is_there_the_next_time(project, kind):
    package = missing_package(warehouse_servers.SERVERS[kind])
    if package:
        pytest.skip(f"the Debian package {package} is not installed")
    with demonstration_warehouse(project, kind), open_warehouse(project).session() as session:
        session.lease("a.b")
    (note,) = (project.var / "servers").glob("*.json")
    assert note.stat().st_mode & 0o777 == 0o600
    with demonstration_warehouse(project, kind), open_warehouse(project).session() as session:
        assert session.lease("a.b") == 2
    folder = Path(json.loads(note.read_text())["folder"])
    running = [place for place in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in read(place)]
    assert running == []


def read(place):
    try:
        return place.read_bytes()
    except OSError:
        return b""
