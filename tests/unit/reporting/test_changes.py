"""变更: what ran before is held against what ran after; breaking changes first, approvals kept."""

import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from made_reports import report_of
from shuyuan.catalog.changes import Spec
from shuyuan.entry.model import Change as HistoryLine
from shuyuan.indicators.spec_history import SpecFact
from shuyuan.reporting import make_report
from shuyuan.reporting.changes import changes_page
from synthetic_ledger import build, catalog

ENTRY = "civil_affairs.marriages"


def spec_fact(resource, digest, version, day, **changed):
    spec = Spec.of(resource)
    return SpecFact(
        resource.entry.id, digest, version, datetime(2026, 11, day, 2), json.dumps({**spec.entry, **changed}),
        json.dumps(spec.elements),
    )  # fmt: skip


@pytest.fixture(scope="module")
def report():
    resources = catalog()
    return report_of(resources, build(resources))


def page_with(report, *specs, resources=None):
    evidence = replace(report.evidence, specs=specs, resources=resources or report.evidence.resources)
    return changes_page(make_report(evidence, report.standings))


def resource_of(report, entry_id=ENTRY):
    return report.by_id[entry_id]


def test_two_specs_that_ran_are_compared_and_breaking_changes_come_first(report):
    resource = resource_of(report)
    load = {**Spec.of(resource).entry["load"], "key": ["person_name"]}
    page = page_with(
        report,
        spec_fact(resource, "a", "1.0.0", 1),
        spec_fact(resource, "b", "1.1.0", 10, summary="新的摘要"),
        spec_fact(resource, "c", "2.0.0", 12, summary="新的摘要", load=load),
    )
    assert [(one.change.what, one.change.breaking, one.versions) for one in page["changes"]] == [
        ("key_changed", True, "1.1.0 → 2.0.0"),
        ("words", False, "1.0.0 → 1.1.0"),
    ]
    assert page["changes"][0].day == date(2026, 11, 12)
    assert [tile.value for tile in page["tiles"]][:2] == ["2", "1"]
    assert "鄂托克旗民政局" in page["changes"][0].whom


def test_an_entry_whose_first_spec_ran_in_the_period_is_new_and_an_older_one_is_not(report):
    older, newer = resource_of(report), resource_of(report, "civil_affairs.orphans")
    before = replace(spec_fact(older, "a", "1.0.0", 1), first_run_at=datetime(2026, 9, 1))
    page = page_with(report, before, spec_fact(newer, "b", "0.9.0", 3))
    assert [(one.entry_id, one.version) for one in page["arrived"]] == [("civil_affairs.orphans", "0.9.0")]


def test_an_entry_that_ran_and_that_the_catalog_has_no_more_is_gone(report):
    fewer = tuple(one for one in report.evidence.resources if one.entry.id != ENTRY)
    page = page_with(report, resources=fewer)
    assert [(one.entry_id, one.department) for one in page["gone"]] == [(ENTRY, "鄂托克旗民政局")]
    assert page_with(report)["gone"] == []


def test_the_lines_of_the_files_are_those_of_the_period_with_their_approval(report):
    resource = resource_of(report)
    lines = tuple(
        HistoryLine(version=version, date=day, by="信息中心", change="改", approval=approval)
        for version, day, approval in (
            ("1.0.0", date(2026, 9, 1), None),
            ("1.1.0", date(2026, 11, 2), "鄂政数〔2026〕3号"),
            ("1.2.0", date(2026, 11, 25), None),
        )
    )
    changed = replace(resource, entry=resource.entry.model_copy(update={"history": lines}))
    page = page_with(report, resources=(changed,))
    assert [one.line.version for one in page["recorded"]] == ["1.1.0"], "the 25th has not come"
    assert page["recorded"][0].line.approval == "鄂政数〔2026〕3号"
    assert page["tiles"][4].note == "1 条有批准文号"
