"""The freshness board: one line an entry, whether its data is there. ``shuyuan status`` prints it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.measures import STATES, State, state_of


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One entry. Instants are naive UTC; ``None`` where the ledger has nothing."""

    entry_id: str
    department_id: str
    department: str
    title: str
    state: State
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
    def counts(self) -> dict[State, int]:
        """Entries in each state, in the order of the states."""
        return {state: sum(line.state == state for line in self.lines) for state in STATES}


def freshness_board(resources: Iterable[Resource], facts: Facts, department: str | None = None) -> Board:
    """Return the board of all entries, or of one department (its id or its title)."""
    lines = [
        board_line(resource, facts)
        for resource in resources
        if department is None or department in (resource.entry.department, resource.department.title)
    ]
    return Board(facts.now, tuple(sorted(lines, key=lambda line: line.entry_id)))


def board_line(resource: Resource, facts: Facts) -> BoardLine:
    """Return one entry's line."""
    entry, known = resource.entry, facts.of(resource.entry.id)
    publication = known.publication
    return BoardLine(
        entry_id=entry.id,
        department_id=entry.department,
        department=resource.department.title,
        title=entry.title,
        state=state_of(known),
        data_date=publication.data_date if publication else None,
        published_at=publication.published_at if publication else None,
        due_at=known.arrivals[-1].due_at if known.arrivals else None,
        rows=publication.rows if publication else None,
        rejected=publication.rejected if publication else None,
        score=known.score.score if known.score else None,
    )
