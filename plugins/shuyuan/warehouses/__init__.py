"""Warehouses: where shared data lives. One protocol, one file a backend, chosen by the URL's scheme.

A new backend is one new module, one line in ``BACKENDS``, and the contract tests in
``tests/contract/test_warehouses.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from shuyuan.entry import Entry
from shuyuan.ledger import Connection
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.stages import Publication

if TYPE_CHECKING:
    import pyarrow as pa

    from shuyuan.warehouses.lookups import Way
    from shuyuan.warehouses.migrations import Migration


@dataclass(frozen=True)
class Lot:
    """What one run wants to publish: the accepted rows of a batch, and where they come from.

    ``batch_path`` and ``rejected_path`` are the Parquet files of ``stages.Batch`` and ``stages.Verdict``;
    accepted rows are those of the first whose ``_row`` is not in the second. Instants are naive UTC.
    ``watermark`` is how far an incremental source was read; ``keys_path``: all keys that it still has, where they
    were read (Parquet, the key fields): rows of other keys are removed, or closed in a history.
    """

    entry: Entry
    load_id: str
    delivery_id: str
    run_id: str
    spec_digest: str
    data_date: date
    batch_path: Path
    rejected_path: Path | None
    accepted: int
    rejected: int
    score: float | None
    now: datetime
    watermark: str | None = None
    keys_path: Path | None = None


@dataclass(frozen=True)
class Snapshot:
    """A shared table as one Parquet file: the entry's fields and ``_load_no``. ``published_at`` is naive UTC."""

    path: Path
    load_no: int
    data_date: date
    published_at: datetime
    rows: int


class Session(Connection, Protocol):
    """One open connection, alone on the embedded warehouse. Also the ledger's connection."""

    embedded: bool
    """Whether consumers cannot connect and read Parquet copies instead."""

    text_type: str
    """What a value is cast to as text."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit on leaving; roll back when an exception leaves."""

    def lease(self, entry_id: str) -> int:
        """Take and commit a fencing token: whoever took a newer one since may publish, we may not."""

    def publish(self, lot: Lot, token: int) -> Publication:
        """Make a lot what consumers read, in one transaction with its ledger row.

        Raises:
            PlatformError: P303 (fenced: a later run took over), P304 (the table does not fit), P305.
            DeliveryError: D606 (older than what is published).
        """

    def roll_back(self, entry: Entry, token: int, now: datetime, note: Callable[[int], None]) -> int:
        """Return to the publication before the current one and return its load number, in one transaction in which
        ``note`` may write what belongs to it (it is given that number).

        Raises:
            PlatformError: P303 (fenced), P337 (there is no former version to return to).
        """

    def find_migration(self, entry: Entry) -> Migration | None:
        """Return what has to change in the warehouse before the entry's spec fits the rows that are kept of it.

        ``None``: nothing, or it happens by itself with the next publication.
        """

    def migrate(self, entry: Entry, record: Callable[[Migration, int], None]) -> Migration | None:
        """Do what ``find_migration`` finds, if anything; ``record`` writes its line, given its number.

        Consumers see the former table or the new one, and the line with it. A run that is under way is fenced.

        Raises:
            PlatformError: P303 (a later run took over), P343 (rows do not fit; nothing was changed).
        """

    def snapshot(self, entry: Entry, folder: Path) -> Snapshot | None:
        """Return the shared table as it is now, as ``folder/<table>.parquet``, written if it is not up to date.

        ``None`` when the entry was never published. The file is replaced whole by a later publication: who reads
        it more than once links it into a folder of his own first. On the embedded warehouse these files are also
        what consumers outside the pipeline read.
        """

    def find_rows(
        self, entry: Entry, fields: Sequence[str], ways: Sequence[Way], load_no: int | None = None
    ) -> pa.Table:
        """Return ``fields`` of the shared rows that fit any of the ways, each row once, in no order.

        A row fits a way when each field of it has one of the wanted values, given in the field's own type and compared
        as they are. ``load_no``: as that publication showed them, if it is still kept; otherwise as they are now.

        Raises:
            PlatformError: P425 (that publication is not kept any more), P33x (the server refuses).
            PassingError: P306, P330, P331 (the warehouse fails now).
        """

    def find_spellings(self, entry: Entry, field: str, settled: str, load_no: int | None = None) -> list[str]:
        """Return the different texts of a field that do not wholly match the regular expression ``settled``.

        Those are the spellings that only a normal form can compare. Raises as ``find_rows``.
        """

    def copy_view(self, view: str, version: str, folder: Path) -> Path:
        """Write the view ``share.<view>`` as ``folder/<view>.parquet``, unless the file there is of ``version``."""

    def describe_views(self) -> dict[str, str]:
        """Return the views of ``share`` by name, each with its description."""

    def define_view(self, view: str, sql: str, about: str) -> None:
        """Make or replace the view ``share.<view>`` and describe it, inside the caller's transaction."""

    def drop_view(self, view: str) -> None:
        """Drop the view ``share.<view>``, inside the caller's transaction."""

    def replace_disputes(self, rows: Path | None, where: Mapping[str, str], now: datetime) -> None:
        """Replace the disputes of one comparison, inside the caller's transaction.

        ``store.disputes`` has one row a disputed key: ``entry_id, field, kind, source_id, element, key, first_seen``
        (``key``: the source's key as text, its parts joined by U+001F). ``where`` gives the first five; ``rows`` is a
        Parquet file with the column ``key``, each key once, ``None`` for no disputes. A key that was disputed before
        keeps its ``first_seen``, a new one has ``now`` (naive UTC).
        """

    def list_disputes(self, rows: Path, where: Mapping[str, str], most: int) -> list[dict[str, Any]]:
        """Return the oldest disputes of one comparison, ``most`` of them: ``key, first_seen`` in this order, and the
        columns ``copy_value, source_value`` of ``rows``, the file that ``replace_disputes`` read."""


class Warehouse(Protocol):
    """A place for shared data."""

    def session(self) -> AbstractContextManager[Session]:
        """Open a session; tables of the ledger exist. Raises ``PassingError`` P302 when it stays busy."""


BACKENDS: Mapping[str, str] = {
    "duckdb": "shuyuan.warehouses.duckdb:DuckDBWarehouse",
    "mysql": "shuyuan.warehouses.mysql:MySQLWarehouse",
    "mariadb": "shuyuan.warehouses.mysql:MySQLWarehouse",
    "postgresql": "shuyuan.warehouses.postgresql:PostgreSQLWarehouse",
}
"""Scheme of the warehouse's URL → its backend, which is made from the URL."""


def open_warehouse(project: Project) -> Warehouse:
    """Return the warehouse that the project's URL names. Raises ``PlatformError`` P301."""
    scheme = project.warehouse_url.partition("://")[0].partition("+")[0]
    if scheme not in BACKENDS:
        raise PlatformError("P301", url=scheme)
    module, _, name = BACKENDS[scheme].partition(":")
    backend: Callable[[str], Warehouse] = getattr(import_module(module), name)
    return backend(project.warehouse_url)
