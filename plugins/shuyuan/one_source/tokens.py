"""Keyed tokens: a key in the ledger is HMAC-SM3 of it, so that a resident ID cannot be guessed from the list.

A plain digest of an ID is found by trying the few ten million IDs of a region; with a secret it is not.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac

from shuyuan.problems import PlatformError
from shuyuan.project import Project

ENVIRONMENT = "SHUYUAN_TOKEN_KEY"
LEAST = 16
"""Characters that a secret from the environment has at least."""


def token_of(key: str, secret: bytes) -> str:
    """Return the token of a key: HMAC-SM3 (GB/T 15852.2, GB/T 32905), 64 hexadecimal digits."""
    summed = hmac.HMAC(secret, hashes.SM3())
    summed.update(key.encode())
    return summed.finalize().hex()


def token_secret(project: Project) -> bytes:
    """Return the secret: ``SHUYUAN_TOKEN_KEY``, else the file ``project.token_key``, made when missing.

    With another secret the same keys have other tokens; whoever moves the platform takes the file along.

    Raises:
        PlatformError: P322 the variable is too short, P323 the file is empty or others can read it.
    """
    given = os.environ.get(ENVIRONMENT)
    if given is not None:
        if len(given) < LEAST:
            raise PlatformError("P322", variable=ENVIRONMENT, least=LEAST)
        return given.encode()
    path = project.token_key
    if not path.exists():
        _make_secret(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077 or len(secret := path.read_bytes().strip()) < LEAST:
        raise PlatformError("P323", file=str(path))
    return secret


def _make_secret(path: Path) -> None:
    """Write a new secret whole and on disk before it has its name; of two at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
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


def _link_once(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        return
