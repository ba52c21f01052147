"""Quality scores after GB/T 36344-2018: rules, dimensions, total, grade. Pure formulas.

The standard measures each indicator as A/B × 100 %, A the elements that meet it, B those evaluated. A rule's
score is that of its indicator, ``100 × (1 − unexpected / evaluated)``; a dimension is the mean of its rules, the
total the weighted mean of the dimensions that have any. What was not evaluated has no score: nothing
measured is ``None``, never 100.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

DIMENSIONS = {
    "01": "normativity",
    "02": "completeness",
    "03": "accuracy",
    "04": "consistency",
    "05": "timeliness",
    "06": "accessibility",
}
"""GB/T 36344-2018: a dimension by the first two digits of an indicator's code."""

WEIGHTS = dict.fromkeys(DIMENSIONS.values(), 1.0)
"""What a dimension counts where ``include/assessment.yaml`` does not say. The standard names no weights."""

GRADES = ((95.0, "A"), (85.0, "B"), (75.0, "C"), (60.0, "D"), (0.0, "E"))
"""Five levels by their lowest score where ``include/assessment.yaml`` does not say. The standard names none."""


@dataclass(frozen=True)
class Measured:
    """What one rule measured. ``indicator`` is the code (``0302``); counts are elements (cells or records)."""

    indicator: str
    evaluated: int
    unexpected: int
    weight: float = 1.0


def dimension_of(indicator: str) -> str:
    """Return the dimension's name key of an indicator's code. Raises ``KeyError`` for an unknown dimension."""
    return DIMENSIONS[indicator[:2]]


def score_dimensions(measured: Iterable[Measured]) -> dict[str, float]:
    """Return 0 to 100 by dimension, for the dimensions of which anything was evaluated.

    Raises:
        ValueError: counts that cannot be (negative, more unexpected than evaluated, a weight not above 0).
    """
    rules: dict[str, list[tuple[float, float]]] = {}
    for item in measured:
        if not 0 <= item.unexpected <= item.evaluated or item.weight <= 0:
            raise ValueError(f"impossible counts for indicator {item.indicator}")
        if item.evaluated:
            score = 100 * (1 - item.unexpected / item.evaluated)
            rules.setdefault(dimension_of(item.indicator), []).append((score, item.weight))
    return {name: _weighted_mean(rules[name]) for name in DIMENSIONS.values() if name in rules}


def score_total(dimensions: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> float | None:
    """Return the mean of the dimensions by ``weights``, or ``None`` when none of them counts."""
    counting = [(score, weights[name]) for name, score in dimensions.items() if weights[name]]
    return _weighted_mean(counting) if counting else None


def grade(score: float | None, grades: Sequence[tuple[float, str]] = GRADES) -> str | None:
    """Return ``A`` to ``E`` by the lowest score of each level, the best first, or ``None`` for no score."""
    if score is None:
        return None
    return next((letter for lowest, letter in grades if score >= lowest), grades[-1][1])


def _weighted_mean(scores: list[tuple[float, float]]) -> float:
    return math.fsum(score * weight for score, weight in scores) / math.fsum(weight for _, weight in scores)
