"""质量: which of the six dimensions is weak, where, by which rules; every rule with its indicator of the standard."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from shuyuan.entry import Gate
from shuyuan.indicators.facts import RuleFact
from shuyuan.indicators.measures import DIMENSIONS
from shuyuan.indicators.standing import DepartmentStanding, RuleCount
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.daily_quality import DailyQuality, daily_quality
from shuyuan.reporting.entry_page import RuleLine, rule_line
from shuyuan.reporting.report import Page, Report
from shuyuan.reporting.tiles import Tile, change
from shuyuan.scoring import dimension_of

RULES_SHOWN = 200
WARN_BELOW = Gate().warn_below
THREE = (("accessibility", "available"), ("completeness", "complete"), ("consistency", "consistent"))


@dataclass(frozen=True, slots=True)
class DimensionLine:
    """One dimension with its line, last month's figure and the indicators that make it."""

    name: str
    word: str
    value: str
    note: str
    trend: str
    change: str
    chart: Markup | None
    weak: bool


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator of GB/T 36344 in the last checked deliveries. ``codes``: our problem codes that count for it."""

    code: str
    word: str
    dimension: str
    codes: str
    rules: int
    entries: int
    evaluated: int
    unexpected: int
    share: str


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """One department's six dimensions as (text, weak), its quality score and how many items have any rule."""

    department: str
    title: str
    values: tuple[tuple[str, bool], ...]
    quality: str
    covered: str
    share: str


@dataclass(frozen=True, slots=True)
class FailingLine:
    """One rule of one entry that was not met."""

    entry_id: str
    title: str
    department: str
    rule: RuleLine


def quality_page(report: Report) -> dict[str, Any]:
    """Return what ``quality.html.j2`` shows."""
    failing = failing_rules(report)
    scores = score_dots(report)
    return {
        "tiles": tiles(report),
        "six": dimension_lines(report, daily_quality(report)),
        "swarm": charts.swarm(scores, say("report.quality.swarm")) if scores else None,
        "scored": len(scores),
        "weak": sum(dot.weak for dot in scores),
        "warn_below": f"{WARN_BELOW:g}",
        "departments": [department_line(one) for one in report.standings.departments if one.entries],
        "rules": [_failing_line(report, entry_id, rule) for entry_id, rule in failing[:RULES_SHOWN]],
        "rules_total": len(failing),
        "indicators": indicator_lines(report),
        "bare": sum(not report.facts.of(resource.entry.id).rules for resource in report.resources),
        "total": len(report.resources),
    }


def tiles(report: Report) -> list[Tile]:
    """The quality score, the three that the reform plan names, and how many items have any rule."""
    county, last = report.standings.county, report.last.county if report.last else None
    made = [
        Tile(
            say("report.tile.score"),
            figures.graded_as(county.quality, county.grade),
            say("report.quality.mean"),
            *change(county.quality, last.quality if last else None),
            term="quality",
        )
    ]
    for name, attribute in THREE:
        value = getattr(county, attribute)
        made.append(
            Tile(
                say(f"report.quality.{attribute}"),
                figures.score(value),
                say("report.quality.of_dimension", dimension=say(f"report.dimension.{name}")),
                *change(value, getattr(last, attribute) if last else None),
                link=f"#{name}",
                term=name,
            )
        )
    share = county.coverage
    made.append(
        Tile(
            say("report.indicator.coverage"),
            figures.percent(share.value),
            say("report.quality.items", part=figures.count(int(share.part)), whole=figures.count(int(share.whole))),
            link="#coverage",
            term="coverage",
        )
    )
    return made


def dimension_lines(report: Report, daily: DailyQuality) -> list[DimensionLine]:
    """The six lines on one scale."""
    county, last = report.standings.county, report.last.county if report.last else None
    low, high, _ = charts.axis([point.value for line in daily.dimensions.values() for point in line], least=20)
    made = []
    for name in DIMENSIONS:
        line, value = daily.dimensions[name], county.dimensions.get(name)
        weak = value is not None and value < WARN_BELOW
        word, text = say(f"report.dimension.{name}"), figures.score(value)
        values = [point.value for point in line]
        hover = f"{word} {text}"
        chart = charts.sparkline(values, hover, low, high, "red" if weak else "blue", 296, 64) if values else None
        count = line[-1].count if line else 0
        trend, words = change(value, last.dimensions.get(name) if last else None)
        note = (
            say("report.quality.scale", count=figures.count(count), low=f"{low:g}")
            if count
            else say("report.six.no_rules")
        )
        made.append(DimensionLine(name, word, text, note, trend, words, chart, weak))
    return made


def score_dots(report: Report) -> list[charts.Swarmed]:
    """Every entry's score of the period."""
    dots = []
    for entry_id, one in report.standings.entries.items():
        if one.quality is not None:
            resource = report.by_id[entry_id]
            hover = f"{resource.department.title} / {resource.entry.title} {figures.score(one.quality)}"
            dots.append(charts.Swarmed(one.quality, hover, f"entries/{entry_id}.html", one.quality < WARN_BELOW))
    return dots


def department_line(one: DepartmentStanding) -> DepartmentLine:
    """One department's row of the table of dimensions."""
    values = [one.dimensions.get(name) for name in DIMENSIONS]
    return DepartmentLine(
        one.department,
        one.title,
        tuple((figures.score(value), value is not None and value < WARN_BELOW) for value in values),
        figures.score(one.quality),
        f"{figures.count(int(one.coverage.part))} / {figures.count(int(one.coverage.whole))}",
        figures.percent(one.coverage.value),
    )


def failing_rules(report: Report) -> list[tuple[str, RuleFact]]:
    """The rules that the last checked deliveries did not meet, the largest share first."""
    found = [
        (resource.entry.id, rule)
        for resource in report.resources
        for rule in report.facts.of(resource.entry.id).rules
        if rule.failing
    ]
    return sorted(found, key=lambda one: (-_share(one[1]), one[0], one[1].rule))


def indicator_lines(report: Report) -> list[IndicatorLine]:
    """What was counted for each indicator of the standard, in the order of their codes."""
    counts: dict[str, list[RuleCount]] = defaultdict(list)
    for standing in report.standings.entries.values():
        for dimension in standing.dimensions.values():
            for count in dimension.rows:
                counts[count.indicator].append(count)
    return [_indicator_line(code, counts[code]) for code in sorted(counts)]


def _indicator_line(code: str, counts: list[RuleCount]) -> IndicatorLine:
    evaluated, unexpected = sum(one.evaluated for one in counts), sum(one.unexpected for one in counts)
    return IndicatorLine(
        code=code,
        word=say(f"report.standard.{code}"),
        dimension=dimension_of(code),
        codes=" ".join(sorted({one.code for one in counts if one.code})),
        rules=len(counts),
        entries=len({one.entry_id for one in counts}),
        evaluated=evaluated,
        unexpected=unexpected,
        share=figures.small_share(unexpected, evaluated),
    )


def _failing_line(report: Report, entry_id: str, rule: RuleFact) -> FailingLine:
    resource = report.by_id[entry_id]
    return FailingLine(entry_id, resource.entry.title, resource.department.title, rule_line(resource.entry, rule))


def _share(rule: RuleFact) -> float:
    return rule.unexpected / rule.evaluated if rule.evaluated else 1.0


PAGE = Page("quality", "quality.html", "quality.html.j2", quality_page)
