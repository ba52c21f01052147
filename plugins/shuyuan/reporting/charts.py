"""Inline SVG drawn in Python: lines, dots, sparklines and the calendar's marks.

No script, no style attribute, no outside reference: colours are classes of ``style.css``, text is escaped, and every
drawing carries its numbers as hover text. An axis may be cut for dots and lines (their position speaks), so there are
no bars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup, escape

from shuyuan.reporting import figures

STATE_MARKS = {
    "normal": "on", "on_time": "on", "published": "on", "unchanged": "same", "late": "late", "missing": "miss",
    "blocked": "stop", "failed": "stop", "waiting": "wait", "dry_run": "wait", "rest": "rest", "unknown": "void",
    "no_change": "same", "excluded": "off", "green": "on", "yellow": "late", "red": "miss",
    "agree": "on", "few": "late", "many": "miss", "source": "src", "not_compared": "off", "no_rows": "wait",
    "open": "wait", "corrected": "on", "explained": "same", "overdue": "miss",
}  # fmt: skip
CELL, CELL_PITCH = 14, 18


@dataclass(frozen=True, slots=True)
class Dot:
    """One point of a line: ``place`` on the horizontal axis (0…), ``value`` and its hover text."""

    place: int
    value: float
    hover: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name, its colour class (``blue``, ``green``, ``red``, ``grey``) and its points in order."""

    name: str
    colour: str
    dots: Sequence[Dot]
    final: str


@dataclass(frozen=True, slots=True)
class DotRow:
    """One row of the dot plot. ``now`` and ``before`` are 0 to 100; ``note`` replaces the change."""

    label: str
    hover: str
    now: float | None
    before: float | None
    note: str = ""
    weak: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Swarmed:
    """One thing's score among all: its hover text and, for a weak one, the page that it leads to."""

    value: float
    hover: str
    link: str
    weak: bool


@cache
def mark(state: str, label: str) -> Markup:
    """The shape of a state (a square, triangle, cross, bar, ring) with its word for those who cannot see it."""
    return Markup('<svg class="mark" role="img" aria-label="{}"><use href="#m-{}"/></svg>').format(
        label, STATE_MARKS[state]
    )


def axis(values: Sequence[float], least: float = 10) -> tuple[float, float, float]:
    """Return (low, high, step) of an axis up to 100 that shows all values and spans at least ``least``."""
    low = min([*values, 100 - least])
    step = next(size for size in (2, 5, 10, 25) if (100 - low) / size <= 5 or size == 25)
    return max(0.0, math.floor(low / step) * step), 100.0, float(step)


def line_chart(lines: Sequence[Line], labels: Sequence[str], title: str, width: int = 480, height: int = 190) -> Markup:
    """Lines over days: ``labels`` name every place of the axis, of which the first, last and thirds are written.

    A gap between neighbouring points is drawn thin: nothing is known there.
    """
    left, right, top, bottom = 34, 100, 10, 24
    lines = [line for line in lines if line.dots]
    low, high, step = axis([dot.value for line in lines for dot in line.dots])
    across = (width - left - right) / max(len(labels) - 1, 1)

    def x(place: int) -> float:
        return left + across * place

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * (height - top - bottom)

    parts = []
    for number in range(round((high - low) / step) + 1):
        level = low + number * step
        parts.append(_rule(left, width - right + 8, y(level)) + _text(left - 6, y(level) + 4, f"{level:g}", "end axis"))
    last = len(labels) - 1
    for place in sorted({0, round(last / 3), round(2 * last / 3), last}):
        anchor = "axis" if place == 0 else ("end axis" if place == last else "middle axis")
        parts.append(_text(x(place), height - 4, labels[place], anchor))
    ends = spread([y(line.dots[-1].value) for line in lines], 15, top, height - bottom)
    for line, end in zip(lines, ends, strict=True):
        parts.append(_path(line, [(x(dot.place), y(dot.value)) for dot in line.dots]))
        final = line.dots[-1]
        parts.append(_dot(x(final.place), y(final.value), 3, line.colour))
        parts.append(_text(x(last) + 10, end + 4, f"{line.name} {line.final}", f"t-{line.colour}"))
        parts.extend(_target(x(dot.place), y(dot.value), dot.hover) for dot in line.dots)
    return _svg(width, height, title, parts)


