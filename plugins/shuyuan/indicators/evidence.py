"""All that the indicators and the reports are made from: the catalog, the ledger's facts, the demands, the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shuyuan.catalog import Resource, read_catalog
from shuyuan.catalog.assessments import read_assessment
from shuyuan.catalog.checks import gather_checks
from shuyuan.catalog.demands import read_demands
from shuyuan.entry import Assessment, Demand, Subject
from shuyuan.entry.assessment import AssessmentPeriod
from shuyuan.indicators.check_facts import CheckFacts, read_check_facts
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.periods import Period
from shuyuan.indicators.problems import ProblemFact, read_problems
from shuyuan.indicators.reading import Ledger, read_facts
from shuyuan.indicators.record_reading import read_records
from shuyuan.indicators.records import PeriodRecords
from shuyuan.indicators.spec_history import SpecFact, read_specs
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar, local_day


@dataclass(frozen=True)
class Evidence:
    """One instant's evidence about one period. ``resources`` are in the order of their ids.

    ``titles`` names every department of the catalog by its folder, those without entries too. ``records`` are the
    period's lines, ``earlier`` those of the period before; ``problems`` and ``specs`` are the period's own.
    """

    period: Period
    resources: tuple[Resource, ...]
    facts: Facts
    demands: tuple[Demand, ...] = ()
    assessment: Assessment = field(default_factory=Assessment)
    calendar: Calendar = field(default_factory=lambda: Calendar({}))
    titles: Mapping[str, str] = field(default_factory=dict)
    records: PeriodRecords | None = None
    earlier: PeriodRecords | None = None
    problems: tuple[ProblemFact, ...] = ()
    specs: tuple[SpecFact, ...] = ()
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    checks: CheckFacts = field(default_factory=CheckFacts)


def gather(project: Project, now: datetime, month: str | None = None) -> Evidence:
    """Gather the evidence of ``month`` (``2026-11``), or of the running period, as of ``now`` (aware).

    A month that is over is looked at as of its closing moment, whatever came later.

    Raises:
        PlatformError: P367, ``month`` is no month; P368, it has not begun.
        CatalogError: ``assessment.yaml`` is wrong.
    """
    assessment, catalog = read_assessment(project), read_catalog(project)
    rules = assessment.period
    period = period_of(rules, now, month)
    resources = sorted(
        (one for one in catalog.resources if one.entry.status not in ("draft", "retired")),
        key=lambda one: one.entry.id,
    )
    as_of = min(now, period.closing(rules))
    with open_warehouse(project).session() as session:
        return read_evidence(
            session,
            as_of,
            Evidence(
                period=period,
                resources=tuple(resources),
                facts=Facts(as_of),
                demands=read_demands(project),
                assessment=assessment,
                calendar=Calendar.read(project.calendar),
                titles={name: one.title for name, one in sorted(catalog.departments.items())},
                subjects=catalog.subjects,
                checks=CheckFacts(titles={name: one.title for name, one in gather_checks(project).checks.items()}),
            ),
        )


def period_of(rules: AssessmentPeriod, now: datetime, month: str | None) -> Period:
    """Return the period of ``month`` (``2026-11``), or the running one. Raises ``PlatformError`` P367, P368."""
    if month is None:
        return Period.containing(rules, local_day(now))
    try:
        period = Period.of_month(rules, month)
    except ValueError:
        raise PlatformError("P367", month=month) from None
    if period.first > local_day(now):
        raise PlatformError("P368", month=month, first=str(period.first))
    return period


def read_evidence(ledger: Ledger, as_of: datetime, declared: Evidence) -> Evidence:
    """Add what the ledger says as of ``as_of`` (aware) to what is declared: facts, records, requests of checks."""
    rules, period = declared.assessment.period, declared.period
    before = period.previous(rules)
    grace = max((one.entry.update.grace for one in declared.resources), default=timedelta())
    earlier_as_of = min(as_of, before.closing(rules))
    return replace(
        declared,
        facts=read_facts(ledger, as_of),
        records=read_records(ledger, period, _naive(as_of), grace),
        earlier=read_records(ledger, before, _naive(earlier_as_of), grace),
        problems=read_problems(ledger.query, period.bounds[0], _naive(as_of)),
        specs=read_specs(ledger.query, period.bounds[0], _naive(as_of)),
        checks=read_check_facts(ledger.query, period.bounds[0], _naive(as_of), declared.checks.titles),
    )


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
