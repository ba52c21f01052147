"""From Great Expectations' results to ours, and GX's own result JSON without a single value of the data.

What may leave is listed, not what may not: counts, percentages, ``_row`` numbers, and an observed value only
where it is a count. Everything else in a result (values, samples, minima, messages of exceptions) is dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.validator.validation_statistics import calc_validation_statistics

from shuyuan.quality.planning import PlannedRule
from shuyuan.quality.scan import KEYS
from shuyuan.scoring import dimension_of
from shuyuan.stages import RuleResult

COUNTS = (
    "element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent",
    "unexpected_percent_total", "unexpected_percent_nonmissing",
)  # fmt: skip

COUNTED = (
    "expect_table_row_count_to_be_between", "expect_table_row_count_to_equal", "expect_table_column_count_to_equal",
    "expect_table_column_count_to_be_between", "expect_column_unique_value_count_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between",
)  # fmt: skip
"""Expectations whose observed value is a count or a share, never a value of the data."""


def clean_result(result: ExpectationValidationResult) -> ExpectationValidationResult:
    """Return the result with only what may leave; changes the object that it is given."""
    found: dict[str, Any] = result.result or {}
    kept = {key: found[key] for key in COUNTS if key in found}
    observed = found.get("observed_value")
    if result.expectation_config is not None and result.expectation_config.type in COUNTED and _is_number(observed):
        kept["observed_value"] = observed
    rows = sorted(_row_numbers(found.get("partial_unexpected_index_list")))[:KEYS]
    if rows:
        kept |= {"unexpected_index_column_names": ["_row"], "partial_unexpected_index_list": [{"_row": rows}]}
    result.result = kept
    if is_errored(result):
        kinds = "; ".join(sorted(set(_exception_kinds(result.exception_info)))) or "Exception"
        result.exception_info = {"raised_exception": True, "exception_traceback": None, "exception_message": kinds}
    return result


def is_errored(result: ExpectationValidationResult) -> bool:
    """Say whether GX could not evaluate the expectation: not the same as bad data."""
    information: dict[str, Any] = result.exception_info or {}
    if "raised_exception" in information:
        return bool(information["raised_exception"])
    return bool(information)  # one record a metric that failed


def rule_result(plan: PlannedRule, result: ExpectationValidationResult, compared: int | None = None) -> RuleResult:
    """Return how a rule fared. An expectation about the table counts as one element evaluated.

    ``compared`` is for rules that hold rows against others: how many rows found something to be held against. GX
    counts each row with all its columns filled as evaluated, and so those that nothing is known of as good.
    """
    found: dict[str, Any] = result.result or {}
    errored = is_errored(result)
    success = bool(result.success)
    if errored:
        evaluated, unexpected = 0, 0
    elif "element_count" in found:
        evaluated = int(found["element_count"]) - int(found.get("missing_count") or 0)
        evaluated = evaluated if compared is None else compared
        unexpected = int(found["unexpected_count"] or 0)
    else:
        evaluated, unexpected = 1, 0 if success else 1
    observed = found.get("observed_value")
    return RuleResult(
        rule=plan.rule,
        code=plan.code,
        field=plan.field,
        indicator=plan.indicator,
        dimension=dimension_of(plan.indicator),
        effect=plan.effect,
        evaluated=evaluated,
        unexpected=unexpected,
        success=success,
        errored=errored,
        observed=str(observed) if plan.expectation in COUNTED and observed is not None else None,
    )


def save_results(
    suite: ExpectationSuiteValidationResult, results: Iterable[ExpectationValidationResult], path: Path
) -> None:
    """Write GX's suite result JSON with ``results`` in the suite's order; a reader sees all of it or nothing."""
    suite.results = list(results)
    statistics = calc_validation_statistics(suite.results)
    suite.success = statistics.success
    suite.statistics = {
        "evaluated_expectations": statistics.evaluated_expectations,
        "successful_expectations": statistics.successful_expectations,
        "unsuccessful_expectations": statistics.unsuccessful_expectations,
        "success_percent": statistics.success_percent,
    }
    part = path.with_suffix(".json.part")
    record: Any = suite
    part.write_text(json.dumps(record.to_json_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _row_numbers(keys: object) -> Iterator[int]:
    """Find the row numbers in any of the forms GX gives keys: numbers, ``{"_row": 3}``, ``{"_row": [3, 4]}``."""
    if isinstance(keys, list | tuple):
        for key in keys:
            yield from _row_numbers(key)
    elif isinstance(keys, dict):
        yield from _row_numbers(keys.get("_row"))
    elif isinstance(keys, int):
        yield keys


def _exception_kinds(information: object) -> Iterator[str]:
    """Find the names of exception classes; the words after them may quote the data."""
    if isinstance(information, dict):
        for key, value in information.items():
            if key == "exception_traceback" and isinstance(value, str):
                yield from re.findall(r"^([A-Za-z_][A-Za-z0-9_.]*(?:Error|Exception))(?=:|$)", value, re.MULTILINE)[:1]
            else:
                yield from _exception_kinds(value)
