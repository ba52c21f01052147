"""An answer in words, the same for page, workbook and letter. A source that could not be read is never "nothing".

States of a line as people see it (``Verdict``): ``clear`` (looked up, and it is not so), ``fail``, ``review``, ``note``
(met, with what the rule asks for), ``unavailable``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal

from shuyuan.checks.answer import Answer, CaseAnswer, Conclusion, SourceUsed
from shuyuan.checks.answer import Line as AnswerLine
from shuyuan.entry.check import Check, CheckRule, InputField
from shuyuan.language import language, say
from shuyuan.one_source.titles import Titles
from shuyuan.reporting.documents.blocks import clean

Verdict = Literal["clear", "fail", "review", "note", "unavailable"]
_ORDER: Mapping[Verdict, int] = {"fail": 0, "review": 1, "unavailable": 2, "note": 3, "clear": 4}
_FACT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class SourceWords:
    """One source: what it is, as of when, and why it could not be read (``why`` is ``None`` when it could).

    ``rules`` are the titles of the rules that need it, ``decisive`` whether one of them counts for the conclusion.
    ``planned``: it does not exist yet, and is called after its rules.
    """

    name: str
    entry_id: str
    title: str
    department: str
    data_date: date | None
    load_no: int | None
    version: str | None
    score: float | None
    why: str | None
    advice: str
    rules: tuple[str, ...]
    decisive: bool
    planned: bool

    @property
    def owned(self) -> str:
        """Its title with its department, where it has one."""
        return (
            say("check_report.owned", title=self.title, department=self.department) if self.department else self.title
        )


@dataclass(frozen=True, slots=True)
class LineWords:
    """One rule for one person (``person`` counts from 1; ``None``: the case)."""

    verdict: Verdict
    word: str
    rule: str
    person: int | None
    who: str
    source: str
    source_name: str
    found: str
    text: str
    basis: str


@dataclass(frozen=True)
class CaseWords:
    """One case. ``people`` are rows of masked values below ``heads``; ``conclusion`` is the word of the check."""

    number: str
    place: int
    case: str
    authorization: str | None
    items: Sequence[tuple[str, str]]
    heads: Sequence[str]
    people: Sequence[Sequence[str]]
    state: Conclusion
    conclusion: str
    meaning: str
    lines: Sequence[LineWords]

    @property
    def pressing(self) -> list[LineWords]:
        """The lines that somebody must act on, the gravest first; unreadable sources are told by source instead."""
        return sorted(
            (one for one in self.lines if one.verdict in ("fail", "review", "note")),
            key=lambda one: _ORDER[one.verdict],
        )


@dataclass(frozen=True)
class AnswerWords:
    """A whole answer in words; ``cases`` are made one after the other, because there may be ten thousand."""

    answer: Answer
    check: Check
    titles: Titles

    @property
    def department(self) -> str:
        """Who asked."""
        return self.titles.department(self.answer.department)

    @property
    def verification(self) -> str:
        """The code in groups of four, as people read it out."""
        code = self.answer.verification
        return " ".join(code[place : place + 4] for place in range(0, len(code), 4))

    @cached_property
    def sources(self) -> tuple[SourceWords, ...]:
        """The sources in the order of the answer."""
        return tuple(self._source(one) for one in self.answer.sources)

    def unread_of(self, lines: Sequence[LineWords]) -> list[SourceWords]:
        """The sources that lines could not be looked up in; one entry asked in two ways for one reason is told once."""
        names = {one.source_name for one in lines if one.verdict == "unavailable"}
        told: dict[tuple[str, str | None], SourceWords] = {}
        for one in self.sources:
            if one.name in names:
                first = told.setdefault((one.entry_id, one.why), one)
                if first is not one:
                    rules, decisive = (*first.rules, *one.rules), first.decisive or one.decisive
                    told[one.entry_id, one.why] = replace(first, rules=rules, decisive=decisive)
        return list(told.values())

    @cached_property
    def parameters(self) -> tuple[tuple[str, str, str, str], ...]:
        """(name, value, since, basis) of the parameters in force on the asked day."""
        rows = []
        for name, value in self.answer.parameters.items():
            known = [one for one in self.check.parameters if one.name == name and one.from_ <= self.answer.asked_on]
            newest = max(known, key=lambda one: one.from_, default=None)
            used = self._uses(name)
            title = say("check_report.parameter", name=name, rules=used) if used else name
            rows.append((title, value, newest.from_.isoformat() if newest else "", newest.basis if newest else ""))
        return tuple(rows)

    def outcome(self, verdict: Verdict | Conclusion) -> str:
        """The check's own word for a conclusion or a line."""
        words = self.check.outcomes
        if verdict == "note":
            return say("check_report.note")
        known = {"pass": words.passed, "clear": words.passed, "fail": words.failed, "review": words.review}
        return known.get(verdict, words.unavailable)

    def cases(self) -> Iterator[CaseWords]:
        """Every case in words, in the order of the answer."""
        for place, case in enumerate(self.answer.cases, 1):
            yield self.case(place, case)

    def case(self, place: int, case: CaseAnswer) -> CaseWords:
        """One case in words; ``place`` counts from 1."""
        lines = tuple(self._line(one, case) for one in case.lines)
        return CaseWords(
            number=self.answer.number if len(self.answer.cases) == 1 else f"{self.answer.number}-{place:05d}",
            place=place,
            case=clean(case.number),
            authorization=clean(case.authorization) if case.authorization else None,
            items=[(one.title, _value(case.items, one)) for one in self.check.case if case.items.get(one.name)],
            heads=[one.title for one in self.check.subjects],
            people=[[_value(person, one) for one in self.check.subjects] for person in case.subjects],
            state=case.conclusion,
            conclusion=self.outcome(case.conclusion),
            meaning=self._meaning(case.conclusion, lines),
            lines=lines,
        )

    @cached_property
    def _rules(self) -> Mapping[str, CheckRule]:
        return {rule.id: rule for rule in self.check.rules}

    @cached_property
    def _by_name(self) -> Mapping[str, SourceWords]:
        return {one.name: one for one in self.sources}

    def _source(self, used: SourceUsed) -> SourceWords:
        lookup = self.check.sources.get(used.source)
        entry = used.entry_id
        rules = [rule for rule in self.check.rules if rule.source == used.source]
        why = say(f"check_report.reason.{used.reason}") if used.reason else None
        advice = f"check_report.advice.{used.reason}"
        title, department = self.titles.entry(entry), self.titles.department_of(entry)
        planned = lookup is not None and lookup.planned is not None and used.reason is not None
        if lookup is not None and lookup.planned and planned:
            named = say("check_report.comma").join(rule.title for rule in rules)
            title, why, advice = say("check_report.planned_title", rules=named), lookup.planned, "check_report.planned"
            department = self.titles.departments.get(department, "")
        return SourceWords(
            name=used.source,
            entry_id=entry,
            title=title,
            department=department,
            data_date=used.data_date,
            load_no=used.load_no,
            version=used.version,
            score=used.score,
            why=why,
            advice=say(advice, department=department) if used.reason else "",
            rules=tuple(rule.title for rule in rules),
            decisive=any(rule.then != "note" for rule in rules),
            planned=planned,
        )

    def _line(self, line: AnswerLine, case: CaseAnswer) -> LineWords:
        rule = self._rules[line.rule]
        source = self._by_name[rule.source]
        verdict: Verdict = rule.then if line.state == "met" else line.state
        return LineWords(
            verdict=verdict,
            word=self.outcome(verdict),
            rule=rule.title,
            person=None if line.subject is None else line.subject + 1,
            who=self._who(line.subject, case),
            source=source.title,
            source_name=source.name,
            found=_found(line),
            text=_sentence(line, rule, source),
            basis=rule.basis or "",
        )

    def _who(self, subject: int | None, case: CaseAnswer) -> str:
        if subject is None:
            return say("check_report.whole_case")
        person = case.subjects[subject]
        shown = next((_value(person, one) for one in self.check.subjects if person.get(one.name)), "")
        return f"{subject + 1} {shown}"

    def _meaning(self, state: Conclusion, lines: Sequence[LineWords]) -> str:
        """What the conclusion says, and above all what it does not say."""
        counts = {name: sum(one.verdict == name for one in lines) for name in _ORDER}
        unread = self.unread_of(lines)
        blind = [one for one in unread if one.decisive]
        facts = {
            "passed": self.check.outcomes.passed,
            "failed": self.check.outcomes.failed,
            "fail": counts["fail"],
            "review": counts["review"],
            "sources": len(blind),
        }
        if state == "review":
            met = "both" if blind else "met"
            told = [say(f"check_report.meaning.review_{met if counts['review'] else 'unread'}", **facts)]
        else:
            told = [say(f"check_report.meaning.{state}", **facts)]
            if state == "fail" and blind:
                told.append(say("check_report.meaning.fail_unread", **facts))
        if len(unread) > len(blind):
            told.append(say("check_report.meaning.notes_unread", sources=len(unread) - len(blind)))
        return ("" if language() == "zh" else " ").join(told)

    def _uses(self, parameter: str) -> str:
        """The titles of the rules whose limit a parameter is."""
        named = [rule.title for rule in self.check.rules if _mentions(rule, parameter)]
        return say("check_report.comma").join(named)


def _mentions(rule: CheckRule, parameter: str) -> bool:
    condition = rule.condition
    bounds = [one for where in condition.where for one in (where.at_least, where.at_most)]
    return parameter in map(str, (getattr(condition, "over", None), *bounds))


def _value(values: Mapping[str, str], item: InputField) -> str:
    return clean(values.get(item.name) or "") or say("check_report.blank")


def _found(line: AnswerLine) -> str:
    if line.state == "unavailable" or line.found is None:
        return say("check_report.found.unknown")
    return say("check_report.found.some" if line.found else "check_report.found.none", count=line.found)


def _sentence(line: AnswerLine, rule: CheckRule, source: SourceWords) -> str:
    if line.state == "met":
        return _FACT.sub(lambda found: line.facts.get(found[1], found[0]), rule.words)
    if line.state == "unavailable":
        return say("check_report.not_looked_up", why=source.why or say("check_report.reason.depends"))
    if rule.test == "differs" and not line.found:
        return say("check_report.clear.nothing_to_compare")
    return say(f"check_report.clear.{rule.test}")
