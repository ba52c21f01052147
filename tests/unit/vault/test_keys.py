"""The key ring: made once, readable by its owner alone, never shown, and never mixed up."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.seals import seal, unseal
from shuyuan.vault.tokens import is_verified, token, tokens_of, verification_code


def code_of(do, *arguments):
    with pytest.raises(PlatformError) as caught:
        do(*arguments)
    return caught.value.problem.code


def test_the_first_key_is_made_when_it_is_needed(ring):
    key = ring.current("low_income")
    path = ring.folder / f"low_income.{key.key_id}.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.folder.stat().st_mode) == 0o700
    assert len(bytes.fromhex(path.read_text().strip())) == 32
    assert KeyRing(ring.folder).current("low_income") == key


def test_of_many_that_need_a_first_key_at_once_all_get_the_same(tmp_path):
    rings = [KeyRing(tmp_path / "keys") for _ in range(16)]
    with ThreadPoolExecutor(16) as together:
        ids = {key.key_id for key in together.map(lambda ring: ring.current("low_income"), rings)}
    assert len(ids) == 1
    assert len(list((tmp_path / "keys").glob("*.key"))) == 1


def test_a_newer_key_seals_and_older_ones_still_open(ring):
    sealed, known = seal(ring, "low_income", "a", b"old"), token(ring, "low_income", "x")
    code = verification_code(ring, "low_income", b"text")
    older, newer = ring.current("low_income").key_id, ring.rotate("low_income").key_id
    fresh = KeyRing(ring.folder)
    assert fresh.key_ids("low_income") == [older, newer]
    assert fresh.current("low_income").key_id == newer
    assert unseal(fresh, "low_income", "a", sealed) == b"old"
    assert token(fresh, "low_income", "x") != known
    assert known in tokens_of(fresh, "low_income", "x")
    assert is_verified(fresh, "low_income", b"text", code)
    assert not is_verified(fresh, "low_income", b"text.", code)


def test_the_tenth_thousandth_key_is_newer_than_the_one_before(ring):
    for number in (9999, 10000):
        content = bytes([number % 251] * 32)
        made = KeyRing(ring.folder.with_name("elsewhere"))
        (ring.folder).mkdir(exist_ok=True)
        fingerprint = _fingerprint_of(made, content)
        path = ring.folder / f"tax.{number}-{fingerprint}.key"
        path.touch(0o600)
        path.write_text(content.hex())
    assert ring.current("tax").key_id.startswith("10000-")
    assert ring.rotate("tax").key_id.startswith("10001-")


def _fingerprint_of(ring, content):
    from shuyuan.vault import keys

    return keys._fingerprint(content)


def test_a_lost_key_is_named_with_what_is_lost(ring):
    sealed = seal(ring, "low_income", "a", b"x")
    for path in ring.folder.glob("*.key"):
        path.unlink()
    fresh = KeyRing(ring.folder)
    fresh.current("low_income")  # a new one is no help
    with pytest.raises(PlatformError) as caught:
        unseal(fresh, "low_income", "a", sealed)
    assert caught.value.problem.code == "P391"
    assert "low_income" in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_is_refused(ring, mode):
    (path,) = [ring.folder / f"tax.{ring.current('tax').key_id}.key"]
    path.chmod(mode)
    assert code_of(KeyRing(ring.folder).current, "tax") == "P390"


@pytest.mark.parametrize("content", ["", "00" * 31, "zz" * 32, "00" * 32, "00" * 33, "钥" * 32])
def test_a_key_file_that_is_not_what_was_made_is_refused(ring, content):
    path = ring.folder / f"tax.{ring.current('tax').key_id}.key"
    path.write_text(content)
    assert code_of(KeyRing(ring.folder).current, "tax") == "P390"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_for_reading_only_is_said(ring):
    ring.folder.mkdir()
    ring.folder.chmod(0o500)
    assert code_of(ring.current, "tax") == "P392"


def test_a_folder_that_is_a_file_is_said(ring):
    ring.folder.write_text("")
    assert code_of(ring.current, "tax") == "P392"


def test_no_key_is_ever_shown(ring):
    key = ring.current("tax")
    secret = (ring.folder / f"tax.{key.key_id}.key").read_text().strip()
    ring.current("tax").derive("seal aes", 32)
    for shown in (repr(ring), str(ring), repr(key), f"{key}", repr(ring.purposes())):
        assert secret not in shown
        assert repr(bytes.fromhex(secret)) not in shown


def test_a_purpose_cannot_lead_out_of_the_folder(ring):
    for purpose in ("../tax", "Tax", "", "a.b", "a/b"):
        with pytest.raises(ValueError, match="purpose"):
            ring.current(purpose)
    assert code_of(ring.find, "../keys/tax", "0001-00000000") == "P391"
    assert code_of(ring.find, "tax", "../0001-00000000") == "P391"


def test_no_two_uses_and_no_two_purposes_share_a_key(ring):
    one, other = ring.current("tax"), ring.current("audit")
    made = {key.derive(use, 16) for key in (one, other) for use in ("seal aes", "seal sm4", "token", "audit")}
    assert len(made) == 8
    assert token(ring, "tax", "x").split(":")[1] != token(ring, "audit", "x").split(":")[1]


def test_the_folder_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_KEYS", raising=False)
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    assert KeyRing.open(Project(tmp_path)).folder == tmp_path / "var" / "secrets" / "keys"
    monkeypatch.setenv("SHUYUAN_KEYS", str(tmp_path / "mount"))
    assert KeyRing.open(Project(tmp_path)).folder == tmp_path / "mount"
