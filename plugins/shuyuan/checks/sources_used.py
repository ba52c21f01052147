"""Which publication of each source an answer stands on, or why the source cannot be asked.

A source that cannot be asked is told from one that knows nothing: everything that needs it stays undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shuyuan import ledger
from shuyuan.catalog import CatalogError, load_resource
from shuyuan.catalog.check_sources import hop
from shuyuan.checks.answer import Reason, SourceUsed
from shuyuan.entry import Check, Entry, Lookup
from shuyuan.one_source.availability import why_not_comparable
from shuyuan.project import Project
from shuyuan.warehouses import Session
from shuyuan.workdays import Calendar, local_day

_NOT_RUNNING = ("draft", "suspended", "retired")


def read_entries(project: Project, check: Check) -> dict[str, Entry]:
    """Return the entries that the check reads, by id; one that is missing, wrong, or not to be used is left out."""
    entries = {}
    for lookup in check.sources.values():
        if lookup.planned is None and lookup.entry not in entries:
            try:
                entry = load_resource(project, lookup.entry).entry
            except CatalogError:
                continue
            if _may_be_read(entry):
                entries[entry.id] = entry
    return entries


def judge_sources(
    session: Session, check: Check, entries: Mapping[str, Entry], calendar: Calendar, now: datetime
) -> dict[str, SourceUsed]:
    """Return what each source of the check is at ``now`` (aware), before any row is read."""
    judged = {}
    for name, lookup in check.sources.items():
        entry = entries.get(lookup.entry)
        used = SourceUsed(name, lookup.entry, None, None, None, None, None)
        if lookup.planned is not None:
            judged[name] = replace(used, reason="never_published")
        elif entry is None:
            judged[name] = replace(used, reason="suspended")
        else:
            used = name_publication(session, used)
            reason = why_unavailable(session, entry, lookup, used, calendar, now)
            judged[name] = unread(used, reason) if reason else used
    return judged


def unread(used: SourceUsed, reason: Reason) -> SourceUsed:
    """The source, of which no publication was read."""
    return replace(used, reason=reason, load_no=None, version=None)


def name_publication(session: Session, used: SourceUsed) -> SourceUsed:
    """Return the source with what consumers see of its entry now; the same when nothing was ever published."""
    current = ledger.current_publication(session, used.entry_id)
    if current is None:
        return replace(used, load_no=None, version=None, data_date=None, score=None)
    scores = session.query("SELECT score FROM ledger.publications WHERE load_no = ?", [current.load_no])
    return replace(
        used,
        load_no=current.load_no,
        version=current.version,
        data_date=current.data_date,
        score=scores[0]["score"],
    )


def why_unavailable(
    session: Session, entry: Entry, lookup: Lookup, used: SourceUsed, calendar: Calendar, now: datetime
) -> Reason | None:
    """Return why what is published of an entry cannot answer at ``now`` (aware), ``None`` when it can.

    ``within`` says how old the data may be; without it the entry's own promise does.
    """
    reason = why_not_comparable(session, entry, calendar, now)
    if reason == "never_published" or used.data_date is None:
        return "never_published"
    if reason == "blocked":
        return "blocked"
    if lookup.within is None:
        return "stale" if reason == "stale" else None
    return "stale" if local_day(now) - used.data_date > lookup.within else None


def reading_order(check: Check) -> list[str]:
    """Return the sources so that each comes after those it is found through; those of a circle last."""
    order: list[str] = []
    waiting = {name: needed_by(lookup) for name, lookup in check.sources.items()}
    while ready := [name for name, needs in waiting.items() if needs <= set(order)]:
        order += ready
        for name in ready:
            del waiting[name]
    return order + list(waiting)


def needed_by(lookup: Lookup) -> set[str]:
    """Return the sources through which a source is found."""
    values = (*lookup.by.values(), *lookup.or_by.values())
    return {found[0] for value in values if (found := hop(value))}


def _may_be_read(entry: Entry) -> bool:
    secret = entry.classified or entry.level == "L4" or entry.sharing.type == "none"
    return entry.status not in _NOT_RUNNING and not secret
