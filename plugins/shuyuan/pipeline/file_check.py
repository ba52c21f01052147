"""A file's verdict before it is delivered: read and judged as a delivery would be, and nothing else happens.

No warehouse is made, nothing is written to the ledger, nothing is fetched or sent. What lies in the working
directory holds personal data; it is the caller's own and private, and goes when the caller removes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import duckdb

from shuyuan import ledger, quality
from shuyuan.catalog import Resource
from shuyuan.pipeline.source_rows import borrow_sources, leave_sources
from shuyuan.pipeline.stages import read_batch
from shuyuan.problems import DeliveryError
from shuyuan.quality import SourceRows
from shuyuan.quality.sql import literal
from shuyuan.stages import Batch, DeliveredFile, Delivery, Verdict
from shuyuan.warehouses import Session

LINES = 5
"""Places named a rule, the first ones of the delivery."""


@dataclass(frozen=True)
class Known:
    """What the warehouse adds to a verdict: how much is usual (newest first), and what the sources have published."""

    volumes: tuple[int, ...] = ()
    sources: tuple[SourceRows, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where in the delivery: the index of the file in ``Batch.files``, and the line in it, from 1."""

    file: int
    line: int


@dataclass(frozen=True)
class Checked:
    """What is to be said of some files. ``batch`` and ``verdict`` are ``None`` where they cannot be read at all
    (``problem``); ``places`` are the first rows that broke each rule, by rule id."""

    resource: Resource
    delivery: Delivery
    sources: tuple[SourceRows, ...]
    batch: Batch | None = None
    verdict: Verdict | None = None
    problem: DeliveryError | None = None
    places: Mapping[str, tuple[Place, ...]] | None = None

    @property
    def outcome(self) -> Literal["good", "rejected", "blocked"]:
        """``blocked``: nothing of it would be published; ``rejected``: some rows would not be."""
        if self.verdict is None or self.verdict.blocked_by:
            return "blocked"
        return "rejected" if self.verdict.rejected else "good"


def look_around(session: Session, resource: Resource, workdir: Path, now: datetime) -> Known:
    """Return what the warehouse knows; nothing in it changes. ``now`` is aware."""
    volumes = tuple(ledger.recent_volumes(session, resource.entry.id))
    return Known(volumes, borrow_sources(session, resource, workdir / "sources", now))


def look_nowhere(resource: Resource, reason: str) -> Known:
    """Return what is known without a warehouse: nothing, for ``reason`` (a word of ``not_compared``)."""
    return Known((), leave_sources(resource, reason))


def check_files(resource: Resource, files: Sequence[Path], data_date: date, workdir: Path, known: Known) -> Checked:
    """Judge ``files`` as one delivery for ``data_date``, in ``workdir``.

    Raises:
        EntryError, PlatformError: see ``shuyuan.formats.read`` and ``shuyuan.quality.check``. What is wrong with
            the files themselves is not raised but told (``Checked.problem``).
    """
    delivery = _deliver(resource, files, data_date)
    try:
        batch = read_batch(resource, delivery, workdir)
    except DeliveryError as problem:
        return Checked(resource, delivery, known.sources, problem=problem)
    verdict = quality.check(resource, batch, workdir, known.volumes, data_date, known.sources, mark=True)
    places = _first_places(batch, workdir)
    return Checked(resource, delivery, known.sources, batch, verdict, places=places)


def _deliver(resource: Resource, files: Sequence[Path], data_date: date) -> Delivery:
    delivered = tuple(_deliver_file(file) for file in files)
    whole = hashlib.sha256("|".join(f"{file.name} {file.sha256}" for file in delivered).encode())
    return Delivery(
        entry_id=resource.entry.id,
        spec_digest=resource.digest,
        data_date=data_date,
        received_at=datetime.now(UTC).replace(tzinfo=None),
        sha256=delivered[0].sha256 if len(delivered) == 1 else whole.hexdigest(),
        evidence="stable",
        files=delivered,
    )


def _deliver_file(path: Path) -> DeliveredFile:
    """A file where it lies: its path is absolute, so nothing is copied."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return DeliveredFile(name=path.name, path=str(path.resolve()), size=path.stat().st_size, sha256=digest)


def _first_places(batch: Batch, workdir: Path) -> dict[str, tuple[Place, ...]]:
    """The first rows that broke each rule: row numbers are no values, so they may be shown."""
    marked, broken = workdir / quality.MARKED, workdir / (batch.defects_path or "")
    parts = []
    if marked.exists():
        parts.append(f"SELECT unnest(rules) AS rule, _row, _file, _line FROM read_parquet({literal(marked)})")
    if batch.defects:
        parts.append(f"SELECT rule, _row, _file, _line FROM read_parquet({literal(broken)})")
    if not parts:
        return {}
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(
            f"SELECT rule, _file, _line FROM ({' UNION ALL '.join(parts)}) "
            f"QUALIFY row_number() OVER (PARTITION BY rule ORDER BY _row) <= {LINES} ORDER BY rule, _row"
        ).fetchall()
    found: dict[str, tuple[Place, ...]] = {}
    for rule, file, line in rows:
        found[rule] = (*found.get(rule, ()), Place(file, line))
    return found
