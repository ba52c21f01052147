"""One report of one period: gather, assess, freeze what is over, write the pages and the documents."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shuyuan.catalog.assessments import read_assessment
from shuyuan.indicators.evidence import gather, period_of
from shuyuan.indicators.months import Month, freeze_month, read_frozen, read_frozen_standings
from shuyuan.indicators.periods import Period
from shuyuan.indicators.standings import assess, assess_last
from shuyuan.project import Project
from shuyuan.reporting import headline
from shuyuan.reporting.documents import write_documents
from shuyuan.reporting.report import make_report
from shuyuan.reporting.site import build_site
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import local_day

DOCUMENTS = "documents"
"""The folder of the papers inside the report's."""


@dataclass(frozen=True)
class Written:
    """What one report wrote. ``frozen``: the month is over, and another report of it will be the same.

    ``documents`` begin with the bulletin; ``remarks`` say what was left out of them. ``said``: how the month goes and
    whom to call, a line each, as on top of the first page.
    """

    folder: Path
    pages: int
    documents: tuple[Path, ...]
    remarks: tuple[str, ...]
    period: Period
    frozen: bool
    said: tuple[str, ...] = ()

    @property
    def first_page(self) -> Path:
        """Where a reader begins."""
        return self.folder / "index.html"


def write(
    project: Project, now: datetime, month: str | None = None, out: Path | None = None, *, pdf: bool = True
) -> Written:
    """Write the report of ``month`` (``2026-11``), or of the running period, as of ``now`` (aware), into ``out``.

    ``out`` is ``var/report/current`` by default, ``var/report/<month>`` for a named month. A month that is over is
    frozen first, its report is made from that. ``pdf``: with a PDF of the bulletin, if LibreOffice is there.

    Raises:
        CatalogError: ``assessment.yaml`` is wrong.
        PlatformError: P290 (``out`` is no report), P365 and P366 (the frozen month cannot be read), P367, P368.
    """
    made, frozen = prepare_month(project, now, month)
    period = made.evidence.period
    folder = (out or (project.reports / period.month if month else project.report)).resolve()
    report = make_report(
        made.evidence,
        made.standings,
        last=made.last,
        frozen=frozen,
        demo=made.evidence.facts.made_up,
        dags=address_of_dags(),
    )
    pages, remarks = build_site(report, folder), list[str]()
    documents = write_documents(report, folder / DOCUMENTS, pdf=pdf, tell=remarks.append)
    said = (headline.month_sentence(report), *headline.call_lines(report))
    return Written(folder, pages, documents, tuple(remarks), period, frozen, said)


def address_of_dags() -> str | None:
    """Return where a DAG is shown, with ``{entry_id}`` in it; ``SHUYUAN_AIRFLOW_URL`` says where Airflow is."""
    airflow = os.environ.get("SHUYUAN_AIRFLOW_URL")
    return airflow.rstrip("/") + "/dags/catalog.{entry_id}" if airflow else None


def last_month(project: Project, now: datetime) -> str:
    """Return the last month (``2026-10``) that is over at ``now`` (aware)."""
    rules = read_assessment(project).period
    period = Period.containing(rules, local_day(now)).previous(rules)
    return (period if now >= period.closing(rules) else period.previous(rules)).month


def prepare_month(project: Project, now: datetime, month: str | None = None) -> tuple[Month, bool]:
    """Return the month's evidence and standings and whether they are frozen; freeze them when the month is over."""
    rules = read_assessment(project).period
    period = period_of(rules, now, month)
    before = period.previous(rules)
    over = now >= period.closing(rules)
    warehouse = open_warehouse(project)
    with warehouse.session() as session:
        kept = read_frozen(session, period.month, project) if over else None
        last = None if kept else read_frozen_standings(session, before.month, project)
    if kept:
        return kept.month, True
    evidence = gather(project, now, period.month)
    standings_before = last or assess_last(evidence)
    made = Month(evidence, assess(evidence, standings_before), standings_before)
    if not over:
        return made, False
    with warehouse.session() as session:
        freeze_month(session, made, now)
        kept = read_frozen(session, period.month, project)
    return (kept.month if kept else made), True
