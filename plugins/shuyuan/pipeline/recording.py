"""记录: write what happened into the ledger, whatever happened, and give the department its receipt."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from shuyuan import __version__, ledger, sources, workdays
from shuyuan.crashpoints import point
from shuyuan.freshness.evidence import read_traces
from shuyuan.pipeline.job import Job, fault_of, utc_now
from shuyuan.pipeline.stages import is_published, published_by
from shuyuan.problems import PlatformError, ShuyuanError
from shuyuan.stages import Batch, Delivery, Fault, Publication, Verdict


def record(job: Job) -> str:
    """Write the run, its rule results and its freshness; return the outcome.

    Outcomes: ``published``, ``unchanged`` (the same content was there already), ``blocked`` (the delivery is at
    fault), ``missing`` (nothing came in time), ``failed`` (we or the line are at fault).
    """
    point("before_record")
    if job.staging:
        job.staging.bring_findings()
    delivery, batch = Delivery.find(job.workdir), Batch.find(job.workdir)
    verdict, publication = Verdict.find(job.workdir), Publication.find(job.workdir)
    fault = Fault.find(job.workdir)
    with job.warehouse.session() as session, session.transaction():
        if publication is None and delivery and (fault is None or fault.outcome == "failed"):
            publication = published_by(session, job, delivery)  # it could not say so: cut off after the commit
        if publication:
            outcome = "published"
        elif fault is None and delivery and is_published(session, job, delivery):
            outcome = "unchanged"
        else:  # a run that left neither a result nor a fault was killed
            fault = fault or fault_of(PlatformError("P411"))
            outcome = fault.outcome
        if delivery:
            ledger.record_delivery(
                session, job.delivery_id(delivery), delivery, batch.counted if batch else None, job.run_id
            )
        if verdict:
            ledger.record_results(session, job.run_id, job.resource.entry.id, verdict.results)
        ledger.record_run(session, _run(job, outcome, fault, delivery, verdict, publication))
        note_spec(session, job)
        if outcome in ("published", "unchanged", "missing"):
            note_freshness(session, job, outcome, delivery)
    _send_receipt(job, outcome, delivery, verdict)
    job.finish()
    point("recorded")
    return outcome


def note_spec(session: ledger.Connection, job: Job) -> None:
    """Keep the effective spec that this run worked by: what ``shuyuan plan`` compares a checkout with."""
    resource = job.resource
    spec = resource.entry.model_dump(mode="json", by_alias=True)
    elements = {name: one.model_dump(mode="json", by_alias=True) for name, one in resource.elements.items()}
    ledger.record_spec(
        session,
        resource.digest,
        resource.entry.id,
        resource.entry.version,
        json.dumps(spec, ensure_ascii=False, sort_keys=True),
        json.dumps(elements, ensure_ascii=False, sort_keys=True),
        job.started_at,
    )


def note_freshness(session: ledger.Connection, job: Job, outcome: str, delivery: Delivery | None) -> None:
    """Write whether the delivery of this run's period came in time.

    The same content again for a new data date, in time, is ``no_change``. What came late through a fault of ours is
    ``excluded`` (see ``freshness.judging``), and so is the period of the first publication when its deadline had
    passed before: the first period counts when it is met and is left out when it is not.
    """
    entry, promise = job.resource.entry, job.resource.entry.update
    if promise.cycle in workdays.UNPROMISED:
        return
    day = job.data_date + timedelta(days=promise.data_lag_days)
    due = workdays.due_at(promise, day, workdays.Calendar.read(job.project.calendar))
    arrived_at = delivery.received_at if delivery else None
    state, reason = workdays.arrival_state(due, promise.grace, arrived_at, utc_now()), None
    if state == "on_time" and outcome == "unchanged" and _repeats_earlier(session, job):
        state = "no_change"
    elif state in ("late", "missing"):
        first = ledger.first_published(session, entry.id)
        if state == "late" and (first is None or first > due + promise.grace):
            state, reason = "excluded", "first"
        else:
            slot, dated = (entry.id, job.data_date), _dated(delivery)
            traces = read_traces(session, due, entry.id)
            kept = (
                state == "late"
                and _was_ours(session, entry.id, due)
                and traces.stays_ours(slot, due, promise.grace, dated)
            )
            if kept or traces.is_ours(slot, due, promise.grace, dated):
                state, reason = "excluded", "platform"
    ledger.record_freshness(session, entry.id, due, str(job.data_date), state, arrived_at, job.run_id, reason)


def _repeats_earlier(session: ledger.Connection, job: Job) -> bool:
    """Whether what consumers see was delivered for an earlier data date."""
    current = ledger.current_publication(session, job.resource.entry.id)
    return current is not None and current.data_date < job.data_date


def _was_ours(session: ledger.Connection, entry_id: str, due: datetime) -> bool:
    """Whether a sweep has found already that we were at fault: a run that is cleared and run again leaves no trace."""
    sql = "SELECT 1 AS ours FROM ledger.freshness WHERE entry_id = ? AND due_at = ? AND reason = 'platform'"
    return bool(session.query(sql, [entry_id, due]))


def _dated(delivery: Delivery | None) -> datetime | None:
    """When the department's own machine says that the delivery was finished (naive UTC), if it says so."""
    stamps = [file.modified_at for file in delivery.files if file.modified_at] if delivery else []
    return max(stamps, default=None)


def _run(
    job: Job,
    outcome: str,
    fault: Fault | None,
    delivery: Delivery | None,
    verdict: Verdict | None,
    publication: Publication | None,
) -> ledger.Run:
    entry = job.resource.entry
    return ledger.Run(
        run_id=job.run_id,
        entry_id=entry.id,
        department=entry.department,
        spec_digest=job.resource.digest,
        spec_version=entry.version,
        code_version=__version__,
        data_date=job.data_date,
        trigger=job.trigger,
        started_at=job.started_at,
        finished_at=utc_now(),
        outcome=outcome,
        problem_code=fault.code if fault else None,
        problem=fault.text if fault else None,
        delivery_id=job.delivery_id(delivery) if delivery else None,
        load_no=publication.load_no if publication else None,
        delivered=verdict.delivered if verdict else None,
        accepted=verdict.accepted if verdict else None,
        rejected=verdict.rejected if verdict else None,
        score=verdict.score if verdict else None,
        scores=verdict.scores if verdict else {},
        seconds=job.seconds(),
    )


def _send_receipt(job: Job, outcome: str, delivery: Delivery | None, verdict: Verdict | None) -> None:
    """Put the receipt where the department allows it. A receipt that fails changes nothing else."""
    source = job.resource.entry.source
    if delivery is None or verdict is None or getattr(source, "receipts", None) is None:
        return
    receipt = {
        "entry": job.resource.entry.id,
        "data_date": str(job.data_date),
        "sha256": delivery.sha256,
        "outcome": outcome,
        "rows": verdict.delivered,
        "accepted": verdict.accepted,
        "rejected": verdict.rejected,
        "rules": {result.rule: result.unexpected for result in verdict.results if result.unexpected},
    }
    try:
        sources.put_receipt(job.resource, job.connect(source.connection), delivery, receipt)
    except ShuyuanError:
        return
