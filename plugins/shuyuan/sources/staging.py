"""Files of the run directory: room on the disk, and a file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuyuan.problems import PlatformError

_RESERVE = 64 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def raw_folder(workdir: Path) -> Path:
    """Return ``workdir/raw``, made if need be."""
    folder = workdir / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def require_room(folder: Path, size: int) -> None:
    """Raise ``PlatformError`` (P201) unless ``size`` bytes fit beside a reserve of 64 MiB."""
    free = shutil.disk_usage(folder).free
    if free < size + _RESERVE:
        raise PlatformError("P201", folder=folder.name, free=free)


@contextmanager
def disk_problems(folder: Path) -> Iterator[None]:
    """Turn a failed write into ``PlatformError``: P201 the disk is full, P202 any other failure.

    Only local file work belongs inside: a lost line is an ``OSError`` too.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise PlatformError("P201", folder=folder.name, free=shutil.disk_usage(folder).free) from None
        raise PlatformError("P202", folder=folder.name, what=errno.errorcode.get(error.errno or 0, "")) from None


def publish(part: Path, final: Path) -> None:
    """Rename a finished ``.part`` file so that a crash leaves the whole file or none."""
    with disk_problems(final.parent):
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(final)
        descriptor = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
