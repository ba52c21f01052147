"""Planted passwords, keys and tokens are found and never shown; ordinary entries raise no alarm."""

from __future__ import annotations

import pytest

from building import ENTRY_ID, entry_text, make_project
from shuyuan.catalog import read_catalog
from shuyuan.catalog.credentials import find_credentials
from shuyuan.catalog.reading import parse_document

PLANTED = [
    "password: Hj8sKd92",
    "  passwd: abc",
    "db_password: x1",
    "{pwd: q}",
    "secret: s",
    "client_secret: abc",
    "token: t0",
    "api_key: k1",
    "apikey: k1",
    "access-key: AB",
    "private_key: x",
    "credentials: x",
    "PASSWORD: x",
    '"password": "x"',
    "# password: hunter2",
    "# 口令：abc123",
    "# 密码: Qwer1234",
    "url: mysql://root:secret1@10.0.0.1/db",
    "url: sftp://u:p@h/x",
    "x: AKIAABCDEFGHIJKLMNOP",
    "x: ghp_abcdefghijklmnopqrstuvwxyz012345",
    "# -----BEGIN RSA PRIVATE KEY-----",
    "x: eyJhbGciOiJIUzI1NiJ9.e30.x",
    "x: Zm9vYmFyQmF6MTIzNDU2Nzg5MHF1eA",
    "x: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
]
ORDINARY = [
    "title: 令牌发放记录",
    "key: [id_card_no]",
    "name: token_number",
    "name: secret_level",
    "steward: mz-jzg",
    "path: /out/dibao/{date:%Y%m%d}/dibao_*.csv",
    'pattern: "[0-9A-HJ-NPQRTUWXY]{18}"',
    "credit_code: 11150624MA0N00016E",
    "table: HOUSEHOLD_REGISTER_2026_SNAPSHOT",
    "code: 307010101/000012",
    "summary: 不含密码等信息",
    "url: https://example.org/x",
    "element: marriage_certificate_number",
    "from: REGISTERED_RESIDENCE_ADDRESS_CODE1",
    "connection: civil_affairs_frontend",
]


def found(line):
    return [problem.code for problem in find_credentials(parse_document(f"a: 1\n{line}\n".encode(), "x.yaml"))]


@pytest.mark.parametrize("line", PLANTED)
def test_planted(line):
    assert found(line) in (["E220"], ["E221"])


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary(line):
    assert found(line) == []


def test_the_line_is_never_shown(tmp_path):
    text = entry_text(source={"password": "Hj8sKd92LmQp"})
    problems = read_catalog(make_project(tmp_path, {ENTRY_ID: text})).problems
    assert {problem.code for problem in problems} == {"E115", "E220"}
    assert "Hj8sKd92LmQp" not in repr(problems)


def test_departments_defaults_and_elements_are_searched(tmp_path):
    project = make_project(tmp_path, defaults="level: L2  # password: abc\n", elements="a: {title: x}  # token: abc\n")
    assert [problem.code for problem in read_catalog(project).problems] == ["E220", "E220"]


@pytest.mark.timeout(30)
def test_hostile_text_takes_no_time():
    for text in ("a" * 60_000, "a_" * 30_000, "a." * 30_000, "x://" + "a" * 60_000, "pass" * 15_000):
        list(find_credentials(parse_document(f"k: {text}\n".encode(), "x.yaml")))
