"""历史拉链: every state that a key ever had, with the data dates between which it held.

A row holds from ``valid_from`` until before ``valid_to``; an open row's ``valid_to`` is ``OPEN``. A state that came
and went within one data date (a delivery corrected on the same day) leaves no row. The same rows again change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from shuyuan.entry import Entry
from shuyuan.ledger import Connection
from shuyuan.problems import DeliveryError

OPEN = "DATE '9999-12-31'"
"""``valid_to`` of what holds now."""

PERIOD = ("valid_from", "valid_to")
PERIOD_COLUMNS = "valid_from DATE NOT NULL, valid_to DATE NOT NULL"


class Typed(Connection, Protocol):
    """A connection that says what a value is cast to as text."""

    text_type: str


class Joined(Protocol):
    """How an engine changes the rows of a table, ``known``, by those of another, ``fresh``."""

    def update_joined(self, table: str, changes: Mapping[str, str], on: str, where: str) -> None:
        """Set ``changes`` (column → value, as SQL) of the rows that match."""

    def delete_joined(self, table: str, on: str, where: str) -> None:
        """Delete the rows that match."""


@dataclass(frozen=True)
class Zipper:
    """One lot, already in ``arriving``, on its way into the zipper table ``table``.

    ``differs``: whether the states ``fresh`` and ``known`` of a key are different; ``columns``: what both tables have.
    """

    session: Typed
    joined: Joined
    entry: Entry
    table: str
    arriving: str
    day: date
    differs: str
    columns: Sequence[str]

    def apply(self) -> dict[str, int]:
        """Close what ended, open what began, inside the caller's transaction; return added, updated, removed."""
        gone, today = deleted(self.entry, self.session.text_type), f"DATE '{self.day.isoformat()}'"
        on = f"{same_key(self.entry)} AND known.valid_to = {OPEN}"
        ended = f"(({gone}) OR {self.differs})"
        absent = "1 = 0"
        if self.entry.load.absent == "close":
            absent = f"NOT EXISTS (SELECT 1 FROM {self.arriving} fresh WHERE {same_key(self.entry, known=self.table)})"
        both = f"{self.arriving} fresh JOIN {self.table} known ON {on}"
        counts = {
            "added": f"{self.arriving} fresh WHERE NOT ({gone})"
            f" AND NOT EXISTS (SELECT 1 FROM {self.table} known WHERE {on})",
            "updated": f"{both} WHERE NOT ({gone}) AND {self.differs}",
            "removed": f"{both} WHERE {gone}",
            "absent": f"{self.table} WHERE valid_to = {OPEN} AND {absent}",
        }
        found = {name: self._count(sql) for name, sql in counts.items()}
        self.joined.delete_joined(self.table, on, f"known.valid_from = {today} AND {ended}")
        self.joined.update_joined(self.table, {"valid_to": today}, on, ended)
        if found["absent"]:
            self.session.execute(
                f"DELETE FROM {self.table} WHERE valid_to = {OPEN} AND valid_from = {today} AND {absent}"
            )
            self.session.execute(f"UPDATE {self.table} SET valid_to = {today} WHERE valid_to = {OPEN} AND {absent}")
        columns = ", ".join(self.columns)
        self.session.execute(
            f"INSERT INTO {self.table} ({columns}, {', '.join(PERIOD)}) SELECT {columns}, {today}, {OPEN}"
            f" FROM {self.arriving} fresh WHERE NOT ({gone})"
            f" AND NOT EXISTS (SELECT 1 FROM {self.table} known WHERE {on})"
        )
        return {"added": found["added"], "updated": found["updated"], "removed": found["removed"] + found["absent"]}

    def _count(self, source: str) -> int:
        return int(self.session.query(f"SELECT count(*) AS found FROM {source}")[0]["found"])


def remove_absent(session: Connection, entry: Entry, table: str, keys: str, day: date) -> int:
    """Remove the rows, or close the open states, whose key is not in ``keys``; return how many.

    Raises:
        DeliveryError: D602, more than ``shrink_within`` of them: the source was hardly meant to lose so many.
    """
    zips = entry.load.mode == "history"
    here = f"valid_to = {OPEN}" if zips else "1 = 1"
    absent = f"{here} AND NOT EXISTS (SELECT 1 FROM {keys} fresh WHERE {same_key(entry, known=table)})"
    (before, gone) = (
        int(session.query(f"SELECT count(*) AS found FROM {table} WHERE {where}")[0]["found"])
        for where in (here, absent)
    )
    if gone > before * entry.quality.gate.shrink_within + 1e-9:
        raise DeliveryError("D602", observed=f"{before - gone}/{before}")
    if gone and zips:
        today = f"DATE '{day.isoformat()}'"
        session.execute(f"DELETE FROM {table} WHERE valid_from = {today} AND {absent}")
        session.execute(f"UPDATE {table} SET valid_to = {today} WHERE {absent}")
    elif gone:
        session.execute(f"DELETE FROM {table} WHERE {absent}")
    return gone


def same_key(entry: Entry, known: str = "known") -> str:
    """``fresh`` and ``known`` have the same key. Keys are never null: the entry requires them."""
    return " AND ".join(f'fresh."{name}" = {known}."{name}"' for name in entry.load.key)


def deleted(entry: Entry, text_type: str) -> str:
    """Whether a row of ``fresh`` says that its key is deleted; never null."""
    flag = entry.load.deleted_when
    if flag is None:
        return "1 = 0"
    column = f'fresh."{flag.field}"'
    text = column if entry.field(flag.field).kind == "string" else f"CAST({column} AS {text_type})"
    values = ", ".join("'" + value.replace("'", "''") + "'" for value in flag.values)
    return f"{column} IS NOT NULL AND {text} IN ({values})"


def history_view(entry: Entry, shown: Sequence[str], table: str = "") -> str:
    """The query of ``history.<table>``: all states, from the columns ``shown`` of the store's table."""
    return f'SELECT {", ".join(shown)}, {", ".join(PERIOD)}, _load_no FROM store."{table or entry.table}"'
