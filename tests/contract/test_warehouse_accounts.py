"""``shuyuan warehouse init --grants``: each account may do its own work and nothing else, on real servers."""

from __future__ import annotations

import os

import psycopg
import pymysql
import pytest

from audited import a_record, write_chain
from lots import DAY_2, a_lot, an_entry, publish
from servers import warehouse_at
from shuyuan import ledger
from shuyuan.cli import main
from shuyuan.problems import PassingError, PlatformError
from shuyuan.project import Project
from shuyuan.vault.audit import append
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import verify
from shuyuan.warehouses.mysql_line import open_line

GOLDEN = "SELECT id FROM share.civil_affairs__people"


@pytest.fixture(params=["mariadb", "postgresql"])
def accounts(request, tmp_path, monkeypatch, servers):
    """A warehouse per role, after an administrator published and ran the grants, twice."""
    url = servers.empty(request.param)
    publish(warehouse_at(url), a_lot(tmp_path, [("a", "1.00", None)]))
    monkeypatch.setenv("SHUYUAN_WAREHOUSE", url)
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    for _ in range(2):
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(tmp_path), "warehouse", "init", "--grants", "--apply"])
        assert stopped.value.code == 0
    scheme, _, rest = url.partition("://")
    place = rest.partition("@")[2]
    folder = Project(tmp_path).var / "secrets"
    passwords = {path.stem: path.read_text() for path in folder.glob("shuyuan_*.password")}
    return {
        name.removeprefix("shuyuan_"): warehouse_at(f"{scheme}://{name}:{password}@{place}")
        for name, password in passwords.items()
    }


def refused(warehouse, sql):
    with pytest.raises(PlatformError) as caught, warehouse.session() as session:
        session.execute(sql)
    assert caught.value.problem.code == "P332", sql


def test_load_publishes_in_every_mode_and_makes_no_accounts(accounts, tmp_path):
    load = accounts["load"]
    publish(load, a_lot(tmp_path, [("b", "2.00", None)], load_id="b", day=DAY_2, rejected=[]))
    for mode in ("append", "merge", "history"):
        entry = an_entry(mode).model_copy(update={"id": f"civil_affairs.{mode}"})
        for number in range(2):
            lot = a_lot(
                tmp_path, [("a", f"{number}.00", None), ("x", None, None)], entry=entry, load_id=f"{mode}{number}"
            )
            publish(load, lot)
    with load.session() as session:
        session.define_view("person", GOLDEN, "人")
        session.replace_disputes(None, dict.fromkeys(("entry_id", "field", "kind", "source_id", "element"), "x"), DAY_2)
        session.drop_view("person")
    refused(load, "DROP TABLE ledger.publications")
    refused(load, "CREATE SCHEMA other")


def test_read_sees_what_is_shared_and_its_history_alone(accounts, tmp_path):
    history = an_entry("history").model_copy(update={"id": "civil_affairs.zipped"})
    publish(accounts["load"], a_lot(tmp_path, [("b", "2.00", None)], load_id="b", day=DAY_2))
    publish(accounts["load"], a_lot(tmp_path, [("b", "2.00", None)], entry=history, load_id="c", day=DAY_2))
    with accounts["load"].session() as session:
        session.define_view("person", f"{GOLDEN} WHERE 1 = (SELECT min(1) FROM ledger.leases)", "人")
    read = accounts["read"]
    for view in ("share.civil_affairs__people", "share.person", "history.civil_affairs__zipped"):
        assert rows_of(read, view) == ["b"]
    for table in ("ledger.publications", "ledger.counters", "store.disputes", 'rejected."civil_affairs__people"'):
        refused_rows(read, table)
    refused(read, "CREATE TABLE share.mine (a INT)")


def test_report_reads_the_ledger_and_changes_nothing(accounts):
    report = accounts["report"]
    with report.session() as session:
        assert session.query("SELECT load_no FROM ledger.publications")
        assert session.query(GOLDEN)
    refused(report, "DELETE FROM ledger.publications")
    refused(report, "UPDATE ledger.leases SET token = 9")
    refused(report, "SELECT * FROM store.disputes")


def test_extract_reads_and_notes_deliveries_alone(accounts, tmp_path):
    extract = accounts["extract"]
    with extract.session() as session:
        assert session.snapshot(an_entry(), tmp_path / "share").rows == 1
        session.execute("UPDATE ledger.deliveries SET rows_counted = 1 WHERE delivery_id = 'x'")
    refused(extract, "UPDATE ledger.publications SET load_no = 9")
    refused(extract, "DELETE FROM ledger.deliveries")
    refused(extract, "SELECT * FROM store.disputes")


def test_a_later_table_of_the_ledger_is_open_to_those_who_need_it(accounts, monkeypatch):
    monkeypatch.setattr(ledger, "TABLES", {**ledger.TABLES, "visits": "visit_id VARCHAR(32) PRIMARY KEY"})
    for role in ("load", "report"):
        with pytest.raises(PlatformError) as caught, accounts[role].session():
            pass
        assert caught.value.problem.code == "P342"
    with warehouse_at(os.environ["SHUYUAN_WAREHOUSE"]).session():
        pass
    with accounts["load"].session() as session:
        ledger.insert(session, "visits", {"visit_id": "1"})
    for role in ("extract", "report"):
        with accounts[role].session() as session:
            assert session.query("SELECT visit_id FROM ledger.visits") == [{"visit_id": "1"}]
        refused(accounts[role], "DELETE FROM ledger.visits")


def test_to_the_audit_can_only_be_added(accounts, tmp_path):
    ring = KeyRing(tmp_path / "keys")
    with accounts["load"].session() as session:
        write_chain(session, ring, 20, tmp_path / "anchors.log")
        assert verify(session, ring, tmp_path / "anchors.log") == []
        session.execute("UPDATE ledger.check_requests SET state = 'deleted'")
        session.execute("DELETE FROM ledger.seals")
    for role in ("load", "extract", "report"):
        refused(accounts[role], "UPDATE ledger.audit SET actor = 'x'")
        refused(accounts[role], "DELETE FROM ledger.audit WHERE seq > 10")
        refused(accounts[role], "DROP TABLE ledger.audit")
    for role in ("extract", "report"):
        with accounts[role].session() as session, pytest.raises(PassingError) as caught, session.transaction():
            append(session, ring, [a_record(1)])
        assert caught.value.problem.code == "P396"


def rows_of(warehouse, view):
    with line_of(warehouse) as line, line.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {view}")
        return [row[0] for row in cursor.fetchall()]


def refused_rows(warehouse, table):
    with line_of(warehouse) as line, line.cursor() as cursor, pytest.raises((psycopg.Error, pymysql.MySQLError)):
        cursor.execute(f"SELECT * FROM {table}")


def line_of(warehouse):
    """A consumer's own line: he has no ledger to look for."""
    if warehouse.url.startswith("postgresql"):
        return psycopg.connect(warehouse.url, autocommit=True)
    return open_line(warehouse.url)
