from __future__ import annotations

import json

import pytest

from shuyuan.problems import PlatformError
from shuyuan.sources.connections import Connection, connection_from_environment


def read(monkeypatch, text: str | None) -> Connection:
    if text is None:
        monkeypatch.delenv("AIRFLOW_CONN_CIVIL", raising=False)
    else:
        monkeypatch.setenv("AIRFLOW_CONN_CIVIL", text)
    return connection_from_environment("civil")


@pytest.mark.parametrize("extra", [{"host_key": "ssh-ed25519 AAAA"}, '{"host_key": "ssh-ed25519 AAAA"}'])
def test_the_json_form(monkeypatch, extra):
    told = {"conn_type": "sftp", "host": "10.0.0.1", "port": "2222", "login": "dept", "extra": extra}
    found = read(monkeypatch, json.dumps(told))
    assert (found.conn_id, found.conn_type, found.host, found.port) == ("civil", "sftp", "10.0.0.1", 2222)
    assert (found.login, found.password, found.schema) == ("dept", None, None)
    assert found.extra == {"host_key": "ssh-ed25519 AAAA"}


def test_the_uri_form(monkeypatch):
    found = read(monkeypatch, "sftp://de%40pt:p%2Fw%3A@10.0.0.1:2222/sch?reply_timeout=5&host_key=ssh-ed25519+AA")
    assert (found.login, found.password, found.host, found.port) == ("de@pt", "p/w:", "10.0.0.1", 2222)
    assert (found.schema, found.extra) == ("sch", {"reply_timeout": "5", "host_key": "ssh-ed25519 AA"})
    assert read(monkeypatch, "mysql://h/d?__extra__=%7B%22a%22%3A1%7D").extra == {"a": 1}


def test_a_connection_that_is_not_there(monkeypatch):
    for text in (None, "  "):
        with pytest.raises(PlatformError) as caught:
            read(monkeypatch, text)
        assert caught.value.problem.code == "P108"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"conn_type": 1}',
        '{"conn_type": "sftp", "port": "ssh"}',
        "no scheme",
        "sftp://h:port/",
        '{"extra": []}',
    ],
)
def test_a_connection_that_cannot_be_read(monkeypatch, text):
    with pytest.raises(PlatformError) as caught:
        read(monkeypatch, text)
    assert caught.value.problem.code == "P109"


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        ("mysql", "mysql+pymysql://me:p%40ss@db:1/s"),
        ("mariadb", "mysql+pymysql://me:p%40ss@db:1/s"),
        ("postgres", "postgresql+psycopg://me:p%40ss@db:1/s"),
        ("mssql", "mssql://me:p%40ss@db:1/s"),
    ],
)
def test_a_database_has_a_url(kind, uri):
    assert Connection("c", kind, "db", 1, "me", "p@ss", "s").uri == uri


def test_sqlite_names_a_file():
    assert Connection("c", "sqlite", "/a/b.db").uri == "sqlite:////a/b.db"
    assert Connection("c", "sqlite", schema="/a/b.db").uri == "sqlite:////a/b.db"


def test_no_secret_is_shown():
    told = Connection("c", "sftp", "h", 1, "me", "hunter2", None, {"private_key": "hunter3"})
    assert "hunter" not in repr(told) + str(told)


@pytest.mark.parametrize("value", ["0", -1, "x", None, "inf", "nan", []])
def test_a_limit_must_be_a_positive_number(value):
    with pytest.raises(PlatformError) as caught:
        Connection("c", "sftp", extra={"reply_timeout": value}).number("reply_timeout", 1)
    assert caught.value.problem.facts["what"] == "extra.reply_timeout"
    assert Connection("c", "sftp").number("reply_timeout", 3) == 3
