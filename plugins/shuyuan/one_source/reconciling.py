"""Reconcile: hold every copy against its source, and write what was found in one transaction.

What was compared already (the same two loads under the same link) is left alone; when nothing is left to do,
nothing is written. The warehouse is ours for two short spells: to take hold of the published files, and to write.
In between the comparison works on files of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shuyuan import ledger
from shuyuan.catalog import Catalog, read_catalog
from shuyuan.crashpoints import point
from shuyuan.ledger import Comparison
from shuyuan.one_source.agenda import CopyKey, read_agenda
from shuyuan.one_source.comparing import Findings, Order, compare
from shuyuan.one_source.decisions import Decisions, Job, Moment, decide
from shuyuan.one_source.settings import read_settings
from shuyuan.one_source.subjects import Views, copy_views, define_views, read_subjects
from shuyuan.one_source.workroom import open_workroom
from shuyuan.one_source.writing import Written, current_lines, write_results
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.warehouses import Session, Warehouse, open_warehouse

LEASE = "one_source"
"""The name under which reconciles take their fencing tokens."""


@dataclass(frozen=True)
class Reconciled:
    """What a reconcile did. ``comparisons`` are the newest lines of all copies that there are now.

    ``compared`` lines were compared anew, ``unchanged`` ones left as they were; ``opened`` correction requests were
    opened or opened again, ``closed`` ones closed.
    """

    comparisons: tuple[Comparison, ...]
    compared: int
    unchanged: int
    opened: int
    closed: int


def reconcile(project: Project, now: datetime, run_id: str, force: bool = False) -> Reconciled:
    """Compare what changed since it was compared last; with ``force`` all that can be. ``now`` is aware.

    Of two at the same time the one that began later writes. A link that cannot be compared for a fault of ours does
    not keep the others from being written; its problem is raised afterwards.

    Raises:
        CatalogError: ``include/one_source.yaml`` is wrong.
        PlatformError: P320, P321 a comparison failed; P322, P323 the secret of tokens; P324 another reconcile began
            later; P301. Nothing is half written.
        PassingError: P302, P306 the warehouse is busy or fails.
    """
    catalog, warehouse = read_catalog(project), open_warehouse(project)
    moment = Moment(project, now, run_id, force, read_settings(project), read_agenda(catalog))
    with open_workroom(project) as room:
        with warehouse.session() as session:
            former = ledger.latest_comparisons(session)
            todo = decide(session, moment, former, room)
            if todo.nothing:
                lines = current_lines(former)
                with session.transaction():
                    versions = _define(session, moment, catalog, lines)
                _copy(session, moment, versions)
                return Reconciled(lines, 0, todo.unchanged, 0, 0)
            token = session.lease(LEASE)
        point("sources_held")
        found, failed = _compare_all(moment, todo.jobs, room)
        point("compared")
        written = _write(warehouse, moment, catalog, former, todo, found, token)
    if failed:
        raise failed[0]
    return Reconciled(written.lines, written.compared, todo.unchanged, written.opened, written.closed)


def _compare_all(
    moment: Moment, jobs: list[Job], room: Path
) -> tuple[list[tuple[Job, Findings | str]], list[PlatformError]]:
    found: list[tuple[Job, Findings | str]] = []
    failed: list[PlatformError] = []
    known: dict[tuple[object, ...], tuple[int, bool, bool]] = {}
    for number, job in enumerate(jobs):
        folder = room / f"link-{number}"
        order = Order(job.task.link, job.copy, job.source, job.task.forms, moment.settings.memory, folder, known)
        try:
            found.append((job, compare(order)))
        except PlatformError as error:
            failed.append(error)
    return found, failed


def _write(
    warehouse: Warehouse,
    moment: Moment,
    catalog: Catalog,
    former: dict[CopyKey, Comparison],
    todo: Decisions,
    found: list[tuple[Job, Findings | str]],
    token: int,
) -> Written:
    with warehouse.session() as session:
        with session.transaction():
            newest = ledger.lease_token(session, LEASE, lock=not session.embedded)
            if newest != token:
                raise PlatformError("P324", mine=token, newest=newest)
            written = write_results(session, moment, former, found, todo.said)
            versions = _define(session, moment, catalog, written.lines)
            point("lines_written")
        point("reconciled")
        _copy(session, moment, versions)
        point("views_copied")
    return written


def _define(session: Session, moment: Moment, catalog: Catalog, lines: tuple[Comparison, ...]) -> dict[str, str]:
    views = Views(read_subjects(moment.project), catalog.elements, moment.agenda.readable, lines)
    return define_views(session, views, _kept(moment.project))


def _copy(session: Session, moment: Moment, versions: dict[str, str]) -> None:
    copy_views(session, versions, moment.project, _kept(moment.project))


def _kept(project: Project) -> set[str]:
    """The views that stay although their subject cannot be read now: those that have a file."""
    return {path.stem for path in project.subjects.glob("*.yaml")}
