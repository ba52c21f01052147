"""The report's pages in the order of the navigation: a new page is one more line."""

from __future__ import annotations

from shuyuan.reporting import (
    changes,
    checks_page,
    departments,
    entries,
    notes,
    one_source,
    overview,
    problem_ledger,
    quality_page,
    timeliness,
)
from shuyuan.reporting.report import Page

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    timeliness.PAGE,
    quality_page.PAGE,
    one_source.PAGE,
    departments.PAGE,
    entries.PAGE,
    problem_ledger.PAGE,
    checks_page.PAGE,
    changes.PAGE,
    notes.PAGE,
)
