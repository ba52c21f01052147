"""Sealed content in the warehouse: ``ledger.seals``, one row a piece, inside the caller's transaction.

A seal is kept under its name, and that name is the context it was sealed with; re-sealing and verifying rely on it.
The columns ``purpose`` and ``key_id`` repeat what the seal's header says, for looking; the header decides.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from shuyuan.problems import PlatformError
from shuyuan.vault.seals import read_header

PIECE = 45_000
"""Bytes a row: 60,000 characters of base64, so that a row fits every server's packet and text column."""


class Connection(Protocol):
    """What the vault needs of a warehouse connection; as the ledger's."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run one query and return all of its rows."""


class Session(Connection, Protocol):
    """What the audit and a re-sealing need of it besides; as a warehouse's session."""

    embedded: bool
    """Whether it is DuckDB, in this process."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit on leaving; roll back when an exception leaves."""


@dataclass(frozen=True)
class Kept:
    """One stored seal, by what its columns say. ``parts`` are the rows that are there."""

    name: str
    purpose: str
    key_id: str
    parts: int


def put(connection: Connection, name: str, sealed: bytes) -> None:
    """Keep a seal under ``name`` (200 characters at most), in place of what was there.

    Raises:
        PlatformError: P393, ``sealed`` is no seal: plain bytes never get here.
    """
    header = read_header(sealed)
    if header is None:
        raise PlatformError("P393", purpose=name)
    delete(connection, name)
    pieces = [sealed[at : at + PIECE] for at in range(0, len(sealed), PIECE)]
    for part, piece in enumerate(pieces):
        connection.execute(
            "INSERT INTO ledger.seals (name, part, parts, purpose, key_id, content) VALUES (?, ?, ?, ?, ?, ?)",
            [name, part, len(pieces), header.purpose, header.key_id, base64.b64encode(piece).decode()],
        )


def get(connection: Connection, name: str) -> bytes | None:
    """Return the seal kept under ``name``, ``None`` when there is none; ``unseal`` says whether it is whole.

    Raises:
        PlatformError: P393, a row is missing or is not what was written.
    """
    rows = connection.query(
        "SELECT part, parts, purpose, content FROM ledger.seals WHERE name = ? ORDER BY part", [name]
    )
    if not rows:
        return None
    try:
        pieces = [base64.b64decode(row["content"], validate=True) for row in rows]
    except binascii.Error:
        pieces = []
    if not pieces or [row["part"] for row in rows] != list(range(rows[0]["parts"])):
        raise PlatformError("P393", purpose=rows[0]["purpose"])
    return b"".join(pieces)


def delete(connection: Connection, name: str) -> int:
    """Delete the seal kept under ``name`` and return how many rows it had."""
    found = connection.query("SELECT count(*) AS n FROM ledger.seals WHERE name = ?", [name])
    connection.execute("DELETE FROM ledger.seals WHERE name = ?", [name])
    return int(found[0]["n"])


def kept(connection: Connection, purpose: str | None = None) -> list[Kept]:
    """What is kept, by name; of one purpose, or of all."""
    where, values = (" WHERE purpose = ?", [purpose]) if purpose else ("", [])
    rows = connection.query(
        "SELECT name, min(purpose) AS purpose, min(key_id) AS key_id, count(*) AS parts FROM ledger.seals"
        f"{where} GROUP BY name ORDER BY name",
        values,
    )
    return [Kept(row["name"], row["purpose"], row["key_id"], int(row["parts"])) for row in rows]
