"""Which specs of the catalog ran, and from when on: what the 变更 page compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Query = Callable[[str, Sequence[Any]], list[Row]]

_SPECS = """
    SELECT s.spec_digest, s.entry_id, s.version, s.first_run_at, s.spec, s.elements
    FROM (SELECT t.*, lead(t.first_run_at) OVER (PARTITION BY t.entry_id ORDER BY t.first_run_at, t.spec_digest)
                      AS next_at
          FROM ledger.specs t WHERE t.first_run_at <= ?) s
    WHERE s.first_run_at >= ? OR s.next_at >= ?
    ORDER BY s.entry_id, s.first_run_at, s.spec_digest"""


@dataclass(frozen=True, slots=True)
class SpecFact:
    """One effective spec as it first ran (naive UTC). ``spec`` and ``elements`` are JSON texts."""

    entry_id: str
    spec_digest: str
    version: str
    first_run_at: datetime
    spec: str
    elements: str


def read_specs(query: Query, first: datetime, until: datetime) -> tuple[SpecFact, ...]:
    """Read the specs that first ran from ``first`` to ``until``, each entry's last one before them ahead of them."""
    return tuple(SpecFact(**row) for row in query(_SPECS, [until, first, first]))
