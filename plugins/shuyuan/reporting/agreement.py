"""What one report knows of 一数一源, found once and indexed for all of its pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import CorrectionFact, DiscrepancyFact, Facts
from shuyuan.reporting.copies import Copies, find_copies, keep_copies
from shuyuan.workdays import Calendar

Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Agreement:
    """The copies of the catalog and the facts that are about them. ``calendar`` counts the working days."""

    copies: Copies
    facts: Facts
    calendar: Calendar

    @cached_property
    def corrections_of(self) -> Mapping[str, Sequence[CorrectionFact]]:
        """The 疑义 about an entry's copies."""
        return _grouped(self.facts.one_source.corrections, lambda one: one.entry_id)

    @cached_property
    def listed_of(self) -> Mapping[str, Sequence[int]]:
        """How many differences of an entry's copies the ledger lists, by copy and kind."""
        grouped: dict[str, list[int]] = defaultdict(list)
        for (entry_id, _, kind, _), number in self.facts.one_source.listed.items():
            if kind != "duplicate":
                grouped[entry_id].append(number)
        return dict(grouped)

    @cached_property
    def differences_of(self) -> Mapping[str, Sequence[DiscrepancyFact]]:
        """The listed differences of an entry's copies, without the keys that the source has twice."""
        differing = (one for one in self.facts.one_source.discrepancies if one.kind != "duplicate")
        return _grouped(differing, lambda one: one.entry_id)


def find_agreement(resources: Sequence[Resource], facts: Facts, calendar: Calendar) -> Agreement:
    """Join catalog and ledger."""
    copies = find_copies(resources, facts)
    return Agreement(copies, keep_copies(facts, copies), calendar)


def _grouped(facts: Iterable[Fact], name_of: Callable[[Fact], str]) -> dict[str, list[Fact]]:
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        grouped[name_of(fact)].append(fact)
    return dict(grouped)
