"""信息资源共享排行: the components of a department's score, their weights, ranks, and why a department has none.

A component without data is left out and the weights of the others are scaled to 100. Equal scores share a rank and
the next one is as much lower (1, 2, 2, 4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from shuyuan.entry import Assessment
from shuyuan.indicators.standing import COMPONENTS, Light
from shuyuan.scoring import grade

RANKED_TO = 2
"""Scores are equal when they are equal to so many decimals, as they are printed."""


def scaled_weights(components: Mapping[str, float | None], assessment: Assessment) -> dict[str, float]:
    """Return what each component counts, summing to 100; 0 for those without data. All 0: none counts."""
    weights = assessment.ranking.model_dump()
    whole = math.fsum(weights[name] for name in COMPONENTS if components[name] is not None)
    return {name: 100 * weights[name] / whole if whole and components[name] is not None else 0.0 for name in COMPONENTS}


def ranking_score(components: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """Return the weighted mean of the components, ``None`` when none counts."""
    if not any(weights.values()):
        return None
    return math.fsum(weights[name] * (components[name] or 0.0) for name in COMPONENTS) / 100


def rank(scores: Mapping[str, float | None]) -> dict[str, int | None]:
    """Return the rank of each name, the highest score first; no score has no rank."""
    printed = {name: round(score, RANKED_TO) for name, score in scores.items() if score is not None}
    return {
        name: 1 + sum(other > printed[name] for other in printed.values()) if name in printed else None
        for name in scores
    }


def unranked_reason(to_share: int, due: int, score: float | None, assessment: Assessment) -> str | None:
    """Why a department has no rank: nothing to share (不参评), or fewer due dates than the least sample (样本不足)."""
    if not to_share:
        return "nothing_to_share"
    return "few_samples" if due < assessment.samples or score is None else None


def light_of(fresh: float | None, quality: float | None, assessment: Assessment) -> Light | None:
    """红黄绿 by freshness and quality; the one that has data decides when the other has none."""
    known = [value for value in (fresh, quality) if value is not None]
    if not known:
        return None
    if any(value < assessment.lights.red for value in known):
        return "red"
    return "green" if all(value >= assessment.lights.green for value in known) else "yellow"


def grade_ranges(assessment: Assessment) -> tuple[tuple[float, str], ...]:
    """The five levels by their lowest score, the best first."""
    grades = assessment.grades
    return (grades.a, "A"), (grades.b, "B"), (grades.c, "C"), (grades.d, "D"), (0.0, "E")


def grade_of(score: float | None, assessment: Assessment) -> str | None:
    """``A`` to ``E``, ``None`` for no score."""
    return grade(score, grade_ranges(assessment))
