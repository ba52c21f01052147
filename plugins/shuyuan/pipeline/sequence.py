"""A whole run without Airflow: the same stages, one after the other, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from shuyuan.pipeline.job import Job
from shuyuan.pipeline.recording import record
from shuyuan.pipeline.stages import Fetched, check, fetch, load, read
from shuyuan.problems import NotYetDelivered, ShuyuanError
from shuyuan.stages import Batch, Publication, Verdict


@dataclass(frozen=True)
class Step:
    """One finished stage: its name, what it made, and how long it took (wall seconds)."""

    stage: str
    made: Fetched | Batch | Verdict | Publication | str | ShuyuanError
    seconds: float


def run(job: Job, *, dry_run: bool = False, wait: bool = True) -> Iterator[Step]:
    """Run all stages and yield a step after each; the last step is ``record`` with the outcome.

    ``dry_run`` stops before anything is published or recorded. With ``wait`` a delivery that only needs
    a second look (no ready marker) is looked at again; one that has not come at all is not waited for.
    A problem is yielded as a ``problem`` step, recorded, and not raised.
    """
    try:
        yield from _stages(job, dry_run, wait)
    except ShuyuanError as error:
        yield Step("problem", error, 0.0)
    if not dry_run:
        yield Step("record", record(job), 0.0)


def _stages(job: Job, dry_run: bool, wait: bool) -> Iterator[Step]:
    began = time.monotonic()
    fetched = _fetch_with_second_look(job) if wait else fetch(job)
    yield Step("fetch", fetched, time.monotonic() - began)
    if fetched.unchanged and not dry_run:
        return
    for name, stage in (("read", read), ("check", check), *(() if dry_run else (("load", load),))):
        began = time.monotonic()
        made = stage(job)
        yield Step(name, made, time.monotonic() - began)


def _fetch_with_second_look(job: Job) -> Fetched:
    try:
        return fetch(job)
    except NotYetDelivered as error:
        if not (job.workdir / "look.json").exists():
            raise
        time.sleep(float(error.problem.facts.get("retry_after", 1)))
        return fetch(job)
