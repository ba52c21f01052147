"""An entry's Great Expectations suite: its planned rules, its named suites and its inline expectations.

Every expectation is a real GX object with a severity and, in ``meta``, the rule id, code, indicator and
effect, by which results find their rule again (GX returns them in another order). Named suites are JSON in
GX's own vocabulary: ``{"name", "expectations": [{"type", "kwargs", "severity"}]}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.registry import get_expectation_impl

import shuyuan.quality.expectations
import shuyuan.quality.source_expectations  # noqa: F401 - both register our expectations with GX
from shuyuan.problems import EntryError
from shuyuan.quality.code_tables import read_codes
from shuyuan.quality.conditions import Question, question_of
from shuyuan.quality.planning import PlannedRule

if TYPE_CHECKING:
    from shuyuan.catalog import Resource

SEVERITIES = {"block": "critical", "reject": "warning", "count": "info"}
"""GX's severity by our effect, for the rules that are ours."""

FOOTER_EXPECTATIONS = ("expect_table_row_count_to_be_between", "expect_table_row_count_to_equal")
"""Expectations about the table that the scan's engine answers from the Parquet footer."""

CODED_EXPECTATIONS = ("expect_column_values_to_be_in_code_table", "expect_column_values_to_be_in_known_regions")
"""Expectations that name a code table, of which the engine needs the file."""

INDICATOR_WORDS = (
    ("to_not_be_null", "0201"), ("row_count", "0202"), ("table_column", "0102"), ("unique", "0304"),
    ("regex", "0302"), ("length", "0302"), ("type", "0302"), ("strftime", "0302"), ("parseable", "0302"),
    ("code_table", "0105"), ("in_set", "0105"), ("between", "0301"), ("not_after", "0503"), ("greater", "0503"),
)  # fmt: skip
"""GB/T 36344 indicator of a suite's expectation, by the first word found in its type; else 0104 (business rules)."""


@dataclass(frozen=True)
class AskedRule:
    """A rule and its GX expectation. ``expectation`` is ``None`` when GX refuses to build it (``refused`` says why).

    ``question`` is what the scan asks of rows; ``fast`` says that the scan's engine answers the expectation.
    """

    plan: PlannedRule
    expectation: Expectation | None
    question: Question | None = None
    fast: bool = False
    refused: str = ""


def ask_rules(resource: Resource, plans: Iterable[PlannedRule], types: Mapping[str, str]) -> tuple[AskedRule, ...]:
    """Build the expectations of the planned rules, then those of suites and inline ones.

    Raises:
        EntryError: E294 a suite cannot be read, E295 a code table cannot be read, E296 a rule does not fit the
            type of its field.
    """
    asked = [_ask(resource, plan, types) for plan in (*plans, *_of_suites(resource), *_inline(resource))]
    for rule in asked:
        if rule.plan.own and not rule.fast:
            raise EntryError("E296", entry=resource.entry.id, rule=rule.plan.rule)
    return tuple(asked)


def suite_of(name: str, rules: Iterable[AskedRule]) -> ExpectationSuite:
    """Return the GX suite of rules that have an expectation."""
    suite = ExpectationSuite(name=name)
    # Given to the constructor, or added one by one, each expectation is compared with all others before it.
    suite.expectations = [rule.expectation for rule in rules if rule.expectation is not None]
    return suite


def _ask(resource: Resource, plan: PlannedRule, types: Mapping[str, str]) -> AskedRule:
    if plan.expectation in CODED_EXPECTATIONS:
        plan = replace(plan, kwargs={**plan.kwargs, "path": str(_code_table(resource, plan))})
    meta = {"rule": plan.rule, "code": plan.code, "indicator": plan.indicator, "effect": plan.effect}
    severity = FailureSeverity(SEVERITIES[plan.effect] if plan.own or plan.effect == "block" else "warning")
    try:
        expectation = get_expectation_impl(plan.expectation)(**plan.kwargs, meta=meta, severity=severity)
    except Exception as refusal:  # GX and pydantic raise many kinds; all of them mean: this is not an expectation
        return AskedRule(plan, None, refused=type(refusal).__name__)
    arguments = expectation.configuration.kwargs
    map_metric = getattr(expectation, "map_metric", None)
    question = question_of(map_metric, arguments, types) if map_metric else None
    fast = question is not None or (plan.expectation in FOOTER_EXPECTATIONS and not arguments.get("row_condition"))
    return AskedRule(plan, expectation, question, fast)


def _code_table(resource: Resource, plan: PlannedRule) -> Path:
    table = str(plan.kwargs.get("code_table", ""))
    path = resource.code_table_path(table)
    try:
        read_codes(path)
    except (OSError, KeyError, UnicodeDecodeError):
        raise EntryError("E295", entry=resource.entry.id, rule=plan.rule, table=table) from None
    return path


def _of_suites(resource: Resource) -> Iterator[PlannedRule]:
    for name in resource.entry.quality.suites:
        try:
            text = resource.suite_path(name).read_text(encoding="utf-8")
            drafts = [
                (str(draft["type"]), dict(draft.get("kwargs", {})), str(draft.get("severity", "critical")))
                for draft in json.loads(text)["expectations"]
            ]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise EntryError("E294", entry=resource.entry.id, suite=name) from None
        for number, (kind, kwargs, severity) in enumerate(drafts, 1):
            yield _foreign(f"suite.{name}.{number}", kind, kwargs, severity)


def _inline(resource: Resource) -> Iterator[PlannedRule]:
    for number, draft in enumerate(resource.entry.quality.expectations, 1):
        yield _foreign(f"gx.{number}", draft.type, dict(draft.kwargs), draft.severity)


def _foreign(rule: str, kind: str, kwargs: dict[str, Any], severity: str) -> PlannedRule:
    indicator = next((code for word, code in INDICATOR_WORDS if word in kind), "0104")
    effect = "block" if severity == "critical" else "count"
    column = kwargs.get("column")
    field = column if isinstance(column, str) else None
    return PlannedRule(rule, "D605", indicator, effect, kind, kwargs, field, own=False)  # type: ignore[arg-type]
