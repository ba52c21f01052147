"""The numbers on top of a page, each with what stands behind it and where that is written."""

from __future__ import annotations

from dataclasses import dataclass

from shuyuan.indicators.facts import Facts
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.corrections import is_overdue, open_ones


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with what stands behind it.

    ``trend``: ``up``, ``down``, ``same`` or empty; ``state``: an entry's; ``link``: where the rows behind the number
    stand; ``term``: the anchor of its definition on the 说明 page.
    """

    label: str
    value: str
    note: str
    trend: str = ""
    change: str = ""
    state: str = ""
    link: str = ""
    term: str = ""


def change(now: float | None, before: float | None, whole: bool = False) -> tuple[str, str]:
    """The way and the words of a change since the last period; empty when either is not known.

    ``whole``: numbers of things, shown without a decimal.
    """
    if now is None or before is None:
        return "", ""
    way = way_of(now - before)
    size = figures.count(abs(int(now - before))) if whole else figures.change(now - before)
    return way, say(f"report.tile.{way}", value=size)


def way_of(difference: float) -> str:
    """``up``, ``down`` or ``same``: what would be shown as 0.0 is no change."""
    if abs(difference) < 0.05:
        return "same"
    return "up" if difference > 0 else "down"


def arrow(difference: float) -> str:
    """``▲ 0.8``; ``0.0`` for no change."""
    way = way_of(difference)
    return "0.0" if way == "same" else f"{'▲' if way == 'up' else '▼'} {figures.change(difference)}"


def open_tile(facts: Facts) -> Tile:
    """The 疑义 that are not closed, and how many of them are overdue; a dash where nothing was ever compared."""
    current = open_ones(facts.one_source.corrections)
    label = say("report.one_source.tile.open")
    if not facts.one_source.comparisons and not current:
        return Tile(label, figures.NONE, say("report.one_source.tile.never"))
    overdue = sum(is_overdue(one, facts.today) for one in current)
    explained = sum(one.state == "explained" for one in current)
    note = say("report.one_source.tile.open_note", overdue=overdue, explained=explained)
    return Tile(label, figures.count(len(current)), note)
