"""What is answered: per case a conclusion, per rule a line, per source what it was when it was asked.

Everything a report shows is in here, masked; raw rows and raw values are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Conclusion = Literal["pass", "fail", "review"]
LineState = Literal["clear", "met", "unavailable"]
Reason = Literal["never_published", "stale", "blocked", "unreachable", "suspended", "depends"]


@dataclass(frozen=True, slots=True)
class SourceUsed:
    """One source as it was: the publication that was read, or why it could not be (``reason``).

    ``load_no`` and ``version`` name the publication, so that the same words can be found again from the history.
    """

    source: str
    entry_id: str
    reason: Reason | None
    load_no: int | None
    version: str | None
    data_date: date | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One rule for one subject (``None``: for the case). ``met`` means what the rule warns of was found.

    ``found`` counts the rows of the source that belong to the subject (``None`` when it could not be looked up):
    命中, 未命中 and 无法核查 of the source. ``facts`` fill the rule's words: counts, sums, limits, days; never a value.
    """

    rule: str
    subject: int | None
    state: LineState
    found: int | None
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """One case: masked people, its lines, its conclusion, the number of the authorisation it was asked with."""

    number: str
    items: Mapping[str, str]
    subjects: tuple[Mapping[str, str], ...]
    lines: tuple[Line, ...]
    conclusion: Conclusion
    authorization: str | None = None


@dataclass(frozen=True)
class Answer:
    """One request's answer. ``answered_at`` is naive UTC; ``parameters`` are those in force on ``asked_on``.

    ``department`` is the folder name of who asked, and alone may read it.
    """

    request_id: str
    check: str
    spec_digest: str
    code_version: str
    asked_on: date
    answered_at: datetime
    valid_until: date
    number: str
    verification: str
    parameters: Mapping[str, str]
    sources: tuple[SourceUsed, ...]
    cases: tuple[CaseAnswer, ...]
    department: str = ""
