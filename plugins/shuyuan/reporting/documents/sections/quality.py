"""四、数据质量: the six dimensions, the weak one, and the rules that the most cells or records failed."""

from __future__ import annotations

from shuyuan.indicators.qualities import ARRIVED, COPY_AGREES, COPY_KNOWN, USABLE
from shuyuan.indicators.standing import RuleCount
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.copies import titles_of
from shuyuan.reporting.documents.blocks import Block, Column, Heading, Paragraph, Table
from shuyuan.reporting.documents.findings import department_title, entry_title
from shuyuan.reporting.documents.sections.freshness import MOST, more_note
from shuyuan.reporting.report import Report
from shuyuan.reporting.rule_sentences import rule_sentence
from shuyuan.scoring import DIMENSIONS

_OF_LEDGER = {ARRIVED: "arrived", USABLE: "usable", COPY_AGREES: "agrees", COPY_KNOWN: "known"}
"""What no rule of an entry measures but the ledger itself."""


def quality(report: Report) -> list[Block]:
    """What was measured; a dimension without data is a dash and never the weak one."""
    county = report.standings.county
    heading = Heading(say("document.quality.heading"))
    if not county.dimensions:
        return [heading, Paragraph(say("document.overall.no_quality"))]
    scores = say("document.comma").join(
        say(
            "document.quality.one",
            dimension=say(f"report.dimension.{name}"),
            score=figures.score(county.dimensions.get(name)),
        )
        for name in DIMENSIONS.values()
    )
    blocks: list[Block] = [heading, Paragraph(say("document.quality.six", list=scores) + _weakest(report))]
    if county.coverage.whole:
        said = say(
            "document.quality.coverage",
            part=figures.count(int(county.coverage.part)),
            whole=figures.count(int(county.coverage.whole)),
            value=figures.percent(county.coverage.value),
        )
        blocks.append(Paragraph(said))
    return [*blocks, *_rules(report)]


def rule_words(report: Report, count: RuleCount) -> str:
    """What a rule asks, in a sentence; its id when the catalog has lost the entry."""
    word, _, rest = count.rule.partition(" ")
    resource = report.by_id.get(count.entry_id)
    if word in _OF_LEDGER:
        field, _, source_id = rest.partition(" ")
        item = titles_of(resource, field) if resource and field else field
        return say(f"document.quality.{_OF_LEDGER[word]}", item=item, source=entry_title(report, source_id))
    return rule_sentence(resource.entry, count.rule) if resource else count.rule


def rule_counts(report: Report) -> list[RuleCount]:
    """Every rule of every entry, once, the most unexpected first."""
    found = {
        (count.entry_id, count.rule): count
        for entry in report.standings.entries.values()
        for indicator in entry.dimensions.values()
        for count in indicator.rows
    }
    return sorted(found.values(), key=lambda count: (-count.unexpected, count.entry_id, count.rule))


def _weakest(report: Report) -> str:
    known = {name: value for name, value in report.standings.county.dimensions.items() if value < 100}
    if not known:
        return say("document.quality.full")
    name = min(known, key=lambda one: (known[one], one))
    return say("document.quality.weakest", dimension=say(f"report.dimension.{name}"), score=figures.score(known[name]))


def _is_weak_point(count: RuleCount) -> bool:
    """Rules of deliveries and copies; what never came is told under freshness, our own runs are not the data's."""
    return count.code.startswith("D") or count.rule.startswith((COPY_AGREES, COPY_KNOWN))


def _rules(report: Report) -> list[Block]:
    failing = [count for count in rule_counts(report) if count.unexpected and _is_weak_point(count)]
    if not failing:
        return [Paragraph(say("document.quality.no_rules_failed"))]
    columns = [
        Column(say("document.column.department"), 32),
        Column(say("document.column.entry"), 32),
        Column(say("document.column.rule"), 41),
        *(Column(say(f"document.column.{name}"), 17, "right") for name in ("evaluated", "unexpected", "share")),
    ]
    rows = [
        [
            department_title(report, count.entry_id.partition(".")[0]),
            entry_title(report, count.entry_id),
            rule_words(report, count),
            figures.count(count.evaluated),
            figures.count(count.unexpected),
            figures.small_share(count.unexpected, count.evaluated),
        ]
        for count in failing[:MOST]
    ]
    entries = len({count.entry_id for count in failing})
    said = say("document.quality.failing", rules=len(failing), entries=entries)
    return [Paragraph(said), Table(columns, rows), *more_note(len(failing))]
