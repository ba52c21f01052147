"""Coded problems: data before sentences, whole after a journey between processes."""

from __future__ import annotations

import pickle

import pytest

from shuyuan.problems import (
    DeliveryError,
    EntryError,
    Location,
    NotYetDelivered,
    PassingError,
    PlatformError,
    Problem,
    ShuyuanError,
    Term,
)


def test_locations():
    assert str(Location("a.yaml", 3, 5)) == "a.yaml:3:5"
    assert str(Location("a.yaml", 3)) == "a.yaml:3"
    assert str(Location("a.yaml")) == "a.yaml"


def test_a_problem_is_a_sentence_with_place_and_next_step():
    problem = Problem("E202", {"key": "sharing.condition"}, Location("a.yaml", 3, 5))
    assert str(problem).startswith("a.yaml:3:5 E202 有条件共享")
    assert "sharing.condition" in problem.message
    assert problem.next_step in str(problem)


def test_severity():
    assert Problem("E901").severity == "warning"
    assert Problem("E201").severity == "error"
    assert Problem("D201").severity == "error"


def test_a_term_is_said_when_it_is_shown(monkeypatch):
    problem = Problem("E104", {"why": Term("yaml.unclosed")})
    assert "没有收尾" in problem.message
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    assert "not closed" in problem.message


@pytest.mark.parametrize(
    "kind", [ShuyuanError, EntryError, DeliveryError, NotYetDelivered, PlatformError, PassingError]
)
def test_errors_travel(kind):
    error = kind("E100", location=Location("a", 1), entry="a.b")
    error.state = "共享库不变"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert again.problem == error.problem
    assert str(again) == str(error)
    assert str(again).endswith("共享库不变。")


def test_whose_turn_and_whether_to_wait():
    assert issubclass(NotYetDelivered, DeliveryError)
    assert issubclass(PassingError, PlatformError)
    assert PassingError("P301").passing
    assert not PlatformError("P301").passing
    assert not DeliveryError("D101").passing
