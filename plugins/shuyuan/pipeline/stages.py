"""The stages of a run, each reading the former stage's result from the run directory.

fetch → read → check → load, and record, which runs whatever happened. A stage that is run again finds its
work done or does it again; nothing a consumer sees changes before ``load`` commits.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from shuyuan import formats, ledger, quality, sources
from shuyuan.catalog import Resource
from shuyuan.crashpoints import point
from shuyuan.entry import DatabaseSource
from shuyuan.freshness.evidence import note_look
from shuyuan.pipeline.job import Job, utc_now
from shuyuan.pipeline.source_rows import borrow_sources
from shuyuan.problems import DeliveryError, NotYetDelivered, PlatformError
from shuyuan.stages import Batch, Delivery, Publication, Stage, Verdict
from shuyuan.warehouses import Lot, Session
from shuyuan.workdays import Calendar

Made = TypeVar("Made", bound=Stage)


@dataclass(frozen=True)
class Fetched:
    """A delivery, and whether consumers already see exactly this content under this spec."""

    delivery: Delivery
    unchanged: bool


def fetch(job: Job) -> Fetched:
    """取数: bring the delivery into the run directory and compare it with what is published.

    Raises:
        NotYetDelivered: nothing (complete) has arrived.
        DeliveryError, PlatformError, PassingError: see ``shuyuan.sources``.
    """
    with job.stage("fetch"):
        for later in (Batch, Verdict, Publication):  # an earlier attempt's results must not be recorded as this one's
            later.discard(job.workdir)
        connection = job.connect(job.resource.entry.source.connection)
        try:
            delivery = sources.fetch(
                job.resource, job.data_date, job.workdir, connection, utc_now(), read_up_to(job), keys_are_due(job)
            )
        except NotYetDelivered as missing:
            calendar = Calendar.read(job.project.calendar)
            with job.warehouse.session() as session, session.transaction():
                note_look(session, job.resource.entry, job.data_date, missing, utc_now(), calendar)
            raise
        point("fetched")
        delivery.save(job.workdir)
        with job.warehouse.session() as session:
            unchanged = is_published(session, job, delivery)
            if unchanged and session.embedded:
                session.snapshot(job.resource.entry, job.project.shared)
            ledger.record_delivery(session, job.delivery_id(delivery), delivery, None, job.run_id)
        point("delivery_saved")
        return Fetched(delivery, unchanged)


def read_up_to(job: Job) -> str | None:
    """How far an incremental source is read already: in what consumers see, under this very spec."""
    source = job.resource.entry.source
    if not isinstance(source, DatabaseSource) or source.sync != "incremental":
        return None
    with job.warehouse.session() as session:
        return ledger.current_watermark(session, job.resource.entry.id, job.resource.digest)


def keys_are_due(job: Job) -> bool:
    """Whether the keys of an incremental source have to be compared again, an hour early rather than a day late."""
    source = job.resource.entry.source
    if not isinstance(source, DatabaseSource) or source.compare_keys is None:
        return False
    with job.warehouse.session() as session:
        last = ledger.keys_compared_at(session, job.resource.entry.id)
    return last is None or utc_now() - last >= source.compare_keys - timedelta(hours=1)


def is_published(session: Session, job: Job, delivery: Delivery) -> bool:
    """Whether this content under this spec is what consumers see (or, appended, was ever added)."""
    load_id = job.load_id(delivery)
    if job.resource.entry.load.mode == "append":
        seen = session.query("SELECT run_id FROM ledger.publications WHERE load_id = ?", [load_id])
        return any(row["run_id"] != job.run_id for row in seen)
    current = ledger.current_publication(session, job.resource.entry.id)
    return current is not None and current.load_id == load_id and not _is_mine(session, job, load_id)


def _is_mine(session: Session, job: Job, load_id: str) -> bool:
    sql = "SELECT 1 AS mine FROM ledger.publications WHERE load_id = ? AND run_id = ? AND superseded_at IS NULL"
    return bool(session.query(sql, [load_id, job.run_id]))


def read(job: Job) -> Batch:
    """读取: turn the delivered bytes into typed rows and count them a second way."""
    with job.stage("read"):
        delivery = _former(job, Delivery)
        batch = read_batch(job.resource, delivery, job.workdir)
        if delivery.rows_declared is not None and delivery.rows_declared != batch.counted:
            raise DeliveryError("D607", declared=delivery.rows_declared, counted=batch.counted)
        batch.save(job.workdir)
        point("batch_read")
        return batch


def read_batch(resource: Resource, delivery: Delivery, workdir: Path) -> Batch:
    """Read a delivery whose files lie under ``workdir``. Raises as ``formats.read``, and P403 when counts differ."""
    batch = formats.read(resource, delivery, workdir)
    if batch.rows + batch.defects != batch.counted:
        raise PlatformError("P403", read=batch.rows + batch.defects, counted=batch.counted)
    if delivery.keys is None:
        return batch
    keys = formats.read_keys(resource, delivery, workdir / sources.KEYS)
    return batch.model_copy(update={"keys_path": f"{sources.KEYS}/{keys.path}"})


def check(job: Job) -> Verdict:
    """校验: judge the batch by the entry's rules and against the sources of its copies.

    Raises:
        DeliveryError: D601–D605, the batch is blocked.
    """
    with job.stage("check"):
        batch = _former(job, Batch)
        borrowed = job.workdir / "sources"
        try:
            with job.warehouse.session() as session:
                volumes = ledger.recent_volumes(session, job.resource.entry.id)
                known = borrow_sources(session, job.resource, borrowed, datetime.now(UTC))
            verdict = quality.check(job.resource, batch, job.workdir, volumes, job.data_date, known)
        finally:
            shutil.rmtree(borrowed, ignore_errors=True)
        verdict.save(job.workdir)
        point("verdict_saved")
        if verdict.blocked_by:
            raise blocked(verdict)
        return verdict


def blocked(verdict: Verdict) -> DeliveryError:
    """The problem that a blocked verdict is: the first blocking rule, with its numbers."""
    by_rule = {result.rule: result for result in verdict.results}
    first = by_rule[verdict.blocked_by[0]]
    return DeliveryError(
        first.code,
        rule=first.rule,
        rules="、".join(verdict.blocked_by),
        delivered=verdict.delivered,
        observed=first.observed or "",
        count=first.unexpected,
        title=first.field or first.rule,
    )


def load(job: Job) -> Publication:
    """入库: publish the accepted rows in one transaction with the ledger's line."""
    with job.stage("load"):
        delivery, batch, verdict = _former(job, Delivery), _former(job, Batch), _former(job, Verdict)
        if verdict.blocked_by:
            raise blocked(verdict)
        with job.warehouse.session() as session:
            mine = published_by(session, job, delivery)
            if mine is None:
                token = session.lease(job.resource.entry.id)
                point("leased")
                mine = session.publish(_lot(job, delivery, batch, verdict), token)
            if session.embedded:
                session.snapshot(job.resource.entry, job.project.shared)
            point("copied")
        mine.save(job.workdir)
        return mine


