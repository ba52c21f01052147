"""P1, P3, P4 on real database servers: cut COMMITs, contenders, readers, a killed server, held locks."""

import re
import threading
import time
from contextlib import suppress
from datetime import date

import pymysql
import pytest
from cutting_proxy import CuttingProxy

from lots import DAY_2, a_lot, an_entry, publish
from rooms import make_room
from servers import warehouse_at
from shuyuan import ledger
from shuyuan.pipeline import Job, check, fetch, load, read, record
from shuyuan.problems import PassingError, PlatformError
from shuyuan.warehouses import mysql_line, postgresql

OLD, NEW = [("A1", "5"), ("A2", "6")], [("A1", "7"), ("A3", "8")]
MERGED = [("A1", 7), ("A2", 6), ("A3", 8)]
MERGE = {"mode": "merge", "key": ["plate"]}


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request, servers, monkeypatch, tmp_path):
    """A real server with an empty warehouse, which the project uses."""
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(request.param))
    return servers.get(request.param)


def query(url, sql):
    with warehouse_at(url).session() as session:
        return session.query(sql)


def through(url, port):
    return re.sub(r"@127\.0\.0\.1:[0-9]+", f"@127.0.0.1:{port}", url)


def run_stages(job):
    fetched = fetch(job)
    if not fetched.unchanged:
        for stage in (read, check, load):
            stage(job)
    return record(job)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_that_is_cut_is_resolved_by_reading_the_ledger(server, servers, tmp_path, monkeypatch, when):
    """One run after the other is cut at its first, second, … COMMIT; the retry neither loses nor doubles anything."""
    cuts = 0
    while True:
        servers.empty(server.kind)
        room = make_room(tmp_path / f"{cuts}", load=MERGE)
        room.deliver(OLD)
        assert room.outcome(20) == "published"
        room.deliver(NEW)
        job = room.job(21)
        proxy = CuttingProxy(server.port, cuts + 1, when)
        with monkeypatch.context() as patch:
            patch.setenv("SHUYUAN_WAREHOUSE", through(server.url, proxy.port))
            with suppress(PassingError):  # the last run of all is not cut
                run_stages(job)
        proxy.close()
        if proxy.seen <= cuts:
            break
        cuts += 1
        retry = Job.open(job.project, job.resource, job.data_date, job.run_id, room.connect)
        assert run_stages(retry) == "published"
        plates = query(server.url, "SELECT plate, seats FROM share.traffic_police__vehicles ORDER BY plate")
        assert [tuple(row.values()) for row in plates] == MERGED
        assert len(query(server.url, "SELECT load_no FROM ledger.publications")) == 2, f"COMMIT {cuts} cut {when}"
    assert cuts >= 5, "too few COMMITs seen: the proxy does not know the protocol"


def test_contenders_for_one_entry_are_fenced_and_never_mixed(server, tmp_path):
    """Four at once, again and again: what consumers see is one lot, and the ledger says which."""
    entry, warehouse = an_entry(), warehouse_at(server.url)
    lots = [
        a_lot(tmp_path / f"{who}", [(f"{who}-{number}", "1.00", None) for number in range(50)], load_id=f"lot{who}")
        for who in range(4)
        if not (tmp_path / f"{who}").mkdir()
    ]
    outcomes = []

    def contend(lot, start):
        start.wait()
        try:
            publish(warehouse, lot)
            outcomes.append("published")
        except (PlatformError, PassingError) as error:
            outcomes.append(error.problem.code)

    for _ in range(8):
        start = threading.Barrier(len(lots))
        threads = [threading.Thread(target=contend, args=(lot, start)) for lot in lots]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with warehouse.session() as session:
            seen = session.query("SELECT id FROM share.civil_affairs__people")
            current = ledger.current_publication(session, entry.id)
        owners = {row["id"].partition("-")[0] for row in seen}
        assert len(seen) == 50
        assert owners == {current.load_id.removeprefix("lot")}
    assert outcomes.count("published") >= 8
    assert set(outcomes) <= {"published", "P303", "P331"}


def test_who_lost_his_lease_while_stopped_cannot_publish(server, tmp_path):
    warehouse = warehouse_at(server.url)
    with warehouse.session() as slow:
        token = slow.lease(an_entry().id)
        publish(warehouse, a_lot(tmp_path, [("b", "2.00", None)], load_id="b"))
        with pytest.raises(PlatformError) as caught:
            slow.publish(a_lot(tmp_path, [("a", "1.00", None)], load_id="a"), token)
    assert caught.value.problem.code == "P303"
    assert query(server.url, "SELECT id FROM share.civil_affairs__people") == [{"id": "b"}]


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_readers_see_one_whole_version_while_others_are_published(server, tmp_path, mode):
    warehouse, entry, done = warehouse_at(server.url), an_entry(mode), threading.Event()
    ids = [f"{number:04d}" for number in range(2000)]
    publish(warehouse, a_lot(tmp_path, [(one, "1.00", None) for one in ids], entry=entry, load_id="v1"))
    seen, faults = set(), []

    def poll():
        with warehouse.session() as session:
            while not done.is_set():
                (row,) = session.query(
                    "SELECT count(*) AS found, min(amount) AS low, max(amount) AS high FROM share.civil_affairs__people"
                )
                seen.add(str(row["low"]))
                if row["found"] != len(ids) or row["low"] != row["high"]:
                    faults.append(row)

    reader = threading.Thread(target=poll)
    reader.start()
    for version in range(2, 8):
        rows = [(one, f"{version}.00", None) for one in ids]
        lot = a_lot(tmp_path, rows, entry=entry, load_id=f"v{version}", day=date(2026, 11, 20 + version))
        publish(warehouse, lot)
    time.sleep(0.2)
    done.set()
    reader.join()
    assert not faults
    assert len(seen) >= 2, "the reader saw no change: it looked too rarely"


