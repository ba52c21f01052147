"""What is good data: an entry's rules as a Great Expectations suite, run by DuckDB in one scan.

Reading order: ``planning`` (entry → rules) and ``sources`` (links → rules) → ``suites`` (rules → GX expectations)
→ ``conditions`` (what each GX map metric asks of a row, as SQL) → ``scan`` (all questions, one pass) → ``engine``
(GX's door to the scan) → ``results``, ``gate`` and ``rejection`` (what follows from the answers).

Importing this package is cheap; Great Expectations (4 s, 270 MB) is imported by the first ``check``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shuyuan.quality.sources import SourceRows, links_of_rules, why_not_compared
from shuyuan.stages import Batch, Verdict

if TYPE_CHECKING:
    from shuyuan.catalog import Resource

__all__ = ["MARKED", "SourceRows", "check", "links_of_rules", "why_not_compared"]

MARKED = "marked.parquet"
"""Every row that broke a rule of rows, whatever the rule's effect: ``_row``, ``_file``, ``_line``, ``rules``."""


def check(
    resource: Resource,
    batch: Batch,
    workdir: Path,
    volumes: Sequence[int],
    data_date: date,
    sources: Sequence[SourceRows] = (),
    *,
    mark: bool = False,
) -> Verdict:
    """Check a batch by its entry's rules and write ``rejected.parquet`` and ``gx_result.json`` into ``workdir``.

    ``volumes`` are the row counts of the last publications, newest first; empty before the first one. ``sources``
    are the links of the entry with what their sources have published. With ``mark``, ``MARKED`` is written, too.
    A blocked batch is a verdict (``blocked_by``), not an exception.

    Raises:
        EntryError: a suite or code table that the entry names cannot be read (E294, E295), or a rule does not fit the
            type of its field (E296).
        PlatformError: the rule engine itself failed (P451), so nothing can be said of the batch.
    """
    from shuyuan.quality.checking import check_batch  # Great Expectations is imported here, and only here

    return check_batch(resource, batch, workdir, volumes, data_date, sources, mark)
