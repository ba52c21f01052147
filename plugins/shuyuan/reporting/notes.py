"""说明: how every number is made, straight from the constants that make it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from shuyuan.indicators.measures import DIMENSIONS, FEW_DELIVERIES, STATES
from shuyuan.language import say
from shuyuan.reporting.matrix import MANY
from shuyuan.scoring import GRADES, WEIGHTS

FORMULAS = ("on_time", "rule", "dimension", "score", "mean", "rejected", "blocked", "rounding")
LIMITS = ("coverage", "window", "sample")
ONE_SOURCE = (
    "copy", "rate", "score_0401", "not_compared", "untouched", "duplicates", "rows", "consistency", "correction",
    "marks", "trace",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weight:
    """One dimension with its standard code and its weight as text."""

    name: str
    code: str
    weight: str
    meaning: str


def notes() -> dict[str, Any]:
    """Return what ``notes.html.j2`` shows."""
    return {
        "formulas": [say(f"report.notes.formula.{name}", few=FEW_DELIVERIES) for name in FORMULAS],
        "weights": [
            Weight(
                say(f"report.dimension.{name}"),
                f"{number:02d}",
                f"{WEIGHTS[name]:g}",
                say(f"report.notes.dimension.{name}"),
            )
            for number, name in enumerate(DIMENSIONS, start=1)
        ],
        "grades": _grade_ranges(),
        "states": STATES,
        "one_source": [say(f"report.notes.one_source.{name}", many=f"{MANY:g}") for name in ONE_SOURCE],
        "limits": [say(f"report.notes.limit.{name}") for name in LIMITS],
    }


def _grade_ranges() -> list[tuple[str, str]]:
    """Each grade with its range in words, the best first."""
    ranges = [(say(f"report.grade.{GRADES[0][1]}"), say("report.notes.from", low=f"{GRADES[0][0]:g}"))]
    for (high, _), (low, letter) in pairwise(GRADES):
        key = "report.notes.between" if low > 0 else "report.notes.below"
        ranges.append((say(f"report.grade.{letter}"), say(key, low=f"{low:g}", high=f"{high:g}")))
    return ranges
