"""What becomes of a correction request (疑义) after a comparison or an answer: pure decisions, no ledger.

A request is *open* until its department answers. It claims to have *corrected*, which its next delivery proves or
refutes, or has *explained* why both values are right, which holds until a new difference appears. Whatever was
said, a request is closed as soon as no difference is left, and the same request is reopened when one returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Action = Literal["corrected", "explained", "referred"]
Step = Literal["keep", "count", "open", "grow", "reopen", "close"]
ACTIONS: tuple[Action, ...] = ("corrected", "explained", "referred")

SYSTEM = "system"
"""Who it was when nobody did it; shown in the reader's language."""

GROWTH_ROWS, GROWTH_SHARE = 10, 0.5
"""A department is told again when there are so many rows more than it was told last, and half as many again."""


@dataclass(frozen=True)
class Group:
    """The differences of one comparison that one request is about.

    ``department`` is who is asked; ``rows`` how many keys differ now (0 closes the request); ``newest`` when the
    youngest of them was first seen (naive UTC).
    """

    entry_id: str
    field: str
    element: str
    kind: str
    source_id: str
    department: str
    rows: int
    newest: datetime | None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same request."""
        return self.entry_id, self.field, self.kind, self.source_id


@dataclass(frozen=True)
class Event:
    """One step in the life of a request: opened, grown, answered, referred, closed, reopened."""

    action: str
    who: str
    note: str | None
    rows: int


@dataclass(frozen=True)
class Request:
    """A request as the ledger has it, with its events in order. ``state``: open, corrected, explained."""

    correction_id: str
    key: tuple[str, str, str, str]
    department: str
    rows: int
    state: str
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None
    closed_at: datetime | None
    reopened: int
    events: tuple[Event, ...]

    @property
    def source_department(self) -> str:
        """The department that keeps the source."""
        return self.key[3].partition(".")[0]

    @property
    def told(self) -> int:
        """How many rows the department heard of last."""
        said = [event.rows for event in self.events if event.action in ("opened", "reopened", "grown", "referred")]
        return said[-1] if said else self.rows

    @property
    def this_time(self) -> tuple[Event, ...]:
        """The events since it was opened or last reopened."""
        starts = [at for at, event in enumerate(self.events) if event.action in ("opened", "reopened")]
        return self.events[starts[-1] :] if starts else self.events


def next_step(request: Request | None, rows: int, newest: datetime | None, refuted: bool) -> Step:
    """Return what a comparison with ``rows`` differences does to a request (``None``: there is none yet).

    ``refuted``: a claim to have corrected them no longer holds, see ``is_refuted``.
    """
    if rows == 0:
        return "keep" if request is None or request.closed_at else "close"
    if request is None:
        return "open"
    if request.closed_at:
        return "reopen"
    if request.state == "corrected" and refuted:
        return "reopen"
    if request.state == "explained" and is_new(request, rows, newest):
        return "reopen"
    if request.state == "open" and has_grown(request.told, rows):
        return "grow"
    return "keep" if rows == request.rows else "count"


def has_grown(told: int, rows: int) -> bool:
    """Whether ``rows`` are so many more than the department was told that it should hear of it."""
    return rows >= told + max(GROWTH_ROWS, told * GROWTH_SHARE)


def is_new(request: Request, rows: int, newest: datetime | None) -> bool:
    """Whether there is a difference that the explanation cannot have been about."""
    if newest is None or request.answered_at is None:
        return rows > request.rows
    return newest > request.answered_at


def is_refuted(answered_at: datetime, delivered: datetime | None, now: datetime, lapsed: bool) -> bool:
    """Whether differences found now speak against a claim to have corrected them.

    A claim can only show in data that came after it: it is believed until the department's next delivery
    (``delivered``: its newest), at most until it has ``lapsed``. Without any known delivery the comparison decides.
    """
    if lapsed:
        return True
    return (now if delivered is None else delivered) > answered_at


def is_repeated(request: Request, action: Action, who: str, note: str, reopened: int | None = None) -> bool:
    """Whether this very answer was given already.

    ``reopened`` tells which time the answer is about (how often the request had been reopened then), where that is
    known: the answer to an earlier time is looked for in the whole history, else since the last opening.
    """
    earlier = reopened is not None and reopened < request.reopened
    kind = "referred" if action == "referred" else "answered"
    said = _answers(request.events if earlier else request.this_time, kind)
    if (who, note) not in said:
        return False
    changes_its_mind = kind == "answered" and request.state in ("corrected", "explained") and request.state != action
    return earlier or bool(request.closed_at) or not (changes_its_mind and _is_current(request, who, note))


def _answers(events: Sequence[Event], kind: str) -> list[tuple[str, str | None]]:
    return [(event.who, event.note) for event in events if event.action == kind]


def _is_current(request: Request, who: str, note: str) -> bool:
    return (request.answered_by, request.answer) == (who, note)
