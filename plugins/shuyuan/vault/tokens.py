"""Tokens stand for a value without showing it; verification codes say that a text is ours and unchanged.

A plain digest of a resident ID is found by trying; HMAC-SM3 by a key that is nowhere near the ledger is not.
"""

from __future__ import annotations

import base64
import hmac

from shuyuan.vault.keys import Key, KeyRing

CODE = 12
"""Characters of a verification code: 60 bits."""


def token(ring: KeyRing, purpose: str, text: str) -> str:
    """Return ``<key id>:<HMAC-SM3, 64 hexadecimal digits>`` of ``text`` (77 characters), by the purpose's newest key.

    The same text has the same token until the key is rotated. ``text`` is canonical: two spellings are two tokens.

    Raises:
        PlatformError: P390, P392 (no usable key).
    """
    return _token(ring.current(purpose), text)


def tokens_of(ring: KeyRing, purpose: str, text: str) -> list[str]:
    """Return the tokens that ``text`` has had, by every key of the purpose: to find it again in the audit."""
    return [_token(ring.find(purpose, key_id), text) for key_id in ring.key_ids(purpose)]


def verification_code(ring: KeyRing, purpose: str, content: bytes) -> str:
    """Return a code of ``CODE`` characters (a to z, 2 to 7) that only the holder of the key can make for ``content``.

    Raises:
        PlatformError: P390, P392 (no usable key).
    """
    return _code(ring.current(purpose), content)


def is_verified(ring: KeyRing, purpose: str, content: bytes, code: str) -> bool:
    """Whether any key of the purpose made ``code`` for ``content``."""
    made = [_code(ring.find(purpose, key_id), content) for key_id in ring.key_ids(purpose)]
    return any(hmac.compare_digest(one, code.lower()) for one in made)


def _token(key: Key, text: str) -> str:
    return f"{key.key_id}:{key.sum('token', text.encode()).hex()}"


def _code(key: Key, content: bytes) -> str:
    return base64.b32encode(key.sum("verification", content)).decode().lower()[:CODE]
