"""迁移: shared tables follow their entries where that does not happen by itself, and the ledger says who did it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from shuyuan import ledger
from shuyuan.catalog import Resource
from shuyuan.catalog.changes import Spec
from shuyuan.project import Project
from shuyuan.warehouses import Session, open_warehouse
from shuyuan.warehouses.migrations import Migration


@dataclass(frozen=True)
class Migrated:
    """What was done to one entry's table; ``number`` is its line in ``ledger.migrations``."""

    migration: Migration
    number: int


def find_migrations(project: Project, resources: Iterable[Resource]) -> list[tuple[Resource, Migration]]:
    """Return what each entry needs changed in the warehouse; entries that need nothing are left out."""
    with open_warehouse(project).session() as session:
        found = [(resource, session.find_migration(resource.entry)) for resource in resources]
        for resource, migration in found:
            if session.embedded and migration is None:  # one that was cut off may not have renewed the copy
                session.snapshot(resource.entry, project.shared)
    return [(resource, migration) for resource, migration in found if migration is not None]


def migrate(project: Project, resource: Resource, now: datetime) -> Migrated | None:
    """Migrate the table of one entry; ``None`` when there was nothing to do. ``now`` is naive UTC.

    Raises:
        PlatformError: P303 (a run took over meanwhile), P343 (rows do not fit; nothing was changed).
        PassingError: the warehouse is busy or away.
    """
    numbers: list[int] = []
    with open_warehouse(project).session() as session:

        def record(migration: Migration, number: int) -> None:
            numbers.append(number)
            _record(session, resource, migration, number, now)

        migration = session.migrate(resource.entry, record)
        if session.embedded:
            session.snapshot(resource.entry, project.shared)
    return Migrated(migration, numbers[-1]) if migration is not None else None


def _record(session: Session, resource: Resource, migration: Migration, number: int, now: datetime) -> None:
    former, entry = migration.former, migration.entry
    spec, elements = (
        json.dumps(data, ensure_ascii=False, sort_keys=True)
        for data in (Spec.of(resource).entry, Spec.of(resource).elements)
    )
    ledger.record_spec(session, resource.digest, entry.id, entry.version, spec, elements, now)
    values = {
        "migration_no": number,
        "entry_id": entry.id,
        "load_no": former.load_no,
        "from_digest": former.digest,
        "to_digest": resource.digest,
        "spec_version": entry.version,
        "mode": entry.load.mode,
        "rows": migration.rows,
        "shifts": json.dumps([asdict(shift) for shift in migration.shifts], ensure_ascii=False),
        "who": getpass.getuser()[:100],
        "migrated_at": now,
    }
    ledger.insert(session, "migrations", values)
