"""The settings of a local Airflow: nothing reachable from outside, secrets readable by their owner only."""

import json

import pytest

from shuyuan.orchestration.local import COMPONENTS, LocalAirflow, free_ports
from shuyuan.orchestration.local_settings import Ports, airflow_home, read_login, settings
from shuyuan.project import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    return Project(tmp_path)


def test_everything_listens_on_this_machine_only(project):
    made = settings(project, Ports(8001, 8002), {})
    assert made["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert made["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8001"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8002/execution/"
    assert made["TZ"] == "UTC"


def test_secrets_are_made_once_and_are_private(project):
    first, second = (settings(project, Ports(1, 2), {}) for _ in range(2))
    secret = {name for name in first if "SECRET" in name or "FERNET" in name}
    assert len(secret) == 3
    assert {name: first[name] for name in secret} == {name: second[name] for name in secret}
    for name in ("secrets.json", "logins.json"):
        assert (airflow_home(project) / name).stat().st_mode & 0o777 == 0o600
    assert airflow_home(project).stat().st_mode & 0o777 == 0o700
    assert len(read_login(project).password) >= 12


def test_what_is_tuned_comes_last(project):
    made = settings(project, Ports(1, 2), {"AIRFLOW__CORE__PARALLELISM": "1", "AIRFLOW_CONN_X": "{}"})
    assert made["AIRFLOW__CORE__PARALLELISM"] == "1"
    assert made["AIRFLOW_CONN_X"] == "{}"


def test_people_and_tasks_have_a_server_each():
    assert COMPONENTS["api-server"][-1] == "core"
    assert COMPONENTS["execution-api"][-1] == "execution"
    ports = free_ports()
    assert ports.people != ports.tasks


def test_remains_of_a_killed_command_are_cleared(project):
    home = airflow_home(project)
    home.mkdir(parents=True)
    kept = {"ports": {"people": 1, "tasks": 2}, "started": [{"name": "scheduler", "pid": 2**22 + 5, "born": 1.0}]}
    (home / "state.json").write_text(json.dumps(kept), encoding="utf-8")
    assert LocalAirflow.running(project) is None
    assert not (home / "state.json").exists()
