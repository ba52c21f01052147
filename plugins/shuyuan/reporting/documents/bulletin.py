"""The monthly 通报: every sentence is chosen and filled by the numbers, and none says more than they do."""

from __future__ import annotations

from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Paper, Paragraph
from shuyuan.reporting.documents.findings import list_findings
from shuyuan.reporting.documents.names import file_name
from shuyuan.reporting.documents.sections.appendix import appendix
from shuyuan.reporting.documents.sections.freshness import freshness
from shuyuan.reporting.documents.sections.overall import overall
from shuyuan.reporting.documents.sections.quality import quality
from shuyuan.reporting.documents.sections.ranking import ranking
from shuyuan.reporting.documents.sections.replies import replies
from shuyuan.reporting.documents.sections.tasks import tasks
from shuyuan.reporting.report import Report
from shuyuan.workdays import local_day


def write_bulletin(report: Report) -> Paper:
    """Return the 通报 of the report's period, signed by the unit that the assessment's rules name."""
    period, as_of = report.period, report.standings.as_of
    moment = figures.moment(as_of)
    year, _, month = period.month.partition("-")
    opening: list[Block] = []
    if local_day(as_of) <= period.last:
        opening.append(Paragraph(say("document.bulletin.running", moment=moment)))
    if report.demo:
        opening.append(Paragraph(say("document.demo")))
    return Paper(
        name=file_name(say("document.file.bulletin"), period.month),
        title=say("document.bulletin.title", year=year, month=int(month)),
        subtitle=say("document.bulletin.subtitle", first=period.first, last=period.last, moment=moment),
        blocks=[
            *opening,
            *overall(report),
            *ranking(report),
            *freshness(report),
            *quality(report),
            *replies(report),
            *tasks(report, list_findings(report)),
            Paragraph(report.evidence.assessment.unit, "sign"),
            Paragraph(figures.full_day(local_day(as_of)), "sign"),
            *appendix(report),
        ],
    )
