"""A local Airflow's runs: nothing starts before the comparison can hear of it, and it is waited for to its end."""

import itertools

import pytest

from shuyuan.orchestration.identity import RECONCILE_DAG
from shuyuan.orchestration.local_runs import RunningAirflow
from shuyuan.problems import PlatformError
from shuyuan.project import Project


class Client:
    """Answers as a real one does, one look after the other."""

    def __init__(self, *, known=(), waking=(), runs=()):
        self.known = itertools.chain(known, itertools.repeat({"catalog.a.b", RECONCILE_DAG}))
        self.wakes = itertools.chain(waking, itertools.repeat(0))
        self.runs = itertools.chain(runs, itertools.repeat(0))
        self.calls = []

    def dag_ids(self):
        found = next(self.known)
        self.calls.append(("dag_ids", sorted(found)))
        return found

    def patch(self, path, body):
        self.calls.append(("patch", path, body))

    def trigger(self, name, run_id, conf):
        self.calls.append(("trigger", name))
        return run_id

    def waking(self, name):
        self.calls.append(("waking", name))
        return next(self.wakes)

    def open_runs(self, name):
        self.calls.append(("open_runs", name))
        return next(self.runs)

    def task_states(self, names, run_id):
        return {name: {"record": "success"} for name in names}

    def run_states(self, names, run_id):
        return dict.fromkeys(names, "success")


@pytest.fixture
def airflow(tmp_path, monkeypatch):
    def make(**answers):
        client = Client(**answers)
        monkeypatch.setattr(RunningAirflow, "client", client)
        monkeypatch.setattr("shuyuan.orchestration.local_runs.time.sleep", lambda _: None)
        return RunningAirflow(Project(tmp_path)), client

    return make


def test_no_entry_runs_before_the_comparison_can_be_woken(airflow):
    running, client = airflow(known=[{"catalog.a.b"}, {"catalog.a.b"}])
    ids = running.run_all(["a.b"], {}, lambda _: None)
    assert ids["a.b"].startswith("a.b.manual__")
    unpaused = client.calls.index(("patch", f"/dags/{RECONCILE_DAG}", {"is_paused": False}))
    assert unpaused < client.calls.index(("trigger", "catalog.a.b"))
    assert [call[0] for call in client.calls[:unpaused]] == ["dag_ids"] * 3


def test_settled_means_no_publication_waits_and_no_run_goes_on(airflow):
    running, client = airflow(waking=[1, 0, 0], runs=[1, 0])
    running.settle()
    assert [call[0] for call in client.calls] == ["waking", "waking", "open_runs", "waking", "open_runs"]


def test_what_never_settles_ends_with_the_place_of_the_logs(airflow):
    running, _ = airflow(waking=itertools.repeat(1))
    with pytest.raises(PlatformError, match="P413"):
        running.settle(patience=-1)


def test_a_comparison_asked_for_is_waited_for(airflow):
    running, client = airflow(runs=[1, 1, 0])
    running.reconcile()
    assert client.calls.index(("trigger", RECONCILE_DAG)) < client.calls.index(("open_runs", RECONCILE_DAG))
    assert sum(call[0] == "open_runs" for call in client.calls) == 3
