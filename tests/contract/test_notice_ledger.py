"""A message is delivered at most once: over kills at every point, over sweeps at the same time, on every warehouse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from notice_rooms import lines, make_room, send_in_a_process
from notice_scenes import at, message
from notice_servers import running
from servers import KINDS, warehouse_at
from shuyuan.crashpoints import NOTICE_POINTS
from shuyuan.notices.records import claim, read_told, record, settle_dead
from shuyuan.warehouses.duckdb import DuckDBWarehouse

NOW = at("09:30")
AFTER_A_KILL = {"notice_claimed": 0, "notice_handed_over": 1, "notice_recorded": 1}
"""Letters that arrived by the time of the kill: none may follow."""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    return make_room(tmp_path)


def test_every_point_is_tried():
    assert set(AFTER_A_KILL) == set(NOTICE_POINTS)


@pytest.mark.parametrize("crash", NOTICE_POINTS)
def test_a_kill_never_delivers_twice(project, tmp_path, crash):
    with running(tmp_path) as (mail, _, authority):
        send_in_a_process(project, NOW, mail, authority, crash)
        assert len(mail.letters) == AFTER_A_KILL[crash]
        for minutes in (5, 20, 120):
            send_in_a_process(project, NOW + timedelta(minutes=minutes), mail, authority)
        assert len(mail.letters) == AFTER_A_KILL[crash]
        (line,) = lines(project)
        said = ("sent", None) if crash == "notice_recorded" else ("unknown", "P382")
        assert (line["outcome"], line["error_code"]) == said


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path, servers):
    if request.param == "duckdb":
        return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    return warehouse_at(servers.empty(request.param))


def test_of_sweeps_at_the_same_time_one_sends(warehouse):
    def attempt(_):
        with warehouse.session() as session:
            return claim(session, message(), "mail", NOW)

    with warehouse.session() as session:
        assert read_told(session, NOW) == []
    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(attempt, range(8)))
    assert sorted(claims, key=str) == [1] + [None] * 7


def test_the_ledger_keeps_what_became_of_it(warehouse):
    with warehouse.session() as session:
        assert claim(session, message(), "mail", NOW) == 1
        record(session, message(), 1, NOW, "failed", "P375")
        assert claim(session, message(), "mail", NOW + timedelta(minutes=14)) is None
        assert claim(session, message(), "mail", NOW + timedelta(minutes=15)) == 2
        settle_dead(session, NOW + timedelta(minutes=31))
        (told,) = read_told(session, NOW)
        assert (told.outcome, told.error_code, told.attempts) == ("unknown", "P382", 2)
        assert told.digest == message().digest
        assert claim(session, message(), "mail", NOW + timedelta(hours=9)) is None
        assert read_told(session, NOW + timedelta(days=61)) == []
