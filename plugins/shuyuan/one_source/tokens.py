"""Keyed tokens: a key in the ledger is HMAC-SM3 of it, so that a resident ID cannot be guessed from the list.

A plain digest of an ID is found by trying the few ten million IDs of a region; with a secret it is not.
"""

from __future__ import annotations

import os
import secrets

from cryptography.hazmat.primitives import hashes, hmac

from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.vault.key_files import is_private, write_once

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
        write_once(path, secrets.token_hex(32).encode() + b"\n")
    if not is_private(path) or len(secret := path.read_bytes().strip()) < LEAST:
        raise PlatformError("P323", file=str(path))
    return secret
