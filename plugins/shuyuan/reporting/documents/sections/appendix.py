"""附录: the white list, definitions, weights and thresholds, and what the figures were made from."""

from __future__ import annotations

from shuyuan import __version__
from shuyuan.entry.assessment import Exemption
from shuyuan.indicators.months import hash_state
from shuyuan.indicators.standing import COMPONENTS
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.blocks import Block, Column, Heading, Paragraph, Table
from shuyuan.reporting.documents.findings import entry_title
from shuyuan.reporting.report import Report
from shuyuan.scoring import DIMENSIONS

FORMULAS = (
    "fresh", "states", "not_counted", "response", "dimension", "quality", "words", "linked", "used", "ranking",
    "no_data", "samples", "lights", "grades", "limits", "mending", "rounding",
)  # fmt: skip


def appendix(report: Report) -> list[Block]:
    """Three headings: what did not count, how the numbers are made, what they were made from."""
    return [
        Heading(say("document.appendix.white_list"), new_page=True),
        *_white_list(report),
        Heading(say("document.appendix.definitions")),
        *(Paragraph(line, "fine") for line in definitions(report)),
        Table(
            [Column(say("document.column.part"), 70), Column(say("document.column.weight"), 30, "right")],
            weight_rows(report),
        ),
        Heading(say("document.appendix.origin")),
        *(Paragraph(line, "fine") for line in origin_lines(report)),
    ]


def exemptions_of(report: Report) -> list[Exemption]:
    """The lines of the white list that touch the period."""
    period = report.period
    listed = report.evidence.assessment.exempt
    return [one for one in listed if one.from_ <= period.last and one.until >= period.first]


def definitions(report: Report) -> list[str]:
    """Every definition with the numbers that the center has set."""
    rules = report.evidence.assessment
    facts = {
        "closes_on": rules.period.closes_on,
        "samples": rules.samples,
        "green": f"{rules.lights.green:g}",
        "red": f"{rules.lights.red:g}",
        "a": f"{rules.grades.a:g}",
        "b": f"{rules.grades.b:g}",
        "c": f"{rules.grades.c:g}",
        "d": f"{rules.grades.d:g}",
        "unconditional": rules.reply_within.unconditional,
        "conditional": rules.reply_within.conditional,
        "unlisted": rules.reply_within.unlisted,
        "missing": rules.rectify_within.missing,
        "blocked": rules.rectify_within.blocked,
        "rule": rules.rectify_within.rule,
    }
    return [say(f"document.formula.{name}", **facts) for name in FORMULAS]


def weight_rows(report: Report) -> list[list[str]]:
    """The weights of the ranking's parts and of the six dimensions, as the center has set them."""
    rules = report.evidence.assessment
    rows = [[say(f"document.component.{name}"), f"{getattr(rules.ranking, name):g}"] for name in COMPONENTS]
    return rows + [
        [
            say("document.appendix.of_quality", dimension=say(f"report.dimension.{name}")),
            f"{getattr(rules.dimensions, name):g}",
        ]
        for name in DIMENSIONS.values()
    ]


def origin_lines(report: Report) -> list[str]:
    """Period, cut-off, version, and the hash of the ledger's lines behind the figures."""
    period = report.period
    lines = [
        say("document.origin.period", month=period.month, first=period.first, last=period.last),
        say("document.origin.cutoff", moment=figures.moment(report.standings.as_of)),
        say("document.origin.frozen" if report.frozen else "document.origin.running"),
        say("document.origin.version", version=__version__),
    ]
    if report.evidence.records is not None:
        lines.append(say("document.origin.state", hash=hash_state(report.evidence.records)))
    return [*lines, say("document.demo")] if report.demo else lines


def _white_list(report: Report) -> list[Block]:
    listed = exemptions_of(report)
    if not listed:
        return [Paragraph(say("document.appendix.no_white_list"))]
    columns = [
        Column(say("document.column.entry"), 46),
        Column(say("document.column.days"), 34, "center"),
        Column(say("document.column.why"), 42),
        Column(say("document.column.approval"), 34),
    ]
    rows = [[entry_title(report, one.entry), f"{one.from_}\n{one.until}", one.why, one.approval] for one in listed]
    return [Table(columns, rows)]
