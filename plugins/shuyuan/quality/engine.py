"""Great Expectations' door to the scan: an execution engine that answers a whole suite at once.

GX resolves metrics in layers of a dependency graph. The metrics registered here depend on nothing, so the
graph of a suite has one layer and GX hands all its metrics to the first ``resolve_metrics`` call, which asks
the scan all questions together. A contract test holds GX to that, since it rests on GX's inner workings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from great_expectations.core.batch import Batch, BatchData, BatchMarkers
from great_expectations.core.id_dict import BatchSpec
from great_expectations.core.metric_function_types import MetricFunctionTypes
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.metrics.metric_provider import MetricProvider
from great_expectations.expectations.registry import get_metric_kwargs, register_metric
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import Validator

import shuyuan.quality.expectations
import shuyuan.quality.source_expectations  # noqa: F401 - both register our expectations and their metrics with GX
from shuyuan.quality.conditions import Question, question_of, supported_metrics
from shuyuan.quality.scan import Scan

SUFFIXES = ("unexpected_count", "unexpected_values", "unexpected_index_list", "unexpected_index_query")
PAIR_SUFFIXES = (*SUFFIXES, "filtered_row_count")


class ScanEngine(ExecutionEngine[Any]):
    """Answers GX's metrics from one ``Scan``. Knows one batch; knows no row conditions (stock GX takes those)."""

    def __init__(self, scan: Scan) -> None:
        super().__init__(name="scan")
        self.scan = scan

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """Answer all metrics: those of tables from the footer, those of rows by one scan."""
        wanted = list(metrics_to_resolve)
        questions: dict[Any, Question] = {}
        for metric in wanted:
            base, _, suffix = metric.metric_name.rpartition(".")
            if base == "table" or (base == "column_values.nonnull" and suffix == "unexpected_count"):
                continue
            question = question_of(base, {**metric.metric_domain_kwargs, **metric.metric_value_kwargs}, self.scan.types)
            if question is None:
                raise ValueError(f"{metric.metric_name} is not for this engine")
            questions[metric.id] = question
        if questions:
            self.scan.ask(questions.values())
        return {metric.id: self._value(metric, questions.get(metric.id)) for metric in wanted}

    def _value(self, metric: MetricConfiguration, question: Question | None) -> object:
        suffix = metric.metric_name.rpartition(".")[2]
        if metric.metric_name == "table.row_count":
            return self.scan.rows
        if question is None:
            return self.scan.null_count(metric.metric_domain_kwargs["column"])
        answer = self.scan.answers[question]
        if suffix == "unexpected_count":
            return answer.unexpected
        if suffix == "filtered_row_count":
            return answer.evaluated
        # Row numbers are keys, not values: they may leave the engine, in the form that stock GX gives keys without
        # values. Values and queries never do.
        if suffix == "unexpected_index_list":
            return [{"_row": list(answer.rows)}] if answer.rows else []
        return None

    def get_batch_data_and_markers(self, batch_spec: BatchSpec) -> tuple[BatchData, BatchMarkers]:
        """Return nothing new: the scan already knows its Parquet file."""
        return BatchData(self), BatchMarkers(ge_load_time="")

    def _comparison_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError

    def _nullity_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError

    def _and_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError

    def _or_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError


class SilentValidator(Validator):
    """GX's validator without a data context: no progress bars, no rendered prose, nothing stored or sent."""

    def _determine_progress_bars(self) -> bool:
        return False

    @property
    def _include_rendered_content(self) -> bool:
        return False


def validator_of(engine: ExecutionEngine[Any], data: Any) -> SilentValidator:
    """Return GX's validator for one batch of ``engine``."""
    return SilentValidator(execution_engine=engine, batches=[Batch(data=data)])


class _Answered(MetricProvider):
    """A metric without dependencies."""

    @classmethod
    def _get_evaluation_dependencies(cls, *_: Any, **__: Any) -> dict[str, MetricConfiguration]:
        return {}


def answered_metrics() -> frozenset[str]:
    """Return the full names of all metrics that ``ScanEngine`` answers."""
    names = {"table.row_count"}
    for base in supported_metrics():
        paired = base.startswith(("column_pair_values.", "compound_columns.", "multicolumn_values."))
        names |= {f"{base}.{suffix}" for suffix in (PAIR_SUFFIXES if paired else SUFFIXES)}
    return frozenset(names)


def _register() -> None:
    for metric_name in answered_metrics():
        keys = get_metric_kwargs(metric_name)  # as stock GX registered it, so that ids agree
        register_metric(
            metric_name=metric_name,
            metric_domain_keys=keys["metric_domain_keys"],
            metric_value_keys=keys["metric_value_keys"],
            execution_engine=ScanEngine,
            metric_class=_Answered,
            metric_provider=None,
            metric_fn_type=MetricFunctionTypes.VALUE,
        )


_register()
