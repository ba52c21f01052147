"""Verifying the audit: walk the whole chain and say where it is not what was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from shuyuan.problems import PlatformError
from shuyuan.vault import anchors
from shuyuan.vault.audit import Head, mac_of, read_head, read_lines
from shuyuan.vault.keys import AUDIT, KeyRing
from shuyuan.vault.store import Connection

Kind = Literal["altered", "missing", "order", "key", "head", "cut", "anchor", "anchor_line", "unanchored"]
LOT = 5_000
MOST = 100
"""Faults that are listed; after a hundred nobody needs the next."""


@dataclass(frozen=True)
class Fault:
    """One place where the audit is not whole. ``seq`` is a record's number, of ``anchor_line`` a line of the file.

    ``altered``: the record is not what was written, or was not written by us · ``missing``: there is no such record ·
    ``order``: it does not follow the one before it · ``key``: the key of its MAC is not here · ``head``: the ledger's
    note of the head says otherwise · ``cut``: an anchor knows a record beyond the end · ``anchor``: an anchor knows
    another record of this number · ``anchor_line``: a line says nothing, or contradicts another · ``unanchored``: there
    is no anchor file.
    """

    seq: int
    kind: Kind


def verify(connection: Connection, ring: KeyRing, anchor_file: Path) -> list[Fault]:
    """Return the first ``MOST`` faults of the chain, in order; an empty list: it is whole and ends where it should.

    Records that are appended meanwhile do no harm. Time is linear, memory is not.
    """
    # First what lies behind: a record appended in between is beyond both.
    known, head = anchors.read(anchor_file), read_head(connection)
    return list(islice(_faults(connection, ring, known, head), MOST))


def _faults(connection: Connection, ring: KeyRing, known: anchors.Anchors, head: Head | None) -> Iterator[Fault]:
    yield from (Fault(number, "anchor_line") for number in known.unreadable)
    last, lost = Head(0, ""), set[str]()
    while lines := read_lines(connection, last.seq, LOT):
        for line in lines:
            yield from _faults_of(line, last, ring, lost)
            last = Head(int(line[0]), str(line[-1]))
            if known.macs.get(last.seq, last.mac) != last.mac:
                yield Fault(last.seq, "anchor")
            if head and head.seq == last.seq and head.mac != last.mac:
                yield Fault(last.seq, "head")
    if (head and head.seq > last.seq) or (last.seq and not head):
        yield Fault(last.seq + 1, "head")
    beyond = [seq for seq in known.macs if seq > last.seq]
    if beyond:
        yield Fault(min(beyond), "cut")
    if last.seq and not known.there:
        yield Fault(last.seq, "unanchored")


def _faults_of(line: tuple[Any, ...], before: Head, ring: KeyRing, lost: set[str]) -> Iterator[Fault]:
    seq, previous, mac = int(line[0]), str(line[-2]), str(line[-1])
    if seq != before.seq + 1:
        yield Fault(before.seq + 1, "missing")
    elif previous != before.mac:
        yield Fault(seq, "order")
    key_id = mac.partition(":")[0]
    if key_id in lost:
        return
    try:
        key = ring.find(AUDIT, key_id)
    except PlatformError:
        lost.add(key_id)
        yield Fault(seq, "key")
        return
    if mac_of(key, line[:-1]) != mac:
        yield Fault(seq, "altered")
