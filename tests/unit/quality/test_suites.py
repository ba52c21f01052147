"""Named suites and inline expectations: any expectation of Great Expectations, fast or slow."""

import pytest

from shuyuan.problems import EntryError


def test_critical_blocks_and_warning_counts_and_neither_rejects(judge, good, result_of):
    shape = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "person_name", "regex": "^张"}}
    suites = {
        "people": {
            "name": "people",
            "expectations": [{**shape, "severity": "warning"}, {**shape, "severity": "critical"}],
        }
    }
    verdict = judge(good, suite_files=suites, suites=["people"])
    assert verdict.blocked_by == ("suite.people.2",)
    assert [result_of(verdict, f"suite.people.{number}").effect for number in (1, 2)] == ["count", "block"]
    assert verdict.rejected == 0


def test_mostly_has_its_say(judge, good, result_of):
    shape = {"type": "expect_column_values_to_match_regex", "severity": "critical"}
    strict, lenient = ({"column": "person_name", "regex": "^张", "mostly": share} for share in (0.9, 0.5))
    verdict = judge(good, expectations=[{**shape, "kwargs": strict}, {**shape, "kwargs": lenient}])
    assert verdict.blocked_by == ("gx.1",)
    assert [result_of(verdict, rule).success for rule in ("gx.1", "gx.2")] == [False, True]
    assert [result_of(verdict, rule).unexpected for rule in ("gx.1", "gx.2")] == [1, 1]


@pytest.mark.parametrize(
    ("kind", "kwargs", "success"),
    [
        ("expect_column_mean_to_be_between", {"column": "amount", "min_value": 1, "max_value": 2}, True),
        ("expect_column_max_to_be_between", {"column": "amount", "max_value": 1}, False),
        ("expect_column_values_to_not_be_in_set", {"column": "person_name", "value_set": ["张三"]}, False),
        ("expect_column_values_to_be_null", {"column": "amount", "mostly": 0.5}, True),
        ("expect_column_value_lengths_to_equal", {"column": "id_card_no", "value": 18}, True),
        (
            "expect_table_columns_to_match_ordered_list",
            {"column_list": ["id_card_no", "person_name", "amount", "born_on"]},
            True,
        ),
        ("expect_table_columns_to_match_ordered_list", {"column_list": ["id_card_no", "person_name"]}, False),
        ("expect_table_columns_to_match_set", {"column_set": ["id_card_no"], "exact_match": False}, True),
        ("expect_column_to_exist", {"column": "born_on", "column_index": 3}, True),
        ("expect_table_column_count_to_equal", {"value": 4}, True),
        ("expect_table_row_count_to_equal", {"value": 3}, True),
        ("expect_column_to_exist", {"column": "amount"}, True),
        ("expect_column_to_exist", {"column": "nowhere"}, False),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "amount", "column_B": "amount", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
            True,
        ),
        (
            "expect_multicolumn_sum_to_equal",
            {"column_list": ["amount", "amount"], "sum_total": 3, "ignore_row_if": "any_value_is_missing"},
            True,
        ),
        (
            "expect_column_values_to_match_regex",
            {"column": "person_name", "regex": "^李", "row_condition": "amount.isnull()", "condition_parser": "pandas"},
            True,
        ),
        ("expect_column_values_to_be_in_code_table", {"column": "person_name", "code_table": "names"}, False),
    ],
)
def test_any_expectation_of_gx_runs(judge, kind, kwargs, success, good, result_of):
    verdict = judge(good, codes={"names": "code,name\n张三,\n"}, expectations=[{"type": kind, "kwargs": kwargs}])
    result = result_of(verdict, "gx.1")
    assert (result.success, result.errored, result.effect, result.code) == (success, False, "count", "D605")
    assert verdict.rejected == 0


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_something_that_is_not_there", {}),
        ("expect_column_values_to_be_unique", {}),
        ("expect_column_values_to_be_unique", {"column": "nowhere"}),
        ("expect_column_values_to_be_between", {"column": "person_name", "min_value": 3}),
        ("expect_column_mean_to_be_between", {"column": "person_name", "min_value": 3}),
    ],
)
def test_what_cannot_be_evaluated_is_errored_and_blocks_when_critical(judge, kind, kwargs, good, result_of):
    critical, warning = ({"type": kind, "kwargs": kwargs, "severity": severity} for severity in ("critical", "warning"))
    verdict = judge(good, expectations=[critical, warning])
    assert verdict.blocked_by == ("gx.1",)
    assert result_of(verdict, "gx.1").errored
    assert result_of(verdict, "gx.2").errored
    assert verdict.score == 100, "what was not evaluated has no part in the score"


@pytest.mark.parametrize("text", ["{", "[]", '{"expectations": [{"kwargs": {}}]}', '{"expectations": 3}', None])
def test_a_suite_file_that_cannot_be_read(judge, good, text):
    if text is not None:
        folder = judge.folder / "project" / "expectations"
        folder.mkdir(parents=True)
        (folder / "people.json").write_text(text)
    with pytest.raises(EntryError, match=r"E294.*people"):
        judge(good, suites=["people"])


def test_a_code_table_that_cannot_be_read(judge, good):
    fields = [*judge.fields[:3], {"name": "sex", "title": "性别", "codes": "sex"}]
    with pytest.raises(EntryError, match=r"E295.*sex"):
        judge(good, fields=fields)
    with pytest.raises(EntryError, match=r"E295.*sex"):
        judge(good, fields=fields, codes={"sex": "value\n1\n"})


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "not_after", "field": "person_name", "than": "data_date"},
        {"rule": "between", "field": "person_name", "min": "a"},
        {"rule": "between", "field": "amount", "min": "a"},
        {"rule": "between", "field": "born_on", "min": "2026-13-01"},
        {"rule": "one_of", "field": "born_on", "values": ["0"]},
    ],
)
def test_a_rule_that_does_not_fit_its_field(judge, good, rule):
    with pytest.raises(EntryError, match=rf"E296.*{rule['field']}"):
        judge(good, rules=[rule])
