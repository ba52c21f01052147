"""Seals: the algorithms are those of the standards, and nothing but the very seal opens."""

import os
import pickle
import traceback

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from shuyuan.problems import PlatformError
from shuyuan.vault.keys import Key
from shuyuan.vault.seals import read_header, seal, unseal
from shuyuan.vault.tokens import token, verification_code

PLAIN = "张三 110101199003074514 家庭月收入 1,200.00".encode()
CIPHERS = ("aes", "sm4")


@pytest.fixture(params=CIPHERS)
def cipher(request, monkeypatch):
    monkeypatch.setenv("SHUYUAN_CIPHER", request.param)
    return request.param


def test_sm3_is_that_of_the_standard():
    # GB/T 32905-2016, annex A
    for text, digest in (
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ):
        made = hashes.Hash(hashes.SM3())
        made.update(text)
        assert made.finalize().hex() == digest


def test_sm4_is_that_of_the_standard():
    # GB/T 32907-2016, annex A.1
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert (encryptor.update(key) + encryptor.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_is_that_of_rfc_8998():
    # RFC 8998, appendix A.1
    encryptor = Cipher(
        algorithms.SM4(bytes.fromhex("0123456789abcdeffedcba9876543210")),
        modes.GCM(bytes.fromhex("00001234567800000000abcd")),
    ).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    plain = "".join(letter * 16 for letter in "abcdef") + "e" * 16 + "a" * 16
    sealed = encryptor.update(bytes.fromhex(plain)) + encryptor.finalize()
    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


def test_a_key_is_used_as_hkdf_and_hmac_over_sm3_say():
    # RFC 5869 and GB/T 15852.2 written out by hand, over the library's hash alone.
    def sm3_hmac(key, text):
        summed = hmac.HMAC(key, hashes.SM3())
        summed.update(text)
        return summed.finalize()

    secret = bytes(range(32))
    extracted = sm3_hmac(bytes(32), secret)
    expanded = sm3_hmac(extracted, b"shuyuan token" + b"\x01")
    key = Key("tax", "0001-00000000", secret)
    assert key.derive("token", 32) == expanded
    assert key.sum("token", b"x") == key.sum("token", b"x") == sm3_hmac(expanded, b"x")


def test_what_was_sealed_is_opened(ring, cipher):
    for plain in (PLAIN, b"", b"x", PLAIN * 1000, os.urandom(5000)):
        sealed = seal(ring, "low_income", "requests/a", plain)
        assert unseal(ring, "low_income", "requests/a", sealed) == plain
        assert read_header(sealed).cipher == cipher
    assert len(seal(ring, "low_income", "a", PLAIN * 1000)) < len(PLAIN) * 50


def test_both_ciphers_stay_readable_whatever_is_set(ring, monkeypatch):
    made = []
    for cipher in CIPHERS:
        monkeypatch.setenv("SHUYUAN_CIPHER", cipher)
        made.append(seal(ring, "low_income", "a", PLAIN))
    monkeypatch.delenv("SHUYUAN_CIPHER")
    assert [unseal(ring, "low_income", "a", sealed) for sealed in made] == [PLAIN, PLAIN]
    assert read_header(seal(ring, "low_income", "a", PLAIN)).cipher == "aes"


def test_an_unknown_cipher_is_refused(ring, monkeypatch):
    monkeypatch.setenv("SHUYUAN_CIPHER", "des")
    with pytest.raises(PlatformError) as caught:
        seal(ring, "low_income", "a", PLAIN)
    assert caught.value.problem.code == "P395"


def test_a_change_of_any_byte_is_noticed(ring, cipher):
    sealed = seal(ring, "low_income", "a", PLAIN)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 + place % 255
        assert refusal(ring, "low_income", "a", bytes(changed)) in ("P393", "P391"), place


def test_every_cut_is_noticed(ring, cipher):
    sealed = seal(ring, "low_income", "a", PLAIN)
    for size in range(len(sealed)):
        assert refusal(ring, "low_income", "a", sealed[:size]) in ("P393", "P391"), size
    for other in (sealed + b"\0", sealed[1:], sealed * 2, PLAIN, b""):
        assert refusal(ring, "low_income", "a", other) == "P393"


def test_a_seal_opens_for_its_own_purpose_and_context_alone(ring):
    sealed = seal(ring, "low_income", "requests/a", PLAIN)
    ring.current("real_estate")
    assert refusal(ring, "low_income", "answers/a", sealed) == "P393"
    assert refusal(ring, "low_income", "requests/b", sealed) == "P393"
    assert refusal(ring, "real_estate", "requests/a", sealed) == "P393"


def test_the_same_text_is_never_sealed_alike(ring):
    made = {seal(ring, "low_income", "a", PLAIN) for _ in range(500)}
    assert len(made) == 500
    assert len({read_header(sealed).nonce for sealed in made}) == 500


def test_nothing_of_the_plain_text_or_the_key_is_in_a_seal_or_an_error(ring, cipher):
    sealed = seal(ring, "low_income", "a", PLAIN)
    secret = bytes.fromhex(next(ring.folder.glob("*.key")).read_text().strip())
    for part in (PLAIN, b"110101199003074514", secret, secret.hex().encode()):
        assert part not in sealed
    try:
        unseal(ring, "low_income", "b", sealed)
    except PlatformError as error:
        told = "".join(traceback.format_exception(error)) + repr(error) + repr(pickle.dumps(error))
    for part in ("110101199003074514", secret.hex(), repr(secret)[2:-1]):
        assert part not in told


def test_a_token_names_its_key_and_says_nothing_of_the_value(ring):
    made = token(ring, "low_income", "110101199003074514")
    key_id, _, digits = made.partition(":")
    assert key_id == ring.current("low_income").key_id
    assert len(digits) == 64
    assert len(made) <= 100
    assert token(ring, "low_income", "110101199003074514") == made != token(ring, "low_income", "110101199003074515")


def test_a_verification_code_can_be_read_out(ring):
    code = verification_code(ring, "low_income", b"answer")
    assert len(code) == 12
    assert set(code) <= set("abcdefghijklmnopqrstuvwxyz234567")


def refusal(ring, purpose, context, sealed):
    with pytest.raises(PlatformError) as caught:
        unseal(ring, purpose, context, sealed)
    return caught.value.problem.code
