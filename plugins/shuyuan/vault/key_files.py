"""Files that hold a secret: written whole and on disk before they have their name, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def write_once(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600; of two at once the first one's stays, and no reader ever sees a part of it.

    Raises:
        OSError: the folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _link_once(part, path)
    finally:
        part.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def is_private(path: Path) -> bool:
    """Whether nobody but its owner can read or write the file."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077


def _link_once(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        return
