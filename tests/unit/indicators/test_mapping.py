"""The published mapping of rules to the indicators of GB/T 36344-2018 is the one that the rules are made with."""

from pathlib import Path

from shuyuan.indicators.mapping import KINDS, LEDGER, STANDARD, list_measures, mapping_table
from shuyuan.indicators.qualities import COPY_AGREES, COPY_KNOWN
from shuyuan.indicators.reference import generated_page
from shuyuan.one_source.agenda import ATTRIBUTE, REFERENCE
from shuyuan.project import Project
from shuyuan.quality.planning import INDICATORS
from shuyuan.scoring import DIMENSIONS
from synthetic_ledger import RULES

PROJECT = Project(Path(__file__).parents[3])


def test_every_code_has_a_name_and_an_indicator_of_the_standard():
    assert set(KINDS) == set(INDICATORS)
    assert set(INDICATORS.values()) <= set(STANDARD)
    assert {one.dimension for one in list_measures()} == set(DIMENSIONS.values())


def test_every_rule_stands_with_its_indicator():
    measures = {one.indicator: one.rules for one in list_measures()}
    for rule, code, _, indicator in RULES:
        kinds = [line for line in measures[indicator] if line.startswith(code)]
        assert kinds, rule
    assert measures["0103"] == measures["0601"] == ()


def test_copies_are_counted_as_the_comparison_counts_them():
    assert (LEDGER[COPY_AGREES], LEDGER[COPY_KNOWN]) == (ATTRIBUTE, REFERENCE)


def test_the_page_is_as_the_code_says():
    ((path, text),) = generated_page(PROJECT).items()
    assert path.read_text(encoding="utf-8") == text
    assert mapping_table() in text


def test_a_project_without_the_page_has_nothing_to_generate(tmp_path):
    assert generated_page(Project(tmp_path)) == {}
