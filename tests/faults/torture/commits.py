"""COMMITs cut before the server hears of them and after it has answered: the retry reads the ledger, not its luck."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from unittest import mock

from cutting_proxy import CuttingProxy

from shuyuan.pipeline import Job, check, fetch, load, read, record
from shuyuan.problems import PassingError
from torture.counts import Count
from torture.kills import Place

MOST = 40
"""COMMITs of one run at most; a run that has more is not ours."""


def run_stages(job: Job) -> str:
    """All stages in this process, as Airflow's tasks run them; a problem leaves."""
    if not fetch(job).unchanged:
        for stage in (read, check, load):
            stage(job)
    return str(record(job))


def through(url: str, port: int) -> str:
    """The URL of the same server behind a proxy."""
    return re.sub(r"@127\.0\.0\.1:[0-9]+", f"@127.0.0.1:{port}", url)


@contextmanager
def cut(url: str, at: int, when: Literal["before", "after"]) -> Iterator[CuttingProxy]:
    """The warehouse through a proxy that cuts the ``at``-th COMMIT."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    proxy = CuttingProxy(port, at, when)
    try:
        with mock.patch.dict(os.environ, {"SHUYUAN_WAREHOUSE": through(url, proxy.port)}):
            yield proxy
    finally:
        proxy.close()


def cut_commits(place: Place, url: str, count: Count, trials: int) -> None:
    """Cut the first COMMIT of one run, the second of the next, …, before and after by turns, and retry each."""
    with mock.patch.dict(os.environ, {"SHUYUAN_VAR": str(place.room.project.root / "var")}):
        place.deliver()
        count.expect(place.room.outcome(20) == "published", "first run")
        at, goal = 1, count.trials + trials
        while count.trials < goal:
            seen = [_cut_one(place, url, count, at, when) for when in ("before", "after")]
            at = 1 if min(seen) < at or at == MOST else at + 1


def _cut_one(place: Place, url: str, count: Count, at: int, when: Literal["before", "after"]) -> int:
    place.deliver()
    job = place.room.job(20)
    with cut(url, at, when) as proxy, suppress(PassingError):
        run_stages(job)
    retry = Job.open(job.project, job.resource, job.data_date, job.run_id, place.room.connect)
    outcome = run_stages(retry)
    if proxy.seen >= at:
        count.trials += 1
    what = f"COMMIT {at} cut {when}"
    count.expect(outcome == "published", f"{what}: retry {outcome}")
    rows = place.seen()
    count.expect(rows == place.states[-1], f"{what}: {len(rows)} rows, {len(place.states[-1])} expected")
    place.check_ledger(count, what)
    return proxy.seen
