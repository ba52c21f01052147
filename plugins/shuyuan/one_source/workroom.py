"""A private folder for one reconcile: links to the published files, results, temporary files. All raw values.

The files of the shared tables are replaced whole by a later publication; a hard link keeps the one that was there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from shuyuan.project import Project


@contextmanager
def open_workroom(project: Project) -> Iterator[Path]:
    """Make a folder that only we can read, and remove it afterwards; remove those that killed processes left."""
    rooms = project.var / "reconcile"
    rooms.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(rooms / "rooms.lock"):
        _clear(rooms)
        room = Path(tempfile.mkdtemp(prefix="room-", dir=rooms))
        lock = FileLock(room / "lock")
        lock.acquire()
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        lock.release()


def hold(path: Path, room: Path) -> Path:
    """Return a name of our own for a file as it is now."""
    held = room / path.name
    if not held.exists():
        try:
            os.link(path, held)
        except OSError:  # a file system without hard links
            shutil.copyfile(path, held)
    return held


def _clear(rooms: Path) -> None:
    """Remove the rooms whose lock nobody holds: their processes are gone."""
    for room in rooms.glob("room-*"):
        lock = FileLock(room / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            continue
        shutil.rmtree(room, ignore_errors=True)
        lock.release()
