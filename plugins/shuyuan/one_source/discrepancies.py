"""The bounded list of differences in ``ledger.discrepancies``: keyed tokens and masked values, never a value.

An open line says that its key differs now. A difference that is gone is cleared, and its line is opened again when
it returns. The caller owns the transaction; statements keep to the SQL that the warehouses share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shuyuan.ledger import Connection
from shuyuan.masking import HIDDEN, mask_value
from shuyuan.one_source.tokens import token_of
from shuyuan.warehouses import Session

PIECE = 200
"""Lines a statement."""

_SAME = "entry_id = ? AND field = ? AND kind = ? AND source_id = ?"
KEY_PARTS = "\x1f"


@dataclass(frozen=True)
class Listing:
    """The differences of one copy and kind. ``masks``: one mask of the values, or one for each part of the key."""

    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    masks: tuple[str, ...]

    @property
    def where(self) -> dict[str, str]:
        """What ``Session.replace_disputes`` asks for."""
        names = ("entry_id", "field", "kind", "source_id", "element")
        return {name: getattr(self, name) for name in names}

    @property
    def same(self) -> list[str]:
        """What all of its lines have in common."""
        return [self.entry_id, self.field, self.kind, self.source_id]

    def show(self, value: str | None) -> str | None:
        """Return a value (or key) as it may be seen."""
        if value is None or len(self.masks) == 1:
            return mask_value(value, self.masks[0])
        parts = value.split(KEY_PARTS)
        if len(parts) != len(self.masks):  # a part of the key holds the very character that joins them
            return HIDDEN
        return "+".join(str(mask_value(part, mask)) for part, mask in zip(parts, self.masks, strict=True))


def replace_disputes(session: Session, listing: Listing, rows: Path | None, now: datetime) -> datetime | None:
    """Replace the disputes of a copy by those of the file ``rows``; return when the newest was first seen."""
    session.replace_disputes(rows, listing.where, now)
    sql = f"SELECT max(first_seen) AS newest FROM store.disputes WHERE {_SAME}"
    newest: datetime | None = session.query(sql, listing.same)[0]["newest"]
    return newest


def update_list(session: Session, listing: Listing, rows: Path | None, most: int, secret: bytes, now: datetime) -> None:
    """Bring the list up to date with ``store.disputes``: the ``most`` that were seen first, by key among equals.

    No line is taken off the list while its difference stays, so a list is longer than ``most`` for as long as it takes
    when the setting was lowered.
    """
    known = {row["token"]: row for row in _known(session, listing)}
    still_open = sum(row["cleared_at"] is None for row in known.values())
    found = session.list_disputes(rows, listing.where, max(most, still_open)) if rows else []
    listed: dict[str, tuple[str | None, str | None, datetime]] = {}
    for place, row in enumerate(found):
        token = token_of(row["key"], secret)
        if place < most or (token in known and known[token]["cleared_at"] is None):
            listed[token] = (listing.show(row["copy_value"]), listing.show(row["source_value"]), row["first_seen"])
    gone = [token for token, row in known.items() if row["cleared_at"] is None and token not in listed]
    for piece in _pieces(gone):
        _clear(session, listing, piece, now)
    for token in listed.keys() & known.keys():
        _update(session, listing, token, known[token], listed[token])
    for piece in _pieces([token for token in listed if token not in known]):
        _add(session, listing, {token: listed[token] for token in piece}, now)
    sql = f"UPDATE ledger.discrepancies SET last_seen = ? WHERE {_SAME} AND cleared_at IS NULL"
    session.execute(sql, [now, *listing.same])


def clear_list(session: Connection, listing: Listing, now: datetime) -> None:
    """Clear all lines of a copy that is not compared any more."""
    sql = f"UPDATE ledger.discrepancies SET cleared_at = ? WHERE {_SAME} AND cleared_at IS NULL"
    session.execute(sql, [now, *listing.same])


def _known(session: Connection, listing: Listing) -> list[dict[str, Any]]:
    columns = "token, element, copy_value, source_value, cleared_at"
    return session.query(f"SELECT {columns} FROM ledger.discrepancies WHERE {_SAME}", listing.same)


def _clear(session: Connection, listing: Listing, tokens: Sequence[str], now: datetime) -> None:
    marks = ", ".join("?" for _ in tokens)
    sql = f"UPDATE ledger.discrepancies SET cleared_at = ? WHERE {_SAME} AND token IN ({marks})"
    session.execute(sql, [now, *listing.same, *tokens])


def _update(
    session: Connection,
    listing: Listing,
    token: str,
    known: Mapping[str, Any],
    listed: tuple[str | None, str | None, datetime],
) -> None:
    """Change a line whose difference is back, or whose values are others now."""
    returned = known["cleared_at"] is not None
    values = [listing.element, *listed[:2]]
    if returned or [known["element"], known["copy_value"], known["source_value"]] != values:
        times = ", cleared_at = NULL, times = times + 1" if returned else ""
        columns = f"element = ?, copy_value = ?, source_value = ?{times}"
        sql = f"UPDATE ledger.discrepancies SET {columns} WHERE {_SAME} AND token = ?"
        session.execute(sql, [*values, *listing.same, token])


def _add(
    session: Connection,
    listing: Listing,
    lines: Mapping[str, tuple[str | None, str | None, datetime]],
    now: datetime,
) -> None:
    columns = "entry_id, field, kind, source_id, element, token, copy_value, source_value, first_seen, last_seen, times"
    marks = ", ".join("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)" for _ in lines)
    values: list[Any] = []
    for token, (copy_value, source_value, first_seen) in lines.items():
        values += [*listing.same, listing.element, token, copy_value, source_value, first_seen, now]
    session.execute(f"INSERT INTO ledger.discrepancies ({columns}) VALUES {marks}", values)


def _pieces(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    return (tokens[start : start + PIECE] for start in range(0, len(tokens), PIECE))
