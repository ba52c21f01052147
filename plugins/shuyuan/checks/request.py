"""What is asked. Personal values live in these objects and in seals only: nothing here shows them in its ``repr``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Case:
    """One case: its number, its own items, and its people. Values are canonical text by input field name.

    ``signed_on`` is when the authorisation was signed, person by person in the order of ``subjects``; ``None``: not.
    """

    number: str
    items: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    subjects: tuple[Mapping[str, str | None], ...] = field(default=(), repr=False)
    authorization: str | None = field(default=None, repr=False)
    signed_on: tuple[date | None, ...] = ()


@dataclass(frozen=True)
class Request:
    """One request, one case or many. ``request_id`` is random and says nothing; ``asked_at`` is naive UTC."""

    request_id: str
    check: str
    department: str
    asked_by: str
    asked_at: datetime
    purpose: str
    cases: tuple[Case, ...] = field(repr=False)
