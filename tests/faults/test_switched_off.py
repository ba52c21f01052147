"""On servers too: each protection's test finds no harm with it and must find harm without it.

As in ``test_promises.py``, a scenario returns what was harmed (``None``: nothing). It runs twice on an empty warehouse.
"""

import re
from contextlib import suppress
from decimal import Decimal

import pytest
from torture.commits import cut, run_stages
from torture.switches import SWITCHES

from lots import DAY_2, a_lot, an_entry, publish
from rooms import make_room
from servers import warehouse_at
from shuyuan import ledger
from shuyuan.pipeline import Job
from shuyuan.problems import PassingError, ShuyuanError
from shuyuan.warehouses import mysql, mysql_line, publishing

PEOPLE = "share.civil_affairs__people"
OLD = [("a", "1.00", None), ("b", "1.00", None)]
NEW = [("a", "2.00", None), ("c", "2.00", None)]
SERVERS = ("mariadb", "postgresql")
CUTS = range(3, 8)
"""The COMMITs of a run among which is that of the publication."""


def rows_at(url, columns="id, amount", view=PEOPLE):
    with warehouse_at(url).session() as session:
        return sorted(tuple(row.values()) for row in session.query(f"SELECT {columns} FROM {view}"))


def die_before_the_commit(monkeypatch, warehouse, lot):
    def die(name):
        if name == "before_commit":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(publishing, "point", die)
        publish(warehouse, lot)


def harm_of_dying_in_a_merge(url, folder, monkeypatch):
    entry, warehouse = an_entry("merge"), warehouse_at(url)
    publish(warehouse, a_lot(folder, OLD, entry=entry))
    before = rows_at(url)
    die_before_the_commit(monkeypatch, warehouse, a_lot(folder, NEW, entry=entry, load_id="b", day=DAY_2))
    return None if rows_at(url) == before else rows_at(url)


def harm_of_a_pointer_before_its_ledger_line(url, folder, monkeypatch):
    """What consumers see and what the ledger says must be the same publication."""
    warehouse = warehouse_at(url)
    publish(warehouse, a_lot(folder, OLD))
    die_before_the_commit(monkeypatch, warehouse, a_lot(folder, NEW, load_id="b", day=DAY_2))
    with warehouse.session() as session:
        current = ledger.current_publication(session, an_entry().id)
        seen = {row["_load_no"] for row in session.query(f"SELECT _load_no FROM {PEOPLE}")}
    return None if seen == {current.load_no} else (seen, current.load_no)


def harm_of_waking_up_too_late(url, folder, monkeypatch):
    warehouse = warehouse_at(url)
    with warehouse.session() as slow:
        token = slow.lease(an_entry().id)
        publish(warehouse, a_lot(folder, NEW, load_id="later"))
        before = rows_at(url)
        with suppress(ShuyuanError):
            slow.publish(a_lot(folder, OLD, load_id="earlier"), token)
    return None if rows_at(url) == before else rows_at(url)


def harm_of_a_lost_answer(url, folder, monkeypatch):
    """One COMMIT or another of an appending run is cut after the server has it; the retry must not append again."""
    monkeypatch.setenv("SHUYUAN_VAR", str(folder / "var"))
    room = make_room(folder / "room", load={"mode": "append", "key": ["plate"]})
    for at in CUTS:
        room.deliver([(f"A{at}", str(at))])
        job = room.job(20)
        with cut(url, at, "after"), suppress(PassingError):
            run_stages(job)
        retry = Job.open(job.project, job.resource, job.data_date, job.run_id, room.connect)
        run_stages(retry)
    found = rows_at(url, "plate, seats", "share.traffic_police__vehicles")
    return None if found == [(f"A{at}", at) for at in CUTS] else found


def harm_of_a_value_that_does_not_fit(url, folder, monkeypatch):
    """The bulk load must refuse what the server would change, not store something else."""
    line = mysql_line.open_line(url)
    with warehouse_at(url).session() as session:
        session.execute("CREATE TABLE store.narrow (name VARCHAR(3), amount DECIMAL(5,2))")
    try:
        for bad in (b"abcd,1.00\n", b"abc,oops\n", b"abc,99999.00\n"):
            with suppress(ShuyuanError, mysql.pymysql.MySQLError):
                line.load("store.narrow", ["name", "amount"], [bad])
    finally:
        line.close()
    found = rows_at(url, "name, amount", "store.narrow")
    return found or None


def harm_of_keys_that_only_look_alike(url, folder, monkeypatch):
    """``A`` and ``a``, ``X`` and ``X `` and full-width ``１`` are different keys."""
    entry, warehouse = an_entry("merge"), warehouse_at(url)
    publish(warehouse, a_lot(folder, [("A", "1.00", None), ("X", "1.00", None), ("1", "1.00", None)], entry=entry))
    fresh = [("a", "2.00", None), ("X ", "2.00", None), ("１", "2.00", None)]
    publish(warehouse, a_lot(folder, fresh, entry=entry, load_id="b", day=DAY_2))
    found = rows_at(url)
    return None if len(found) == 6 and sum(amount == Decimal("1.00") for _, amount in found) == 3 else found


def friendly_collation(set_attribute):
    """Databases that compare as people read, as most servers are set up, and nobody who looks at it."""
    real = mysql.MySQLSession.execute

    def execute(self, sql, parameters=()):
        real(self, re.sub("utf8mb4_(nopad|0900)_bin", "utf8mb4_unicode_ci", sql), parameters)

    set_attribute(mysql.MySQLSession, "execute", execute)
    set_attribute(mysql.MySQLSession, "_check_collations", lambda _: None)


SCENARIOS = {
    "transaction": (harm_of_dying_in_a_merge, SWITCHES["transaction"], SERVERS),
    "pointer in the transaction": (harm_of_a_pointer_before_its_ledger_line, SWITCHES["pointer"], SERVERS),
    "lease": (harm_of_waking_up_too_late, SWITCHES["fencing"], SERVERS),
    "ledger asked on retry": (harm_of_a_lost_answer, SWITCHES["ledger lookup"], SERVERS),
    "strict bulk load": (harm_of_a_value_that_does_not_fit, SWITCHES["strict load"], ("mariadb",)),
    "exact collation": (harm_of_keys_that_only_look_alike, friendly_collation, ("mariadb",)),
}
CASES = [(name, kind) for name, (_, _, kinds) in SCENARIOS.items() for kind in kinds]


@pytest.fixture
def url(kind, servers, monkeypatch):
    """An empty warehouse on a real server, made anew by the first session; nothing of it is left behind."""
    url = servers.empty(kind)
    monkeypatch.setenv("SHUYUAN_WAREHOUSE", url)
    yield url
    servers.empty(kind)


@pytest.mark.parametrize(("protection", "kind"), CASES)
def test_no_harm_with_the_protection(protection, kind, url, tmp_path, monkeypatch):
    harm, _, _ = SCENARIOS[protection]
    assert harm(url, tmp_path, monkeypatch) is None


@pytest.mark.parametrize(("protection", "kind"), CASES)
def test_harm_without_the_protection(protection, kind, url, tmp_path, monkeypatch):
    harm, switch_off, _ = SCENARIOS[protection]
    switch_off(monkeypatch.setattr)
    assert harm(url, tmp_path, monkeypatch) is not None
