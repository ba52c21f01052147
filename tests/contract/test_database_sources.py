"""What each kind of value of a real server becomes, and what every server owes: one snapshot, bounded, read-only."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from shuyuan.problems import DeliveryError, PassingError, PlatformError, ShuyuanError
from shuyuan.sources.connections import Connection
from their_databases import Database, open_database


@pytest.fixture(params=["mariadb", "postgresql", "sqlite"])
def database(request, servers, tmp_path):
    theirs = open_database(request.param, servers, tmp_path)
    yield theirs
    theirs.engine.dispose()


@pytest.fixture
def mariadb(servers, tmp_path):
    theirs = open_database("mariadb", servers, tmp_path)
    yield theirs
    theirs.engine.dispose()


@pytest.fixture
def postgresql(servers, tmp_path):
    theirs = open_database("postgresql", servers, tmp_path)
    yield theirs
    theirs.engine.dispose()


def problem(theirs: Database, workdir: Path, columns: list[str], **more) -> ShuyuanError:
    with pytest.raises(ShuyuanError) as caught:
        theirs.fetch(workdir, columns, **more)
    assert list((workdir / "raw").iterdir()) == []
    return caught.value


# What all of them write alike

LONG = "长" * 90_000
ALIKE = [
    ("integer", ["0", "-7", "2147483647", "NULL"], ["0", "-7", "2147483647", None]),
    ("bigint", ["9223372036854775807", "-9223372036854775808"], ["9223372036854775807", "-9223372036854775808"]),
    ("text", ["'𬭎㛃𠮷䶮'", "''", "NULL", "' a '", "'\"q\", ''a''\r\n\tx\\'"], None),
    ("varchar(20)", ["'0012'", "'NULL'", "'15990119900101001X'", "'t'", "'\\N'"], None),
    ("double precision", ["0.1", "1e20", "1.5e-7", "-0.5", "100000", "123456789.12345678", "NULL"],
     ["0.1", "100000000000000000000", "0.00000015", "-0.5", "100000", "123456789.12345678", None]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "literals", "expected"), ALIKE, ids=lambda value: str(value)[:12])
def test_the_same_value_has_the_same_text_everywhere(database, tmp_path, kind, literals, expected):
    if database.kind == "mariadb":
        literals = [literal.replace("\\", "\\\\") for literal in literals]
    told = [None if one == "NULL" else one.strip("'").replace("''", "'").replace("\\\\", "\\") for one in literals]
    told = told if expected is None else expected
    if expected is None and kind == "text":
        told = ["𬭎㛃𠮷䶮", "", None, " a ", "\"q\", 'a'\r\n\tx\\"]
    assert database.values(tmp_path, kind, literals) == told


def test_a_value_of_any_length_is_whole(database, tmp_path):
    lengths = [0, 1, 12, 13, 250, 251, 252, 65_535, 65_536, 300_000]
    expected = ["x" * length for length in lengths]
    kind = "longtext" if database.kind == "mariadb" else "text"
    assert database.values(tmp_path, kind, [f"'{value}'" for value in expected]) == expected


def test_a_row_longer_than_a_packet_is_whole(mariadb, tmp_path):
    long = ", ".join(f"REPEAT('{letter}', 9000000) AS {letter}" for letter in "abcd")
    mariadb.run("DROP VIEW IF EXISTS wide", f"CREATE VIEW wide AS SELECT seq AS id, {long} FROM seq_1_to_3")
    read = mariadb.fetch(tmp_path, ["id", "a", "b", "c", "d"], table="wide")
    mariadb.run("DROP VIEW wide")
    assert read == [(str(row), *(letter * 9_000_000 for letter in "abcd")) for row in (1, 2, 3)]


def test_a_column_of_nothing_but_nulls(database, tmp_path):
    assert database.values(tmp_path, "varchar(5)", ["NULL"] * 3) == [None, None, None]


def test_one_column_alone_keeps_its_nulls_and_empty_texts(database, tmp_path):
    database.values(tmp_path, "varchar(5)", ["NULL", "''", "'a'"])
    assert sorted(database.fetch(tmp_path, ["v"]), key=str) == sorted([(None,), ("",), ("a",)], key=str)


@pytest.mark.parametrize("rows", [0, 1, 100, 101, 1000])
def test_blocks_lose_no_row(database, tmp_path, rows):
    database.run("DROP TABLE IF EXISTS kinds", "CREATE TABLE kinds (id INT, v VARCHAR(300))")
    if rows:
        values = ", ".join(f"({place}, '{'x' * (place % 300)}')" for place in range(rows))
        database.run(f"INSERT INTO kinds VALUES {values}")
    expected = [(str(place), "x" * (place % 300)) for place in range(rows)]
    assert database.fetch(tmp_path, ["id", "v"], fetch_rows=100) == expected


def test_names_are_quoted(database, tmp_path):
    quote = "`" if database.kind == "mariadb" else '"'
    database.run(
        "DROP TABLE IF EXISTS kinds", f"CREATE TABLE kinds (id INT, {quote}占比%{quote} INT, {quote}order{quote} INT)"
    )
    with database.engine.connect() as line:
        line.exec_driver_sql("INSERT INTO kinds VALUES (1, 2, 3)")
    assert database.fetch(tmp_path, ["id", "占比%", "order"]) == [("1", "2", "3")]


# What only some of them have

MARIADB = [
    ("decimal(18,2)", ["1.10", "-0.05", "1234567890123456.78"], ["1.10", "-0.05", "1234567890123456.78"]),
    ("decimal(65,30)", ["12345678901234567890123456789012345.000000000000000000000000000001"],
     ["12345678901234567890123456789012345.000000000000000000000000000001"]),
    ("bigint unsigned", ["18446744073709551615"], ["18446744073709551615"]),
    ("int(8) zerofill", ["42", "0"], ["42", "0"]),
    ("float", ["0.1", "1e10"], ["0.1", "10000000000"]),
    ("float(9,2)", ["1.5"], ["1.5"]),
    ("year", ["2026", "0"], ["2026", "0"]),
    ("date", ["'2026-01-31'", "'0000-00-00'", "'2026-00-00'", "'0001-01-01'"],
     ["2026-01-31", "0000-00-00", "2026-00-00", "0001-01-01"]),
    ("datetime", ["'2026-01-31 08:30:00'", "'0000-00-00 00:00:00'"], ["2026-01-31 08:30:00", "0000-00-00 00:00:00"]),
    ("datetime(3)", ["'2026-01-31 08:30:00.5'", "'2026-01-31 08:30:00'"],
     ["2026-01-31 08:30:00.500000", "2026-01-31 08:30:00"]),
    ("time", ["'838:59:59'", "'-30:01:00'", "'08:30:00'"], ["838:59:59", "-30:01:00", "08:30:00"]),
    ("time(6)", ["'-30:01:00.000001'", "'08:30:00'"], ["-30:01:00.000001", "08:30:00"]),
    ("bit(1)", ["b'1'", "b'0'", "NULL"], ["1", "0", None]),
    ("bit(64)", ["18446744073709551615"], ["18446744073709551615"]),
    ("boolean", ["true", "false"], ["1", "0"]),
    ("json", ["'{\"名\": [1, null]}'"], ['{"名": [1, null]}']),
    ("enum('男','女')", ["'女'"], ["女"]),
    ("set('a','b')", ["'a,b'"], ["a,b"]),
    ("char(10)", ["'ab'"], ["ab"]),
    ("varchar(20) character set gbk", ["'苏和娜仁'"], ["苏和娜仁"]),
    ("varchar(20) character set latin1", ["'é'"], ["é"]),
    ("longtext", [f"'{LONG}'"], [LONG]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "literals", "expected"), MARIADB, ids=lambda value: str(value)[:24])
def test_a_value_of_mariadb(mariadb, tmp_path, kind, literals, expected):
    with mariadb.engine.connect() as line:
        line.exec_driver_sql("SET SESSION sql_mode = ''")
        line.exec_driver_sql("DROP TABLE IF EXISTS kinds")
        line.exec_driver_sql(f"CREATE TABLE kinds (id INT, v {kind})")
        for place, literal in enumerate(literals):
            line.exec_driver_sql(f"INSERT INTO kinds VALUES ({place}, {literal})")
    assert [value for _, value in mariadb.fetch(tmp_path, ["id", "v"])] == expected


def test_an_instant_is_that_of_beijing(mariadb, tmp_path):
    with mariadb.engine.connect() as line:
        line.exec_driver_sql("SET SESSION time_zone = '+00:00'")
        line.exec_driver_sql("DROP TABLE IF EXISTS kinds")
        line.exec_driver_sql("CREATE TABLE kinds (id INT, v TIMESTAMP(3) NULL)")
        line.exec_driver_sql("INSERT INTO kinds VALUES (1, '2026-01-31 16:30:00.25')")
    assert mariadb.fetch(tmp_path, ["id", "v"]) == [("1", "2026-02-01 00:30:00.250000")]


POSTGRESQL = [
    ("numeric", ["1.10", "12345678901234567890123456789012345678.000000001", "'NaN'"],
     ["1.10", "12345678901234567890123456789012345678.000000001", "NaN"]),
    ("numeric(18,2)", ["1.1"], ["1.10"]),
    ("real", ["0.1", "1e10", "'NaN'", "'Infinity'"], ["0.1", "10000000000", "nan", "inf"]),
    ("date", ["'2026-01-31'", "'0001-01-01'", "'infinity'"], ["2026-01-31", "0001-01-01", "infinity"]),
    ("timestamp", ["'2026-01-31 08:30:00.5'", "'2026-01-31 08:30:00'", "'infinity'"],
     ["2026-01-31 08:30:00.500000", "2026-01-31 08:30:00", "infinity"]),
    ("timestamptz", ["'2026-01-31 16:30:00+00'", "'2026-01-31 16:30:00.25+00'", "'1900-01-01 00:00:00+00'", "NULL"],
     ["2026-02-01 00:30:00", "2026-02-01 00:30:00.250000", "1900-01-01 08:05:43", None]),
    ("time", ["'08:30:00.5'", "'24:00:00'"], ["08:30:00.500000", "24:00:00"]),
    ("interval", ["'26:00:00'"], ["26:00:00"]),
    ("boolean", ["true", "false", "NULL"], ["1", "0", None]),
    ("bit(3)", ["b'101'"], ["101"]),
    ("json", ["'{\"名\": [1, null]}'"], ['{"名": [1, null]}']),
    ("jsonb", ["'{\"b\":1,\"a\":2}'"], ['{"a": 2, "b": 1}']),
    ("uuid", ["'00000000-0000-0000-0000-000000000001'"], ["00000000-0000-0000-0000-000000000001"]),
    ("bytea", ["NULL"], [None]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "literals", "expected"), POSTGRESQL, ids=lambda value: str(value)[:24])
def test_a_value_of_postgresql(postgresql, tmp_path, kind, literals, expected):
    with postgresql.engine.connect() as line:
        line.exec_driver_sql("DROP TABLE IF EXISTS kinds")
        line.exec_driver_sql(f"CREATE TABLE kinds (id INT, v {kind})")
        for place, literal in enumerate(literals):
            line.exec_driver_sql(f"INSERT INTO kinds VALUES ({place}, {literal})")
    assert [value for _, value in postgresql.fetch(tmp_path, ["id", "v"])] == expected


@pytest.mark.parametrize(
    ("kind", "type_name", "literal"),
    [
        ("mariadb", "blob", "x'00ff'"),
        ("mariadb", "varbinary(5)", "x'41'"),
        ("mariadb", "point", "point(1, 2)"),
        ("postgresql", "bytea", "'\\x00ff'"),
        ("postgresql", "integer[]", "'{1,2}'"),
        ("sqlite", "blob", "x'00ff'"),
    ],
)
def test_what_is_no_text_is_named_not_shown(servers, tmp_path, kind, type_name, literal):
    theirs = open_database(kind, servers, tmp_path)
    with pytest.raises(DeliveryError) as caught:
        theirs.values(tmp_path, type_name, [literal])
    theirs.engine.dispose()
    assert (caught.value.problem.code, caught.value.problem.facts["column"]) == ("D109", "v")


# What every server owes


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_run_sees_one_moment(servers, kind, tmp_path, monkeypatch):
    database = open_database(kind, servers, tmp_path)
    database.run("DROP TABLE IF EXISTS kinds", "CREATE TABLE kinds (id INT, v INT)", "INSERT INTO kinds VALUES (1, 1)")
    from shuyuan.sources import database as module

    real = module._require_columns

    def meanwhile(*told):
        real(*told)
        writer = threading.Thread(target=database.run, args=("INSERT INTO kinds VALUES (2, 2)",))
        writer.start()
        writer.join()

    monkeypatch.setattr(module, "_require_columns", meanwhile)
    assert database.fetch(tmp_path / "1", ["id", "v"]) == [("1", "1")]
    monkeypatch.undo()
    assert database.fetch(tmp_path / "2", ["id", "v"]) == [("1", "1"), ("2", "2")]
    database.engine.dispose()


def test_a_missing_table_or_column_is_theirs(database, tmp_path):
    database.run("DROP TABLE IF EXISTS kinds", "CREATE TABLE kinds (id INT, v INT)")
    assert problem(database, tmp_path, ["id", "电话"]).problem.code == "D108"
    assert problem(database, tmp_path, ["id"], table="no_such_table").problem.code == "D108"


def test_a_query_that_takes_too_long_is_ended_by_the_server(servers, tmp_path):
    for kind, slow in (
        ("mariadb", "SELECT 1 AS id, SLEEP(30) AS v"),
        ("postgresql", "SELECT 1 AS id, pg_sleep(30)::text AS v"),
    ):
        theirs = open_database(kind, servers, tmp_path)
        theirs.run("DROP VIEW IF EXISTS slow", f"CREATE VIEW slow AS {slow}")
        error = problem(theirs, tmp_path, ["id", "v"], table="slow", timeout="1s")
        theirs.run("DROP VIEW slow")
        theirs.engine.dispose()
        assert (type(error), error.problem.code) == (PassingError, "P113")


@pytest.mark.parametrize(
    ("kind", "rows", "cut"),
    [
        ("mariadb", "SELECT seq AS id, REPEAT('x', 300) AS v FROM seq_1_to_300000", "KILL {}"),
        (
            "postgresql",
            "SELECT seq AS id, repeat('x', 300) AS v FROM generate_series(1, 300000) AS seq",
            "SELECT pg_terminate_backend({})",
        ),
    ],
)
def test_a_line_cut_in_the_middle_passes_and_leaves_nothing(servers, tmp_path, monkeypatch, kind, rows, cut):
    from shuyuan.sources import database as module

    theirs, real, batches = open_database(kind, servers, tmp_path), module._batches, []
    theirs.run("DROP VIEW IF EXISTS wide", f"CREATE VIEW wide AS {rows}")

    def cut_after_the_first(line, *told):
        ask = "SELECT pg_backend_pid()" if kind == "postgresql" else "SELECT CONNECTION_ID()"
        number = line.exec_driver_sql(ask).scalar_one()
        for batch in real(line, *told):
            batches.append(batch.num_rows)
            if len(batches) == 1:
                theirs.run(cut.format(number))
            yield batch

    monkeypatch.setattr(module, "_batches", cut_after_the_first)
    error = problem(theirs, tmp_path, ["id", "v"], table="wide", fetch_rows=100)
    theirs.run("DROP VIEW wide")
    theirs.engine.dispose()
    assert (type(error), error.problem.code) == (PassingError, "P112")
    assert 0 < sum(batches) < 300_000


def test_a_refused_login_is_ours(servers, tmp_path):
    for kind in ("mariadb", "postgresql"):
        theirs = open_database(kind, servers, tmp_path)
        told = theirs.connection
        theirs.connection = Connection(
            "their_db", told.conn_type, told.host, told.port, told.login, "wrong", told.schema
        )
        error = problem(theirs, tmp_path, ["id"])
        theirs.engine.dispose()
        assert (type(error), error.problem.code) == (PlatformError, "P111")
