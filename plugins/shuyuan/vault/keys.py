"""The key ring: one folder of key files, ``<purpose>.<key id>.key``, outside the warehouse and outside Airflow.

A purpose is a check's id, or ``audit``: what one check sealed no other check's key opens, and tokens of two checks
cannot be joined. The newest key of a purpose seals; older ones still open. A key id is a number and eight digits of the
key's fingerprint, ``0001-5f3a9c12``, so a file that was cut or holds another key is noticed before it is used.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock

from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.vault.key_files import is_private, write_once

AUDIT = "audit"
"""The purpose whose keys chain the audit."""

SIZE = 32
"""Bytes of a key."""

_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE = re.compile(r"([a-z][a-z0-9_]{0,62})\.([0-9]{4,}-[0-9a-f]{8})\.key")


@dataclass(frozen=True)
class Key:
    """One key of a purpose. The secret is used by ``derive`` and ``sum`` only and is in no ``repr``."""

    purpose: str
    key_id: str
    _secret: bytes = field(repr=False)

    def derive(self, use: str, size: int) -> bytes:
        """Return ``size`` bytes for one use (HKDF, RFC 5869, with SM3): no two uses share a key."""
        return HKDF(hashes.SM3(), size, salt=None, info=f"shuyuan {use}".encode()).derive(self._secret)

    @cached_property
    def _sums(self) -> dict[str, hmac.HMAC]:
        return {}

    def sum(self, use: str, content: bytes) -> bytes:
        """Return HMAC-SM3 (GB/T 15852.2, GB/T 32905) of ``content``, 32 bytes, by the key of that use."""
        if use not in self._sums:
            self._sums[use] = hmac.HMAC(self.derive(use, SIZE), hashes.SM3())
        summed = self._sums[use].copy()
        summed.update(content)
        return summed.finalize()


class KeyRing:
    """The keys of a project, read when first needed and kept for the life of the ring: one ring a piece of work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._newest: dict[str, Key] = {}
        self._read: dict[tuple[str, str], Key] = {}

    def __repr__(self) -> str:
        return f"KeyRing({str(self.folder)!r})"

    @classmethod
    def open(cls, project: Project) -> KeyRing:
        """Return the ring of ``project.keys``; nothing is read or made yet."""
        return cls(project.keys)

    def current(self, purpose: str) -> Key:
        """Return the key that seals: the purpose's newest. The first one is made when it is first needed.

        Raises:
            PlatformError: P390 (a key file is damaged, or others can read it), P392 (no key, and none can be made).
        """
        if purpose not in self._newest:
            known = self.key_ids(purpose)
            self._newest[purpose] = self.find(purpose, known[-1]) if known else self._make(purpose, first=True)
        return self._newest[purpose]

    def find(self, purpose: str, key_id: str) -> Key:
        """Return the key that a seal, a token or an audit record names.

        Raises:
            PlatformError: P391 (the key is not here: what it sealed cannot be read), P390.
        """
        if (purpose, key_id) not in self._read:
            path = self.folder / f"{purpose}.{key_id}.key"
            if not _FILE.fullmatch(path.name) or not path.is_file():
                raise PlatformError("P391", purpose=purpose, key=key_id, folder=str(self.folder))
            self._read[purpose, key_id] = self._open(path, purpose, key_id)
        return self._read[purpose, key_id]

    def rotate(self, purpose: str) -> Key:
        """Add a key and return it; from now on it seals. Older keys stay and still open.

        Raises:
            PlatformError: P392 (the folder cannot be written).
        """
        self._newest[purpose] = self._make(purpose)
        return self._newest[purpose]

    def key_ids(self, purpose: str) -> list[str]:
        """The ids of a purpose's keys, oldest first."""
        return self.purposes().get(purpose, [])

    def purposes(self) -> dict[str, list[str]]:
        """The key ids by purpose, oldest first. What is not named like a key file is left alone."""
        found: dict[str, list[str]] = {}
        for path in self.folder.glob("*.key"):
            named = _FILE.fullmatch(path.name)
            if named:
                found.setdefault(named[1], []).append(named[2])
        return {purpose: sorted(found[purpose], key=_order) for purpose in sorted(found)}

    def _make(self, purpose: str, *, first: bool = False) -> Key:
        if not _PURPOSE.fullmatch(purpose):
            raise ValueError("a purpose is written like a check's id")
        with self._alone():
            known = self.key_ids(purpose)
            if known and first:
                return self.find(purpose, known[-1])
            secret = secrets.token_bytes(SIZE)
            number = _order(known[-1])[0] + 1 if known else 1
            key_id = f"{number:04d}-{_fingerprint(secret)}"
            write_once(self.folder / f"{purpose}.{key_id}.key", secret.hex().encode() + b"\n")
        return self.find(purpose, key_id)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of two that make a first key at once, the second finds the first one's."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.folder / ".lock", timeout=30, mode=0o600):
                yield
        except OSError as error:  # also the lock's time-out
            raise PlatformError("P392", folder=str(self.folder), kind=type(error).__name__) from None

    def _open(self, path: Path, purpose: str, key_id: str) -> Key:
        try:
            secret = bytes.fromhex(path.read_text(encoding="ascii").strip()) if is_private(path) else b""
        except (OSError, ValueError):
            secret = b""
        if len(secret) != SIZE or _fingerprint(secret) != key_id.partition("-")[2]:
            raise PlatformError("P390", file=str(path))
        return Key(purpose, key_id, secret)


def _order(key_id: str) -> tuple[int, str]:
    number, _, fingerprint = key_id.partition("-")
    return int(number), fingerprint


def _fingerprint(secret: bytes) -> str:
    return Key("", "", secret).sum("fingerprint", b"").hex()[:8]
