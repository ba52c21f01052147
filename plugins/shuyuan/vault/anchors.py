"""Anchors: the head of the audit, noted in a file outside the warehouse, so that a cut tail shows.

One line a batch, ``<time> <seq> <mac>``, added and on disk before the call returns. The file only ever grows: an
administrator may forbid anything else (``chattr +a``), or name a place on another machine (``SHUYUAN_AUDIT_ANCHOR``).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shuyuan.problems import PassingError
from shuyuan.vault.audit import Head

_LINE = re.compile(r"\S+ ([1-9][0-9]{0,17}) ([0-9]{4,}-[0-9a-f]{8}:[0-9a-f]{64})")


@dataclass(frozen=True)
class Anchors:
    """What the file says: the MAC by number, and the lines (from 1) that say nothing. ``there``: there is a file."""

    macs: dict[int, str]
    unreadable: tuple[int, ...] = ()
    there: bool = True


def note(path: Path, head: Head, now: datetime) -> None:
    """Add the head to the file, after the commit. ``now`` is aware or naive UTC.

    Raises:
        PassingError: P398, the file cannot be written: what was to be answered is not shown.
    """
    moment = now.astimezone(UTC) if now.tzinfo else now
    line = f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z {head.seq} {head.mac}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise PassingError("P398", file=str(path), kind=type(error).__name__) from None
    if written != len(line):
        raise PassingError("P398", file=str(path), kind="short write")


def read(path: Path) -> Anchors:
    """Return what the file says; a missing file says nothing.

    Raises:
        PassingError: P398, it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return Anchors({}, there=False)
    except OSError as error:
        raise PassingError("P398", file=str(path), kind=type(error).__name__) from None
    macs: dict[int, str] = {}
    unreadable = []
    for number, line in enumerate(lines, 1):
        said = _LINE.fullmatch(line)
        # Two heads of one number cannot both be true, whichever is.
        if said is None or macs.setdefault(int(said[1]), said[2]) != said[2]:
            unreadable.append(number)
    return Anchors(macs, tuple(unreadable))
