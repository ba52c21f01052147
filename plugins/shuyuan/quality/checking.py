"""The check of a batch, from its entry's rules to the verdict."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from great_expectations.core.batch import BatchData
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)

from shuyuan.problems import PlatformError
from shuyuan.quality.engine import ScanEngine, validator_of
from shuyuan.quality.gate import blocking_rules, check_score, check_volume
from shuyuan.quality.planning import plan_rules
from shuyuan.quality.rejection import judge_records, write_rejected
from shuyuan.quality.results import clean_result, rule_result, save_results
from shuyuan.quality.scan import KEYS, Scan, session
from shuyuan.quality.stock import ask_stock
from shuyuan.quality.suites import AskedRule, ask_rules, suite_of
from shuyuan.scoring import Measured, score_dimensions, score_total
from shuyuan.stages import Batch, RuleResult, Verdict

if TYPE_CHECKING:
    from shuyuan.catalog import Resource

RESULT_FORMAT: dict[str, Any] = {
    "result_format": "SUMMARY",
    "partial_unexpected_count": KEYS,
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}
"""Counts and row keys, never values."""


def check_batch(resource: Resource, batch: Batch, workdir: Path, volumes: Sequence[int], data_date: date) -> Verdict:
    """Check the batch; see ``shuyuan.quality.check``."""
    parquet = workdir / batch.path
    try:
        with session(parquet, workdir) as connection:
            return _check(resource, batch, workdir, volumes, data_date, Scan(connection, parquet))
    except duckdb.Error as error:
        # The database's words may quote a value of the data.
        raise PlatformError("P451", entry=resource.entry.id, kind=type(error).__name__) from None
    finally:
        shutil.rmtree(workdir / "duckdb", ignore_errors=True)


def _check(
    resource: Resource, batch: Batch, workdir: Path, volumes: Sequence[int], data_date: date, scan: Scan
) -> Verdict:
    entry = resource.entry
    rules = ask_rules(resource, plan_rules(entry, data_date, volumes), scan.types)
    suite_result, found = _validate(resource, workdir / batch.path, scan, rules)
    results = [rule_result(rule.plan, found[rule.plan.rule]) for rule in rules]
    save_results(suite_result, [clean_result(found[rule.plan.rule]) for rule in rules], workdir / "gx_result.json")

    rejecting = {
        rule.plan.rule: rule.question
        for rule in rules
        if rule.plan.own and rule.plan.effect == "reject" and rule.question is not None
    }
    defects = workdir / batch.defects_path if batch.defects_path is not None and batch.defects else None
    rejected = write_rejected(scan, entry, rejecting, defects, workdir / "rejected.parquet")
    accepted = batch.counted - rejected
    _conserve(entry.id, batch, scan.rows, rejected)

    results = [*judge_records(batch, workdir), *results]
    scores = score_dimensions(_measured(results))
    score = score_total(scores)
    results += [*check_volume(entry, batch.counted, accepted, volumes), *check_score(entry, score)]
    return Verdict(
        entry_id=entry.id,
        delivered=batch.counted,
        accepted=accepted,
        rejected=rejected,
        rejected_path="rejected.parquet" if rejected else None,
        results=tuple(results),
        scores=scores,
        score=score,
        blocked_by=blocking_rules(results),
        gx_result="gx_result.json",
    )


def _validate(
    resource: Resource, parquet: Path, scan: Scan, rules: Sequence[AskedRule]
) -> tuple[ExpectationSuiteValidationResult, dict[str, ExpectationValidationResult]]:
    """Run the suite: all that the scan can answer at once, then the rest on stock GX. Results by rule id."""
    engine = ScanEngine(scan)
    runtime: dict[str, Any] = {"result_format": {**RESULT_FORMAT, "unexpected_index_column_names": ["_row"]}}
    suite = suite_of(resource.entry.id, [rule for rule in rules if rule.fast])
    # GX's own annotations know neither a result format as a mapping nor what a suite gives back.
    result: Any = validator_of(engine, BatchData(engine)).validate(suite, catch_exceptions=False, **runtime)
    validated: ExpectationSuiteValidationResult = result
    fields = [field.name for field in resource.entry.fields]
    slow = ask_stock(parquet, fields, [rule for rule in rules if not rule.fast], {"result_format": RESULT_FORMAT})
    found = {_rule_of(one): one for one in (*validated.results, *slow)}
    return validated, found


def _rule_of(result: ExpectationValidationResult) -> str:
    configuration: Any = result.expectation_config
    return str(configuration.meta["rule"])


def _measured(results: Sequence[RuleResult]) -> list[Measured]:
    """What counts for the score: rules about rows and fields. The gate's own rules measure the delivery."""
    return [
        Measured(result.indicator, result.evaluated, result.unexpected)
        for result in results
        if not result.rule.startswith("table.") and not result.errored
    ]


def _conserve(entry_id: str, batch: Batch, rows: int, rejected: int) -> None:
    """No record may be lost or made: what was counted is what was read plus what could not be read.

    Raises:
        PlatformError: P452, the counts do not agree, so nothing may be published.
    """
    whole = rows == batch.rows and batch.rows + batch.defects == batch.counted
    if not whole or not batch.defects <= rejected <= batch.counted:
        raise PlatformError(
            "P452", entry=entry_id, counted=batch.counted, rows=rows, defects=batch.defects, rejected=rejected
        )
