"""The sentence on top of 总览, written from the numbers: how the month goes, and who needs a call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.attention import Matter
from shuyuan.reporting.report import Report
from shuyuan.reporting.tiles import way_of

CALLED = 3
URGENT = 2
"""Matters up to this weight (blocked, missing, overdue) are worth a call; rejected rows only when there is no other."""


@dataclass(frozen=True, slots=True)
class Call:
    """One department to call: why, and how many other matters it has. ``department`` is its folder name."""

    department: str
    title: str
    why: str
    entry_id: str
    entry: str
    more: str


def month_sentence(report: Report) -> str:
    """How the month goes, against the last one where that is known."""
    county = report.standings.county
    if county.fresh.value is None and county.quality is None:
        return say("report.headline.nothing")
    last = report.last.county if report.last else None
    parts = [
        say(
            f"report.headline.{name}",
            value=figures.percent(now) if name == "fresh" else figures.graded_as(now, county.grade),
            change=_against(now, before),
        )
        for name, now, before in (
            ("fresh", county.fresh.value, last.fresh.value if last else None),
            ("quality", county.quality, last.quality if last else None),
        )
        if now is not None
    ]
    return say("report.headline.stop", text=say("report.headline.join").join(parts))


def calls(report: Report) -> list[Call]:
    """The departments to call: first for what is blocked, missing or unanswered, then for what is mended too late.

    Rows that a rule rejected are a reason only when there is no other.
    """
    theirs: dict[str, list[Matter]] = defaultdict(list)
    for matter in report.matters:
        if matter.code.startswith("D"):
            theirs[matter.turn].append(matter)
    urgent = {turn: group for turn, group in theirs.items() if group[0].weight[0] <= URGENT}
    made = [_call(report, turn, group) for turn, group in urgent.items()]
    made += [call for call in _overdue_calls(report) if call.title not in urgent]
    made = made or [_call(report, turn, group) for turn, group in theirs.items()]
    return made[:CALLED]


def call_lines(report: Report) -> list[str]:
    """The same, a line of text each."""
    return [
        say("report.headline.call_line", number=number, department=one.title, entry=one.entry, why=one.why)
        + (say("report.headline.comma") + one.more if one.more else "")
        for number, one in enumerate(calls(report), start=1)
    ]


def _call(report: Report, turn: str, group: Sequence[Matter]) -> Call:
    names = {title: name for name, title in report.titles.items()}
    first, others = group[0], len(group) - 1
    more = say("report.headline.more", count=others) if others else ""
    return Call(names.get(turn, ""), turn, first.what, first.entry_id, first.title, more)


def _overdue_calls(report: Report) -> list[Call]:
    """Departments with rules unmet beyond the days allowed: those with the most first, each with its oldest."""
    book, made = report.problems, []
    late = {
        department: [one for one in problems if one.kind == "rule" and book.is_overdue(one)]
        for department, problems in book.open_of.items()
        if department
    }
    for department, problems in sorted(late.items(), key=lambda item: -len(item[1])):
        if problems:
            first, others = problems[0], len(problems) - 1
            (line,) = book.lines([first])
            why = say("report.headline.overdue", what=line.what, since=figures.day(first.since), left=line.left)
            more = say("report.headline.more_overdue", count=others) if others else ""
            made.append(Call(department, line.turn, why, first.entry_id, line.entry, more))
    return made


def _against(now: float, before: float | None) -> str:
    if before is None:
        return ""
    way = way_of(now - before)
    return say(f"report.headline.{way}", value=figures.change(now - before))
