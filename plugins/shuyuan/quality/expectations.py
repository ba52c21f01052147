"""Our own Great Expectations expectations, each a real GX class that stock GX can run on pandas.

The pandas metrics below are the reference; ``conditions`` says the same to DuckDB and a contract test
compares the two. A null is never unexpected; where two sides are compared, a null on either leaves the row
unevaluated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
    ColumnPairMapMetricProvider,
)

from shuyuan.quality.characters import judge_credit_codes, judge_resident_ids
from shuyuan.quality.code_tables import read_codes

PAIR_DOMAIN = ("batch_id", "table", "column_A", "column_B", "row_condition", "condition_parser", "ignore_row_if")


class ColumnValuesParsed(ColumnMapMetricProvider):
    """True where bit ``bit`` of a reading mask is not set: the text of that field was of its type."""

    condition_metric_name = "column_values.parsed"
    condition_value_keys = ("bit",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, bit: int, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        return pd.Series((column.to_numpy(dtype="int64") >> bit) & 1 == 0, index=column.index)


class ColumnValuesInCodeTable(ColumnMapMetricProvider):
    """True where the value, as text, is in the column ``code`` of a CSV file."""

    condition_metric_name = "column_values.in_code_table"
    condition_value_keys = ("path",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, path: str, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        return column.astype(str).isin(read_codes(Path(path)))


class ColumnValuesResidentId(ColumnMapMetricProvider):
    """True where the text is a resident ID (GB 11643)."""

    condition_metric_name = "column_values.resident_id"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        return _judged(column, judge_resident_ids)


class ColumnValuesCreditCode(ColumnMapMetricProvider):
    """True where the text is a unified social credit code (GB 32100)."""

    condition_metric_name = "column_values.credit_code"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        return _judged(column, judge_credit_codes)


class ColumnValuesNotAfter(ColumnMapMetricProvider):
    """True where the date (or the day of the date-time) is not after ``day``."""

    condition_metric_name = "column_values.not_after"
    condition_value_keys = ("day",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, day: str, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        return _moments(column, by_day=True) <= pd.Timestamp(day)


class ColumnPairNotAfter(ColumnPairMapMetricProvider):
    """True where A is not after B, compared by day or by instant."""

    condition_metric_name = "column_pair_values.not_after"
    condition_domain_keys = PAIR_DOMAIN
    condition_value_keys = ("by_day",)

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, by_day: bool, **_: Any) -> pd.Series:  # noqa: N803, N805
        return _moments(column_A, by_day) <= _moments(column_B, by_day)


def _judged(column: pd.Series, judge: Any) -> pd.Series:
    texts = pa.array(column, type=pa.large_string(), from_pandas=True)
    return pd.Series(judge(texts).to_numpy(zero_copy_only=False).astype(bool), index=column.index)


def _moments(column: pd.Series, by_day: bool) -> pd.Series:
    """Dates and date-times as one type (microseconds), which holds the years 1 to 9999."""
    moments = pa.array(column, from_pandas=True).cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    return pd.Series(
        moments.astype("datetime64[D]").astype("datetime64[us]") if by_day else moments, index=column.index
    )


class ExpectColumnValuesToBeParsed(ColumnMapExpectation):
    """Expect that bit ``bit`` of the reading mask is not set: the field's text was of its type."""

    bit: int
    map_metric: ClassVar[str] = "column_values.parsed"
    success_keys: ClassVar[tuple[str, ...]] = ("bit", "mostly")


class ExpectColumnValuesToBeInCodeTable(ColumnMapExpectation):
    """Expect values of a named code table. Only the name and the file are held, never the codes."""

    code_table: str
    path: str
    map_metric: ClassVar[str] = "column_values.in_code_table"
    success_keys: ClassVar[tuple[str, ...]] = ("code_table", "path", "mostly")


class ExpectColumnValuesToBeResidentIds(ColumnMapExpectation):
    """Expect 18-character resident IDs with a real birth date and the right check character (GB 11643)."""

    map_metric: ClassVar[str] = "column_values.resident_id"


class ExpectColumnValuesToBeCreditCodes(ColumnMapExpectation):
    """Expect 18-character unified social credit codes with the right check character (GB 32100)."""

    map_metric: ClassVar[str] = "column_values.credit_code"


class ExpectColumnValuesToBeNotAfter(ColumnMapExpectation):
    """Expect dates that are not after ``day`` (ISO 8601)."""

    day: str
    map_metric: ClassVar[str] = "column_values.not_after"
    success_keys: ClassVar[tuple[str, ...]] = ("day", "mostly")


class ExpectColumnPairValuesAToBeNotAfterB(ColumnPairMapExpectation):
    """Expect that A's date is not after B's; a row with a null on either side is not evaluated."""

    by_day: bool = False
    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"
    map_metric: ClassVar[str] = "column_pair_values.not_after"
    success_keys: ClassVar[tuple[str, ...]] = ("by_day", "ignore_row_if", "mostly")
