"""How a lot is published, whatever the engine: staged where nobody reads, then one transaction.

A backend's session gives the engine's part: its transaction, its next load number, its ``Change`` (how rows
get into tables) and where rejected rows go.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from typing import Any, Protocol

from shuyuan import ledger
from shuyuan.crashpoints import point
from shuyuan.entry import Entry
from shuyuan.problems import DeliveryError, PlatformError
from shuyuan.stages import Publication
from shuyuan.warehouses import Lot
from shuyuan.warehouses.casts import Casts
from shuyuan.warehouses.migrations import Former, Migration, Stored, compare, find_former, require_same_shape

log = logging.getLogger(__name__)


class Change(Protocol):
    """One lot on its way into one table."""

    def stage(self) -> None:
        """Put the rows where nobody reads them yet; make sure that the table fits."""

    def apply(self) -> Mapping[str, int]:
        """Change what consumers read, inside the caller's transaction; return rows, added, updated, removed."""

    def collect_garbage(self) -> None:
        """Drop what nobody can return to any more."""


class PublishingSession(ABC):
    """The part of a ``warehouses.Session`` that is the same for every engine.

    ``row_locks`` says that other sessions may work at the same time, so that the lease's row must be locked until
    the publication has committed.
    """

    row_locks = False
    embedded = False
    """Whether consumers cannot connect and read Parquet copies instead."""

    text_type = "VARCHAR"
    """What a value is cast to as text."""

    casts = Casts()

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""

    @abstractmethod
    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run one query and return all of its rows."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Commit on leaving; roll back when an exception leaves."""

    @abstractmethod
    def next_load_no(self) -> int:
        """Return a load number that was never given before, committed."""

    @abstractmethod
    def change(self, lot: Lot, load_no: int, before: int | None) -> Change:
        """Return the engine's change for ``lot``; ``before`` is the load number that consumers see now."""

    @abstractmethod
    def versions(self, entry: Entry) -> list[int]:
        """The load numbers of a replaced entry whose rows are still kept, oldest first."""

    @abstractmethod
    def show(self, entry: Entry, load_no: int) -> None:
        """Make a kept version what consumers read, inside the caller's transaction."""

    @abstractmethod
    def reject(self, lot: Lot, load_no: int) -> None:
        """Keep the lot's rejected rows, inside the caller's transaction."""

    @abstractmethod
    def stored(self, entry: Entry, former: Former) -> Stored | None:
        """What is kept of the entry that a delivery would not make anew; ``None`` when there is nothing."""

    @abstractmethod
    def rebuild(self, migration: Migration, number: int, record: Callable[[], None]) -> None:
        """Make the table what the migration says: consumers see the old one or the new one, with its record."""

    @contextmanager
    def exclusive(self, entry_id: str, token: int) -> Iterator[None]:
        """Keep publications of an entry out, until all that is done inside has committed."""
        with self.transaction():
            self._require_lease(entry_id, token)
            yield

    def find_migration(self, entry: Entry) -> Migration | None:
        """Return what the entry needs changed in the warehouse; see ``warehouses.migrations``."""
        former = find_former(self, entry.id)
        stored = self.stored(entry, former) if former else None
        return compare(self, self.casts, entry, stored, former) if former and stored else None

    def migrate(self, entry: Entry, record: Callable[[Migration, int], None]) -> Migration | None:
        """Do what ``find_migration`` finds, or nothing; return what was done. ``record`` is given its number.

        Raises:
            PlatformError: P303 (a later run took over), P343 (rows do not fit; nothing was changed).
        """
        token, number = self.lease(entry.id), self.next_load_no()
        with self.exclusive(entry.id, token):
            migration = self.find_migration(entry)
            if migration is not None:
                migration.require_fit()
                self.rebuild(migration, number, lambda: record(migration, number))
        point("migrated")
        return migration

    def _publish(self, lot: Lot, token: int, load_no: int, change: Change) -> dict[str, int]:
        change.stage()
        point("rows_staged")
        with self.transaction():
            self._require_lease(lot.entry.id, token)
            counts = dict(change.apply())
            self.reject(lot, load_no)
            write_publication(self, lot, load_no, token, counts)
            point("before_commit")
        return counts

    def _collect_garbage(self, change: Change, entry: Entry) -> None:
        """Old versions that cannot go now (a full disk, a lock) go with the next publication: this one stands."""
        try:
            change.collect_garbage()
        except Exception as error:
            log.warning("old versions of %s stay for now: %s", entry.id, type(error).__name__)

    def _require_lease(self, entry_id: str, token: int) -> None:
        newest = ledger.lease_token(self, entry_id, lock=self.row_locks)
        if newest != token:
            raise PlatformError("P303", entry=entry_id, mine=token, newest=newest)

    def roll_back(
        self, entry: Entry, token: int, now: datetime, note: Callable[[int], None] = lambda load_no: None
    ) -> int:
        """Return to the publication before the current one, in one transaction, and return its load number.

        ``note`` writes into the ledger what belongs to it, inside the same transaction.

        Raises:
            PlatformError: P303 (a later run took over), P337 (there is no former version to return to).
        """
        current = ledger.current_publication(self, entry.id)
        kept = [number for number in self.versions(entry) if current and number < current.load_no]
        if not kept or current is None:
            raise PlatformError("P337", entry=entry.id, mode=entry.load.mode)
        former = kept[-1]
        with self.transaction():
            self._require_lease(entry.id, token)
            self.show(entry, former)
            self.execute(
                "UPDATE ledger.publications SET superseded_at = ? WHERE entry_id = ? AND superseded_at IS NULL",
                [now, entry.id],
            )
            self.execute("UPDATE ledger.publications SET superseded_at = NULL WHERE load_no = ?", [former])
            note(former)
        return former

    def insert_missing(self, table: str, values: Sequence[Any]) -> None:
        """Insert a row unless its key is there, whoever else does the same right now."""
        self.execute(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in values)}) ON CONFLICT DO NOTHING", values)

    def lease(self, entry_id: str) -> int:
        """Take and commit a fencing token."""
        self.insert_missing("ledger.leases", [entry_id, 0])
        with self.transaction():
            return ledger.take_lease(self, entry_id)

    def publish(self, lot: Lot, token: int) -> Publication:
        """Publish ``lot``; see ``warehouses.Session``."""
        before = ledger.current_publication(self, lot.entry.id)
        if before and lot.entry.load.mode != "append" and lot.data_date < before.data_date:
            raise DeliveryError("D606", data_date=str(lot.data_date), published=str(before.data_date))
        require_same_shape(self, lot.entry)
        load_no = self.next_load_no()
        change = self.change(lot, load_no, before.load_no if before else None)
        try:
            counts = self._publish(lot, token, load_no, change)
        except Exception:
            # Whoever took over may have cleared our staged rows away: then that is what happened, not what it led to.
            self._require_lease(lot.entry.id, token)
            raise
        point("published")
        self._collect_garbage(change, lot.entry)
        point("garbage_collected")
        return Publication(
            entry_id=lot.entry.id,
            load_no=load_no,
            load_id=lot.load_id,
            data_date=lot.data_date,
            published_at=lot.now,
            changed=True,
            **counts,
        )


