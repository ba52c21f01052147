"""When a rule was not met in the demonstration's past: it fails some days, is mended, comes back some time later.

Days are counted back from the demonstration's own date, on which every planted defect is found. How long a department
takes to mend one is its own; nothing depends on the date, so that the picture is the same on every day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

HORIZON = 120
"""Days back that are told; longer than two assessment periods."""

MENDING_DAYS: Mapping[str, int] = {
    "civil_affairs": 11,
    "human_resources": 9,
    "market_regulation": 16,
    "natural_resources": 20,
    "public_security": 7,
    "taxation": 34,
    "traffic_police": 8,
}
"""The most days after which a department has mended what a rule found; ten working days are allowed."""

OTHERS_MENDING_DAYS = 10


@dataclass(frozen=True)
class Lots:
    """Chance that depends on whom and what it is about, and on nothing else."""

    about: str

    def share(self, purpose: str) -> float:
        """Return a number from 0 to below 1."""
        digest = hashlib.blake2b(f"{self.about}/{purpose}".encode(), digest_size=6).digest()
        return int.from_bytes(digest) / 2**48

    def minutes(self, purpose: str, least: int, most: int) -> timedelta:
        """Return a span between so many minutes, to the second."""
        return timedelta(seconds=int(60 * (least + (most - least) * self.share(purpose))))


@cache
def broken_days(department: str, entry_id: str, rule: str) -> frozenset[int]:
    """Return how many days ago the rule was not met; 1 is the day before the demonstration's."""
    lots, most = Lots(f"{entry_id} {rule}"), MENDING_DAYS.get(department, OTHERS_MENDING_DAYS)
    found: set[int] = set()
    ago = number = 0
    while ago < HORIZON:
        number += 1
        lasted = round(most * lots.share(f"broken {number}"))
        found.update(range(ago + 1, ago + 1 + lasted))
        ago += lasted + 2 + round(1.5 * most * lots.share(f"mended {number}"))
    return frozenset(found)
