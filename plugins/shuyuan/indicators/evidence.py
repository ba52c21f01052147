"""All that the indicators and the reports are made from: the catalog, the ledger's facts, the demands, the rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from shuyuan.catalog import Resource
from shuyuan.entry import Assessment, Demand
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.standing import Period
from shuyuan.workdays import Calendar


@dataclass(frozen=True)
class Evidence:
    """One instant's evidence about one period. ``resources`` are in the order of their ids."""

    period: Period
    resources: tuple[Resource, ...]
    facts: Facts
    demands: tuple[Demand, ...] = ()
    assessment: Assessment = field(default_factory=Assessment)
    calendar: Calendar = field(default_factory=lambda: Calendar({}))
