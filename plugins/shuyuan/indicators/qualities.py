"""The six dimensions of GB/T 36344-2018 of an entry in a period, its quality score, and the items with rules.

A rule's score is 100 × (1 − unexpected / evaluated) in the period's last checked delivery, a dimension the mean of
its rules, the quality score the mean of the dimensions by the weights of the assessment. What was not measured takes
no part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from shuyuan.entry import Assessment
from shuyuan.indicators.facts import EntryFacts
from shuyuan.indicators.records import RunCount
from shuyuan.indicators.standing import Indicator, RuleCount
from shuyuan.scoring import DIMENSIONS, dimension_of, score_total

USABLE = "ledger.usable"
"""The rule that stands for 可用性 where a delivery has none of its own: runs after which the table was usable."""
ARRIVED = "ledger.arrived"
"""The rule that stands for 时效性 of an entry of which nothing came at all."""
COPY_AGREES, COPY_KNOWN = "copy.agrees", "copy.known"
"""The rules that stand for 一致性 where a delivery has none: a copy says what its source says; that knows its keys.

In an entry's rows they are followed by the field and the source.
"""


def measure_dimensions(
    entry_id: str,
    checks: Sequence[RuleCount],
    compared: Sequence[RuleCount],
    runs: RunCount | None,
    missed: bool,
) -> dict[str, Indicator[RuleCount]]:
    """Return each dimension of which anything was measured, in the standard's order.

    ``missed``: the period had due dates that count but no delivery: timeliness is 0 and nothing else is known.
    """
    if missed:
        return {"timeliness": _mean([RuleCount(entry_id, ARRIVED, "", "0502", 1, 1)])}
    rules: dict[str, list[RuleCount]] = {}
    for check in checks:
        rules.setdefault(dimension_of(check.indicator), []).append(check)
    if "consistency" not in rules and compared:
        rules["consistency"] = list(compared)
    if "accessibility" not in rules and runs is not None and runs.ended:
        rules["accessibility"] = [RuleCount(entry_id, USABLE, "", "0602", runs.ended, runs.ended - runs.usable)]
    return {name: _mean(rules[name]) for name in DIMENSIONS.values() if name in rules}


def score_quality(dimensions: Mapping[str, float], assessment: Assessment) -> float | None:
    """Return the mean of the dimensions by the assessment's weights, ``None`` when none of them counts."""
    return score_total(dimensions, assessment.dimensions.model_dump())


def values_of(dimensions: Mapping[str, Indicator[RuleCount]]) -> dict[str, float]:
    """The values of the dimensions that have one."""
    return {name: one.value for name, one in dimensions.items() if one.value is not None}


def mean(values: Iterable[float | None]) -> float | None:
    """The plain mean of the values that there are."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def cover_items(facts: EntryFacts, fields: Sequence[str]) -> Indicator[str]:
    """Items with a rule in the last checked delivery out of all items. ``rows`` are those without any."""
    ruled = {rule.field for rule in facts.rules if rule.field and rule.effect in ("reject", "count", "block")}
    bare = tuple(name for name in fields if name not in ruled)
    return Indicator.of(len(fields) - len(bare), len(fields), bare)


def _mean(rules: Sequence[RuleCount]) -> Indicator[RuleCount]:
    whole = sum(rule.evaluated for rule in rules)
    wrong = sum(rule.unexpected for rule in rules)
    score = math.fsum(100 * (1 - rule.unexpected / rule.evaluated) for rule in rules) / len(rules)
    return Indicator(score, whole - wrong, whole, tuple(rules))
