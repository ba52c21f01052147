"""The catalog's copies with what the ledger last said of each: what the 一数一源 page and the entry pages show.

A copy that the catalog has and the ledger never compared is listed as not compared. A comparison of what is no copy
any more (the item left, the element's authority moved) is not shown, and no longer counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from shuyuan.catalog import Resource
from shuyuan.catalog.links import find_links, source_id
from shuyuan.entry import Element, Entry
from shuyuan.indicators.facts import ComparisonFact, CopyKey, Facts
from shuyuan.indicators.ratio import Ratio
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.rule_sentences import field_title

NOT_YET, UNUSABLE, WITHDRAWN = "not_yet", "source_unusable", "withdrawn"
REASONS = ("never_published", "copy_never_published", "stale", "blocked", UNUSABLE, NOT_YET)


@dataclass(frozen=True, slots=True)
class Authority:
    """The source of a copy. One that is not ``known`` has no usable entry: its id stands for its title."""

    entry_id: str
    title: str
    department_id: str
    department: str
    known: bool


@dataclass(frozen=True)
class Copy:
    """One copied item (``kind`` ``attribute``), or the reference of a link to its source's key (``reference``)."""

    holder: Resource
    source: Authority
    field: str
    element: str
    element_title: str
    kind: str
    match_key: str
    fact: ComparisonFact | None

    @property
    def key(self) -> CopyKey:
        """Which copy it is, as the ledger names it."""
        return self.holder.entry.id, self.field, self.source.entry_id

    @cached_property
    def label(self) -> str:
        """The item's title; of a key of several items, all of them."""
        return titles_of(self.holder, self.field)

    @property
    def compared(self) -> ComparisonFact | None:
        """The latest line, when it has numbers."""
        return self.fact if self.fact is not None and self.fact.state == "compared" else None

    @property
    def reason(self) -> str:
        """Why it has none; empty when it has."""
        if self.compared is not None:
            return ""
        if self.fact is None or self.fact.reason in (None, WITHDRAWN):
            return NOT_YET if self.source.known else UNUSABLE
        return str(self.fact.reason)

    @property
    def since(self) -> datetime | None:
        """From when on it could not be compared."""
        return (self.fact.since or self.fact.compared_at) if self.fact is not None else None

    @cached_property
    def mismatch(self) -> Ratio:
        """Differing out of compared values; of a reference, keys unknown to the source out of all keys looked up."""
        fact = self.compared
        if fact is None:
            return Ratio(0, 0)
        if self.kind == "reference":
            return Ratio(fact.only_here or 0, (fact.matched or 0) + (fact.only_here or 0))
        return Ratio(fact.differing or 0, (fact.agreeing or 0) + (fact.differing or 0))


@dataclass(frozen=True)
class Copies:
    """All copies of the catalog, by holder, source and item; ``elements`` those that have an authority."""

    all: tuple[Copy, ...]
    elements: Mapping[str, Element]
    resources: Mapping[str, Resource]

    @cached_property
    def attributes(self) -> tuple[Copy, ...]:
        """The copied items."""
        return tuple(copy for copy in self.all if copy.kind == "attribute")

    @cached_property
    def references(self) -> tuple[Copy, ...]:
        """The links' keys."""
        return tuple(copy for copy in self.all if copy.kind == "reference")

    @cached_property
    def departments(self) -> Mapping[str, str]:
        """The titles of the departments by their id."""
        return department_titles(self.resources)

    @cached_property
    def by_key(self) -> Mapping[CopyKey, Copy]:
        """Each copy by (holder, item, source)."""
        return {copy.key: copy for copy in self.all}

    @cached_property
    def held_by(self) -> Mapping[str, Sequence[Copy]]:
        """The copies that an entry holds."""
        return _grouped((copy.holder.entry.id, copy) for copy in self.all)

    @cached_property
    def copied_from(self) -> Mapping[str, Sequence[Copy]]:
        """The copies of which an entry is the source."""
        return _grouped((copy.source.entry_id, copy) for copy in self.all)


def find_copies(resources: Sequence[Resource], facts: Facts) -> Copies:
    """Join the catalog's links with the latest comparison of each.

    An item whose source has no usable entry is listed too: it cannot be compared.
    """
    by_id = {resource.entry.id: resource for resource in resources}
    departments = department_titles(by_id)
    known: dict[str, dict[CopyKey, ComparisonFact]] = defaultdict(dict)
    for fact in facts.one_source.comparisons:
        known[fact.entry_id][fact.key] = fact
    elements = {name: one for resource in resources for name, one in resource.elements.items() if one.source}
    authorities = {one.source: _authority(one.source, by_id, departments) for one in elements.values() if one.source}
    copies: list[Copy] = []
    for resource in resources:
        lines = known.get(resource.entry.id, {})
        linked = list(_linked(resource, by_id, authorities, elements, lines))
        copies += linked + list(_orphans(resource, by_id, authorities, elements, lines))
    return Copies(tuple(copies), elements, by_id)


