"""The freshness board: one line an entry, whether its data is there. ``shuyuan status`` prints it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from shuyuan.catalog.promises import Promised
from shuyuan.indicators.facts import EntryFacts, Facts
from shuyuan.indicators.measures import State, state_of

BoardState: TypeAlias = State | Literal["no_change", "excluded"]
BOARD_STATES: tuple[BoardState, ...] = (
    "normal",
    "no_change",
    "late",
    "missing",
    "blocked",
    "waiting",
    "excluded",
)
"""As in ``measures.state_of``; ``no_change`` is a normal entry whose last period brought nothing new, ``excluded`` one
whose last due date does not count (a fault of ours, the first period, suspended)."""


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One entry. Instants are naive UTC; ``None`` where the ledger has nothing."""

    entry_id: str
    department_id: str
    department: str
    title: str
    state: BoardState
    data_date: date | None
    published_at: datetime | None
    due_at: datetime | None
    rows: int | None
    rejected: int | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Board:
    """All lines, by department and id, as of ``now`` (aware)."""

    now: datetime
    lines: tuple[BoardLine, ...]

    @property
    def counts(self) -> dict[BoardState, int]:
        """Entries in each state, in the order of the states."""
        return {state: sum(line.state == state for line in self.lines) for state in BOARD_STATES}


def freshness_board(entries: Iterable[Promised], facts: Facts, department: str | None = None) -> Board:
    """Return the board of all entries, or of one department (its id or its title)."""
    lines = [
        board_line(entry, facts)
        for entry in entries
        if department is None or department in (entry.department, entry.department_title)
    ]
    return Board(facts.now, tuple(sorted(lines, key=lambda line: line.entry_id)))


def board_line(entry: Promised, facts: Facts) -> BoardLine:
    """Return one entry's line."""
    known = facts.of(entry.entry_id)
    publication = known.publication
    return BoardLine(
        entry_id=entry.entry_id,
        department_id=entry.department,
        department=entry.department_title,
        title=entry.title,
        state=_state(known),
        data_date=publication.data_date if publication else None,
        published_at=publication.published_at if publication else None,
        due_at=known.arrivals[-1].due_at if known.arrivals else None,
        rows=publication.rows if publication else None,
        rejected=publication.rejected if publication else None,
        score=known.score.score if known.score else None,
    )


def _state(known: EntryFacts) -> BoardState:
    state = state_of(known)
    last = known.arrivals[-1].state if known.arrivals and state != "blocked" else None
    return "no_change" if last == "no_change" else "excluded" if last == "excluded" else state
