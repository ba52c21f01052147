"""Bars on an axis that begins at zero: lengths are only honest there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, LEFT, TOP, FLOOR, BOTTOM = 460, 40, 18, 132, 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a group: its count, its colour class (``blue green red grey amber``) and its hover text."""

    value: int
    colour: str
    hover: str


def bar_chart(groups: Sequence[tuple[str, Sequence[Bar]]], title: str) -> Markup:
    """Groups of bars side by side, each with its label below and its number above; the axis begins at zero."""
    top = max((bar.value for _, bars in groups for bar in bars), default=0) or 1
    step = _step(top)
    high = -(-top // step) * step
    across = (WIDTH - LEFT) / max(len(groups), 1)
    parts = []
    for level in range(0, high + 1, step):
        y = FLOOR - (FLOOR - TOP) * level / high
        parts.append(Markup('<path class="grid" d="M{} {}H{}"/>').format(LEFT, _n(y), WIDTH))
        parts.append(_text(LEFT - 6, y + 4, f"{level:,}", "end axis"))
    for place, (label, bars) in enumerate(groups):
        middle = LEFT + across * (place + 0.5)
        wide = min(30.0, across * 0.7 / max(len(bars), 1))
        for number, bar in enumerate(bars):
            left = middle + wide * (number - len(bars) / 2)
            tall = (FLOOR - TOP) * bar.value / high
            drawn = Markup('<rect class="f-{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                bar.colour, _n(left + 1), _n(FLOOR - tall), _n(wide - 2), _n(tall)
            )
            told = _text(left + wide / 2, FLOOR - tall - 4, f"{bar.value:,}", "middle axis")
            parts.append(Markup("<g><title>{}</title>{}{}</g>").format(bar.hover, drawn, told))
        parts.append(_text(middle, FLOOR + 16, label, "middle axis"))
    return Markup(
        '<svg class="chart" role="img" width="{0}" height="{1}" viewBox="0 0 {0} {1}"><title>{2}</title>{3}</svg>'
    ).format(WIDTH, FLOOR + BOTTOM, title, Markup("").join(parts))


def _step(top: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that needs at most five steps to ``top``."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if top <= 5 * factor * size:
                return factor * size
        size *= 10


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, _n(x), _n(y), escape(text))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
