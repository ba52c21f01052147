"""Which run directories may go, here and in the staging area: the oldest first, by age and by size together.

Never the newest of an entry, and never one that an unfinished run needs. A run is over when its record is written
(``recorded.json``; every stage that begins anew takes the mark away). One that was killed for good never gets the
mark: it counts as given up when nothing in it was written for a week, longer than any retry waits.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shuyuan.pipeline.staging import RECORDED
from shuyuan.pipeline.staging_area import Area, StagedObject
from shuyuan.project import Project

GIVEN_UP = timedelta(days=7)


@dataclass(frozen=True)
class Limits:
    """``age``: how long a run's files are kept; ``size``: bytes that all of them together may take."""

    age: timedelta
    size: int | None = None


@dataclass(frozen=True)
class RunFolder:
    """One run's files, in one place. ``touched`` (aware): when the last of them was written."""

    entry_id: str
    name: str
    size: int
    touched: datetime
    recorded: bool

    def is_over(self, now: datetime) -> bool:
        """Whether no run needs it."""
        return self.recorded or now - self.touched > GIVEN_UP


def choose(folders: Iterable[RunFolder], now: datetime, limits: Limits) -> list[RunFolder]:
    """Return the folders that may go and are too old, or the oldest of those that are too much."""
    oldest_first = sorted(folders, key=lambda one: (one.touched, one.entry_id, one.name))
    newest = {one.entry_id: one for one in oldest_first}
    total, chosen = sum(one.size for one in oldest_first), []
    for one in oldest_first:
        if one == newest[one.entry_id] or not one.is_over(now):
            continue
        if now - one.touched > limits.age or (limits.size is not None and total > limits.size):
            chosen.append(one)
            total -= one.size
    return chosen


def clear(project: Project, now: datetime, limits: Limits) -> int:
    """Remove what may go under ``project.runs`` and, where there is one, in the staging area; return how many.

    ``now`` is aware. Each place has the limits for itself.

    Raises:
        PassingError, PlatformError: P350 to P353, the staging area.
    """
    cleared = _clear(lambda: _local_folders(project.runs), lambda one: _remove_local(project.runs, one), now, limits)
    if project.staging_url:
        area = Area.open(project.staging_url)
        cleared += _clear(lambda: _staged_folders(area.objects()), lambda one: _remove_staged(area, one), now, limits)
    return cleared


def sweep_leftovers(folder: Path, now: datetime) -> None:
    """Remove what killed tasks left of an entry's runs on this worker, once they are given up. ``now`` is aware."""
    for run in folder.iterdir():
        if run.is_dir() and now - _local_folder(run).touched > GIVEN_UP:
            shutil.rmtree(run, ignore_errors=True)


def _clear(
    look: Callable[[], list[RunFolder]], remove: Callable[[RunFolder], None], now: datetime, limits: Limits
) -> int:
    chosen = choose(look(), now, limits)
    for one in chosen:
        remove(one)
    return len(chosen)


def _local_folders(runs: Path) -> list[RunFolder]:
    return [_local_folder(run) for run in runs.glob("*/*") if run.is_dir()] if runs.is_dir() else []


def _local_folder(run: Path) -> RunFolder:
    stats = [file.lstat() for file in run.rglob("*") if not file.is_dir()]
    touched = max([run.stat().st_mtime, *(one.st_mtime for one in stats)])
    return RunFolder(
        run.parent.name,
        run.name,
        sum(one.st_size for one in stats),
        datetime.fromtimestamp(touched, UTC),
        (run / RECORDED).exists(),
    )


def _remove_local(runs: Path, folder: RunFolder) -> None:
    run = runs / folder.entry_id / folder.name
    if run.exists() and _local_folder(run) == folder:  # nobody began it again since we looked
        shutil.rmtree(run)


def _staged_folders(objects: Iterable[StagedObject]) -> list[RunFolder]:
    by_run: dict[tuple[str, str], list[StagedObject]] = defaultdict(list)
    for one in objects:
        parts = one.path.split("/")
        if len(parts) > 2:
            by_run[parts[0], parts[1]].append(one)
    return [
        RunFolder(
            entry_id,
            name,
            sum(one.size for one in found),
            max(one.written_at for one in found),
            f"{entry_id}/{name}/{RECORDED}" in {one.path for one in found},
        )
        for (entry_id, name), found in by_run.items()
    ]


def _remove_staged(area: Area, folder: RunFolder) -> None:
    path = f"{folder.entry_id}/{folder.name}"
    found = area.objects(path)
    if _staged_folders(found) != [folder]:
        return
    for one in found:  # the hand-overs first: whatever stops us, none of them names a file that is gone
        if one.path.endswith(".json") and one.path.count("/") == 2:
            area.remove(one.path)
    area.remove_folder(path)
