"""说明: every term has a place, and every number in it is the one that decides."""

import re
from dataclasses import replace
from datetime import date

import pytest

from made_reports import report_of
from shuyuan.entry import Assessment
from shuyuan.indicators.standing import COMPONENTS
from shuyuan.quality.planning import INDICATORS
from shuyuan.reporting import make_report
from shuyuan.reporting.notes import TERMS, notes_page
from shuyuan.reporting.site import render_pages
from shuyuan.scoring import DIMENSIONS
from shuyuan.workdays import Calendar
from synthetic_ledger import build, catalog


@pytest.fixture(scope="module")
def report():
    resources = catalog()
    return report_of(resources, build(resources))


def with_assessment(report, **changes):
    assessment = Assessment.model_validate({"kind": "Assessment", **changes})
    return make_report(replace(report.evidence, assessment=assessment), report.standings)


def test_every_term_component_and_dimension_has_its_place_once(report):
    html = dict(render_pages(report))["notes.html"]
    places = re.findall(r'\bid="([^"]+)"', html)
    for name in {*TERMS, *COMPONENTS, *DIMENSIONS.values()}:
        assert places.count(name) == 1, name


def test_the_numbers_follow_the_assessment(report):
    changed = with_assessment(
        report,
        lights={"green": 81, "red": 43},
        samples=9,
        rectify_within={"missing": 2, "blocked": 3, "rule": 17},
        ranking={"linked": 11, "fresh": 22, "quality": 33, "response": 24, "used": 10},
        grades={"a": 96, "b": 86, "c": 76, "d": 66},
    )
    html = dict(render_pages(changed))["notes.html"]
    days = "缺报 2 个、阻断 3 个、规则未通过 17 个"
    for text in ("不低于 81", "低于 43", "少于 9 次", days, "96 分及以上", "不满 66 分"):
        assert text in html, text
    assert [one.weight for one in notes_page(changed)["ranking"]] == ["11", "22", "33", "24", "10"]


def test_every_rule_code_is_mapped_to_its_indicator(report):
    mapped = {one.code: one.indicator.partition(" ")[0] for one in notes_page(report)["mapping"]}
    assert {"D301", "D302", "D303"} | set(INDICATORS) == set(mapped)
    assert {code: mapped[code] for code in INDICATORS} == INDICATORS


def test_the_white_list_is_printed(report):
    line = {"entry": "civil_affairs.orphans", "from": date(2026, 11, 2), "until": date(2026, 11, 6),
            "why": "停机<五>天", "approval": "某字3号"}  # fmt: skip
    html = dict(render_pages(with_assessment(report, exempt=[line])))["notes.html"]
    assert "停机&lt;五&gt;天" in html
    assert "孤儿保障信息" in html
    assert "没有批准的免考核" not in html


def test_overrides_and_unpublished_years_are_said(report):
    days = {date(2026, 11, 2): False, date(2026, 11, 7): True}
    agreement = replace(report.agreement, calendar=Calendar(days))
    lines = notes_page(replace(report, agreement=agreement))["calendar"]
    assert any("11月2日 放假、11月7日 上班" in line for line in lines)
    later = replace(report.evidence.period, first=date(2030, 12, 28), last=date(2031, 1, 27))
    told = replace(report, evidence=replace(report.evidence, period=later))
    assert sum("放假安排还没有公布" in line for line in notes_page(told)["calendar"]) == 2
