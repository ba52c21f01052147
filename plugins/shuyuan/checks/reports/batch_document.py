"""The letter of a batch (.docx): how many of each conclusion, the sources as they were, the cases to act on."""

from __future__ import annotations

from collections import Counter

from shuyuan.checks.answer import Conclusion
from shuyuan.checks.reports.batch_workbook import note_lines, tell_next
from shuyuan.checks.reports.wording import AnswerWords
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Column, Heading, Paper, Paragraph, Table
from shuyuan.reporting.documents.word import make_docx

MOST_CASES = 300
"""Cases that the letter lists; nobody works through more on paper, and the workbook has them all."""

_CONCLUSIONS: tuple[Conclusion, ...] = ("fail", "review", "pass")


def make_document(words: AnswerWords) -> bytes:
    """Return the .docx; the only date in it is that of the answer."""
    cases = words.answer.cases
    blocks: list[Block] = [
        Paragraph(
            say(
                "check_report.letter.intro",
                department=words.department,
                day=figures.full_day(words.answer.asked_on),
                check=words.check.title,
                cases=figures.count(len(cases)),
                people=figures.count(sum(len(case.subjects) for case in cases)),
            )
        ),
        Heading(say("check_report.letter.counts")),
        _counts(words),
        Heading(say("check_report.letter.sources")),
        _sources(words),
        Heading(say("check_report.letter.cases")),
        *_cases(words),
        Heading(say("check_report.letter.terms")),
        *(Paragraph(line, "fine") for line in note_lines(words)),
    ]
    title = say("check_report.batch_title")
    paper = Paper(words.answer.number, title, words.check.title, blocks)
    return make_docx(paper, words.answer.answered_at, words.department)


def _counts(words: AnswerWords) -> Table:
    counted = Counter(case.conclusion for case in words.answer.cases)
    heads = _heads(("conclusion", 52), ("cases", 52), ("share", 52))
    rows = [
        (words.outcome(one), figures.count(counted[one]), figures.small_share(counted[one], counted.total()))
        for one in _CONCLUSIONS
    ]
    return Table(heads, rows, together=True)


def _sources(words: AnswerWords) -> Table:
    heads = _heads(("title", 46), ("owner", 42), ("data_date", 24), ("quality", 16), ("state", 28))
    unavailable = words.check.outcomes.unavailable
    rows = [
        (
            one.title,
            one.department,
            figures.iso_day(one.data_date),
            figures.score(one.score),
            f"{unavailable}\n{one.why}" if one.why else say("check_report.sheet.readable"),
        )
        for one in words.sources
    ]
    return Table(heads, rows)


def _cases(words: AnswerWords) -> list[Block]:
    open_cases = ((place, case) for place, case in enumerate(words.answer.cases, 1) if case.conclusion != "pass")
    pressing = sorted(open_cases, key=lambda one: (_CONCLUSIONS.index(one[1].conclusion), one[0]))
    if not pressing:
        return [Paragraph(say("check_report.letter.cases_none"))]
    heads = _heads(("place", 12), ("case", 34), ("conclusion", 20), ("next", 90))
    rows = [
        (str(one.place), one.case, one.conclusion, tell_next(words, one) or one.meaning)
        for one in (words.case(place, case) for place, case in pressing[:MOST_CASES])
    ]
    blocks: list[Block] = [Table(heads, rows)]
    if len(pressing) > MOST_CASES:
        more = figures.count(len(pressing) - MOST_CASES)
        blocks.insert(0, Paragraph(say("check_report.letter.more", shown=MOST_CASES, count=more)))
    return blocks


def _heads(*columns: tuple[str, float]) -> list[Column]:
    return [Column(say(f"check_report.head.{name}"), width) for name, width in columns]
