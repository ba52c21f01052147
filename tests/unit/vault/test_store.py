"""Sealed content in the warehouse: kept whole or not at all."""

import os

import pytest

from shuyuan.problems import PlatformError
from shuyuan.vault import resealing, store
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.resealing import Openable, count_openable, reseal
from shuyuan.vault.seals import read_header, seal, unseal


def keep(session, ring, name, plain, purpose="low_income"):
    with session.transaction():
        store.put(session, name, seal(ring, purpose, name, plain))


def refusal(do, *arguments):
    with pytest.raises(PlatformError) as caught:
        do(*arguments)
    return caught.value.problem.code


def test_plain_bytes_are_never_kept(session):
    assert refusal(store.put, session, "requests/a", b"plain") == "P393"
    assert store.kept(session) == []


def test_what_is_not_there_is_none(session):
    assert store.get(session, "requests/a") is None
    assert store.delete(session, "requests/a") == 0


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM ledger.seals WHERE part = 0",
        "DELETE FROM ledger.seals WHERE part = 2",
        "UPDATE ledger.seals SET content = 'AAAA' WHERE part = 1",
        "UPDATE ledger.seals SET content = 'not base64!' WHERE part = 1",
        "UPDATE ledger.seals SET part = 9 WHERE part = 1; UPDATE ledger.seals SET part = 1 WHERE part = 2;"
        " UPDATE ledger.seals SET part = 2 WHERE part = 9",
        "UPDATE ledger.seals SET parts = 2",
        "UPDATE ledger.seals SET content = (SELECT content FROM ledger.seals WHERE name = 'b' AND part = 1)"
        " WHERE name = 'a' AND part = 1",
    ],
)
def test_cut_changed_and_swapped_pieces_are_noticed(session, ring, monkeypatch, tampering):
    monkeypatch.setattr(store, "PIECE", 60)
    for name in ("a", "b"):
        keep(session, ring, name, os.urandom(150))
    for statement in tampering.split("; "):
        session.execute(statement)
    assert refusal(lambda: unseal(ring, "low_income", "a", store.get(session, "a"))) == "P393"


def test_a_seal_put_under_another_name_does_not_open(session, ring):
    keep(session, ring, "requests/a", b"x")
    session.execute("UPDATE ledger.seals SET name = 'requests/b'")
    assert refusal(unseal, ring, "low_income", "requests/b", store.get(session, "requests/b")) == "P393"


def test_after_a_rotation_all_is_sealed_again_and_the_old_key_can_go(session, ring):
    for number in range(20):
        keep(session, ring, f"requests/{number}", b"%d" % number)
    keep(session, ring, "requests/other", b"x", purpose="real_estate")
    old = ring.current("low_income").key_id
    newest = ring.rotate("low_income").key_id
    assert reseal(session, ring, "low_income") == 20
    assert reseal(session, ring, "low_income") == 0
    (ring.folder / f"low_income.{old}.key").unlink()
    fresh = KeyRing(ring.folder)
    for number in range(20):
        sealed = store.get(session, f"requests/{number}")
        assert read_header(sealed).key_id == newest
        assert unseal(fresh, "low_income", f"requests/{number}", sealed) == b"%d" % number
    assert count_openable(session, fresh) == [Openable("low_income", opened=20), Openable("real_estate", opened=1)]


def test_a_re_sealing_that_was_stopped_goes_on(session, ring, monkeypatch):
    for number in range(9):
        keep(session, ring, f"requests/{number}", b"%d" % number)
    ring.rotate("low_income")
    whole, calls = store.put, []

    def stop_midway(connection, name, sealed):
        whole(connection, name, sealed)
        calls.append(name)
        if len(calls) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(resealing.store, "put", stop_midway)
    with pytest.raises(KeyboardInterrupt):
        reseal(session, ring, "low_income")
    monkeypatch.setattr(resealing.store, "put", whole)
    assert count_openable(session, ring) == [Openable("low_income", opened=9)]
    assert reseal(session, ring, "low_income") == 5
    assert count_openable(session, ring) == [Openable("low_income", opened=9)]


def test_what_cannot_be_opened_is_counted(session, ring):
    for number in range(3):
        keep(session, ring, f"requests/{number}", b"x")
    old = ring.current("low_income").key_id
    ring.rotate("low_income")
    keep(session, ring, "requests/new", b"x")
    session.execute("UPDATE ledger.seals SET content = 'AAAA' WHERE name = 'requests/0'")
    assert count_openable(session, ring) == [Openable("low_income", opened=3, damaged=1)]
    (ring.folder / f"low_income.{old}.key").unlink()
    fresh = KeyRing(ring.folder)
    assert count_openable(session, fresh) == [Openable("low_income", opened=1, lost=2, damaged=1)]
