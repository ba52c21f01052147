"""What the demonstration says of a run while it goes and when it has ended."""

import json

import pytest

from shuyuan.demonstration.demo import (
    BLOCKED,
    DONE,
    FAILED,
    UNCHANGED,
    WAITING,
    Line,
    Result,
    state_of,
)
from shuyuan.demonstration.departments import connection_settings, published_entries
from shuyuan.project import Project


@pytest.mark.parametrize(
    ("tasks", "word"),
    [
        ({}, WAITING),
        ({"fetch": "queued", "check": None, "load": None, "record": None}, WAITING),
        ({"fetch": "running"}, "fetch"),
        ({"fetch": "up_for_reschedule"}, WAITING),
        ({"fetch": "up_for_retry"}, WAITING),
        ({"fetch": "success", "check": "queued"}, "fetch"),
        ({"fetch": "success", "check": "running"}, "check"),
        ({"fetch": "success", "check": "success", "load": "running", "record": None}, "load"),
        ({"fetch": "success", "check": "success", "load": "success", "record": "running"}, "load"),
        ({"fetch": "success", "check": "success", "load": "success", "done": "success", "record": "success"}, DONE),
        (
            {"fetch": "success", "check": "skipped", "load": "skipped", "done": "success", "record": "success"},
            UNCHANGED,
        ),
        ({"fetch": "success", "check": "failed", "load": "upstream_failed", "record": "success"}, BLOCKED),
        ({"fetch": "failed", "check": "upstream_failed", "load": "upstream_failed", "record": "success"}, FAILED),
        ({"fetch": "success", "check": "success", "load": "success", "record": "failed"}, FAILED),
    ],
)
def test_one_word_for_a_run(tasks, word):
    assert state_of(tasks) == word


def test_every_entry_gets_its_connection(tmp_path):
    resources = published_entries(Project.find())
    departments = {resource.entry.department for resource in resources}
    made = connection_settings(resources, dict.fromkeys(departments, "{}"), dict.fromkeys(departments, tmp_path))
    assert set(made) == {f"AIRFLOW_CONN_{resource.entry.source.connection.upper()}" for resource in resources}
    databases = [json.loads(told) for told in made.values() if told != "{}"]
    assert databases == [{"conn_type": "sqlite", "host": str(tmp_path / "vehicles.sqlite")}]


@pytest.mark.parametrize(
    ("state", "expected", "good"),
    [(DONE, True, True), (UNCHANGED, True, True), (DONE, False, False), (BLOCKED, True, False), (FAILED, True, False)],
)
def test_the_result_is_good_when_every_count_is_as_planted(tmp_path, state, expected, good):
    line = Line("a.b", "甲", state, 3, 3, 0, 100.0, "on_time", None, expected)
    assert Result((line,), tmp_path, 1.0).good is good
