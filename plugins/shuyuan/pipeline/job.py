"""One run of one entry: what it works on, where its files are, and what it may reach."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from shuyuan import ledger
from shuyuan.catalog import Resource
from shuyuan.language import say
from shuyuan.pipeline.retention import sweep_leftovers
from shuyuan.pipeline.staging import RECORDED, SECONDS, Staging, read_seconds
from shuyuan.pipeline.staging_area import Area
from shuyuan.problems import NotYetDelivered, PlatformError, ShuyuanError
from shuyuan.project import Project
from shuyuan.sources.connections import Connection
from shuyuan.stages import Delivery, Fault
from shuyuan.warehouses import Warehouse, open_warehouse

_PACKAGE = str(Path(__file__).parents[1])


def utc_now() -> datetime:
    """The present instant as naive UTC, as the ledger keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Job:
    """One run. ``connect`` turns a connection's name into its facts; ``started_at`` is naive UTC."""

    project: Project
    resource: Resource
    data_date: date
    run_id: str
    workdir: Path
    connect: Callable[[str], Connection]
    trigger: str = "cli"
    started_at: datetime = field(default_factory=utc_now)

    @classmethod
    def open(
        cls,
        project: Project,
        resource: Resource,
        data_date: date,
        run_id: str,
        connect: Callable[[str], Connection],
        trigger: str = "cli",
        started_at: datetime | None = None,
    ) -> Job:
        """Make (or find again) the run directory, readable by us alone, and return the job."""
        folder = project.runs / resource.entry.id / run_key(run_id)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(project, resource, data_date, run_id, folder, connect, trigger, started_at or utc_now())

    @cached_property
    def warehouse(self) -> Warehouse:
        """The project's warehouse."""
        return open_warehouse(self.project)

    @cached_property
    def staging(self) -> Staging | None:
        """The way to the staging area; ``None`` where one machine does everything. Raises ``PlatformError`` P353."""
        url = self.project.staging_url
        folder = f"{self.resource.entry.id}/{run_key(self.run_id)}"
        return Staging(Area.open(url), folder, self.workdir) if url else None

    @property
    def place(self) -> str:
        """Where the run's files are kept between its stages."""
        return self.staging.place if self.staging else str(self.workdir)

    def delivery_id(self, delivery: Delivery) -> str:
        """The same content for the same entry is the same delivery."""
        return _digest(self.resource.entry.id, delivery.sha256)

    def load_id(self, delivery: Delivery) -> str:
        """The same content under the same effective spec is the same load."""
        return _digest(self.resource.entry.id, delivery.sha256, self.resource.digest)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the wall seconds of a stage to ``seconds.json``."""
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = self.seconds() | {stage: round(time.monotonic() - began, 3)}
            (self.workdir / SECONDS).write_text(json.dumps(seconds), encoding="utf-8")

    def seconds(self) -> dict[str, float]:
        """Wall seconds by stage, as far as the run has come."""
        return read_seconds(self.workdir)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Do a stage's work inside: timed, its problems explained, its files brought in before and put out after."""
        (self.workdir / RECORDED).unlink(missing_ok=True)
        with self.told(name), self.explained():
            if self.staging:
                self.staging.bring(name)
            with self.timed(name):
                yield
            if self.staging:
                self.staging.put(name)

    @contextmanager
    def told(self, stage: str) -> Iterator[None]:
        """Put a problem out for the worker that will record it, if the staging area can be reached."""
        try:
            yield
        except ShuyuanError:
            with suppress(ShuyuanError):
                if self.staging:
                    self.staging.put_fault(stage)
            raise

    def finish(self) -> None:
        """Mark the run as over: nobody needs its directory any more. A mark that fails changes nothing else."""
        (self.workdir / RECORDED).write_text("{}", encoding="utf-8")
        with suppress(ShuyuanError):
            if self.staging:
                self.staging.finish()

    def leave(self) -> None:
        """Keep nothing of a delivery on this worker when the staging area has it."""
        if self.project.staging_url:
            shutil.rmtree(self.workdir, ignore_errors=True)
            sweep_leftovers(self.workdir.parent, datetime.now(UTC))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Add to a problem what consumers can still use, and keep it for the ledger entry.

        A foreign exception may carry a row in its text, so only its type goes on, as P401.
        """
        Fault.discard(self.workdir)
        try:
            yield
        except Exception as caught:
            error = caught if isinstance(caught, ShuyuanError) else foreign(caught)
            error.state = error.state or self.usable()
            fault_of(error).save(self.workdir)
            if error is caught:
                raise
            raise error from None

    def usable(self) -> str:
        """One sentence: what the shared table holds now. Empty when the warehouse cannot say."""
        try:
            with self.warehouse.session() as session:
                current = ledger.current_publication(session, self.resource.entry.id)
        except ShuyuanError:
            return ""
        if current is None:
            return say("state.nothing")
        return say("state.stays", data_date=current.data_date, rows=f"{current.rows:,}")


def run_key(run_id: str) -> str:
    """The name of a run's directory."""
    return re.sub(r"[^A-Za-z0-9._+-]", "_", run_id)[:200]


def fault_of(error: ShuyuanError) -> Fault:
    """What the ledger says of an error, and whose fault it is."""
    code = error.problem.code
    if isinstance(error, NotYetDelivered):
        return Fault(code=code, text=str(error), outcome="missing")
    return Fault(code=code, text=str(error), outcome="blocked" if code.startswith("D") else "failed")


def foreign(error: Exception) -> PlatformError:
    """P401 for an exception that is not ours: its type and our innermost line, never its text."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _PACKAGE in frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return PlatformError("P401", kind=type(error).__name__, place=place)


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
