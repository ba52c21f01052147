"""Downloading one remote file: pipelined, hashed on the way, resumable, and distrustful.

The bytes go to ``<local>.part``; a note beside it says which remote file they are of and how far they are
verified. What is returned is the finished ``.part``: the caller renames it once the whole delivery is good.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from shuyuan.sources.sftp_session import Attributes, SftpSession
from shuyuan.sources.staging import disk_problems

_CHECKPOINT = 64 << 20
_OVERLAP = 64 << 10


class ChangedWhileRead(Exception):
    """The remote file is not what it was when we began: another size, time, or end."""


@dataclass(frozen=True)
class Remote:
    """A remote file as it was when it was chosen. ``name`` is for people, ``path`` for the server."""

    name: str
    path: bytes
    size: int
    mtime: int

    def same(self, now: Attributes | None) -> bool:
        """Whether ``now`` still describes this very file."""
        return now is not None and now.regular and (now.size, now.mtime) == (self.size, self.mtime)


@dataclass
class _Progress:
    """What of the local part is verified: ``length`` bytes with this hash."""

    length: int
    digest: hashlib._Hash


def download(session: SftpSession, remote: Remote, part: Path) -> str:
    """Copy ``remote`` to ``part`` and return its SHA-256 in hex. Memory stays below some 20 MiB.

    A ``part`` left by an earlier try is continued when its note names the same path, size and time and its
    bytes still have the noted hash.

    Raises:
        ChangedWhileRead: the file grew, shrank, was replaced or rewritten meanwhile (``part`` is removed).
        PlatformError: P201 or P202, the disk.
        whatever ``SftpSession`` raises; ``part`` is kept for the next try.
    """
    handle = session.open(remote.path)
    try:
        if not remote.same(session.describe_open(handle)):
            raise ChangedWhileRead
        done = _resume(session, handle, remote, part)
        _copy(session, handle, remote, part, done)
        beyond = next(session.read(handle, remote.size, remote.size + 1), None)
        unchanged = remote.same(session.describe_open(handle)) and remote.same(session.describe(remote.path))
        if done.length != remote.size or beyond is not None or not unchanged:
            raise ChangedWhileRead
    except ChangedWhileRead:
        discard(part)
        raise
    finally:
        session.close_file(handle)
    return done.digest.hexdigest()


def discard(part: Path) -> None:
    """Remove a ``.part`` and its note."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _copy(session: SftpSession, handle: bytes, remote: Remote, part: Path, done: _Progress) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with disk_problems(part.parent):
        descriptor = os.open(part, flags, 0o600)
    checkpoint = done.length + _CHECKPOINT
    try:
        with disk_problems(part.parent):
            os.ftruncate(descriptor, done.length)
            os.lseek(descriptor, done.length, os.SEEK_SET)
        for piece in session.read(handle, done.length, remote.size):
            with disk_problems(part.parent):
                _write_all(descriptor, piece)
            done.digest.update(piece)
            done.length += len(piece)
            if done.length >= checkpoint:
                checkpoint = done.length + _CHECKPOINT
                _keep(descriptor, remote, part, done)
    finally:
        try:
            _keep(descriptor, remote, part, done)
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


def _keep(descriptor: int, remote: Remote, part: Path, done: _Progress) -> None:
    """Make the part durable and note how far it is good."""
    note = {**_identity(remote), "length": done.length, "sha256": done.digest.hexdigest()}
    with disk_problems(part.parent):
        os.fsync(descriptor)
        fresh = _note(part).with_suffix(".new")
        fresh.write_text(json.dumps(note), encoding="ascii")
        fresh.replace(_note(part))


def _resume(session: SftpSession, handle: bytes, remote: Remote, part: Path) -> _Progress:
    """Verify what an earlier try left: by its note, by its bytes, and by its last bytes on the server."""
    fresh = _Progress(0, hashlib.sha256())
    try:
        note = json.loads(_note(part).read_text(encoding="ascii"))
        length = int(note["length"])
        if {key: note[key] for key in _identity(remote)} != _identity(remote) or not 0 < length <= remote.size:
            return fresh
        digest, tail = hashlib.sha256(), b""
        with part.open("rb") as file:
            left = length
            while left and (piece := file.read(min(left, 4 << 20))):
                digest.update(piece)
                left -= len(piece)
                tail = (tail + piece)[-_OVERLAP:] if len(piece) < _OVERLAP else piece[-_OVERLAP:]
        if left or digest.hexdigest() != note["sha256"]:
            return fresh
    except (OSError, ValueError, KeyError, TypeError):
        return fresh
    there = b"".join(session.read(handle, length - len(tail), length))
    return _Progress(length, digest) if there == tail else fresh


def _identity(remote: Remote) -> dict[str, object]:
    return {"path": hashlib.sha256(remote.path).hexdigest(), "size": remote.size, "mtime": remote.mtime}


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".note")
