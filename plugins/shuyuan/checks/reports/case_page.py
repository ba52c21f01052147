"""The page of one case: opens from disk, prints on A4, has no script and asks for nothing.

What all cases of an answer share (sources, limits) is drawn once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from shuyuan.checks.reports.wording import AnswerWords, CaseWords, LineWords
from shuyuan.language import language, say
from shuyuan.reporting import figures


def render_cases(words: AnswerWords) -> Iterator[tuple[CaseWords, str]]:
    """Yield each case with its page (HTML), in the order of the answer."""
    templates = _environment()
    answer = words.answer
    same: dict[str, Any] = {
        "lang": "zh-CN" if language() == "zh" else "en",
        "check": words.check,
        "code": words.verification,
        "asked_on": answer.asked_on.isoformat(),
        "valid_until": answer.valid_until.isoformat(),
        "comma": say("check_report.comma"),
        "stop": "。" if language() == "zh" else ".",
        "days": {one.name: figures.iso_day(one.data_date) for one in words.sources},
        "shared": _shared(templates, words),
    }
    template = templates.get_template("case.html.j2")
    for case in words.cases():
        own = {
            "case": case,
            "head": _head(words, case),
            "groups": _by_person(case.lines),
            "unread": words.unread_of(case.lines),
        }
        yield case, template.render(same | own)


def _shared(templates: Environment, words: AnswerWords) -> Markup:
    shown = {
        "sources": words.sources,
        "parameters": words.parameters,
        "comma": say("check_report.comma"),
        "unavailable": words.check.outcomes.unavailable,
    }
    return Markup(templates.get_template("shared.html.j2").render(shown))  # noqa: S704 - an escaped template's own


def _head(words: AnswerWords, case: CaseWords) -> list[tuple[str, str]]:
    answer = words.answer
    lines = [
        ("number", case.number),
        ("case", case.case),
        ("department", words.department),
        ("authorization", case.authorization),
        ("asked_on", answer.asked_on.isoformat()),
        ("answered_at", figures.moment(answer.answered_at)),
        ("valid_until", answer.valid_until.isoformat()),
        ("verification", words.verification),
    ]
    return [(name, value) for name, value in lines if value]


def _by_person(lines: Sequence[LineWords]) -> list[tuple[str, list[LineWords]]]:
    """The case's own lines first, then each person's."""
    ordered = sorted(lines, key=lambda one: one.person or 0)
    return [(next(iter(group)).who, group) for _, group in ((k, list(g)) for k, g in groupby(ordered, _person))]


def _person(line: LineWords) -> int:
    return line.person or 0


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("shuyuan.checks.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(iso_day=figures.iso_day, score=figures.score)
    made.globals.update(t=say)
    return made
