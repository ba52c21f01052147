"""What is done every night: note what did not come, write the report, clear old run directories.

Plain functions over the project; the DAG ``operations.nightly`` runs them.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from shuyuan import ledger
from shuyuan.catalog import Resource, read_catalog
from shuyuan.indicators import read_facts
from shuyuan.orchestration.schedule import Timing, data_date_of, due_periods, is_promised
from shuyuan.project import Project
from shuyuan.reporting import build_site
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import LOCAL, Calendar, arrival_state

KEEP_DAYS = 30
_SWEPT = timedelta(days=7)


def sweep_freshness(project: Project, now: datetime) -> int:
    """Write ``missing`` for every due date of the last week that has passed, grace included, without a delivery.

    It needs no run: an entry whose DAG is paused, broken or never ran is missed all the same. Returns how
    many due dates are missing. ``now`` is aware.
    """
    calendar, missing = Calendar.read(project.calendar), 0
    with open_warehouse(project).session() as session, session.transaction():
        for resource in read_catalog(project).resources:
            since = _promised_since(resource, ledger.first_published(session, resource.entry.id), now)
            if since is None:
                continue
            promise = resource.entry.update
            for period, due in due_periods(Timing.of(promise), calendar, since, now):
                if arrival_state(_naive(due), promise.grace, None, _naive(now)) != "missing":
                    continue
                data_date = data_date_of(promise, period)
                due_at, period_name = _naive(due), str(data_date)
                missing += ledger.record_freshness(
                    session, resource.entry.id, due_at, period_name, "missing", None, None
                )
    return missing


def write_report(project: Project, now: datetime) -> Path:
    """Write the report of all entries as of ``now`` (aware) and return its first page."""
    resources = [one for one in read_catalog(project).resources if one.entry.status not in ("draft", "retired")]
    with open_warehouse(project).session() as session:
        facts = read_facts(session, now)
    folder = project.var / "report"
    build_site(resources, facts, folder)
    return folder / "index.html"


def clear_runs(project: Project, now: datetime, keep_days: int | None = None) -> int:
    """Remove run directories (raw deliveries, typed rows), here and in the staging area; return how many.

    Gone are those older than ``keep_days`` (``SHUYUAN_KEEP_RUNS_DAYS``, 30), and the oldest while all of them take
    more than ``SHUYUAN_KEEP_RUNS_GB`` (no limit). Each entry keeps its newest, and an unfinished run keeps its own.
    The ledger keeps the hashes, so a published row still leads to its file. ``now`` is aware.
    """
    from shuyuan.pipeline.retention import Limits, clear

    days = keep_days if keep_days is not None else int(os.environ.get("SHUYUAN_KEEP_RUNS_DAYS") or KEEP_DAYS)
    most = os.environ.get("SHUYUAN_KEEP_RUNS_GB")
    return clear(project, now, Limits(timedelta(days=days), int(float(most) * 1e9) if most else None))


def _promised_since(resource: Resource, first: datetime | None, now: datetime) -> datetime | None:
    """From when on deliveries are missed: a week back, but not before the entry went live.

    It went live with its first publication (naive UTC), or, while nothing ever came, on its day in the catalog.
    """
    entry = resource.entry
    if entry.status != "published" or not is_promised(entry.update.cycle) or entry.published_on is None:
        return None
    live = first.replace(tzinfo=UTC) if first else datetime.combine(entry.published_on, time(), LOCAL)
    return max(now - _SWEPT, live)


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
