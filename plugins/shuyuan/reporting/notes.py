"""说明: how every number is made, straight from the constants and the assessment that make it.

Each term has an anchor (``notes.html#fresh``); every number of the other pages leads to one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from shuyuan.entry import Assessment
from shuyuan.entry.assessment import Exemption
from shuyuan.indicators.measures import DIMENSIONS, STATES
from shuyuan.indicators.problems import LOOK_BACK_DAYS
from shuyuan.indicators.ranking import grade_ranges
from shuyuan.indicators.standing import COMPONENTS
from shuyuan.language import say
from shuyuan.quality.planning import INDICATORS
from shuyuan.quality.rejection import RECORD_RULES
from shuyuan.reporting import figures
from shuyuan.reporting.matrix import MANY
from shuyuan.reporting.report import Page, Report
from shuyuan.scoring import dimension_of
from shuyuan.workdays import Calendar

TERMS = (
    "fresh", "response", "corrections", "delivery_score", "quality", "coverage", "available", "complete", "consistent",
    "linked", "used", "score", "rank", "light", "grade", "problem", "due", "blocked", "fill", "rounding",
)  # fmt: skip
"""The defined terms in their order. Each is an anchor, with ``report_note.term_<name>`` and ``.formula_<name>``."""
LIMITS = ("coverage", "window", "look_back", "used", "documents", "sample")
ONE_SOURCE = (
    "copy", "rate", "score_0401", "not_compared", "untouched", "duplicates", "rows", "consistency", "correction",
    "marks", "trace",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """One definition; ``anchor`` is its id on the page."""

    anchor: str
    name: str
    formula: str


@dataclass(frozen=True, slots=True)
class Weight:
    """One part with its weight as text, and what it looks at. ``code``: of a dimension, the standard's."""

    anchor: str
    name: str
    weight: str
    meaning: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One rule code with the indicator of the standard that it measures."""

    code: str
    asks: str
    indicator: str
    dimension: str


def notes_page(report: Report) -> dict[str, Any]:
    """Return what ``notes.html.j2`` shows."""
    assessment = report.evidence.assessment
    facts = numbers(assessment)
    return {
        "terms": [
            Term(name, say(f"report_note.term_{name}"), say(f"report_note.formula_{name}", **facts)) for name in TERMS
        ],
        "ranking": ranking_weights(assessment),
        "weights": dimension_weights(assessment),
        "grades": grade_words(assessment),
        "limits_of": clocks(assessment),
        "period": say("report_note.period", closes=assessment.period.closes_on, at=assessment.period.report_at),
        "calendar": calendar_lines(report),
        "exempt": [(one, exempt_title(report, one)) for one in assessment.exempt],
        "mapping": mapping(),
        "states": STATES,
        "one_source": [say(f"report.notes.one_source.{name}", many=f"{MANY:g}") for name in ONE_SOURCE],
        "limits": [say(f"report_note.limit_{name}", **facts) for name in LIMITS],
    }


def numbers(assessment: Assessment) -> Mapping[str, object]:
    """What the definitions name: thresholds of the assessment, constants of the code."""
    return {
        "green": f"{assessment.lights.green:g}",
        "red": f"{assessment.lights.red:g}",
        "samples": assessment.samples,
        "look_back": LOOK_BACK_DAYS,
        "missing": assessment.rectify_within.missing,
        "blocked": assessment.rectify_within.blocked,
        "rule": assessment.rectify_within.rule,
    }


def ranking_weights(assessment: Assessment) -> list[Weight]:
    """The parts of the ranking with what each counts."""
    weights = assessment.ranking.model_dump()
    return [
        Weight(
            name,
            say(f"report.indicator.{name}"),
            f"{weights[name]:g}",
            say(f"report_note.component_{name}"),
        )
        for name in COMPONENTS
    ]


def dimension_weights(assessment: Assessment) -> list[Weight]:
    """The six dimensions with the standard's codes and our weights."""
    weights = assessment.dimensions.model_dump()
    return [
        Weight(
            name,
            say(f"report.dimension.{name}"),
            f"{weights[name]:g}",
            say(f"report.notes.dimension.{name}"),
            f"{number:02d}",
        )
        for number, name in enumerate(DIMENSIONS, start=1)
    ]


def grade_words(assessment: Assessment) -> list[tuple[str, str]]:
    """Each grade with its range in words, the best first."""
    levels = grade_ranges(assessment)
    ranges = [(say(f"report.grade.{levels[0][1]}"), say("report.notes.from", low=f"{levels[0][0]:g}"))]
    for (high, _), (low, letter) in pairwise(levels):
        key = "report.notes.between" if low > 0 else "report.notes.below"
        ranges.append((say(f"report.grade.{letter}"), say(key, low=f"{low:g}", high=f"{high:g}")))
    return ranges


def clocks(assessment: Assessment) -> list[tuple[str, str]]:
    """Within how many working days something must be answered or mended."""
    replies, mended = assessment.reply_within, assessment.rectify_within
    days = {
        "unconditional": replies.unconditional,
        "conditional": replies.conditional,
        "unlisted": replies.unlisted,
        "missing": mended.missing,
        "blocked": mended.blocked,
        "rule": mended.rule,
    }
    return [
        (say(f"report_note.clock_{name}"), say("report_note.workdays", days=number)) for name, number in days.items()
    ]


def calendar_lines(report: Report) -> list[str]:
    """Which calendar counts: the State Council's, our overrides within the period, years that nobody published yet."""
    calendar, period = report.agreement.calendar, report.period
    lines = [say("report_note.calendar")]
    changed = sorted(day for day in calendar.overrides if period.first <= day <= period.last)
    if changed:
        days = say("report.rule.join").join(_override(calendar, day) for day in changed)
        lines.append(say("report_note.overrides", days=days))
    elif calendar.overrides:
        lines.append(say("report_note.overrides_elsewhere", count=len(calendar.overrides)))
    unpublished = calendar.unpublished_years(period.first, period.last)
    lines += [say("report_note.unpublished", year=year) for year in unpublished]
    lines += [problem.message for problem in calendar.problems]
    return lines


def exempt_title(report: Report, one: Exemption) -> str:
    """The title of an exempted entry; its id where the catalog does not have it."""
    return report.by_id[one.entry].entry.title if one.entry in report.by_id else one.entry


def mapping() -> list[Mapped]:
    """Every rule code with its indicator of GB/T 36344-2018, by code."""
    codes = dict(RECORD_RULES.values()) | INDICATORS
    return [
        Mapped(
            code,
            say(f"report_note.asks_{code}"),
            f"{indicator} {say(f'report_note.indicator_{indicator}')}",
            say(f"report.dimension.{dimension_of(indicator)}"),
        )
        for code, indicator in sorted(codes.items())
    ]


def _override(calendar: Calendar, day: date) -> str:
    kind = "workday" if calendar.overrides[day] else "holiday"
    return say(f"report_note.override_{kind}", day=figures.day(day))


PAGE = Page("notes", "notes.html", "notes.html.j2", notes_page)