def write_publication(
    session: ledger.Connection, lot: Lot, load_no: int, token: int, counts: Mapping[str, int]
) -> None:
    """Write the ledger's line of a publication and supersede the one before."""
    session.execute(
        "UPDATE ledger.publications SET superseded_at = ? WHERE entry_id = ? AND superseded_at IS NULL",
        [lot.now, lot.entry.id],
    )
    values: dict[str, str | int | float | date | datetime | None] = {
        "load_no": load_no,
        "load_id": lot.load_id,
        "entry_id": lot.entry.id,
        "run_id": lot.run_id,
        "delivery_id": lot.delivery_id,
        "spec_digest": lot.spec_digest,
        "spec_version": lot.entry.version,
        "data_date": lot.data_date,
        "mode": lot.entry.load.mode,
        **counts,
        "accepted": lot.accepted,
        "rejected": lot.rejected,
        "score": lot.score,
        "token": token,
        "published_at": lot.now,
    }
    ledger.insert(session, "publications", values)
    if lot.watermark is not None:
        known = ("load_no", "entry_id", "spec_digest")
        compared = {"keys_compared_at": lot.now if lot.keys_path else None}
        line = {name: values[name] for name in known} | {"watermark": lot.watermark} | compared
        ledger.insert(session, "watermarks", line)
