"""What the pages of departments share: a standing as one line, a light as a mark, a component with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from shuyuan.indicators.standing import COMPONENTS, DepartmentStanding, Indicator, Light
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.report import Report

LIGHT_MARKS: dict[Light, str] = {"green": "on_time", "yellow": "late", "red": "missing"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A light or a grade in a word and a shape; ``state`` colours it."""

    mark: Markup
    word: str
    state: str


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """One component of the ranking. ``term`` is its anchor on the 说明 page."""

    term: str
    name: str
    value: str
    counted: str
    weight: str
    points: str
    county: str


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """One department in the table of all."""

    standing: DepartmentStanding
    light: Badge | None
    rank: str
    last_rank: str
    grade: str
    why: str
    open: int
    overdue: int


def light_badge(light: Light | None) -> Badge | None:
    """The 红黄绿牌; ``None`` for none."""
    if light is None:
        return None
    word = say(f"report.light.{light}")
    return Badge(charts.mark(LIGHT_MARKS[light], word), word, LIGHT_MARKS[light])


def department_line(report: Report, standing: DepartmentStanding) -> DepartmentLine:
    """Return one department's line."""
    owed = report.problems.open_of.get(standing.department, ())
    return DepartmentLine(
        standing=standing,
        light=light_badge(standing.light),
        rank=rank_of(standing.rank),
        last_rank=rank_of(standing.last_rank),
        grade=grade_word(standing.grade),
        why=say(f"report.unranked.{standing.unranked}") if standing.unranked else "",
        open=len(owed),
        overdue=sum(report.problems.is_overdue(one) for one in owed),
    )


def rank_of(rank: int | None) -> str:
    """A rank as text; a dash for none."""
    return figures.NONE if rank is None else str(rank)


def grade_word(grade: str | None) -> str:
    """The level in a word; a dash for none."""
    return figures.NONE if grade is None else say(f"report.grade.{grade}")


def grade_words(score: float | None, grade: str | None) -> str:
    """``94.2 · 良``; a dash for no score."""
    return figures.NONE if score is None else f"{figures.score(score)} · {grade_word(grade)}"


def counted(indicator: Indicator[Any]) -> str:
    """Numerator and denominator as ``19 / 20``; a dash for nothing counted."""
    return f"{_plain(indicator.part)} / {_plain(indicator.whole)}" if indicator.whole else figures.NONE


def component_lines(standing: DepartmentStanding, county: DepartmentStanding) -> list[ComponentLine]:
    """The parts of the ranking in their order, each with what was counted and what it brought."""
    replies = Indicator[Any].of(
        standing.response.part + standing.corrections.part, standing.response.whole + standing.corrections.whole
    )
    scored = say("report_department.mean_of", count=len(standing.dimensions)) if standing.dimensions else figures.NONE
    behind = {
        "linked": counted(standing.linked),
        "fresh": counted(standing.fresh),
        "quality": scored,
        "response": counted(replies),
        "used": say("report_department.log_scaled"),
    }
    lines = []
    for name in COMPONENTS:
        value, weight = standing.components.get(name), standing.weights.get(name)
        lines.append(
            ComponentLine(
                term=name,
                name=say(f"report.indicator.{name}"),
                value=figures.score(value),
                counted=behind[name] if value is not None else figures.NONE,
                weight=figures.NONE if weight is None or value is None else figures.score(weight),
                points=figures.NONE if weight is None or value is None else f"{value * weight / 100:.1f}",
                county=figures.score(county.components.get(name)),
            )
        )
    return lines


def _plain(value: float) -> str:
    """A count without decimals, a sum of parts with one."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
