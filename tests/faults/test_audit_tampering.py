"""Seven ways to falsify the audit, without its key but with all rights on the warehouse: each is found, each time.

Seven kinds, 200 trials each on the embedded warehouse: 1,400 tamperings; ten each on the servers. Every trial is one
transaction that is rolled back, so each starts from the same whole chain.
"""

from __future__ import annotations

import random
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from audited import write_chain
from servers import KINDS, warehouse_at
from shuyuan import ledger
from shuyuan.vault import audit
from shuyuan.vault.keys import Key, KeyRing
from shuyuan.vault.verifying import verify
from shuyuan.warehouses.duckdb import DuckDBWarehouse

LENGTH = 30
TRIALS = {"duckdb": 200, "mariadb": 10, "postgresql": 10}
TEXTS = ("actor", "role", "department", "check", "request_id", "version", "fields", "decision", "case_token")
NAMES = ("seq", *audit.COLUMNS, "previous", "mac")


class RolledBack(Exception):
    """Ends a trial."""


@contextmanager
def trial(session):
    """A transaction that never commits."""
    with suppress(RolledBack), session.transaction():
        yield
        raise RolledBack


@pytest.fixture(scope="module", params=KINDS)
def scene(request, tmp_path_factory, servers):
    """A session on a whole chain, its keys and its anchors."""
    folder = tmp_path_factory.mktemp("audit")
    duckdb = request.param == "duckdb"
    warehouse = DuckDBWarehouse(folder / "w.duckdb") if duckdb else warehouse_at(servers.empty(request.param))
    ring = KeyRing(folder / "keys")
    with warehouse.session() as session:
        write_chain(session, ring, LENGTH, folder / "anchors.log")
        yield request.param, session, ring, folder / "anchors.log"


def lines_of(session):
    return [dict(zip(NAMES, line, strict=True)) for line in audit.read_lines(session, 0, 10 * LENGTH)]


def write(session, lines):
    """Put these lines in place of all that are there."""
    session.execute("DELETE FROM ledger.audit")
    ledger.insert_lot(session, "audit", NAMES, [[line[name] for name in NAMES] for line in lines])


def move_head(session, line):
    session.execute("UPDATE ledger.audit_heads SET seq = ?, mac = ?", [line["seq"], line["mac"]])


def edit(session, chance):
    """One value of one record."""
    line, column = chance.choice(lines_of(session)), chance.choice((*TEXTS, "found", "happened_at"))
    old = line[column]
    if column == "happened_at":
        new = old + timedelta(microseconds=chance.choice((1, -1, 86_400_000_000)))
    elif column == "found":
        new = chance.choice((None, 0, old + 1)) if old else 1
    else:
        new = chance.choice((old[:-1] + " ", old[:-1], "x")) if old else ""
    session.execute(f'UPDATE ledger.audit SET "{column}" = ? WHERE seq = ?', [new, line["seq"]])


def delete(session, chance):
    """One record goes; or it goes and the later ones are numbered anew, and the head with them."""
    lines, gone = lines_of(session), chance.randrange(LENGTH - 1)
    if chance.random() < 0.5:
        session.execute("DELETE FROM ledger.audit WHERE seq = ?", [lines[gone]["seq"]])
        return
    left = lines[:gone] + [line | {"seq": line["seq"] - 1} for line in lines[gone + 1 :]]
    write(session, left)
    move_head(session, left[-1])


def swap(session, chance):
    """Two records change places, with or without their links."""
    lines = lines_of(session)
    one, other = chance.sample(range(LENGTH), 2)
    kept = ("seq", "previous", "mac") if chance.random() < 0.5 else ("seq",)
    lines[one], lines[other] = (
        lines[other] | {name: lines[one][name] for name in kept},
        lines[one] | {name: lines[other][name] for name in kept},
    )
    write(session, lines)


def duplicate(session, chance):
    """A record stands a second time, in the middle or at the end."""
    lines = lines_of(session)
    copied, place = chance.choice(lines), chance.randrange(LENGTH + 1)
    write(session, numbered([*lines[:place], copied, *lines[place:]]))
    move_head(session, lines_of(session)[-1])


def insert(session, chance):
    """A record that never was, linked well, with a MAC that somebody else's key makes."""
    lines, place = lines_of(session), chance.randrange(LENGTH)
    before = lines[place]
    forged = before | {"actor": "某人", "previous": before["mac"], "mac": before["mac"][:-4] + "beef"}
    write(session, numbered([*lines[: place + 1], forged, *lines[place + 1 :]]))
    move_head(session, lines_of(session)[-1])


def cut_tail(session, chance):
    """The newest records go, and the head with them: what is left is whole."""
    keep = chance.randrange(1, LENGTH)
    lines = lines_of(session)
    session.execute("DELETE FROM ledger.audit WHERE seq > ?", [keep])
    move_head(session, lines[keep - 1])


def rebuild(session, chance):
    """A record is changed and the chain from it on made anew, by a key of the forger's under the name of ours."""
    lines, start = lines_of(session), chance.randrange(LENGTH)
    forger = Key("audit", lines[0]["mac"].partition(":")[0], chance.randbytes(32))
    lines[start] |= {"actor": "某人"}
    for place in range(start, LENGTH):
        lines[place]["previous"] = lines[place - 1]["mac"] if place else ""
        lines[place]["mac"] = audit.mac_of(forger, tuple(lines[place][name] for name in NAMES[:-1]))
    write(session, lines)
    move_head(session, lines[-1])


def numbered(lines):
    return [line | {"seq": number} for number, line in enumerate(lines, 1)]


@pytest.mark.parametrize("falsify", [edit, delete, swap, duplicate, insert, cut_tail, rebuild])
def test_every_falsification_is_found(scene, falsify):
    kind, session, ring, file = scene
    chance, unnoticed = random.Random(falsify.__name__), 0
    for _ in range(TRIALS[kind]):
        with trial(session):
            falsify(session, chance)
            unnoticed += not verify(session, ring, file)
    assert unnoticed == 0
    assert verify(session, ring, file) == []


def test_a_cut_tail_is_found_by_the_anchor_alone(scene, tmp_path):
    """The switched-off twin: with an anchor file that ends where the forger cut, nothing shows."""
    _, session, ring, file = scene
    lines, keep = file.read_text().splitlines(), 10
    shorter = tmp_path / "anchors.log"
    shorter.write_text("\n".join(lines[: keep // 10]) + "\n")
    with trial(session):
        head = lines_of(session)[keep - 1]
        session.execute("DELETE FROM ledger.audit WHERE seq > ?", [keep])
        move_head(session, head)
        assert verify(session, ring, shorter) == []
        (fault,) = verify(session, ring, file)
        assert (fault.kind, fault.seq) == ("cut", 20)


def test_an_edit_is_found_by_its_mac_alone(scene, monkeypatch):
    """Another twin: a verification that takes every MAC for right finds no edited record."""
    _, session, ring, file = scene
    chance = random.Random(0)
    monkeypatch.setattr("shuyuan.vault.verifying.mac_of", lambda key, values: AnyMac())
    with trial(session):
        edit(session, chance)
        assert verify(session, ring, file) == []


class AnyMac:
    """Equal to every MAC."""

    def __ne__(self, other):
        return False
