"""Our own Great Expectations expectations, each a real GX class that stock GX can run on pandas.

The pandas metrics below are the reference; ``conditions`` says the same to DuckDB and a contract test
compares the two. A null is never unexpected; where two sides are compared, a null on either leaves the row
unevaluated.
"""

from __future__ import annotations

from datetime import date
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

from shuyuan.identifiers import CHECKS, DIVISION_LENGTH, Check, find_damaged, sex_of
from shuyuan.quality.characters import judge_texts
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


class ColumnValuesInKnownRegion(ColumnMapMetricProvider):
    """True where six characters from ``start`` (from 0) on are in the column ``code`` of a CSV file."""

    condition_metric_name = "column_values.in_known_region"
    condition_value_keys = ("start", "path")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, start: int, path: str, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        regions = column.astype(str).str.slice(start, start + DIVISION_LENGTH)
        return regions.isin(read_codes(Path(path), ever=True))


class ColumnValuesNotExcelDamaged(ColumnMapMetricProvider):
    """True where a spreadsheet program has left the identifier alone, as far as the whole column shows."""

    condition_metric_name = "column_values.not_excel_damaged"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805 - GX makes it a class method
        return ~pd.Series(find_damaged(column.astype(str)), index=column.index, dtype=bool)


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


class ColumnPairMatchResidentId(ColumnPairMapMetricProvider):
    """True unless A (a sex code of GB/T 2261.1, or a birth date) contradicts the resident ID in B."""

    condition_metric_name = "column_pair_values.match_resident_id"
    condition_domain_keys = PAIR_DOMAIN

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        pairs = zip(column_A, column_B, strict=True)
        return pd.Series([_agrees(fact, str(number)) for fact, number in pairs], index=column_A.index, dtype=bool)


def _agrees(fact: Any, number: str) -> bool:
    """Say whether a fact fits an ID; 0, 9 and the codes of changed sex say nothing, as do IDs of another shape."""
    sex = sex_of(number)
    if sex is None:
        return True
    if isinstance(fact, date):
        return f"{fact:%Y%m%d}".zfill(8) == number[6:14]
    code = str(int(fact)) if isinstance(fact, float) else str(fact)  # a frame makes floats of numbers with gaps
    return code not in ("1", "2") or code == sex


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


class ExpectColumnValuesToBeInKnownRegions(ColumnMapExpectation):
    """Expect that the six digits of a division in an identifier are a code, of today or ever, of a code table."""

    start: int
    code_table: str
    path: str
    map_metric: ClassVar[str] = "column_values.in_known_region"
    success_keys: ClassVar[tuple[str, ...]] = ("start", "code_table", "path", "mostly")


class ExpectColumnValuesToNotBeExcelDamaged(ColumnMapExpectation):
    """Expect no scientific notation, and no more identifiers ending in 000 than chance gives."""

    map_metric: ClassVar[str] = "column_values.not_excel_damaged"


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


class ExpectColumnPairValuesAToMatchResidentIdB(ColumnPairMapExpectation):
    """Expect that A, a sex code or a birth date, is that of the resident ID in B; nulls are not evaluated."""

    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"
    map_metric: ClassVar[str] = "column_pair_values.match_resident_id"
    success_keys: ClassVar[tuple[str, ...]] = ("ignore_row_if", "mostly")


def _expectation_of(check: Check) -> type[ColumnMapExpectation]:
    """Make the metric and the expectation class of an identifier check; GX registers both as they come to be."""

    def condition(cls: type, column: pd.Series, **_: Any) -> pd.Series:
        texts = pa.array(column, type=pa.large_string(), from_pandas=True)
        return pd.Series(judge_texts(check, texts).to_numpy(zero_copy_only=False).astype(bool), index=column.index)

    metric = f"column_values.{check.name}"
    title = _camel(check.name)
    type(
        f"ColumnValues{title}",
        (ColumnMapMetricProvider,),
        {
            "__doc__": f"True where the text is valid by ``identifiers.CHECKS['{check.name}']``.",
            "__module__": __name__,
            "condition_metric_name": metric,
            "_pandas": column_condition_partial(engine=PandasExecutionEngine)(condition),
        },
    )
    expectation: type[ColumnMapExpectation] = type(ColumnMapExpectation)(
        f"ExpectColumnValuesToBe{_camel(check.plural)}",
        (ColumnMapExpectation,),
        {
            "__doc__": f"Expect values that are valid by ``identifiers.CHECKS['{check.name}']``.",
            "__module__": __name__,
            "__annotations__": {"map_metric": ClassVar[str]},
            "map_metric": metric,
        },
    )
    return expectation


def _camel(words: str) -> str:
    return "".join(word.capitalize() for word in words.split("_"))


IDENTIFIER_EXPECTATIONS = {name: _expectation_of(check) for name, check in CHECKS.items()}
"""Check → its expectation: ``ExpectColumnValuesToBeResidentIds``, ``…CreditCodes``, ``…PersonNames`` and so on."""
