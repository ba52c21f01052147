"""Pictures for paper, as PNG: a strip with ● now and ○ before, and a line. No words: fonts differ between machines.

Everything is drawn four times as large and scaled down, which smooths it. The only text is digits, in the font that
comes with Pillow, so that the same numbers give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_FINE = 4
_INK, _SOFT, _GRID, _LINE = "#1F2933", "#7B8794", "#D5DBE1", "#1F4E79"
_LIGHTS = {"green": "#2E7D32", "yellow": "#B26A00", "red": "#C62828", None: _SOFT}

STRIP = (240, 44)
"""Pixels of a strip; 26 mm wide on paper."""

TREND = (1240, 360)
"""Pixels of a trend; the text's width on paper."""


def draw_strip(now: float | None, before: float | None, light: str | None = None) -> bytes:
    """Return a strip from 0 to 100: a filled dot for this month, a ring for the last. ``None`` draws none."""
    board = _Board(STRIP)
    middle = STRIP[1] / 2
    board.line([(_along(0), middle), (_along(100), middle)], _GRID, 3)
    for tick in (0, 50, 100):
        board.line([(_along(tick), middle - 8), (_along(tick), middle + 8)], _GRID, 3)
    if before is not None:
        board.dot((_along(before), middle), 10, "white", _SOFT)
    if now is not None:
        board.dot((_along(now), middle), 9, _LIGHTS.get(light, _SOFT), None)
    return board.png()


def draw_scale() -> bytes:
    """Return the digits 0, 50, 100 above the strips."""
    board = _Board(STRIP)
    for tick in (0, 50, 100):
        board.text((_along(tick), STRIP[1] / 2), str(tick), "mm", 22)
    return board.png()


def draw_trend(values: Sequence[float], labels: Sequence[str]) -> bytes:
    """Return a line of ``values`` (0 to 100) over ``labels`` (digits such as ``11-03``), one label in each few."""
    board = _Board(TREND)
    low = _floor(values)
    left, right, top, bottom = 70.0, TREND[0] - 90.0, 24.0, TREND[1] - 50.0

    def place(number: int, value: float) -> tuple[float, float]:
        wide = (right - left) * number / max(len(values) - 1, 1)
        return left + wide, bottom - (bottom - top) * (value - low) / (100 - low)

    for tick in (low, (low + 100) / 2, 100):
        height = place(0, tick)[1]
        board.line([(left, height), (right, height)], _GRID, 2)
        board.text((left - 12, height), f"{tick:g}", "rm", 24)
    points = [place(number, value) for number, value in enumerate(values)]
    if len(points) > 1:
        board.line(points, _LINE, 5)
    every = max(1, -(-len(labels) // 8))
    for number, label in enumerate(labels):
        if number % every == 0:
            board.text((points[number][0], bottom + 12), label, "mt", 24)
    if points:
        board.dot(points[-1], 8, _LINE, None)
    return board.png()


def _along(value: float) -> float:
    return 22 + (STRIP[0] - 44) * min(max(value, 0), 100) / 100


def _floor(values: Sequence[float]) -> float:
    """Where the scale begins: 0, or 50 or 80 when no value is near; a line, unlike a bar, may begin above 0."""
    least = min(values, default=0)
    return next((low for low in (80, 50) if least >= low + 2), 0)


class _Board:
    """A white sheet, drawn large and scaled down."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.image = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE), "white")
        self.pen = ImageDraw.Draw(self.image)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: int) -> None:
        self.pen.line([(x * _FINE, y * _FINE) for x, y in points], colour, width * _FINE, joint="curve")

    def dot(self, centre: tuple[float, float], radius: float, fill: str, edge: str | None) -> None:
        x, y, far = centre[0] * _FINE, centre[1] * _FINE, radius * _FINE
        self.pen.ellipse((x - far, y - far, x + far, y + far), fill, edge, 3 * _FINE if edge else 0)

    def text(self, where: tuple[float, float], text: str, anchor: str, size: int) -> None:
        font = ImageFont.load_default(size * _FINE)
        self.pen.text((where[0] * _FINE, where[1] * _FINE), text, _INK, font, anchor)

    def png(self) -> bytes:
        file = io.BytesIO()
        small = self.image.resize(self.size, Image.Resampling.LANCZOS)
        small.quantize(32).save(file, "PNG", optimize=True)
        return file.getvalue()
