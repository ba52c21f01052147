"""What all pages of one report are made from, and what a page is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from shuyuan.catalog import Resource
from shuyuan.indicators.evidence import Evidence
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.periods import Period
from shuyuan.indicators.standing import EntryStanding, Standings
from shuyuan.indicators.standings import assess
from shuyuan.reporting.agreement import Agreement, find_agreement
from shuyuan.reporting.attention import Matter, list_matters
from shuyuan.reporting.problem_lines import ProblemBook, list_problems


@dataclass(frozen=True, eq=False)
class Report:
    """One period's report. ``last`` are the standings of the period before, where there was one.

    ``frozen``: the period is over and its figures do not change any more. ``demo``: the data is made up, and every
    page says so. ``dags`` is the address of an entry's DAG with ``{entry_id}`` in it, where there is one.
    """

    evidence: Evidence
    standings: Standings
    agreement: Agreement
    matters: tuple[Matter, ...]
    last: Standings | None = None
    frozen: bool = False
    demo: bool = False
    dags: str | None = None

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The catalog's entries in the order of their ids."""
        return self.evidence.resources

    @property
    def facts(self) -> Facts:
        """The ledger's facts, those of copies that are no longer in the catalog left out."""
        return self.agreement.facts

    @property
    def period(self) -> Period:
        """The days that the report is about."""
        return self.evidence.period

    @cached_property
    def by_id(self) -> Mapping[str, Resource]:
        """The catalog's entries by id."""
        return {resource.entry.id: resource for resource in self.resources}

    @cached_property
    def members(self) -> Mapping[str, Sequence[Resource]]:
        """The entries of each department by its folder name."""
        grouped: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            grouped[resource.entry.department].append(resource)
        return dict(grouped)

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """The departments' titles by folder name, those that provide nothing included."""
        named = {one.department: one.title for one in self.standings.departments}
        return named | {name: group[0].department.title for name, group in self.members.items()}

    @cached_property
    def problems(self) -> ProblemBook:
        """All problems of the period, open and closed."""
        return list_problems(
            self.evidence.problems, self.agreement, self.standings, self.evidence.assessment.rectify_within
        )

    def standing(self, entry_id: str) -> EntryStanding | None:
        """What an entry's period comes to, if it was assessed."""
        return self.standings.entries.get(entry_id)


@dataclass(frozen=True, slots=True)
class Leaves:
    """A file of its own for each of many things: ``file`` has ``{id}`` in it, ``keys`` gives the ids."""

    file: str
    template: str
    keys: Callable[[Report], Iterable[str]]
    build: Callable[[Report, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its word ``report.nav.<name>`` in the navigation, its file, and what its template is given."""

    name: str
    file: str
    template: str
    build: Callable[[Report], Mapping[str, Any]]
    leaves: Leaves | None = None


def make_report(
    evidence: Evidence,
    standings: Standings,
    *,
    last: Standings | None = None,
    frozen: bool = False,
    demo: bool = False,
    dags: str | None = None,
) -> Report:
    """Find once what several pages need. Without ``last`` the period before is assessed from the evidence."""
    if last is None and evidence.earlier is not None:
        last = assess(replace(evidence, period=evidence.earlier.period, records=evidence.earlier, earlier=None))
    agreement = find_agreement(evidence.resources, evidence.facts, evidence.calendar)
    matters = tuple(list_matters(evidence.resources, agreement.facts, evidence.problems))
    return Report(evidence, standings, agreement, matters, last, frozen, demo, dags)
