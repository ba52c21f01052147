"""资源: every entry in one table, and the page of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shuyuan.catalog import Resource
from shuyuan.catalog.promises import Promised
from shuyuan.indicators import measures
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.measures import DIMENSIONS
from shuyuan.reporting import figures
from shuyuan.reporting.board import BoardLine, board_line
from shuyuan.reporting.entry_page import entry_page
from shuyuan.reporting.report import Leaves, Page, Report

FOLDED_FROM = 200
"""More entries than this are folded by department."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of the table of all entries; ``scores`` are (text, weak) in the order of ``DIMENSIONS``."""

    board: BoardLine
    delivered: int | None
    accepted: int | None
    rejected: int | None
    scores: tuple[tuple[str, bool], ...]
    weak: bool
    low: bool


def entries_page(report: Report) -> dict[str, Any]:
    """Return what ``entries.html.j2`` shows."""
    groups = [
        (name, report.titles[name], [entry_line(resource, report.facts) for resource in members])
        for name, members in report.members.items()
    ]
    folded = len(report.resources) > FOLDED_FROM
    if not folded and groups:
        groups = [("", "", [line for _, _, lines in groups for line in lines])]
    return {"groups": groups, "folded": folded, "total": len(report.resources)}


def entry_line(resource: Resource, facts: Facts) -> EntryLine:
    """Return one entry's line of the big table: the numbers of its last publication, the scores of its last check."""
    known, gate = facts.of(resource.entry.id), resource.entry.quality.gate
    publication, score = known.publication, known.score
    values = [measures.dimension_as_of(known, facts.today, name) for name in DIMENSIONS]
    return EntryLine(
        board=board_line(Promised.of(resource), facts),
        delivered=publication.delivered if publication else None,
        accepted=publication.accepted if publication else None,
        rejected=publication.rejected if publication else None,
        scores=tuple((figures.score(value), value is not None and value < gate.warn_below) for value in values),
        weak=score is not None and score.score < gate.warn_below,
        low=score is not None and score.score < gate.block_below,
    )


PAGE = Page(
    "entries",
    "entries.html",
    "entries.html.j2",
    entries_page,
    Leaves(
        "entries/{id}.html",
        "entry.html.j2",
        lambda report: report.by_id,
        lambda report, entry_id: entry_page(report, report.by_id[entry_id]),
    ),
)
