"""Named points at which a test may kill the process, to prove that a kill never harms what consumers see.

``point("staged")`` does nothing unless ``SHUYUAN_CRASH_AT`` names that point; then the process kills itself
with SIGKILL, as a power cut or an out-of-memory kill would. ``POINTS`` lists all of them in the order in
which a run passes them, so that a test can visit each and none can be added in silence.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "fetched",
    "delivery_saved",
    "batch_read",
    "verdict_saved",
    "leased",
    "rows_staged",
    "before_commit",
    "published",
    "garbage_collected",
    "copied",
    "before_record",
    "recorded",
)
RECONCILE_POINTS = ("sources_held", "compared", "lines_written", "reconciled", "views_copied")
"""Likewise for a reconcile, which compares all copies with their sources."""
NOTICE_POINTS = ("notice_claimed", "notice_handed_over", "notice_recorded")
"""Likewise for each message that is sent."""
MIGRATION_POINTS = ("rebuilt", "shown", "migrated")
"""Likewise for a migration of a table; ``shown`` only where DDL is in no transaction."""
CHECK_POINTS = ("intent_written", "answered", "answer_sealed", "answer_kept")
"""Likewise for a request that is answered; ``answer_sealed`` is inside the transaction."""
STAGING_POINTS = ("files_put", "handed_over")
"""Likewise for each stage that puts out what it made, where a staging area is set."""


def point(name: str) -> None:
    """Die here if a test asked for it. Raises ``ValueError`` for a name that is not listed."""
    if name not in (*POINTS, *RECONCILE_POINTS, *NOTICE_POINTS, *MIGRATION_POINTS, *CHECK_POINTS, *STAGING_POINTS):
        raise ValueError(f"unknown crash point {name!r}")
    if os.environ.get("SHUYUAN_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
