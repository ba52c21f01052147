"""一、总体情况: the banner's figures, in sentences and one line over the period."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shuyuan.indicators.standing import Due, Indicator, Reply
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Heading, Paragraph, Picture
from shuyuan.reporting.documents.findings import dues_of
from shuyuan.reporting.documents.pictures import draw_trend
from shuyuan.reporting.report import Report


def overall(report: Report) -> list[Block]:
    """The figures of the whole banner; a sentence of its own for each that has no data."""
    county = report.standings.county
    if not report.standings.departments:
        return [Heading(say("document.overall.heading")), Paragraph(say("document.overall.empty"))]
    dues = dues_of(report)
    sentences = [
        say(
            "document.overall.scope",
            departments=len(report.standings.departments),
            entries=len(report.standings.entries),
        ),
        fresh_sentence(county.fresh, dues),
        _quality(report),
        replies_sentence("demand", county.response),
        replies_sentence("correction", county.corrections),
        compare_scores(county.score, _last_score(report)),
    ]
    blocks: list[Block] = [Heading(say("document.overall.heading"))]
    blocks += [Paragraph(sentence) for sentence in sentences]
    return [*blocks, *_trend(dues)]


def fresh_sentence(fresh: Indicator[Due], dues: Sequence[Due]) -> str:
    """How many were due, in time, late, missing."""
    if not fresh.whole:
        return say("document.overall.no_due")
    states = [due.state for due in dues]
    said = say(
        "document.overall.fresh",
        value=figures.percent(fresh.value),
        part=figures.count(int(fresh.part)),
        whole=figures.count(int(fresh.whole)),
        late=figures.count(states.count("late")),
        missing=figures.count(states.count("missing")),
    )
    rest = [
        say(f"document.overall.{state}", count=figures.count(states.count(state)))
        for state in ("no_change", "excluded", "waiting")
        if state in states
    ]
    return said + "".join(rest)


def replies_sentence(kind: str, replies: Indicator[Reply]) -> str:
    """How many questions were answered in time; says so when none was to be answered."""
    if not replies.whole:
        return say(f"document.overall.no_{kind}")
    return say(
        f"document.overall.{kind}",
        value=figures.percent(replies.value),
        part=figures.count(int(replies.part)),
        whole=figures.count(int(replies.whole)),
    )


def compare_scores(now: float | None, before: float | None) -> str:
    """The banner's score against last month's; never a comparison with a month that has none."""
    if now is None:
        return say("document.overall.no_score")
    if before is None:
        return say("document.overall.first_score", score=figures.score(now))
    difference = moved(now, before)
    way = "same" if not difference else "up" if difference > 0 else "down"
    return say(
        f"document.overall.score_{way}",
        score=figures.score(now),
        before=figures.score(before),
        change=f"{abs(difference):.1f}",
    )


def moved(now: float, before: float) -> float:
    """The difference of two scores as they are printed, so that a reader who subtracts finds the same."""
    return (math.floor(now * 10 + 1e-6) - math.floor(before * 10 + 1e-6)) / 10


def _last_score(report: Report) -> float | None:
    """The banner's score of last month, if enough was due in it to compare with."""
    last = report.last
    if last is None or last.county.fresh.whole < report.evidence.assessment.samples:
        return None
    return last.county.score


def _quality(report: Report) -> str:
    county = report.standings.county
    if county.quality is None:
        return say("document.overall.no_quality")
    return say(
        "document.overall.quality",
        score=figures.score(county.quality),
        available=figures.percent(county.available),
        complete=figures.percent(county.complete),
        consistent=figures.percent(county.consistent),
    )


def _trend(dues: Sequence[Due]) -> list[Block]:
    """鲜活率 of the period so far, day by day; the last point is the printed number. One day is no line."""
    days = sorted({due.day for due in dues if due.counts})
    if len(days) < 2:
        return []
    values = []
    for day in days:
        counted = [due for due in dues if due.counts and due.day <= day]
        values.append(100 * sum(due.met for due in counted) / len(counted))
    alt = say(
        "document.overall.trend",
        first=figures.day(days[0]),
        last=figures.day(days[-1]),
        value=figures.percent(values[-1]),
    )
    return [Picture(draw_trend(values, [f"{day:%m-%d}" for day in days]), alt, 150), Paragraph(alt, "note")]
