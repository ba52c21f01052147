"""质量: what was counted is what the standings counted; every rule has an indicator of the standard by its name."""

import pytest

from made_reports import report_of
from shuyuan.language import sentences
from shuyuan.reporting import quality_page
from synthetic_ledger import RULES, Ledger, build, catalog


@pytest.fixture(scope="module")
def report():
    return report_of(catalog(), build())


def test_every_rule_is_counted_for_one_indicator(report):
    lines = quality_page.indicator_lines(report)
    rows = [row for one in report.standings.entries.values() for each in one.dimensions.values() for row in each.rows]
    assert sum(line.rules for line in lines) == len(rows)
    assert sum(line.evaluated for line in lines) == sum(row.evaluated for row in rows)
    assert sum(line.unexpected for line in lines) == sum(row.unexpected for row in rows)
    assert {indicator for *_, indicator in RULES} <= {line.code for line in lines}
    resident = next(line for line in lines if line.code == "0101")
    assert (resident.word, resident.dimension, resident.codes) == ("数据标准", "normativity", "D406")


def test_the_worst_rules_come_first(report):
    shares = [rule.unexpected / rule.evaluated for _, rule in quality_page.failing_rules(report)]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == sum(rule.failing for one in report.facts.entries.values() for rule in one.rules)


def test_every_scored_entry_is_one_dot_and_a_weak_one_leads_to_its_page(report):
    dots = quality_page.score_dots(report)
    assert len(dots) == sum(one.quality is not None for one in report.standings.entries.values())
    drawn = quality_page.quality_page(report)["swarm"]
    weak = [dot for dot in dots if dot.weak]
    assert weak
    assert drawn.count("<a href=") == len(weak)
    assert all(f'<a href="{dot.link}">' in drawn for dot in weak)
    assert drawn.count("h0") == len(dots) - len(weak)


def test_coverage_stands_beside_the_score(report):
    tile = next(tile for tile in quality_page.tiles(report) if tile.term == "coverage")
    part, whole = report.standings.county.coverage.part, report.standings.county.coverage.whole
    assert tile.note == f"{part} / {whole} 个信息项"
    assert 0 < part < whole


def test_nothing_checked_is_a_dash():
    page = quality_page.quality_page(report_of(catalog(), Ledger.empty()))
    assert {one.value for one in page["six"]} == {"—"}
    assert [tile.value for tile in page["tiles"]] == ["—", "—", "—", "—", "0.0%"]
    assert (page["swarm"], page["rules"], page["indicators"], page["bare"]) == (None, [], [], len(catalog()))


def test_every_indicator_of_the_standard_has_a_name():
    named = {key.rpartition(".")[2] for key in sentences() if key.startswith("report.standard.")}
    assert {code[:2] for code in named} == {f"0{number}" for number in range(1, 7)}
    assert len(named) == 20