def keep_copies(facts: Facts, copies: Copies) -> Facts:
    """Return the facts without the comparisons and differences of what is no copy any more.

    A 疑义 was asked of a department and stays until it is closed, as long as the catalog has the entry.
    """
    kept = {
        entry_id: replace(entry, compared={key: days for key, days in entry.compared.items() if key in copies.by_key})
        for entry_id, entry in facts.entries.items()
    }
    told = facts.one_source
    only = replace(
        told,
        comparisons=tuple(one for one in told.comparisons if one.key in copies.by_key),
        discrepancies=tuple(
            one for one in told.discrepancies if (one.entry_id, one.field, one.source_id) in copies.by_key
        ),
        listed={key: number for key, number in told.listed.items() if (key[0], key[1], key[3]) in copies.by_key},
        corrections=tuple(one for one in told.corrections if one.entry_id in copies.resources),
    )
    return replace(facts, entries=kept, one_source=only)


def titles_of(resource: Resource, fields: str) -> str:
    """The titles of an item, or of key items joined by ``+``, in words."""
    return say("report.rule.join").join(field_title(resource.entry, name) for name in fields.split("+"))


def department_titles(resources: Mapping[str, Resource]) -> dict[str, str]:
    """The departments of the catalog by their id."""
    return {resource.entry.department: resource.department.title for resource in resources.values()}


def reason_sentence(copy: Copy) -> str:
    """Why a copy could not be compared, in words; a reason that this version does not know is shown as it is."""
    return say(f"not_compared.{copy.reason}") if copy.reason in REASONS else copy.reason


def trace_of(fact: ComparisonFact | None) -> str:
    """Where in the ledger the numbers are, or that there are none."""
    if fact is None:
        return say("report.one_source.trace_none")
    return say("report.one_source.trace", run_id=fact.run_id, entry_id=fact.entry_id, field=fact.field,
               source_id=fact.source_id, moment=figures.short_moment(fact.compared_at))  # fmt: skip


def share_of(ratio: Ratio) -> str:
    """The rate of a ratio as text; a dash for nothing compared."""
    return figures.small_share(ratio.part, ratio.whole)


def total_of(copies: Iterable[Copy]) -> Ratio:
    """Differing out of compared, over several copies."""
    parts = [copy.mismatch for copy in copies]
    return Ratio(sum(one.part for one in parts), sum(one.whole for one in parts))


def _linked(
    resource: Resource,
    by_id: Mapping[str, Resource],
    authorities: Mapping[str, Authority],
    elements: Mapping[str, Element],
    lines: Mapping[CopyKey, ComparisonFact],
) -> Iterator[Copy]:
    """Yield the copies of an entry whose sources are usable. An item that is itself a link's key is no attribute."""
    links, _ = find_links(resource.entry, resource.elements, lambda name: _entry_of(by_id, name))
    keys = {(link.source_id, link.key_name) for link in links}
    for link in links:
        source, match = authorities[link.source_id], titles_of(resource, link.key_name)
        named = say("report.rule.join").join(_title(elements, name) for name in link.key_elements)
        told = [("reference", link.key_name, "+".join(link.key_elements), named)]
        told += [
            ("attribute", one.field, one.element, _title(elements, one.element))
            for one in link.copied
            if (link.source_id, one.field) not in keys
        ]
        for kind, field, element, title in told:
            fact = lines.get((resource.entry.id, field, link.source_id))
            yield Copy(resource, source, field, element, title, kind, match, fact)


def _orphans(
    resource: Resource,
    by_id: Mapping[str, Resource],
    authorities: Mapping[str, Authority],
    elements: Mapping[str, Element],
    lines: Mapping[CopyKey, ComparisonFact],
) -> Iterator[Copy]:
    """Yield the items whose source has no usable entry: as they were last compared, else each by itself."""
    lost = {
        one.name: name
        for one in resource.entry.fields
        if (name := source_id(resource.entry, one, resource.elements)) is not None and name not in by_id
    }
    told: set[str] = set()
    for fact in lines.values() if lost else ():
        names = fact.field.split("+")
        if fact.source_id in lost.values() and any(lost.get(name) == fact.source_id for name in names):
            told.update(names)
            title = say("report.rule.join").join(_title(elements, name) for name in fact.element.split("+"))
            match = titles_of(resource, fact.match_key)
            yield Copy(resource, authorities[fact.source_id], fact.field, fact.element, title, fact.kind, match, fact)
    for name, source in lost.items():
        if name not in told:
            element = str(resource.entry.field(name).element)
            yield Copy(resource, authorities[source], name, element, _title(elements, element), "attribute", "", None)


def _authority(entry_id: str, by_id: Mapping[str, Resource], departments: Mapping[str, str]) -> Authority:
    resource, folder = by_id.get(entry_id), entry_id.partition(".")[0]
    title = resource.entry.title if resource else entry_id
    return Authority(entry_id, title, folder, departments.get(folder, folder), resource is not None)


def _entry_of(resources: Mapping[str, Resource], entry_id: str) -> Entry | None:
    resource = resources.get(entry_id)
    return resource.entry if resource else None


def _title(elements: Mapping[str, Element], name: str) -> str:
    return elements[name].title if name in elements else name


def _grouped(pairs: Iterable[tuple[str, Copy]]) -> dict[str, list[Copy]]:
    grouped: dict[str, list[Copy]] = defaultdict(list)
    for name, copy in pairs:
        grouped[name].append(copy)
    return dict(grouped)
