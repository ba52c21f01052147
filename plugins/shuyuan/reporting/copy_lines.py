"""The tables of copies: compared lines, what could not be compared, differences, keys that the source has twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import ComparisonFact, DiscrepancyFact
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.copies import Authority, Copies, Copy, reason_sentence, share_of, titles_of, trace_of
from shuyuan.reporting.matrix import rate_state

TOKEN_SHOWN = 8


@dataclass(frozen=True, slots=True)
class CompareLine:
    """One copy with its numbers; those of a copy that was not compared are ``None``, shown as dashes."""

    copy: Copy
    state: str
    mark: Markup
    word: str
    share: str
    fact: ComparisonFact | None
    trace: str


@dataclass(frozen=True, slots=True)
class UnknownLine:
    """The copies of one link that could not be compared for the same reason since the same moment."""

    holder: Resource
    source: Authority
    items: str
    reason: str
    since: datetime | None
    last_compared: datetime | None
    trace: str


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One key of which copy and source differ; values masked, the key a shortened token."""

    fact: DiscrepancyFact
    holder: Resource
    item: str
    what: str
    here: str
    there: str
    token: str
    trace: str


@dataclass(frozen=True, slots=True)
class DuplicateLine:
    """A source whose key occurs more than once: ``rows`` of it are left out of every comparison."""

    source: Authority
    key: str
    rows: int
    listed: int
    first_seen: datetime | None
    holders: int
    trace: str


def compare_line(copy: Copy) -> CompareLine:
    """Return one copy's line."""
    fact = copy.compared
    state = rate_state(copy.mismatch) if fact is not None else "not_compared"
    word = say(f"report.one_source.word.{state}") if fact is not None else reason_sentence(copy)
    share = share_of(copy.mismatch) if fact is not None else say("report.one_source.cell.not_compared")
    return CompareLine(copy, state, charts.mark(state, word), word, share, fact, trace_of(copy.fact))


def worst_first(copies: Iterable[Copy]) -> list[Copy]:
    """The highest rate first, then what could not be compared, then the rest by name."""
    return sorted(copies, key=lambda copy: (-(copy.mismatch.percent or 0.0), copy.compared is not None, copy.key))


def unknown_lines(copies: Iterable[Copy]) -> list[UnknownLine]:
    """What could not be compared, one line a link and reason, those of the longest standing first."""
    groups: dict[tuple[str, str, str, str], list[Copy]] = defaultdict(list)
    for copy in copies:
        if copy.compared is None:
            groups[copy.holder.entry.id, copy.source.entry_id, copy.match_key, copy.reason].append(copy)
    lines = []
    for group in groups.values():
        first = group[0]
        since = [copy.since for copy in group if copy.since is not None]
        last = [copy.fact.last_compared for copy in group if copy.fact is not None and copy.fact.last_compared]
        lines.append(
            UnknownLine(
                first.holder,
                first.source,
                say("report.rule.join").join(dict.fromkeys(copy.label for copy in group)),
                reason_sentence(first),
                min(since, default=None),
                max(last, default=None),
                trace_of(first.fact),
            )
        )
    return sorted(
        lines, key=lambda one: (one.since or datetime.max, one.holder.entry.id, one.source.entry_id, one.items)
    )


def difference_lines(
    differences: Iterable[DiscrepancyFact], resources: Mapping[str, Resource], shown: int
) -> list[DifferenceLine]:
    """The first ``shown`` differences, taken in turn from every copy, by department, entry and item."""
    inner = (one for one in differences if one.kind != "duplicate" and one.entry_id in resources)
    taken = sorted(inner, key=lambda one: (one.place, one.entry_id, one.field, one.source_id, one.kind))[:shown]
    taken.sort(key=lambda one: (one.entry_id, one.field, one.source_id, one.kind, one.place))
    return [_difference(one, resources[one.entry_id]) for one in taken]


def duplicate_lines(copies: Copies, listed: Mapping[tuple[str, str, str, str], int],
                    differences: Sequence[DiscrepancyFact]) -> list[DuplicateLine]:  # fmt: skip
    """Each source whose key occurs more than once, the most rows first."""
    first: dict[str, datetime] = {}
    for one in differences:
        if one.kind == "duplicate":
            first[one.source_id] = min(one.first_seen, first.get(one.source_id, one.first_seen))
    keys: dict[str, int] = {}
    for (_, _, kind, source_id), number in listed.items():
        if kind == "duplicate":
            keys[source_id] = max(number, keys.get(source_id, 0))
    lines = []
    for source_id, held in copies.copied_from.items():
        facts = [copy.compared for copy in held if copy.kind == "reference" and copy.compared is not None]
        left_out = [fact for fact in facts if fact.source_duplicates]
        if not left_out:
            continue
        latest = max(left_out, key=lambda fact: (fact.compared_at, fact.run_id))
        resource = copies.resources.get(source_id)
        lines.append(
            DuplicateLine(
                held[0].source,
                titles_of(resource, "+".join(resource.entry.load.key)) if resource else figures.NONE,
                latest.source_duplicates or 0,
                keys.get(source_id, 0),
                first.get(source_id),
                len(left_out),
                trace_of(latest),
            )
        )
    return sorted(lines, key=lambda line: (-line.rows, line.source.entry_id))


def _difference(fact: DiscrepancyFact, holder: Resource) -> DifferenceLine:
    return DifferenceLine(
        fact,
        holder,
        titles_of(holder, fact.field),
        say(f"report.one_source.kind.{fact.kind}"),
        figures.NONE if fact.copy_value is None else fact.copy_value,
        figures.NONE if fact.source_value is None else fact.source_value,
        fact.token[:TOKEN_SHOWN],
        say("report.one_source.trace_difference", entry_id=fact.entry_id, field=fact.field, source_id=fact.source_id,
            kind=fact.kind, token=fact.token),
    )  # fmt: skip
