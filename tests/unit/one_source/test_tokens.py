"""Keyed tokens and where their secret is kept."""

import stat
import threading

import pytest
from cryptography.hazmat.primitives import hashes

from shuyuan.one_source.tokens import token_of, token_secret
from shuyuan.problems import PlatformError
from shuyuan.project import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_TOKEN_KEY", raising=False)
    return Project(tmp_path)


def sm3(content):
    summed = hashes.Hash(hashes.SM3())
    summed.update(content)
    return summed.finalize()


def test_a_token_is_hmac_sm3_of_the_key():
    assert sm3(b"abc").hex().startswith("66c7f0f462eeedd9"), "the example that GB/T 32905 prints"
    secret, key = b"s" * 16, "159901195001010016"
    inner, outer = (bytes(byte ^ pad for byte in secret.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    assert token_of(key, secret) == sm3(outer + sm3(inner + key.encode())).hex()


def test_other_secrets_and_other_keys_give_other_tokens():
    tokens = {token_of(key, secret) for key in ("1", "2") for secret in (b"a" * 16, b"b" * 16)}
    assert len(tokens) == 4


def test_the_secret_is_made_once_and_only_its_owner_reads_it(project):
    first = token_secret(project)
    assert len(first) == 64
    assert token_secret(project) == first
    assert stat.S_IMODE(project.token_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(project.token_key.parent.stat().st_mode) == 0o700
    assert [path.name for path in project.token_key.parent.iterdir()] == ["token.key"]


def test_of_many_at_once_all_get_the_same_secret(project):
    got, start = [], threading.Barrier(8)

    def ask():
        start.wait()
        got.append(token_secret(project))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_the_environment_goes_first(project, monkeypatch):
    monkeypatch.setenv("SHUYUAN_TOKEN_KEY", "一" * 16)
    assert token_secret(project) == ("一" * 16).encode()
    assert not project.token_key.exists()


def test_a_short_secret_is_refused_without_being_shown(project, monkeypatch):
    monkeypatch.setenv("SHUYUAN_TOKEN_KEY", "hunter2")
    with pytest.raises(PlatformError) as caught:
        token_secret(project)
    assert caught.value.problem.code == "P322"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("content", "mode"), [("", 0o600), ("x" * 64, 0o644), ("x" * 64, 0o640)])
def test_a_file_that_is_empty_or_open_to_others_is_refused(project, content, mode):
    project.token_key.parent.mkdir(parents=True)
    project.token_key.write_text(content)
    project.token_key.chmod(mode)
    with pytest.raises(PlatformError) as caught:
        token_secret(project)
    assert caught.value.problem.code == "P323"
