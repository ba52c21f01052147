"""How numbers, dates and instants are shown: the same way on every page and in the terminal.

Scores and percentages are cut, never rounded up, so that 100 is shown only when it is 100; no data is a dash.
Instants (naive UTC) are shown in Asia/Shanghai.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

from shuyuan.language import say
from shuyuan.workdays import LOCAL

NONE = "—"


def score(value: float | None) -> str:
    """``98.7``; ``100`` only for a full score; a dash for none."""
    if value is None:
        return NONE
    cut = math.floor(value * 10 + 1e-6) / 10
    return "100" if cut >= 100 else f"{cut:.1f}"


def graded_as(value: float | None, letter: str | None) -> str:
    """``94.2 · 良``: a score with the grade that the assessment gave it; a dash for none."""
    return score(value) if letter is None else f"{score(value)} · {say(f'report.grade.{letter}')}"


def percent(value: float | None) -> str:
    """``95.3%``, cut like a score."""
    return NONE if value is None else f"{score(value)}%"


def small_share(part: int, whole: int) -> str:
    """The share of unexpected rows: ``0.03%``, ``12.4%``; few are never shown as none, nor most as all."""
    if not whole:
        return NONE
    value = 100 * part / whole
    if part in (0, whole):
        return f"{value:.0f}%"
    if value < 0.01:
        return "<0.01%"
    return f"{value:.2f}%" if value < 1 else f"{min(value, 99.9):.1f}%"


def count(value: int | None) -> str:
    """``312,480``; a dash for none."""
    return NONE if value is None else f"{value:,}"


def change(value: float) -> str:
    """A difference of two scores without its sign, as ``0.8``."""
    return f"{abs(value):.1f}"


def local(instant: datetime) -> datetime:
    """The instant (naive UTC, or aware) in Asia/Shanghai."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(LOCAL)


def day(value: date | None) -> str:
    """``11月20日`` (English: ``11-20``)."""
    return NONE if value is None else say("report.date.day", month=value.month, day=value.day)


def day_of(instant: datetime | None) -> str:
    """The local day of an instant, as ``11月20日``."""
    return NONE if instant is None else day(local(instant).date())


def full_day(value: date) -> str:
    """``2026年11月20日`` (English: ``2026-11-20``)."""
    return say("report.date.full", year=value.year, month=value.month, day=value.day)


def iso_day(value: date | None) -> str:
    """``2026-11-20``."""
    return NONE if value is None else value.isoformat()


def moment(instant: datetime | None) -> str:
    """``2026-11-20 08:31``."""
    return NONE if instant is None else f"{local(instant):%Y-%m-%d %H:%M}"


def short_moment(instant: datetime | None) -> str:
    """``11-20 08:31``."""
    return NONE if instant is None else f"{local(instant):%m-%d %H:%M}"


def spoken_moment(instant: datetime) -> str:
    """``11月20日 08:31``."""
    there = local(instant)
    return f"{day(there.date())} {there:%H:%M}"
