"""Reports of made-up catalogs and ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from shuyuan.catalog import Resource
from shuyuan.indicators import Evidence, Facts, Period, assess, read_evidence
from shuyuan.reporting import Report, make_report
from synthetic_ledger import NOW, Ledger

PERIOD = Period("2026-11", date(2026, 10, 28), date(2026, 11, 27))


def report_of(resources: Sequence[Resource], ledger: Ledger, now: datetime = NOW, **flags: Any) -> Report:
    """The report of November 2026 as of ``now``."""
    ordered = tuple(sorted(resources, key=lambda resource: resource.entry.id))
    evidence = read_evidence(ledger, now, Evidence(PERIOD, ordered, Facts(now)))
    return make_report(evidence, assess(evidence), **flags)
