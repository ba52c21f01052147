"""What a campaign found: how often a fault was tried, and each time that something was not as promised."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 5
"""Violations told in words; all are counted."""


@dataclass
class Count:
    """Trials of one fault against one promise in one place. ``left_out`` says why there were none."""

    promise: str
    fault: str
    where: str
    trials: int = 0
    reads: int = 0
    violations: int = 0
    told: list[str] = field(default_factory=list)
    left_out: str = ""

    def violated(self, what: str) -> None:
        """Note one violation."""
        self.violations += 1
        if len(self.told) < SHOWN:
            self.told.append(what)

    def expect(self, holds: bool, what: str) -> None:
        """Note a violation unless ``holds``."""
        if not holds:
            self.violated(what)

    @property
    def bound(self) -> str:
        """The 95 % upper bound of the rate of violations where there was none: exactly 1 − 0.05^(1/n), about 3/n."""
        if not self.trials:
            return ""
        rate = self.violations / self.trials if self.violations else 1 - 0.05 ** (1 / self.trials)
        return f"{rate:.2%}" if self.violations else f"≤ {rate:.2%}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for another process."""
        return asdict(self)
