"""Names that derive from an id: one to one, path-safe, the same in every process."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuyuan.orchestration.identity import asset_uri, dag_id, entry_of_dag, ledger_run_id, pool_of, run_key, spread

names = st.from_regex(r"[a-z][a-z0-9_]{0,20}\.[a-z][a-z0-9_]{0,20}", fullmatch=True)


@given(names)
def test_the_dag_names_its_entry(entry_id):
    assert entry_of_dag(dag_id(entry_id)) == entry_id


@pytest.mark.parametrize(
    "name", ["operations.nightly", "catalog.a", "catalog.a.b.c", "catalog.a.../x", "catalog.A.b", ""]
)
def test_other_dags_name_none(name):
    assert entry_of_dag(name) is None


def test_asset_and_pool():
    assert asset_uri("civil_affairs.marriages") == "share://civil_affairs/marriages"
    assert pool_of("civil_affairs_frontend") == "frontend_civil_affairs_frontend"


@given(st.text(min_size=1, max_size=250))
def test_a_run_key_is_one_safe_segment(run_id):
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}", run_key(run_id)) or run_id.strip(".") == ""


@given(st.lists(st.text(min_size=1, max_size=250), unique=True, max_size=20))
def test_other_runs_have_other_keys(run_ids):
    assert len({run_key(run_id) for run_id in run_ids}) == len(run_ids)


@pytest.mark.parametrize("run_id", ["../../etc", "..", ".", "/", "计划", "scheduled__2026-11-20T00:30:00+00:00"])
def test_no_run_id_leaves_its_folder(run_id):
    key = run_key(run_id)
    assert "/" not in key
    assert key not in ("", ".", "..")


def test_runs_of_two_entries_in_one_minute_differ_in_the_ledger():
    assert ledger_run_id("a.b", "manual__1") != ledger_run_id("a.c", "manual__1")


def test_the_spread_is_stable():
    assert spread("civil_affairs.marriages", 1800) == 1261
