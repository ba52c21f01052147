"""Reports to write papers from: the made-up catalog of thirty days, an empty one, and one with chosen standings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from xml.etree import ElementTree

from shuyuan.entry import Assessment
from shuyuan.indicators import Evidence, Facts, Indicator, Period, Standings, assess, read_evidence
from shuyuan.indicators.problems import read_problems
from shuyuan.indicators.standing import DepartmentStanding, Due
from shuyuan.reporting.documents.blocks import Block, Heading, Paper, Paragraph, Table
from shuyuan.reporting.report import Report, make_report
from shuyuan.workdays import local_day
from synthetic_ledger import DEPARTMENTS, NOW, build, catalog, make_resource

HOSTILE = (
    "=cmd|'/c calc'!A0<script>alert(1)</script>&amp;]]>\x00\x08\x0b\x1f\ud800\ufffe\u202e\u2066"
    "../..\\CON:*?\n\r\tعربى" + "很长" * 300
)
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PERIOD = Period.containing(Assessment().period, local_day(NOW))


@cache
def whole() -> Report:
    """Five departments with twelve entries, and one that has nothing to share."""
    declared = Evidence(
        period=PERIOD,
        resources=tuple(catalog()),
        facts=Facts(NOW),
        titles={**DEPARTMENTS, "audit": "鄂托克旗审计局"},
    )
    ledger = build()
    evidence = read_evidence(ledger, NOW, declared)
    first, until = PERIOD.bounds[0], NOW.replace(tzinfo=None)
    evidence = replace(evidence, problems=read_problems(ledger.query, first, until))
    return make_report(evidence, assess(evidence))


@cache
def hostile() -> Report:
    """The whole report with every title and sentence replaced by one that would like to break the papers."""
    report = whole()
    resources = tuple(
        replace(
            one,
            entry=one.entry.model_copy(update={"title": HOSTILE}),
            department=one.department.model_copy(update={"title": HOSTILE}),
        )
        for one in report.resources
    )
    problems = tuple(replace(one, what=HOSTILE) if one.kind == "blocked" else one for one in report.evidence.problems)
    titles = dict.fromkeys(report.evidence.titles, HOSTILE)
    evidence = replace(report.evidence, resources=resources, problems=problems, titles=titles)
    return make_report(evidence, assess(evidence))


@cache
def empty() -> Report:
    """A catalog and a ledger with nothing in them."""
    evidence = read_evidence(build([]), NOW, Evidence(period=PERIOD, resources=(), facts=Facts(NOW)))
    return make_report(evidence, assess(evidence))


def standing(name: str, **changes: Any) -> DepartmentStanding:
    """A department of middling figures: 甲, 乙 or 丙."""
    folder = FOLDERS[name]
    plain = DepartmentStanding(
        department=folder, title=f"{name}局", entries=(f"{folder}.a",), fresh=Indicator.of(8, 10), quality=90.0,
        dimensions={"completeness": 90.0}, available=95.0, complete=90.0, consistent=None,
        response=Indicator.of(0, 0), corrections=Indicator.of(0, 0), linked=Indicator.of(1, 1),
        coverage=Indicator.of(3, 5), components=parts(), weights=WEIGHTS, score=85.0, rank=1, last_rank=1,
        last_score=85.0, light="green", grade="B",
    )  # fmt: skip
    return replace(plain, **changes)


FOLDERS = {"甲": "jia", "乙": "yi", "丙": "bing", "": ""}
WEIGHTS = {"linked": 15.0, "fresh": 30.0, "quality": 30.0, "response": 15.0, "used": 10.0}


def parts(**changes: float | None) -> dict[str, float | None]:
    """The components of a score."""
    return {"linked": 100.0, "fresh": 80.0, "quality": 90.0, "response": 80.0, "used": 60.0} | changes


def judged(
    *departments: DepartmentStanding, before: Sequence[DepartmentStanding] | None = None, **county: Any
) -> Report:
    """A report of these standings, ``before`` those of last month."""
    county = {"score": 85.0, "rank": None, "last_rank": None, "last_score": None} | county
    standings = Standings(PERIOD, NOW.replace(tzinfo=None), standing("", **county), departments)
    evidence = Evidence(
        period=PERIOD,
        resources=tuple(
            make_resource(f"{one.department}.a", f"{one.title}的信息", department=one.title) for one in departments
        ),
        facts=Facts(NOW),
    )
    last = None
    if before is not None:
        last = replace(standings, departments=tuple(before), county=standing("", score=80.0))
    return make_report(evidence, standings, last=last)


def with_dues(report: Report, *dues: Due) -> Report:
    """The report with these due dates in place of its own, one entry each of its first department."""
    grouped: dict[str, list[Due]] = {}
    for due in dues:
        grouped.setdefault(due.entry_id, []).append(due)
    source = next(iter(whole().standings.entries.values()))
    entries = {
        name: replace(source, entry_id=name, department=found[0].department, dimensions={}, fresh=share(found))
        for name, found in grouped.items()
    }
    ours = tuple(due for due in dues if due.reason == "platform")
    county = replace(report.standings.county, fresh=share(dues))
    return replace(report, standings=replace(report.standings, entries=entries, ours=ours, county=county))


def share(dues: Sequence[Due]) -> Indicator[Due]:
    """Met out of counting ones."""
    counting = [due for due in dues if due.counts]
    return Indicator.of(sum(due.met for due in counting), len(counting), tuple(dues))


def due(entry_id: str, day: int, state: Any, reason: str | None = None) -> Due:
    """A due date at 08:30 of a November day."""
    at = NOW.replace(tzinfo=None, day=day, hour=0, minute=30)
    arrived = at.replace(hour=5) if state == "late" else at if state in ("on_time", "no_change") else None
    return Due(entry_id, entry_id.partition(".")[0], at, date(2026, 11, day), state, arrived, reason)


def told(blocks: Sequence[Block] | Paper) -> str:
    """All that a reader reads, one line a paragraph or row."""
    lines = []
    for block in blocks.blocks if isinstance(blocks, Paper) else blocks:
        if isinstance(block, Heading | Paragraph):
            lines.append(block.text)
        elif isinstance(block, Table):
            lines += [" | ".join(cell if isinstance(cell, str) else "▦" for cell in row) for row in block.rows]
    return "\n".join(lines)


def unpack(package: bytes) -> dict[str, bytes]:
    """The parts of an Office file by name; every XML among them is well-formed."""
    with zipfile.ZipFile(io.BytesIO(package)) as parts:
        assert parts.testzip() is None
        found = {name: parts.read(name) for name in parts.namelist()}
    for name, content in found.items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(content)
    return found


def document_of(package: bytes) -> ElementTree.Element:
    """The body of a .docx."""
    return ElementTree.fromstring(unpack(package)["word/document.xml"])


def text_of(package: bytes) -> str:
    """The words of a .docx, one line a paragraph."""
    lines = ("".join(one.text or "" for one in line.iter(f"{WORD}t")) for line in document_of(package).iter(f"{WORD}p"))
    return "\n".join(lines)
