"""Reading by increments from real servers: what changed comes, once, in time, and whatever was committed late."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from shuyuan import sources
from shuyuan.problems import DeliveryError, NotYetDelivered
from their_databases import DAY, NOW, open_database, resource_of

FIELDS = [
    {"name": "id", "title": "编号"},
    {"name": "name", "title": "姓名"},
    {"name": "at", "from": "updated_at", "title": "更新时间", "type": "datetime"},
]
COLUMNS = ["id", "name", "updated_at"]


def increments(fields=FIELDS, key=("id",), **more):
    """An entry that reads the table ``changes`` by increments."""
    told = {"table": "changes", "sync": "incremental", "watermark": "at", "overlap": "10m"} | more
    return resource_of(COLUMNS, fields, {"mode": "merge", "key": list(key)}, **told)


@pytest.fixture(params=["mariadb", "postgresql", "sqlite"])
def theirs(request, servers, tmp_path):
    database = open_database(request.param, servers, tmp_path)
    kind = {"mariadb": "DATETIME(6)", "postgresql": "TIMESTAMP", "sqlite": "TEXT"}[database.kind]
    database.run("DROP TABLE IF EXISTS changes", f"CREATE TABLE changes (id INT, name VARCHAR(20), updated_at {kind})")
    yield database
    database.engine.dispose()


@pytest.fixture
def read(theirs, tmp_path):
    """Read once more: the names that come, and the watermark to go on from."""
    count = iter(range(100))

    def once(since=None, resource=None):
        workdir = tmp_path / str(next(count))
        delivery = sources.fetch(resource or increments(), DAY, workdir, theirs.connection, NOW, since)
        rows = pq.read_table(workdir / "raw" / "0000.parquet").to_pylist()
        assert len(rows) == delivery.rows_declared
        return [row["name"] for row in rows], delivery.watermark

    return once


def put(theirs, number: int, name: str, at: datetime | str | None) -> None:
    theirs.run(f"INSERT INTO changes VALUES ({number}, '{name}', {'NULL' if at is None else repr(str(at))})")


def beijing() -> datetime:
    return datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


def test_the_first_time_everything_comes_then_what_changed(theirs, read):
    put(theirs, 1, "old", "2020-01-01 00:00:00")
    put(theirs, 2, "recent", beijing() - timedelta(hours=1))
    names, mark = read()
    assert names == ["old", "recent"]
    put(theirs, 3, "new", beijing())
    names, later = read(mark)
    assert names == ["new"]
    assert later > mark


def test_the_watermark_is_the_servers_clock(read):
    before = beijing() - timedelta(seconds=1)
    _, mark = read()
    assert before <= datetime.fromisoformat(mark) <= beijing() + timedelta(seconds=1)


def test_what_was_committed_late_comes_in_the_overlap(theirs, read):
    _, mark = read()
    put(theirs, 1, "late", datetime.fromisoformat(mark) - timedelta(minutes=9))
    put(theirs, 2, "too late", datetime.fromisoformat(mark) - timedelta(minutes=11))
    assert read(mark)[0] == ["late"]
    assert read(mark, increments(overlap="20m"))[0] == ["late", "too late"]


def test_what_is_dated_ahead_waits_for_its_time(theirs, read):
    put(theirs, 1, "ahead", beijing() + timedelta(hours=1))
    names, mark = read()
    assert names == []
    assert datetime.fromisoformat(mark) < beijing() + timedelta(minutes=1)
    passed = str(beijing() + timedelta(hours=1, minutes=1))
    theirs.run("UPDATE changes SET updated_at = '" + str(beijing()) + "'")
    assert read(mark)[0] == ["ahead"]
    assert read(passed)[0] == []


def test_rows_without_a_watermark_come_every_time(theirs, read):
    put(theirs, 1, "undated", None)
    names, mark = read()
    assert names == ["undated"]
    assert read(mark)[0] == ["undated"]


@pytest.mark.parametrize("fetch_rows", [100, 20_000])
def test_of_many_rows_of_a_key_the_newest_comes(theirs, read, fetch_rows):
    put(theirs, 7, "first", "2026-01-01 08:00:00")
    put(theirs, 7, "undated", None)
    put(theirs, 7, "newest", "2026-01-03 08:00:00.5")
    put(theirs, 7, "second", "2026-01-03 08:00:00")
    put(theirs, 8, "alone", "2026-01-01 08:00:00")
    rows = [f"(9, 'n{second:03}', '2026-01-01 00:{second // 60:02}:{second % 60:02}')" for second in range(350)]
    theirs.run(f"INSERT INTO changes VALUES {', '.join(rows)}")
    assert read(resource=increments(fetch_rows=fetch_rows))[0] == ["newest", "alone", "n349"]


def test_keys_of_several_items_are_told_apart(theirs, read):
    fields = [{**FIELDS[0]}, {**FIELDS[1]}, FIELDS[2]]
    for name in ("a", "b"):
        put(theirs, 1, name, "2026-01-01 08:00:00")
        put(theirs, 2, name, "2026-01-01 08:00:00")
    assert read(resource=increments(fields, key=("id", "name")))[0] == ["a", "b", "a", "b"]


def test_a_whole_number_is_a_watermark_too(theirs, read):
    theirs.run("DROP TABLE changes", "CREATE TABLE changes (id INT, name VARCHAR(20), updated_at BIGINT)")
    resource = increments([*FIELDS[:2], {**FIELDS[2], "type": "integer"}], overlap_numbers=5)
    assert read(resource=resource) == ([], None)
    for number in range(1, 21):
        theirs.run(f"INSERT INTO changes VALUES ({number}, 'n{number}', {number * 10})")
    names, mark = read(resource=resource)
    assert (len(names), mark) == (20, "200")
    theirs.run("INSERT INTO changes VALUES (21, 'late', 195), (22, 'too late', 194), (23, 'new', 210)")
    names, mark = read("200", resource)
    assert (names, mark) == (["n20", "late", "new"], "210")
    theirs.run("DELETE FROM changes")
    assert read("210", resource) == ([], "210")


def test_a_day_is_a_watermark_too(theirs, read):
    kind = "TEXT" if theirs.kind == "sqlite" else "DATE"
    theirs.run("DROP TABLE changes", f"CREATE TABLE changes (id INT, name VARCHAR(20), updated_at {kind})")
    today = beijing().date()
    for back in range(4):
        put(theirs, back, f"{back} days ago", today - timedelta(days=back))
    resource = increments([*FIELDS[:2], {**FIELDS[2], "type": "date"}], overlap="2d")
    names, mark = read(resource=resource)
    assert len(names) == 4
    assert read(mark, resource)[0] == ["0 days ago", "1 days ago", "2 days ago"]


@pytest.mark.parametrize("server", ["mariadb", "postgresql"])
def test_a_column_of_another_kind_is_refused(servers, tmp_path, server):
    theirs = open_database(server, servers, tmp_path)
    for kind, said in (("VARCHAR(20)", "datetime"), ("BIGINT", "datetime"), ("VARCHAR(20)", "integer")):
        theirs.run(
            "DROP TABLE IF EXISTS changes", f"CREATE TABLE changes (id INT, name VARCHAR(20), updated_at {kind})"
        )
        resource = increments([*FIELDS[:2], {**FIELDS[2], "type": said}])
        with pytest.raises(DeliveryError) as caught:
            sources.fetch(resource, DAY, tmp_path, theirs.connection, NOW)
        assert caught.value.problem.code == "D111"
    theirs.engine.dispose()


def test_the_same_increment_has_the_same_identity(theirs, tmp_path):
    put(theirs, 1, "one", "2026-01-01 08:00:00")
    first, second = (
        sources.fetch(increments(), DAY, tmp_path / name, theirs.connection, NOW) for name in ("first", "second")
    )
    assert first.sha256 == second.sha256
    assert first.watermark < second.watermark


def test_instants_of_a_zone_are_cut_in_beijing(servers, tmp_path):
    for kind, column in (("mariadb", "TIMESTAMP(6)"), ("postgresql", "TIMESTAMPTZ")):
        theirs = open_database(kind, servers, tmp_path)
        theirs.run(
            "DROP TABLE IF EXISTS changes",
            f"CREATE TABLE changes (id INT, name VARCHAR(9), updated_at {column} NULL)",
            "INSERT INTO changes VALUES (1, 'now', now())",
        )
        resource, ago = increments(overlap="0s"), str(beijing() - timedelta(minutes=1))
        first = sources.fetch(resource, DAY, tmp_path / kind, theirs.connection, NOW, ago)
        again = sources.fetch(resource, DAY, tmp_path / kind, theirs.connection, NOW, first.watermark)
        theirs.engine.dispose()
        assert (first.rows_declared, again.rows_declared) == (1, 0)


# Manners


def at(clock: str) -> datetime:
    """A time of Beijing as naive UTC."""
    return datetime.fromisoformat(f"2026-11-22 {clock}") - timedelta(hours=8)


@pytest.mark.parametrize(
    ("hours", "clock", "wait"),
    [
        ("20:00-06:00", "19:59:30", 30),
        ("20:00-06:00", "20:00:00", None),
        ("20:00-06:00", "00:00:00", None),
        ("20:00-06:00", "05:59:59", None),
        ("20:00-06:00", "06:00:00", 14 * 3600),
        ("12:00-14:00", "11:00:00", 3600),
        ("12:00-14:00", "13:00:00", None),
        ("12:00-14:00", "14:00:00", 22 * 3600),
    ],
)
def test_a_database_is_left_alone_outside_its_hours(servers, tmp_path, hours, clock, wait):
    theirs, resource = open_database("sqlite", servers, tmp_path), increments(hours=hours)
    theirs.run("CREATE TABLE changes (id INT, name TEXT, updated_at TEXT)")
    if wait is None:
        assert sources.fetch(resource, DAY, tmp_path, theirs.connection, at(clock)).rows_declared == 0
        return
    with pytest.raises(NotYetDelivered) as caught:
        sources.fetch(resource, DAY, tmp_path, theirs.connection, at(clock))
    assert (caught.value.problem.code, caught.value.problem.facts["retry_after"]) == ("D112", wait)


def test_rows_come_no_faster_than_allowed(theirs, read):
    theirs.run("INSERT INTO changes VALUES " + ", ".join(f"({number}, 'n', NULL)" for number in range(300)))
    began = time.monotonic()
    assert len(read(resource=increments(rows_per_second=100))[0]) == 300
    assert 2.9 < time.monotonic() - began < 10
