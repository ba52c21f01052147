"""信息资源共享排行: every department with its components, its score, its light and grade; the unranked below."""

from __future__ import annotations

from dataclasses import dataclass

from shuyuan.indicators.standing import COMPONENTS, DepartmentStanding, Light
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.report import Report
from shuyuan.reporting.tiles import arrow


@dataclass(frozen=True, slots=True)
class RankLine:
    """One department. ``unranked``: why it has no rank.

    ``components`` are (text, what was counted, where the rows stand) in the order of ``COMPONENTS``.
    """

    department: str
    title: str
    rank: str
    last: str
    moved: str
    components: tuple[tuple[str, str, str], ...]
    score: str
    light: Light | None
    grade: str
    unranked: str


def rank_lines(report: Report) -> list[RankLine]:
    """All departments in the order of the ranking."""
    return [_line(one) for one in report.standings.departments]


def weight_words(report: Report) -> list[tuple[str, str, str]]:
    """Each component as (name, word, weight)."""
    weights = report.evidence.assessment.ranking.model_dump()
    return [(name, say(f"report.indicator.{name}"), f"{weights[name]:g}") for name in COMPONENTS]


def score_rows(report: Report) -> list[charts.DotRow]:
    """The departments' scores of this period and the last, for the dot plot; the unranked are grey."""
    rows = []
    for one in report.standings.departments:
        quiet = one.unranked is not None
        note = ""
        if quiet:
            note = say(f"report.unranked.{one.unranked}")
        elif one.score is not None and one.last_score is not None:
            note = arrow(one.score - one.last_score)
        hover = say("report.departments.hover", title=one.title, value=figures.score(one.score), count=len(one.entries))
        weak = one.light == "red" and not quiet
        before = None if quiet else one.last_score
        rows.append(charts.DotRow(one.title, hover, one.score, before, note, weak, quiet))
    return rows


def _line(one: DepartmentStanding) -> RankLine:
    moved = ""
    if one.rank is not None and one.last_rank is not None and one.rank != one.last_rank:
        moved = f"{'▲' if one.rank < one.last_rank else '▼'}{abs(one.last_rank - one.rank)}"
    return RankLine(
        department=one.department,
        title=one.title,
        rank=figures.count(one.rank),
        last=figures.count(one.last_rank),
        moved=moved,
        components=tuple(
            (figures.score(one.components.get(name)), _behind(one, name), _rows(one, name)) for name in COMPONENTS
        ),
        score=figures.score(one.score),
        light=one.light,
        grade=say(f"report.grade.{one.grade}") if one.grade else figures.NONE,
        unranked=say(f"report.unranked.{one.unranked}") if one.unranked else "",
    )


def _behind(one: DepartmentStanding, name: str) -> str:
    """What was counted, as ``95 / 100``; nothing for a mean."""
    if name == "response":
        part = one.response.part + one.corrections.part
        whole = one.response.whole + one.corrections.whole
    elif name in ("linked", "fresh"):
        share = one.linked if name == "linked" else one.fresh
        part, whole = share.part, share.whole
    else:
        return ""
    return f"{figures.count(int(part))} / {figures.count(int(whole))}" if whole else ""


def _rows(one: DepartmentStanding, name: str) -> str:
    """The place of the rows behind a component: 时效 and 质量 by department, the others on its own page."""
    if one.components.get(name) is None:
        return ""
    page = {"fresh": "timeliness.html#d-{}", "quality": "quality.html#d-{}"}.get(name, "departments/{}.html")
    return page.format(one.department)
