"""The slow path: any expectation that the scan cannot answer, on Great Expectations' own pandas engine.

It reads only the columns that the expectation names (all fields when it names none), costs about ten times
the scan's time a rule and holds those columns in memory. A suite of fast expectations never comes here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from shuyuan.quality.engine import validator_of
from shuyuan.quality.suites import AskedRule

COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")


def ask_stock(
    parquet: Path, fields: Sequence[str], rules: Iterable[AskedRule], runtime: dict[str, Any]
) -> list[ExpectationValidationResult]:
    """Run the rules' expectations one by one; an error of one is that one's result (``raised_exception``)."""
    return [_ask_one(parquet, fields, rule, runtime) for rule in rules]


def read_frame(parquet: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns as a frame whose index is ``_row``.

    Decimals become floats: GX turns them into floats anyway, at a millisecond a value.
    """
    table = pq.read_table(parquet, columns=[*columns, "_row"])
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.float64()))
    return table.to_pandas().set_index("_row")


def _ask_one(
    parquet: Path, fields: Sequence[str], rule: AskedRule, runtime: dict[str, Any]
) -> ExpectationValidationResult:
    if rule.expectation is None:
        return _refused(rule)
    configuration = rule.expectation.configuration
    engine = PandasExecutionEngine()
    try:
        with _silence():
            validator = validator_of(engine, read_frame(parquet, _columns(configuration, fields)))
            (result,) = validator.graph_validate([configuration], {**runtime, "catch_exceptions": True})
    except Exception as error:  # GX raises some faults of an expectation instead of reporting them
        return _errored(configuration, type(error).__name__)
    return result


def _columns(configuration: ExpectationConfiguration, fields: Sequence[str]) -> list[str]:
    """Return the fields that the arguments name; all of them where the table itself is judged or rows are chosen."""
    arguments = configuration.kwargs
    named = [value for key in COLUMN_ARGUMENTS for value in _as_list(arguments.get(key))]
    known = [field for field in fields if field in named]
    about_table = configuration.type.startswith("expect_table_") or configuration.type == "expect_column_to_exist"
    return list(fields) if about_table or arguments.get("row_condition") or not known else known


def _as_list(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _refused(rule: AskedRule) -> ExpectationValidationResult:
    plan = rule.plan
    meta = {"rule": plan.rule, "code": plan.code, "indicator": plan.indicator, "effect": plan.effect}
    configuration = ExpectationConfiguration(type=plan.expectation, kwargs=plan.kwargs, meta=meta)
    return _errored(configuration, rule.refused)


def _errored(configuration: ExpectationConfiguration, kind: str) -> ExpectationValidationResult:
    information = {"raised_exception": True, "exception_traceback": kind, "exception_message": kind}
    return ExpectationValidationResult(success=False, expectation_config=configuration, exception_info=information)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep GX from logging: its messages quote the values that an expectation stumbled over."""
    logger = logging.getLogger("great_expectations")
    before = logger.disabled, logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.disabled, level = before
        logger.setLevel(level)
