"""一数一源: which elements disagree with their one source, whose turn it is, and where each number stands."""

from __future__ import annotations

from typing import Any

from shuyuan.indicators.facts import Facts
from shuyuan.language import say
from shuyuan.reporting import corrections, figures
from shuyuan.reporting.agreement import Agreement
from shuyuan.reporting.copies import Copies, share_of, total_of
from shuyuan.reporting.copy_lines import (
    compare_line,
    difference_lines,
    duplicate_lines,
    unknown_lines,
    worst_first,
)
from shuyuan.reporting.matrix import legend, mismatch_matrix
from shuyuan.reporting.report import Page
from shuyuan.reporting.tiles import Tile, open_tile

DIFFERENCES_SHOWN = 50
REFERENCES_SHOWN = 60
UNKNOWN_SHOWN = 100
RUNS_NAMED = 4


def one_source_page(agreement: Agreement) -> dict[str, Any]:
    """Return what ``one_source.html.j2`` shows."""
    copies, facts, told = agreement.copies, agreement.facts, agreement.facts.one_source
    unknown = unknown_lines(copies.all)
    requests = corrections.by_department(told.corrections, copies, facts.today, agreement.calendar)
    closed = corrections.lately_closed(told.corrections, copies, facts.today, agreement.calendar)
    runs = sorted({(copy.compared.compared_at, copy.compared.run_id) for copy in copies.all if copy.compared},
                  reverse=True)  # fmt: skip
    names = list(dict.fromkeys(run_id for _, run_id in runs))
    return {
        "tiles": tiles(copies, facts),
        "matrix": mismatch_matrix(copies),
        "matrix_legend": legend(),
        "runs": names[:RUNS_NAMED],
        "runs_more": len(names) - RUNS_NAMED,
        "without_copies": len(copies.elements) - len({name for copy in copies.all for name in copy.element.split("+")}),
        "references": [compare_line(copy) for copy in worst_first(copies.references)[:REFERENCES_SHOWN]],
        "references_total": len(copies.references),
        "unknown": unknown[:UNKNOWN_SHOWN],
        "unknown_total": len(unknown),
        "differences": difference_lines(told.discrepancies, copies.resources, DIFFERENCES_SHOWN),
        "differences_listed": sum(number for key, number in told.listed.items() if key[2] != "duplicate"),
        "differences_found": sum(copy.mismatch.part for copy in copies.all),
        "duplicates": duplicate_lines(copies, told.listed, told.discrepancies),
        "requests": requests,
        "requests_total": sum(group.open for group in requests),
        "requests_shown": sum(len(group.lines) for group in requests),
        "closed": closed[: corrections.CLOSED_SHOWN],
        "closed_total": len(closed),
    }


def tiles(copies: Copies, facts: Facts) -> list[Tile]:
    """Elements, copies compared, rows compared, the rate of disagreement, open 疑义."""
    held = {name for copy in copies.all for name in copy.element.split("+")}
    compared = [copy for copy in copies.attributes if copy.compared is not None]
    linked = [copy for copy in copies.references if copy.compared is not None]
    rows = sum(copy.compared.matched or 0 for copy in linked if copy.compared)
    ratio = total_of(compared)
    return [
        Tile(
            say("report.one_source.tile.elements"),
            figures.count(len(copies.elements)),
            say("report.one_source.tile.elements_note", copied=figures.count(len(held & set(copies.elements)))),
        ),
        Tile(
            say("report.one_source.tile.copies"),
            say("report.one_source.tile.of", part=len(compared), whole=len(copies.attributes)),
            say(
                "report.one_source.tile.copies_note",
                unknown=len(copies.attributes) - len(compared),
                part=len(linked),
                whole=len(copies.references),
            ),
        ),
        Tile(
            say("report.one_source.tile.rows"),
            figures.count(rows) if linked else figures.NONE,
            say("report.one_source.tile.rows_note", values=figures.count(ratio.whole))
            if linked
            else say("report.one_source.tile.never"),
        ),
        Tile(
            say("report.one_source.tile.rate"),
            share_of(ratio),
            say("report.one_source.tile.rate_note", part=figures.count(ratio.part), whole=figures.count(ratio.whole))
            if ratio.whole
            else say("report.one_source.tile.never"),
        ),
        open_tile(facts),
    ]


PAGE = Page("one_source", "one-source.html", "one_source.html.j2", lambda report: one_source_page(report.agreement))
