"""A part of a whole: what stands behind a percentage. Nothing measured has no value, never 100."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """``part`` out of ``whole``. A whole of 0 has no percentage."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """0 to 100, or ``None`` when there is nothing to divide by."""
        return 100 * self.part / self.whole if self.whole else None
