"""The center's upkeep: settle what did not come, write the report, delete what is due, clear old run directories.

Plain functions over the project; the DAGs ``operations.freshness`` and ``operations.nightly`` run them. What is
needed for one piece is imported there: the sweep runs a hundred times a day and must not pay for the report.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar

KEEP_DAYS = 30


def sweep_freshness(project: Project, now: datetime) -> int:
    """Settle every due date that has passed, grace included, without a delivery; return how many are newly missing.

    ``now`` is aware. See ``freshness.sweeping``.
    """
    from shuyuan.catalog.promises import read_promises
    from shuyuan.freshness.sweeping import sweep

    calendar, promises = Calendar.read(project.calendar), read_promises(project)
    with open_warehouse(project).session() as session:
        return sweep(session, promises, calendar, now.astimezone(UTC).replace(tzinfo=None))["missing"]


def write_report(project: Project, now: datetime) -> Path:
    """Write the report of the running period as of ``now`` (aware) and return its first page."""
    from shuyuan.reporting.writing import write

    return write(project, now).first_page


def write_month(project: Project, now: datetime) -> Path:
    """Freeze the last period that is over at ``now`` (aware), write its report and return its first page."""
    from shuyuan.reporting.writing import last_month, write

    return write(project, now, last_month(project, now)).first_page


def send_notices(project: Project, now: datetime) -> int:
    """Send the notices that are due at ``now`` (aware); return how many were delivered.

    Raises ``PlatformError`` P383 when some were not, so that somebody sees it; a later sweep tries those again.
    """
    from shuyuan import notices
    from shuyuan.orchestration.tasks import airflow_connection

    outcomes = [attempt.outcome for attempt in notices.send_notices(project, now, airflow_connection)]
    failed, unknown = outcomes.count("failed"), outcomes.count("unknown")
    if failed or unknown:
        raise PlatformError("P383", failed=failed, unknown=unknown)
    return len(outcomes)


def delete_due(project: Project, now: datetime) -> int:
    """Delete the requests and answers of checks whose day has come; return of how many. ``now`` is aware."""
    from shuyuan.checks.deletion import delete_due

    return delete_due(project, now)


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
