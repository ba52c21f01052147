"""The element × department matrix: in which department's copies an element disagrees with its one source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from shuyuan.indicators.ratio import Ratio
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.copies import Authority, Copies, Copy, reason_sentence, share_of, total_of, trace_of

SHOWN = 40
ACROSS = 10
MANY = 1.0
"""Percent: from here on a mismatch rate is ``many``, below it ``few``."""
LEGEND = ("source", "agree", "few", "many", "no_rows", "not_compared")
TOLD = 4
"""Copies that one hover text names; a department with more of the same element says how many more."""


@dataclass(frozen=True, slots=True)
class RateCell:
    """One element in one department. ``state``: a word of ``LEGEND``, or ``none``; ``mark`` is the shape of it."""

    state: str
    text: str
    hover: str
    mark: Markup | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ElementRow:
    """One element: its cells by department, and its rate over all of them."""

    element: str
    title: str
    source: Authority
    cells: tuple[RateCell, ...]
    total: RateCell


@dataclass(frozen=True, slots=True)
class Sheet:
    """So many departments side by side as fit a page. ``rows`` leaves out elements that none of them has."""

    departments: tuple[str, ...]
    rows: tuple[ElementRow, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The sheets. ``total`` elements have copies, of which ``shown``, the worst first, are drawn."""

    sheets: tuple[Sheet, ...]
    shown: int
    total: int


def mismatch_matrix(copies: Copies) -> Matrix:
    """Return the matrix of all copied items. A long catalog shows the ``SHOWN`` elements that disagree most."""
    by_element: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies.attributes:
        by_element[copy.element].append(copy)
    ordered = sorted(by_element, key=lambda name: (*_badness(by_element[name]), name))[:SHOWN]
    titles: dict[str, str] = {}
    for name in ordered:
        for copy in by_element[name]:
            titles[copy.holder.entry.department] = copy.holder.department.title
            titles[copy.source.department_id] = copy.source.department
    departments = sorted(titles)
    grids = {name: _by_department(by_element[name]) for name in ordered}
    totals = {name: rate_cell(by_element[name], say("report.one_source.all")) for name in ordered}
    sheets = []
    for first in range(0, len(departments), ACROSS):
        across = departments[first : first + ACROSS]
        rows = []
        for name in ordered:
            source, held = by_element[name][0].source, grids[name]
            if any(held.get(one) or source.department_id == one for one in across):
                cells = tuple(_cell(held.get(one, ()), source, one, titles[one]) for one in across)
                rows.append(ElementRow(name, by_element[name][0].element_title, source, cells, totals[name]))
        sheets.append(Sheet(tuple(titles[one] for one in across), tuple(rows)))
    return Matrix(tuple(sheets), len(ordered), len(by_element))


def rate_state(ratio: Ratio) -> str:
    """``agree``, ``few``, ``many``; ``no_rows`` when nothing was compared."""
    if not ratio.whole:
        return "no_rows"
    if not ratio.part:
        return "agree"
    return "few" if 100 * ratio.part < MANY * ratio.whole else "many"


def rate_cell(copies: Sequence[Copy], where: str) -> RateCell:
    """Return the rate of several copies of one element together; what could not be compared is said beside it."""
    compared = [copy for copy in copies if copy.compared is not None]
    unknown = len(copies) - len(compared)
    lines = [_told(copy) for copy in copies[:TOLD]]
    if len(copies) > TOLD:
        lines.append(say("report.one_source.more", count=len(copies) - TOLD))
    if not compared:
        word = say("report.one_source.cell.not_compared")
        return _made("not_compared", word, "\n".join([say("report.one_source.where", where=where, what=word), *lines]))
    ratio = total_of(compared)
    state = rate_state(ratio)
    text = share_of(ratio) if ratio.whole else say("report.one_source.cell.no_rows")
    head = say(
        "report.one_source.rate",
        where=where,
        rate=text,
        differing=figures.count(ratio.part),
        agreeing=figures.count(ratio.whole - ratio.part),
        compared=figures.count(ratio.whole),
    )
    note = say("report.one_source.also_unknown", count=unknown) if unknown else ""
    return _made(state, text, "\n".join([head, *lines]), note)


def legend() -> list[tuple[Markup, str]]:
    """Each mark with what it stands for."""
    words = {name: say(f"report.one_source.legend.{name}", many=f"{MANY:g}") for name in LEGEND}
    return [(charts.mark(name, word), word) for name, word in words.items()]


def _cell(copies: Sequence[Copy], source: Authority, department: str, title: str) -> RateCell:
    if source.department_id != department:
        return rate_cell(copies, title) if copies else RateCell("none", figures.NONE, say(
            "report.one_source.no_copy", where=title), None)  # fmt: skip
    word = say("report.one_source.cell.source")
    said = say("report.one_source.is_source", where=title, entry=source.title)
    if not copies:
        return _made("source", word, said)
    own = rate_cell(copies, title)
    return _made("source", word, f"{said}\n{own.hover}", say("report.one_source.own_copies", rate=own.text))


def _told(copy: Copy) -> str:
    fact = copy.compared
    name = say("report.one_source.copy", entry=copy.holder.entry.title, item=copy.label)
    if fact is None:
        said = say("report.one_source.cell.not_compared_why", why=reason_sentence(copy))
    else:
        said = say(
            "report.one_source.counts",
            differing=figures.count(fact.differing),
            agreeing=figures.count(fact.agreeing),
            compared=figures.count(copy.mismatch.whole),
        )
    return say("report.one_source.told", name=name, said=said, trace=trace_of(copy.fact))


def _made(state: str, text: str, hover: str, note: str = "") -> RateCell:
    return RateCell(state, text, hover, charts.mark(state, say(f"report.one_source.word.{state}")), note)


def _by_department(copies: Sequence[Copy]) -> Mapping[str, list[Copy]]:
    grouped: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        grouped[copy.holder.entry.department].append(copy)
    return grouped


def _badness(copies: Sequence[Copy]) -> tuple[float, int]:
    """The order of elements: the highest rate first, then those that could not be compared."""
    ratio = total_of(copies)
    return -(ratio.percent or 0.0), -sum(copy.compared is None for copy in copies)