def dot_plot(rows: Sequence[DotRow], title: str, width: int = 460) -> Markup:
    """One row a department: a filled dot now, a ring before, the number and the change beside it."""
    left, right, top, pitch = 184, 98, 8, 20
    low, high, step = axis([value for row in rows for value in (row.now, row.before) if value is not None])
    height = top + pitch * len(rows) + 24
    across = (width - left - right) / (high - low)
    floor = top + pitch * len(rows)
    parts = []
    for number in range(round((high - low) / step) + 1):
        place = left + (number * step) * across
        parts.append(Markup('<path class="grid" d="M{0} {1}V{2}"/>').format(_n(place), top, floor))
        parts.append(_text(place, floor + 16, f"{low + number * step:g}", "middle axis"))
    for index, row in enumerate(rows):
        middle = top + pitch * index + pitch / 2
        colour = "grey" if row.quiet else ("red" if row.weak else "blue")
        drawn = [_text(left - 10, middle + 4, shorten(row.label, 28), "end")]
        if row.now is not None:
            now = left + (row.now - low) * across
            if row.before is not None:
                before = left + (row.before - low) * across
                drawn.append(
                    Markup('<path class="join l-{}" d="M{} {}H{}"/>').format(colour, _n(before), _n(middle), _n(now))
                )
                drawn.append(
                    Markup('<circle class="ring l-{}" cx="{}" cy="{}" r="3.5"/>').format(colour, _n(before), _n(middle))
                )
            drawn.append(_dot(now, middle, 4, colour))
        drawn.append(
            _text(width - right + 44, middle + 4, figures.score(row.now), "end" + (" t-red" if row.weak else ""))
        )
        drawn.append(_text(width, middle + 4, row.note, "end axis"))
        parts.append(Markup("<g><title>{}</title>{}</g>").format(row.hover, Markup("").join(drawn)))
    return _svg(width, height, title, parts)


def sparkline(
    values: Sequence[float], title: str, low: float, high: float, colour: str, width: int = 148, height: int = 30
) -> Markup:
    """A bare line on a given scale, its last value as a dot. One value is a dot alone."""
    across = (width - 8) / max(len(values) - 1, 1)
    down = (height - 8) / ((high - low) or 1)
    dots = [(4 + across * place, 4 + (high - value) * down) for place, value in enumerate(values)]
    if len(values) == 1:
        dots = [(width - 4, dots[0][1])]
    parts = [] if len(dots) < 2 else [Markup('<path class="line l-{}" d="{}"/>').format(colour, _d(dots))]
    if dots:
        parts.append(_dot(*dots[-1], 2.5, colour))
    return _svg(width, height, title, parts, "spark")


def strip(cells: Sequence[tuple[int, str, str]], rest: Iterable[int], places: int, title: str) -> Markup:
    """One row of the heat-map: ``cells`` are (place, state, hover), ``rest`` the places where nothing was due.

    What is in time is one path, so that a thousand rows stay small; only the others carry hover text of their own.
    """
    good = "".join(f"M{CELL_PITCH * place} 0h{CELL}v{CELL}h-{CELL}z" for place, state, _ in cells if state == "on_time")
    idle = "".join(f"M{CELL_PITCH * place} 0h{CELL}v{CELL}h-{CELL}z" for place in rest)
    parts = [
        Markup('<path class="{}" d="{}"/>').format(kind, d) for kind, d in (("b-grey", idle), ("f-green", good)) if d
    ]
    parts.extend(
        Markup('<use href="#m-{}" x="{}" width="{}" height="{}"><title>{}</title></use>').format(
            STATE_MARKS[state], CELL_PITCH * place, CELL, CELL, hover
        )
        for place, state, hover in cells
        if state != "on_time"
    )
    return _svg(CELL_PITCH * places, CELL, title, parts, "strip")


def strip_axis(labels: Sequence[str]) -> Markup:
    """The days above a heat-map's strips; empty labels are left out."""
    texts = [
        _text(CELL_PITCH * place + CELL / 2, 10, label, "middle axis") for place, label in enumerate(labels) if label
    ]
    return _svg(CELL_PITCH * len(labels), CELL, "", texts, "strip")


