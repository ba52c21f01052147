"""All that messages are made from, as of one instant: settings, catalog, ledger, demands, calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from shuyuan.catalog import Resource
from shuyuan.catalog.demand_replies import DemandReply
from shuyuan.entry import Demand, Notices
from shuyuan.indicators.facts import Facts
from shuyuan.notices.records import Told
from shuyuan.workdays import Calendar, local_day


@dataclass(frozen=True)
class Scene:
    """``now`` is aware. ``arrived`` are the due instants (naive UTC) by entry that are met already, ``told`` what was
    sent before, by kind, recipient and scope; ``demands`` are those under way, each with how far it has come."""

    settings: Notices
    resources: Sequence[Resource]
    titles: Mapping[str, str]
    facts: Facts
    calendar: Calendar
    now: datetime
    demands: Sequence[tuple[Demand, DemandReply]] = ()
    arrived: frozenset[tuple[str, datetime]] = frozenset()
    told: Sequence[Told] = field(default=())

    @property
    def today(self) -> date:
        """The local day."""
        return local_day(self.now)

    @cached_property
    def known(self) -> Mapping[str, Resource]:
        """The resources by entry id."""
        return {resource.entry.id: resource for resource in self.resources}

    def link(self, entry_id: str) -> str | None:
        """The address of an entry's report page, where the settings say where the report is."""
        base = self.settings.report_url
        return f"{base.rstrip('/')}/entries/{entry_id}.html" if base else None
