from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from shuyuan.sources.connections import Connection
from shuyuan.sources.database_line import translate

CONNECTION = Connection("civil_db", "mysql", "db")


class MysqlError(Exception):
    sqlstate = "HY000"


class PostgresError(Exception):
    def __init__(self, sqlstate: str | None, text: str = "") -> None:
        self.sqlstate = sqlstate
        super().__init__(text)


@pytest.mark.parametrize(
    ("origin", "code", "passing"),
    [
        (MysqlError(1045, "Access denied for user 'me'@'host' (using password: YES)"), "P111", False),
        (MysqlError(1142, "SELECT command denied"), "P115", False),
        (MysqlError(1049, "Unknown database"), "P109", False),
        (MysqlError(1146, "Table 'a.b' doesn't exist"), "D108", False),
        (MysqlError(1054, "Unknown column"), "D108", False),
        (MysqlError(1969, "max_statement_time exceeded"), "P113", True),
        (MysqlError(3024, "maximum statement execution time exceeded"), "P113", True),
        (MysqlError(2013, "Lost connection during query"), "P112", True),
        (MysqlError(1040, "Too many connections"), "P112", True),
        (PostgresError("28P01"), "P111", False),
        (PostgresError(None, 'FATAL:  password authentication failed for user "me"'), "P111", False),
        (PostgresError(None, "FATAL:  no pg_hba.conf entry for host"), "P111", False),
        (PostgresError(None, 'FATAL:  database "x" does not exist'), "P109", False),
        (PostgresError("42501"), "P115", False),
        (PostgresError("42P01"), "D108", False),
        (PostgresError("57014"), "P113", True),
        (PostgresError("57P01"), "P112", True),
        (PostgresError(None, "connection refused"), "P112", True),
    ],
)
def test_a_servers_error_becomes_one_of_ours(origin, code, passing):
    error = OperationalError("SELECT secret", {"id": "15990119900101001X"}, origin)
    ours = translate(error, CONNECTION, "persons", 60)
    assert (ours.problem.code, ours.passing) == (code, passing)
    assert "secret" not in str(ours)
    assert "15990119900101001X" not in str(ours) + repr(ours.problem)


def test_a_lost_socket_passes():
    assert translate(ConnectionResetError(), CONNECTION, "persons", 60).problem.code == "P112"
