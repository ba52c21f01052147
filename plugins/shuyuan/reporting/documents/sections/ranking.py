"""二、共享排行: who rose, who fell and by what, the table with its strips, the lights, who is not ranked and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from shuyuan.indicators.standing import COMPONENTS, DepartmentStanding
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Cell, Column, Heading, Paragraph, Picture, Table, clean
from shuyuan.reporting.documents.findings import TITLE
from shuyuan.reporting.documents.pictures import draw_scale, draw_strip
from shuyuan.reporting.documents.sections.overall import moved
from shuyuan.reporting.report import Report

_STRIP = 23.0


def ranking(report: Report) -> list[Block]:
    """Rises and falls are those of the score: a rank also moves when others do."""
    departments = report.standings.departments
    blocks: list[Block] = [Heading(say("document.ranking.heading"))]
    ranked = [one for one in departments if one.rank is not None]
    if not ranked:
        blocks.append(Paragraph(say("document.ranking.none")))
    else:
        blocks += [Paragraph(sentence) for sentence in [_first(ranked), *_moves(report, ranked)]]
        blocks += [_table(ranked), Paragraph(say("document.ranking.legend"), "note")]
    blocks += [Paragraph(sentence) for sentence in _lights(departments)]
    unranked = [one for one in departments if one.rank is None]
    if unranked:
        reasons = say("document.semicolon").join(_why_unranked(report, unranked))
        blocks.append(Paragraph(say("document.ranking.unranked", list=reasons)))
    return blocks


def unranked_reason(report: Report, one: DepartmentStanding) -> str:
    """Why a department has no rank: ``不参评（…）``, ``样本不足（…）``."""
    return say(f"document.ranking.{one.unranked or 'no_data'}", samples=report.evidence.assessment.samples)


def light_word(light: str | None) -> str:
    """``绿``, ``黄``, ``红``, or a dash."""
    return say(f"document.light.{light}") if light else figures.NONE


def _first(ranked: Sequence[DepartmentStanding]) -> str:
    best = [one for one in ranked if one.rank == 1]
    key = "document.ranking.first" if len(best) == 1 else "document.ranking.tied"
    return say(key, list=_join([_title(one) for one in best]), score=figures.score(best[0].score))


def _moves(report: Report, ranked: Sequence[DepartmentStanding]) -> list[str]:
    """A sentence for those who rose, one for those who fell; who was not ranked last month is in neither."""
    known = [
        (one, moved(one.score, one.last_score))
        for one in ranked
        if one.score is not None and one.last_score is not None and one.last_rank is not None
    ]
    if not known:
        return [say("document.ranking.no_last")]
    told = []
    for way, sign in (("rose", 1), ("fell", -1)):
        movers = [(one, by) for one, by in known if by * sign > 0]
        movers.sort(key=lambda mover: (-abs(mover[1]), mover[0].department))
        if movers:
            lines = [
                say(
                    "document.ranking.move",
                    department=_title(one),
                    before=figures.score(one.last_score),
                    score=figures.score(one.score),
                    why=_cause(report, one, sign),
                )
                for one, _ in movers
            ]
            key = f"document.ranking.all_{way}" if len(movers) == len(known) > 1 else f"document.ranking.{way}"
            told.append(say(key, count=len(movers), list=say("document.semicolon").join(lines)))
        else:
            told.append(say(f"document.ranking.none_{way}"))
    return told if any(by for _, by in known) else [say("document.ranking.same")]


def _cause(report: Report, one: DepartmentStanding, sign: int) -> str:
    """The component that moved the score most in this direction, by its weighted points; empty when none is known."""
    if report.last is None:
        return ""
    former = next((known for known in report.last.departments if known.department == one.department), None)
    if former is None:
        return ""
    points = []
    for place, name in enumerate(COMPONENTS):
        now, before = one.components.get(name), former.components.get(name)
        if now is not None and before is not None:
            by = (now - before) * one.weights.get(name, 0) * sign
            points.append((by, -place, name, before, now))
    if not points or max(points)[0] <= 0:
        return ""
    _, _, name, before, now = max(points)
    return say(
        "document.ranking.cause",
        component=say(f"document.component.{name}"),
        before=figures.score(before),
        now=figures.score(now),
    )


def _table(ranked: Sequence[DepartmentStanding]) -> Table:
    columns = [
        Column(say("document.column.rank"), 11, "center"),
        Column(say("document.column.last_rank"), 11, "center"),
        Column(say("document.column.department"), 30),
        Column(say("document.column.score"), 13, "right"),
        *(Column(say(f"document.component.short.{name}"), 12, "right") for name in COMPONENTS),
        Column(say("document.column.light"), 8, "center"),
        Column(Picture(draw_scale(), say("document.ranking.scale"), _STRIP - 3), _STRIP),
    ]
    return Table(columns, [_row(one) for one in ranked])


def _row(one: DepartmentStanding) -> list[Cell]:
    alt = say("document.ranking.strip", now=figures.score(one.score), before=figures.score(one.last_score))
    return [
        figures.NONE if one.rank is None else str(one.rank),
        figures.NONE if one.last_rank is None else str(one.last_rank),
        _title(one),
        figures.score(one.score),
        *(figures.score(one.components.get(name)) for name in COMPONENTS),
        light_word(one.light),
        Picture(draw_strip(one.score, one.last_score, one.light), alt, _STRIP - 3),
    ]


def _lights(departments: Sequence[DepartmentStanding]) -> list[str]:
    judged = [one for one in departments if one.light]
    if not judged:
        return []
    counts = {light: sum(one.light == light for one in judged) for light in ("green", "yellow", "red")}
    told = [say("document.ranking.lights", **counts)]
    for light in ("red", "yellow"):
        named = [
            say(
                "document.ranking.lit",
                department=_title(one),
                fresh=figures.percent(one.fresh.value),
                quality=figures.score(one.quality),
            )
            for one in judged
            if one.light == light
        ]
        if named:
            told.append(say(f"document.ranking.{light}", list=_join(named)))
    return told


def _why_unranked(report: Report, unranked: Sequence[DepartmentStanding]) -> list[str]:
    """One phrase for each reason, with all whom it keeps out."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for one in unranked:
        few = one.unranked == "few_samples"
        name = _title(one)
        named = say("document.freshness.times", entry=name, count=int(one.fresh.whole)) if few else name
        grouped[unranked_reason(report, one)].append(named)
    return [say("document.ranking.unranked_one", why=why, list=_join(named)) for why, named in grouped.items()]


def _title(one: DepartmentStanding) -> str:
    return clean(one.title, TITLE)


def _join(parts: Sequence[str]) -> str:
    return say("document.comma").join(parts)
