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

from shuyuan.catalog.assessments import gather_assessment
from shuyuan.problems import PlatformError
from shuyuan.quality import MARKED
from shuyuan.quality.engine import ScanEngine, validator_of
from shuyuan.quality.gate import blocking_rules, check_score, check_volume
from shuyuan.quality.planning import plan_rules
from shuyuan.quality.rejection import judge_records, write_marked, write_rejected
from shuyuan.quality.results import clean_result, rule_result, save_results
from shuyuan.quality.scan import KEYS, Scan, session
from shuyuan.quality.sources import SourceRows, plan_source_rules
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


def check_batch(
    resource: Resource,
    batch: Batch,
    workdir: Path,
    volumes: Sequence[int],
    data_date: date,
    sources: Sequence[SourceRows],
    mark: bool,
) -> Verdict:
    """Check the batch; see ``shuyuan.quality.check``."""
    parquet = workdir / batch.path
    of_sources, impossible = plan_source_rules(resource, sources)
    plans = (*plan_rules(resource.entry, data_date, volumes), *of_sources)
    try:
        with session(parquet, workdir) as connection:
            scan = Scan(connection, parquet)
            rules = ask_rules(resource, plans, scan.types)
            results = _ask(resource, batch, workdir, scan, rules)
            rejected = _reject(resource, batch, workdir, scan, rules, mark)
    except duckdb.Error as error:
        # The database's words may quote a value of the data.
        raise PlatformError("P451", entry=resource.entry.id, kind=type(error).__name__) from None
    finally:
        shutil.rmtree(workdir / "duckdb", ignore_errors=True)
    accepted = batch.counted - rejected
    results = [*judge_records(batch, workdir), *results, *impossible]
    scores = score_dimensions(_measured(results))
    score = score_total(scores, gather_assessment(resource.project)[0].dimensions.model_dump())
    results += [*check_volume(resource.entry, batch.counted, accepted, volumes), *check_score(resource.entry, score)]
    return Verdict(
        entry_id=resource.entry.id,
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


def _ask(resource: Resource, batch: Batch, workdir: Path, scan: Scan, rules: Sequence[AskedRule]) -> list[RuleResult]:
    """Run the suite, write GX's own results and return ours."""
    suite_result, found = _validate(resource, workdir / batch.path, scan, rules)
    compared = {rule.plan.rule: scan.answers[rule.question].compared for rule in rules if rule.question in scan.answers}
    results = [rule_result(rule.plan, found[rule.plan.rule], compared.get(rule.plan.rule)) for rule in rules]
    save_results(suite_result, [clean_result(found[rule.plan.rule]) for rule in rules], workdir / "gx_result.json")
    return results


def _reject(resource: Resource, batch: Batch, workdir: Path, scan: Scan, rules: Sequence[AskedRule], mark: bool) -> int:
    """Write the rejected rows (and with ``mark`` all that broke a rule) and return how many are rejected."""
    asked = {rule.plan.rule: rule for rule in rules}
    questions = {name: rule.question for name, rule in asked.items() if rule.question is not None}
    rejecting = {
        name: question
        for name, question in questions.items()
        if asked[name].plan.own and asked[name].plan.effect == "reject"
    }
    defects = workdir / batch.defects_path if batch.defects_path is not None and batch.defects else None
    rejected = write_rejected(scan, resource.entry, rejecting, defects, workdir / "rejected.parquet")
    if mark:
        write_marked(scan, questions, workdir / MARKED)
    _conserve(resource.entry.id, batch, scan.rows, rejected)
    return rejected


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
    """What counts for the score: rules about rows and fields. The gate's own rules measure the delivery.

    Neither do the one-source rules count (D5xx): what they find depends on when the source was published last, and
    the same delivery must have the same score whenever it is checked. Consistency is scored by the reconcile.
    """
    return [
        Measured(result.indicator, result.evaluated, result.unexpected)
        for result in results
        if not result.rule.startswith("table.") and not result.code.startswith("D5") and not result.errored
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
