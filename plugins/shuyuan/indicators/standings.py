"""The assessment of one period: every entry, every department and the whole banner, from the evidence alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shuyuan.catalog import Resource
from shuyuan.indicators.evidence import Evidence
from shuyuan.indicators.freshness import PLATFORM, fresh_share, is_fresh_now, list_dues
from shuyuan.indicators.linking import link_share, owes_sharing
from shuyuan.indicators.qualities import cover_items, mean, measure_dimensions, score_quality, values_of
from shuyuan.indicators.ranking import grade_of, light_of, rank, ranking_score, scaled_weights, unranked_reason
from shuyuan.indicators.records import PeriodRecords
from shuyuan.indicators.responses import by_department, list_correction_replies, list_demand_replies, response_share
from shuyuan.indicators.standing import DepartmentStanding, Due, EntryStanding, Indicator, Reply, Standings
from shuyuan.indicators.usage import use_by_others
from shuyuan.scoring import DIMENSIONS


def assess(evidence: Evidence, last: Standings | None = None) -> Standings:
    """Return the standings of the evidence's period; the same evidence always gives the same ones.

    ``last`` are the frozen standings of the period before; without them they are computed from the ledger's lines.
    """
    last = last or assess_last(evidence)
    records = evidence.records or PeriodRecords(evidence.period, evidence.facts.now.replace(tzinfo=None))
    entries = _assess_entries(evidence, records)
    departments = _assess_departments(evidence, records, entries)
    earlier = {one.department: one for one in last.departments} if last else {}
    ranks = rank({one.department: None if one.unranked else one.score for one in departments})
    placed = [_placed(one, ranks[one.department], earlier.get(one.department)) for one in departments]
    placed.sort(key=lambda one: (one.rank is None, one.rank or 0, one.unranked or "", one.department))
    return Standings(
        period=evidence.period,
        as_of=records.as_of,
        county=_whole(evidence, records, entries),
        departments=tuple(placed),
        entries=entries,
        ours=tuple(due for one in entries.values() for due in one.fresh.rows if _is_ours(due)),
    )


def assess_last(evidence: Evidence) -> Standings | None:
    """Return the standings of the period before, from the ledger's lines; ``None`` when it has none."""
    earlier = evidence.earlier
    if earlier is None or not (earlier.dues or earlier.checks or earlier.asked):
        return None
    return assess(replace(evidence, period=earlier.period, records=earlier, earlier=None))


def _is_ours(due: Due) -> bool:
    return due.state == "excluded" and due.reason == PLATFORM


def _assess_entries(evidence: Evidence, records: PeriodRecords) -> dict[str, EntryStanding]:
    dues = list_dues(evidence.resources, records, evidence.assessment)
    return {
        resource.entry.id: _assess_entry(resource, evidence, records, dues.get(resource.entry.id, ()))
        for resource in evidence.resources
    }


def _assess_entry(resource: Resource, evidence: Evidence, records: PeriodRecords, dues: Sequence[Due]) -> EntryStanding:
    entry, assessment = resource.entry, evidence.assessment
    facts, fresh, checks = evidence.facts.of(entry.id), fresh_share(dues), records.checks.get(entry.id, ())
    came = bool(checks) or any(due.counts and due.state != "missing" for due in dues)
    missed = bool(fresh.whole) and not came
    dimensions = measure_dimensions(
        entry.id, checks, records.compared.get(entry.id, ()), records.runs.get(entry.id), missed
    )
    values = values_of(dimensions)
    quality = score_quality(values, assessment)
    return EntryStanding(
        entry_id=entry.id,
        department=entry.department,
        fresh=fresh,
        fresh_now=is_fresh_now(facts),
        dimensions=dimensions,
        quality=quality,
        available=values.get("accessibility"),
        complete=values.get("completeness"),
        consistent=values.get("consistency"),
        coverage=cover_items(facts, [field.name for field in entry.fields]),
        light=light_of(fresh.value, quality, assessment),
        grade=grade_of(quality, assessment),
    )


def _assess_departments(
    evidence: Evidence, records: PeriodRecords, entries: Mapping[str, EntryStanding]
) -> list[DepartmentStanding]:
    """Every department that the catalog knows or that owes an answer."""
    members: dict[str, list[Resource]] = {name: [] for name in evidence.titles}
    for resource in evidence.resources:
        members.setdefault(resource.entry.department, []).append(resource)
    demands = list_demand_replies(evidence.demands, evidence.resources, records, evidence.assessment, evidence.calendar)
    owed, corrections = by_department(demands), by_department(list_correction_replies(records))
    return [
        _sum_up(name, members.get(name, ()), evidence, records, entries, owed.get(name, ()), corrections.get(name, ()))
        for name in sorted({*members, *owed, *corrections})
    ]


def _whole(evidence: Evidence, records: PeriodRecords, entries: Mapping[str, EntryStanding]) -> DepartmentStanding:
    """The whole banner as if it were one department, without a rank."""
    demands = list_demand_replies(evidence.demands, evidence.resources, records, evidence.assessment, evidence.calendar)
    return _sum_up("", evidence.resources, evidence, records, entries, demands, list_correction_replies(records))


def _sum_up(
    name: str,
    resources: Sequence[Resource],
    evidence: Evidence,
    records: PeriodRecords,
    entries: Mapping[str, EntryStanding],
    demands: Sequence[Reply],
    corrections: Sequence[Reply],
) -> DepartmentStanding:
    assessment = evidence.assessment
    mine = [entries[resource.entry.id] for resource in resources]
    fresh = fresh_share([due for one in mine for due in one.fresh.rows])
    quality = mean(one.quality for one in mine)
    dimensions = {
        dimension: value
        for dimension in DIMENSIONS.values()
        if (value := mean(values_of(one.dimensions).get(dimension) for one in mine)) is not None
    }
    linked = link_share(resources, records.published)
    components = {
        "linked": linked.value,
        "fresh": fresh.value,
        "quality": quality,
        "response": response_share([*demands, *corrections]).value,
        "used": use_by_others(name).value,
    }
    weights = scaled_weights(components, assessment)
    score = ranking_score(components, weights)
    return DepartmentStanding(
        department=name,
        title=evidence.titles.get(name) or (resources[0].department.title if name and resources else name),
        entries=tuple(one.entry_id for one in mine),
        fresh=fresh,
        quality=quality,
        dimensions=dimensions,
        available=dimensions.get("accessibility"),
        complete=dimensions.get("completeness"),
        consistent=dimensions.get("consistency"),
        response=response_share(demands),
        corrections=response_share(corrections),
        linked=linked,
        coverage=_add([one.coverage for one in mine]),
        components=components,
        weights=weights,
        score=score,
        rank=None,
        last_rank=None,
        last_score=None,
        light=light_of(fresh.value, quality, assessment),
        grade=grade_of(quality, assessment),
        unranked=unranked_reason(sum(owes_sharing(one) for one in resources), fresh.whole, score, assessment),
    )


def _add(shares: Sequence[Indicator[str]]) -> Indicator[str]:
    rows = tuple(row for share in shares for row in share.rows)
    return Indicator.of(sum(share.part for share in shares), sum(share.whole for share in shares), rows)


def _placed(one: DepartmentStanding, rank: int | None, before: DepartmentStanding | None) -> DepartmentStanding:
    if before is None:
        return replace(one, rank=rank)
    return replace(one, rank=rank, last_rank=before.rank, last_score=before.score)
