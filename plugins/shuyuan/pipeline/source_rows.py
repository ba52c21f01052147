"""What the sources of an entry's copies have published, held still while a batch is checked against it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from shuyuan.catalog import Resource, load_resource
from shuyuan.catalog.links import resource_links
from shuyuan.entry import Entry
from shuyuan.one_source.availability import why_not_comparable
from shuyuan.quality import SourceRows
from shuyuan.warehouses import Session
from shuyuan.workdays import Calendar

NEVER = "never_published"


def borrow_sources(session: Session, resource: Resource, folder: Path, now: datetime) -> tuple[SourceRows, ...]:
    """Return the links of an entry, each with its source's rows as a file in ``folder``, or why there are none.

    ``now`` is aware. A later publication replaces the shared copy whole, so what lies in ``folder`` (made when
    there is a link) stays as it is; the caller removes it after the check.
    """
    links = resource_links(resource)
    if not links:
        return ()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    calendar = Calendar.read(resource.project.calendar)
    found: dict[str, tuple[Path | None, str | None]] = {}
    for source_id in dict.fromkeys(link.source_id for link in links):
        source = load_resource(resource.project, source_id).entry
        reason = why_not_comparable(session, source, calendar, now)
        path = None if reason else _borrow(session, source, resource.project.shared, folder)
        found[source_id] = (path, reason or (None if path else NEVER))
    return tuple(SourceRows(link, *found[link.source_id]) for link in links)


def leave_sources(resource: Resource, reason: str) -> tuple[SourceRows, ...]:
    """Return the links of an entry, none of them to be compared, for one ``reason``."""
    return tuple(SourceRows(link, None, reason) for link in resource_links(resource))


def _borrow(session: Session, source: Entry, shared: Path, folder: Path) -> Path | None:
    own = folder / f"{source.table}.parquet"
    own.unlink(missing_ok=True)
    with suppress(OSError):  # not there yet, or on another disk: then the warehouse writes a copy
        own.hardlink_to(shared / own.name)
    snapshot = session.snapshot(source, folder)
    return snapshot.path if snapshot else None
