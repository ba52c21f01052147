"""A warehouse that an earlier version made gets the ledger's later tables and columns when it is opened next."""

from __future__ import annotations

import threading

import pytest

from lots import a_lot, publish
from servers import KINDS, warehouse_at
from shuyuan import ledger
from shuyuan.problems import PlatformError
from shuyuan.warehouses.duckdb import DuckDBWarehouse

LATER = {
    "visits": 'visit_id VARCHAR(32) PRIMARY KEY, "rows" BIGINT NOT NULL, seen_at TIMESTAMP, note TEXT',
    "leases": ledger.TABLES["leases"] + ", holder VARCHAR(100), until TIMESTAMP",
}


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path, servers):
    """A warehouse with one publication."""
    made = (
        DuckDBWarehouse(tmp_path / "warehouse.duckdb")
        if request.param == "duckdb"
        else warehouse_at(servers.empty(request.param))
    )
    publish(made, a_lot(tmp_path, [("a", "1.00", None)]))
    return made


@pytest.fixture
def later(warehouse, monkeypatch):
    """The next version: one table more, and two columns more in another."""
    monkeypatch.setattr(ledger, "TABLES", {**ledger.TABLES, **LATER})


def test_what_came_later_is_there_when_the_warehouse_is_opened(warehouse, later):
    for _ in range(2):
        with warehouse.session() as session:
            ledger.insert(session, "visits", {"visit_id": f"{len(visits(session))}", "rows": 1})
            assert session.query("SELECT token, holder, until FROM ledger.leases") == [
                {"token": 1, "holder": None, "until": None}
            ]
    with warehouse.session() as session:
        assert len(visits(session)) == 2
        assert ledger.missing_parts(ledger.known_columns(session)) == {}


def test_sessions_that_come_together_make_it_once(warehouse, later):
    failures = []

    def look() -> None:
        try:
            with warehouse.session() as session:
                visits(session)
        except Exception as error:  # whatever it is, the test says it
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_ledger_that_lacks_nothing_is_not_touched(warehouse):
    with warehouse.session() as session:
        done, execute = [], session.execute
        session.execute = lambda sql, parameters=(): (done.append(sql), execute(sql, parameters))
        ledger.complete_ledger(session, ledger.known_columns(session))
    assert done == []


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_an_account_that_may_not_create_is_told_who_may(tmp_path, servers, monkeypatch, kind):
    url = servers.empty(kind)
    administrators = warehouse_at(url)
    with administrators.session() as session:
        session.execute("DROP TABLE ledger.corrections")
        if kind == "mariadb":
            session.execute("CREATE OR REPLACE USER load_only@'%' IDENTIFIED BY 'test-only'")
            session.execute("GRANT SELECT, INSERT ON ledger.* TO load_only@'%'")
        else:
            session.execute("DROP ROLE IF EXISTS load_only")
            session.execute("CREATE ROLE load_only LOGIN PASSWORD 'test-only'")
    place = url.rpartition("@")[2]
    loads = warehouse_at(f"{url.partition('://')[0]}://load_only:test-only@{place}")
    with pytest.raises(PlatformError) as caught, loads.session():
        pass
    assert (caught.value.problem.code, caught.value.problem.facts) == ("P342", {"missing": "corrections"})
    with administrators.session():
        pass
    with loads.session() as session:
        assert "corrections" in session.known_columns()


def visits(session) -> list[dict[str, object]]:
    return session.query("SELECT * FROM ledger.visits")
