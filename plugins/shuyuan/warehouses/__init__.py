"""Warehouses: where shared data lives. One protocol, one file a backend, chosen by the URL's scheme.

A new backend is one new module, one line in ``BACKENDS``, and the contract tests in
``tests/contract/test_warehouses.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from shuyuan.entry import Entry
from shuyuan.ledger import Connection
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.stages import Publication


@dataclass(frozen=True)
class Lot:
    """What one run wants to publish: the accepted rows of a batch, and where they come from.

    ``batch_path`` and ``rejected_path`` are the Parquet files of ``stages.Batch`` and ``stages.Verdict``;
    accepted rows are those of the first whose ``_row`` is not in the second. Instants are naive UTC.
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


class Session(Connection, Protocol):
    """One open connection, alone on the embedded warehouse. Also the ledger's connection."""

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

    def copy_for_consumers(self, entry: Entry, folder: Path) -> None:
        """Write ``folder/<table>.parquet`` where consumers cannot connect (embedded), if it is not up to date."""


class Warehouse(Protocol):
    """A place for shared data."""

    def session(self) -> AbstractContextManager[Session]:
        """Open a session; tables of the ledger exist. Raises ``PassingError`` P302 when it stays busy."""


BACKENDS: Mapping[str, str] = {
    "duckdb": "shuyuan.warehouses.duckdb:DuckDBWarehouse",
}


def open_warehouse(project: Project) -> Warehouse:
    """Return the warehouse that the project's URL names. Raises ``PlatformError`` P301."""
    scheme, _, rest = project.warehouse_url.partition(":///")
    if scheme not in BACKENDS:
        raise PlatformError("P301", url=scheme)
    module, _, name = BACKENDS[scheme].partition(":")
    backend: Callable[[Any], Warehouse] = getattr(import_module(module), name)
    return backend(Path("/" + rest) if not rest.startswith("/") else Path(rest))