def published_by(session: Session, job: Job, delivery: Delivery) -> Publication | None:
    """What this very run published before it was killed or cut off, if it came that far."""
    rows = session.query(
        'SELECT entry_id, load_no, load_id, data_date, published_at, "rows", added, updated, removed'
        " FROM ledger.publications WHERE load_id = ? AND run_id = ?",
        [job.load_id(delivery), job.run_id],
    )
    return Publication(changed=True, **rows[0]) if rows else None


def _lot(job: Job, delivery: Delivery, batch: Batch, verdict: Verdict) -> Lot:
    return Lot(
        entry=job.resource.entry,
        load_id=job.load_id(delivery),
        delivery_id=job.delivery_id(delivery),
        run_id=job.run_id,
        spec_digest=job.resource.digest,
        data_date=job.data_date,
        batch_path=job.workdir / batch.path,
        rejected_path=job.workdir / verdict.rejected_path if verdict.rejected_path else None,
        accepted=verdict.accepted,
        rejected=verdict.rejected,
        score=verdict.score,
        now=utc_now(),
        watermark=delivery.watermark,
        keys_path=job.workdir / batch.keys_path if batch.keys_path else None,
    )


def _former(job: Job, stage: type[Made]) -> Made:
    try:
        return stage.read(job.workdir)
    except FileNotFoundError:
        raise PlatformError("P402", missing=f"{stage.__name__.lower()}.json") from None