def test_a_server_killed_while_publishing_comes_back_with_the_old_or_the_new(server, tmp_path, monkeypatch):
    warehouse = warehouse_at(server.url)
    publish(warehouse, a_lot(tmp_path, [("a", "1.00", None)]))
    for place in ("rows_staged", "before_commit"):
        lot = a_lot(tmp_path, [("b", "2.00", None)], load_id=place, day=DAY_2)

        def cut_power(name, place=place):
            if name == place:
                server.kill()

        with monkeypatch.context() as patch:
            patch.setattr("shuyuan.warehouses.publishing.point", cut_power)
            with pytest.raises(PassingError) as caught:
                publish(warehouse, lot)
        server.start()
        assert caught.value.problem.code == "P330"
        assert query(server.url, "SELECT id FROM share.civil_affairs__people") == [{"id": "a"}]
    publish(warehouse, lot)
    assert query(server.url, "SELECT id FROM share.civil_affairs__people") == [{"id": "b"}]


def test_a_held_lock_ends_in_a_problem_that_is_tried_again(server, tmp_path, monkeypatch):
    monkeypatch.setitem(mysql_line.SETTINGS, "innodb_lock_wait_timeout", "1")
    monkeypatch.setitem(postgresql.SETTINGS, "lock_timeout", "1s")
    warehouse, entry = warehouse_at(server.url), an_entry()
    publish(warehouse, a_lot(tmp_path, [("a", "1.00", None)]))
    with warehouse.session() as holder, holder.transaction():
        ledger.lease_token(holder, entry.id, lock=True)
        began = time.monotonic()
        with pytest.raises(PassingError) as caught:
            publish(warehouse, a_lot(tmp_path, [("b", "2.00", None)], load_id="b", day=DAY_2))
        assert time.monotonic() - began < 20
    assert caught.value.problem.code == "P331"
    publish(warehouse, a_lot(tmp_path, [("b", "2.00", None)], load_id="b", day=DAY_2))
    assert query(server.url, "SELECT id FROM share.civil_affairs__people") == [{"id": "b"}]


def test_a_table_that_others_changed_is_not_written(server, tmp_path):
    warehouse, entry = warehouse_at(server.url), an_entry("merge")
    publish(warehouse, a_lot(tmp_path, [("a", "1.00", None)], entry=entry))
    with warehouse.session() as session:
        if server.kind == "postgresql":
            session.execute("DROP VIEW share.civil_affairs__people")
            session.execute("ALTER TABLE store.civil_affairs__people ALTER COLUMN amount TYPE text")
        else:
            session.execute("ALTER TABLE store.civil_affairs__people MODIFY amount varchar(20)")
    with pytest.raises(PlatformError) as caught:
        publish(warehouse, a_lot(tmp_path, [("b", "2.00", None)], entry=entry, load_id="b", day=DAY_2))
    assert caught.value.problem.code == "P304"


def test_no_value_of_a_row_is_in_an_error(server, tmp_path):
    """Drivers quote the row that a server refuses; none of it may reach a log."""
    warehouse, secret = warehouse_at(server.url), "159901195001010016"

    def insert():
        with warehouse.session() as session:
            session.execute("INSERT INTO store.secret VALUES (?)", [secret])

    with warehouse.session() as session:
        session.execute("CREATE TABLE store.secret (id VARCHAR(18) PRIMARY KEY)")
    insert()
    with pytest.raises(PlatformError) as caught:
        insert()
    assert caught.value.problem.code == "P333"
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_bulk_load_that_the_server_would_change_is_undone(servers):
    """Without the strict form a bad number is stored as 0.00 and a long text is cut, with only a warning."""
    url = servers.empty("mariadb")
    line = mysql_line.open_line(url)
    with warehouse_at(url).session() as session:
        session.execute("CREATE TABLE store.narrow (name VARCHAR(3), amount DECIMAL(5,2))")
        assert line.load("store.narrow", ["name", "amount"], [b"abc,1.23\n"]) == 1
        for bad in (b"abcd,1.00\n", b"abc,1.239\n", b"abc,oops\n", b"abc,99999.00\n", b"abc\n", b"\xff\xfe,1.00\n"):
            with pytest.raises((PlatformError, pymysql.MySQLError)):
                line.load("store.narrow", ["name", "amount"], [bad])
            assert session.query("SELECT name FROM store.narrow") == [{"name": "abc"}], bad
    line.close()


def test_a_server_gets_no_file_that_it_was_not_offered(servers, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret\n")
    url = servers.empty("mariadb")
    with warehouse_at(url).session() as session:
        session.execute("CREATE TABLE store.stolen (line VARCHAR(100))")
        with pytest.raises(PlatformError) as caught:
            session.execute(f"LOAD DATA LOCAL INFILE '{secret}' INTO TABLE store.stolen")
    assert caught.value.problem.code == "P334"
    assert query(url, "SELECT count(*) AS found FROM store.stolen") == [{"found": 0}]
