"""The campaigns of ``make torture`` once each: nothing is violated, and they see it when a protection is off."""

import random

import pytest
from torture.contenders import contend
from torture.counts import Count
from torture.disk import count_full_disks
from torture.evidence import write_evidence
from torture.kills import Place, kill_runs
from torture.outages import kill_server

from servers import KINDS

SERVERS = ("mariadb", "postgresql")


@pytest.fixture
def place(kind, servers, tmp_path, monkeypatch):
    """A merged entry on an empty warehouse."""
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    if kind != "duckdb":
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(kind))
    yield Place(tmp_path / "room", kind, "merge", random.Random(7))
    if kind != "duckdb":
        servers.empty(kind)


# On the embedded warehouse consumers read a copy, which is made after the commit: test_promises.py shows that harm.
@pytest.mark.parametrize(
    ("kind", "without"), [*((kind, "") for kind in KINDS), *((kind, "transaction") for kind in SERVERS)]
)
def test_runs_killed_and_run_again(kind, place, without):
    kills, reruns = Count("G1", "kills", kind), Count("G4", "reruns", kind)
    kill_runs(place, ("before_commit",), kills, reruns, without)
    assert kills.trials >= 1
    assert reruns.trials == 2
    assert kills.reads > 0
    if without:
        assert kills.violations + reruns.violations
    else:
        assert not kills.told + reruns.told


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("without", ["", "fencing"])
def test_contenders_stopped_and_continued(kind, servers, tmp_path, without):
    zombies, crowds = Count("G5", "zombies", kind), Count("G5", "crowds", kind)
    url = servers.empty(kind)
    contend(url, tmp_path, zombies, crowds, 1, random.Random(7), without)
    servers.empty(kind)
    assert bool(zombies.told) == bool(without), zombies.told
    assert without or not crowds.told


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_killed_during_a_run(kind, place, servers):
    count = Count("G1", "server killed", kind)
    kill_server(place, servers.get(kind), count, 1)
    assert count.trials == 1
    assert not count.told


def test_a_full_disk():
    count = count_full_disks("duckdb", 1, 7)
    if count.left_out:
        pytest.skip(f"disk full: {count.left_out}")
    assert not count.told


def test_the_page_says_what_was_counted_and_what_was_left_out(tmp_path):
    counts = [
        Count("G1", "run killed", "duckdb", trials=300, reads=12_000),
        Count("G5", "four at once", "mariadb", trials=10, violations=1, told=["a mixture"]),
        Count("all", "all", "postgresql", left_out="the Debian package postgresql is not installed"),
    ]
    write_evidence(
        tmp_path / "faults.md", counts, [Count("fencing", "zombie", "mariadb", trials=3, violations=3)], 2, 1
    )
    page = (tmp_path / "faults.md").read_text(encoding="utf-8")
    assert "| G1 | run killed | duckdb | 300 | 12,000 | 0 | ≤ 0.99% |" in page
    assert "| G5 | four at once | mariadb | 10 |  | 1 | 10.00% |" in page
    assert "left out: the Debian package postgresql is not installed" in page
    assert "a mixture" in page
    assert "| fencing | zombie | mariadb | 3 | 3 |" in page
