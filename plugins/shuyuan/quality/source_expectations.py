"""The one-source expectations: real GX classes, which stock GX can run on pandas.

The pandas metrics below are the reference, plain Python on the source's Parquet file; ``source_rows`` says the same
to DuckDB and a contract test compares the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation, MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import (
    MulticolumnMapMetricProvider,
)

from shuyuan.normal_forms import NormalForm, normalise


class ColumnValuesKnownToSource(ColumnMapMetricProvider):
    """True where the value is among those of the one column ``source_columns`` of the Parquet file ``path``."""

    condition_metric_name = "column_values.known_to_source"
    condition_value_keys = ("path", "source_columns", "key_forms")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - GX makes it a class method
        column: pd.Series,
        path: str,
        source_columns: list[str],
        key_forms: list[NormalForm],
        **_: Any,
    ) -> pd.Series:
        return _known(column.to_frame(), _Source.read(path, source_columns, key_forms))


class MulticolumnValuesKnownToSource(MulticolumnMapMetricProvider):
    """True where the values together are a key of the Parquet file ``path``."""

    condition_metric_name = "multicolumn_values.known_to_source"
    condition_value_keys = ("path", "source_columns", "key_forms")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - GX makes it a class method
        column_list: pd.DataFrame,
        path: str,
        source_columns: list[str],
        key_forms: list[NormalForm],
        **_: Any,
    ) -> pd.Series:
        return _known(column_list, _Source.read(path, source_columns, key_forms))


class MulticolumnValuesAgreeWithSource(MulticolumnMapMetricProvider):
    """True unless the source has that key just once and says something else in the last column."""

    condition_metric_name = "multicolumn_values.agree_with_source"
    condition_value_keys = ("path", "source_columns", "key_forms", "normal_form")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - GX makes it a class method
        column_list: pd.DataFrame,
        path: str,
        source_columns: list[str],
        key_forms: list[NormalForm],
        normal_form: NormalForm,
        **_: Any,
    ) -> pd.Series:
        source = _Source.read(path, source_columns, key_forms)
        verdicts = []
        for *key, here in _rows_of_frame(column_list):
            said = source.find(tuple(key))
            there = said[0][-1] if len(said) == 1 else None
            verdicts.append(
                not here or not there or here == there or normalise(here, normal_form) == normalise(there, normal_form)
            )
        return pd.Series(verdicts, index=column_list.index, dtype=bool)


Row = tuple[str | None, ...]


@dataclass(frozen=True)
class _Source:
    """The source's rows by key as it is written, and by key in its normal forms."""

    forms: tuple[NormalForm, ...]
    written: Mapping[Row, list[Row]]
    normal: Mapping[Row, list[Row]]

    @classmethod
    def read(cls, path: str, columns: list[str], forms: list[NormalForm]) -> _Source:
        source = cls(tuple(forms), defaultdict(list), defaultdict(list))
        for row in _rows(pq.read_table(Path(path), columns=list(dict.fromkeys(columns))), columns):
            key = row[: len(forms)]
            if None not in key:
                source.written[key].append(row)
                source.normal[source.normalised(key)].append(row)
        return source

    def find(self, key: Row) -> list[Row]:
        return self.written.get(key) or self.normal.get(self.normalised(key), [])

    def normalised(self, key: Row) -> Row:
        return tuple(normalise(str(part), form) for part, form in zip(key, self.forms, strict=True))


def _known(frame: pd.DataFrame, source: _Source) -> pd.Series:
    return pd.Series([bool(source.find(key)) for key in _rows_of_frame(frame)], index=frame.index, dtype=bool)


def _rows_of_frame(frame: pd.DataFrame) -> Iterator[Row]:
    columns = [str(column) for column in frame.columns]
    return _rows(pa.table({name: pa.array(frame[name], from_pandas=True) for name in columns}), columns)


def _rows(table: pa.Table, columns: list[str]) -> Iterator[Row]:
    texts = [[_plain(value) for value in table.column(name).to_pylist()] for name in columns]
    return zip(*texts, strict=True)


def _plain(value: object) -> str | None:
    """A value's one plain text, whatever type carries it: pandas makes floats of whole numbers with gaps."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


class ExpectColumnValuesToBeKnownToSource(ColumnMapExpectation):
    """Expect values that the source's key column holds, too."""

    path: str
    source_columns: list[str]
    key_forms: list[str]
    map_metric: ClassVar[str] = "column_values.known_to_source"
    success_keys: ClassVar[tuple[str, ...]] = ("path", "source_columns", "key_forms", "mostly")


class ExpectMulticolumnValuesToBeKnownToSource(MulticolumnMapExpectation):
    """Expect keys of several columns that the source holds, too; a row with a null in its key is not evaluated."""

    path: str
    source_columns: list[str]
    key_forms: list[str]
    ignore_row_if: Literal["any_value_is_missing"] = "any_value_is_missing"
    map_metric: ClassVar[str] = "multicolumn_values.known_to_source"
    success_keys: ClassVar[tuple[str, ...]] = ("path", "source_columns", "key_forms", "ignore_row_if", "mostly")


class ExpectMulticolumnValuesToAgreeWithSource(MulticolumnMapExpectation):
    """Expect that the last of the columns says what the source says of the key before it, in a normal form."""

    path: str
    source_columns: list[str]
    key_forms: list[str]
    normal_form: str
    ignore_row_if: Literal["any_value_is_missing"] = "any_value_is_missing"
    map_metric: ClassVar[str] = "multicolumn_values.agree_with_source"
    success_keys: ClassVar[tuple[str, ...]] = (
        "path",
        "source_columns",
        "key_forms",
        "normal_form",
        "ignore_row_if",
        "mostly",
    )