def swarm(dots: Sequence[Swarmed], title: str, width: int = 940, most: int = 150) -> Markup:
    """All scores on one axis, equal ones stacked. Weak ones are red, carry their name and lead to their page."""
    left, right, bottom = 10, 10, 22
    low, high, step = axis([dot.value for dot in dots], least=20)
    across = (width - left - right) / (high - low)
    stacks: dict[int, list[Swarmed]] = {}
    for dot in sorted(dots, key=lambda one: (one.weak, one.value, one.hover)):
        stacks.setdefault(round((dot.value - low) * across / 6), []).append(dot)
    tallest = max((len(stack) for stack in stacks.values()), default=1)
    pitch = min(6.0, (most - bottom - 8) / tallest)
    floor = max(round(tallest * pitch) + 8, 40)
    height = floor + bottom
    parts = []
    for number in range(round((high - low) / step) + 1):
        x = left + number * step * across
        parts.append(Markup('<path class="grid" d="M{0} 4V{1}"/>').format(_n(x), floor))
        parts.append(_text(x, height - 6, f"{low + number * step:g}", "middle axis"))
    plain = []
    for place, stack in sorted(stacks.items()):
        for level, dot in enumerate(stack):
            x, y = left + place * 6, floor - 4 - level * pitch
            if dot.weak:
                parts.append(
                    Markup('<a href="{}"><circle class="f-red" cx="{}" cy="{}" r="2.6"><title>{}</title></circle></a>')
                    .format(dot.link, _n(x), _n(y), dot.hover)
                )  # fmt: skip
            else:
                plain.append(f"M{_n(x)} {_n(y)}h0")
    if plain:
        parts.append(Markup('<path class="dots l-blue" d="{}"/>').format("".join(plain)))
    return _svg(width, height, title, parts)


def spread(places: Sequence[float], distance: float, first: float, last: float) -> list[float]:
    """Move labels apart so that neighbours are at least ``distance`` apart, keeping their order and the frame."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    floor = first
    for index in order:
        moved[index] = max(moved[index], floor)
        floor = moved[index] + distance
    ceiling = last
    for index in reversed(order):
        moved[index] = min(moved[index], ceiling)
        ceiling = moved[index] - distance
    return moved


def shorten(text: str, half_widths: int) -> str:
    """Cut ``text`` to so many half-width columns (a Chinese character takes two), with an ellipsis."""
    taken = 0
    for place, letter in enumerate(text):
        taken += 1 if letter < "\u1100" else 2
        if taken > half_widths:
            return text[: max(place - 1, 0)].rstrip() + "…"
    return text


def _path(line: Line, dots: Sequence[tuple[float, float]]) -> Markup:
    """Solid between neighbouring places, thin across places without data."""
    solid: list[list[tuple[float, float]]] = []
    gaps = []
    for place, dot in enumerate(dots):
        if place and line.dots[place].place == line.dots[place - 1].place + 1:
            solid[-1].append(dot)
        else:
            if place:
                gaps.append(_d([dots[place - 1], dot]))
            solid.append([dot])
    drawn = Markup("")
    if gaps:
        drawn += Markup('<path class="line gap l-{}" d="{}"/>').format(line.colour, "".join(gaps))
    if any(len(piece) > 1 for piece in solid):
        pieces = "".join(_d(piece) for piece in solid if len(piece) > 1)
        drawn += Markup('<path class="line l-{}" d="{}"/>').format(line.colour, pieces)
    return drawn


def _svg(width: float, height: float, title: str, parts: Sequence[Markup], kind: str = "chart") -> Markup:
    return Markup(
        '<svg class="{}" role="img" width="{}" height="{}" viewBox="0 0 {} {}"><title>{}</title>{}</svg>'
    ).format(kind, width, height, width, height, title, Markup("").join(parts))


def _d(dots: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in dots)


def _dot(x: float, y: float, radius: float, colour: str) -> Markup:
    return Markup('<circle class="f-{}" cx="{}" cy="{}" r="{}"/>').format(colour, _n(x), _n(y), radius)


def _target(x: float, y: float, hover: str) -> Markup:
    """An unseen disc that is easy to hit with the mouse and tells the numbers."""
    return Markup('<circle class="hit" cx="{}" cy="{}" r="6"><title>{}</title></circle>').format(_n(x), _n(y), hover)


def _text(x: float, y: float, text: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, _n(x), _n(y), escape(text))


def _rule(left: float, right: float, y: float) -> Markup:
    return Markup('<path class="grid" d="M{} {}H{}"/>').format(_n(left), _n(y), _n(right))


def _n(value: float) -> str:
    """A coordinate with one decimal, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
