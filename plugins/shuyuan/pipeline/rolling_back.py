"""退回: consumers see the former publication again, and the ledger says who is to answer for it and why."""

from __future__ import annotations

from datetime import datetime

from shuyuan import __version__, ledger
from shuyuan.catalog import Resource
from shuyuan.pipeline.job import utc_now
from shuyuan.project import Project
from shuyuan.warehouses import Session, open_warehouse


def roll_back(project: Project, resource: Resource, why: str) -> ledger.Published:
    """Return an entry to its former publication, in one transaction with a line of ``ledger.runs``; return it.

    ``why`` is one sentence for people; the run's ``trigger`` is ``rollback``. A run that is under way at the same
    time does not publish any more: it is told that someone took over.

    Raises:
        PlatformError: P303 (another run took over meanwhile), P337 (no former publication is kept), P301.
        PassingError: the warehouse is busy or away.
    """
    entry, now = resource.entry, utc_now()
    with open_warehouse(project).session() as session:
        token = session.lease(entry.id)
        session.roll_back(entry, token, now, lambda load_no: _note(session, resource, load_no, now, why))
        if session.embedded:
            session.snapshot(entry, project.shared)
        current = ledger.current_publication(session, entry.id)
    assert current is not None, "something was just returned to"
    return current


def _note(session: Session, resource: Resource, load_no: int, now: datetime, why: str) -> None:
    """Write the run. Its spec is that of the rows that are shown now."""
    (former,) = session.query(
        "SELECT spec_digest, spec_version, data_date, delivery_id FROM ledger.publications WHERE load_no = ?", [load_no]
    )
    run = ledger.Run(
        run_id=f"{resource.entry.id}__rollback__{now:%Y%m%dT%H%M%S.%f}",
        entry_id=resource.entry.id,
        department=resource.entry.department,
        code_version=__version__,
        trigger="rollback",
        started_at=now,
        finished_at=now,
        outcome="published",
        problem=why,
        load_no=load_no,
        **former,
    )
    ledger.record_run(session, run)
