"""Seals: bytes that only the holder of a purpose's key can read, and that nobody can change, cut or put elsewhere.

AES-256-GCM, or SM4-GCM (GB/T 32907, RFC 8998) with ``SHUYUAN_CIPHER=sm4``; which one, and by which key, stands in the
seal's header, so both stay readable whatever is set. The header is authenticated, and so is the *context*: what the
seal is, by convention the name under which ``store`` keeps it. The nonce is random, 96 bits; a purpose may seal 2³²
times by one key (NIST SP 800-38D, 8.3) before it is rotated.
"""

from __future__ import annotations

import os
import secrets
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from shuyuan.problems import PlatformError
from shuyuan.vault.keys import Key, KeyRing

ENVIRONMENT = "SHUYUAN_CIPHER"
CIPHERS = {"aes": (b"A", 32), "sm4": (b"S", 16)}
"""The name in ``SHUYUAN_CIPHER`` → its mark in a header and the bytes of its key."""

_MAGIC = b"SYSEAL1"
_NONCE, _TAG = 12, 16
_PLAIN, _DEFLATED = b"p", b"z"


@dataclass(frozen=True)
class Header:
    """What a seal says of itself, readable without a key. ``size`` is its length in bytes."""

    cipher: str
    deflated: bool
    purpose: str
    key_id: str
    nonce: bytes
    size: int


def seal(ring: KeyRing, purpose: str, context: str, plain: bytes) -> bytes:
    """Return ``plain`` sealed by the purpose's newest key; ``unseal`` wants the same purpose and context.

    Raises:
        PlatformError: P395 (``SHUYUAN_CIPHER`` is unknown), P390, P392 (no usable key).
    """
    cipher = os.environ.get(ENVIRONMENT) or "aes"
    if cipher not in CIPHERS:
        raise PlatformError("P395", variable=ENVIRONMENT, allowed=", ".join(CIPHERS))
    key = ring.current(purpose)
    deflated = zlib.compress(plain, 6)
    smaller = len(deflated) < len(plain)
    head = _MAGIC + CIPHERS[cipher][0] + (_DEFLATED if smaller else _PLAIN)
    head += _named(purpose) + _named(key.key_id) + secrets.token_bytes(_NONCE)
    encryptor = _cipher(key, cipher, head[-_NONCE:]).encryptor()
    encryptor.authenticate_additional_data(_additional(head, context))
    sealed = encryptor.update(deflated if smaller else plain) + encryptor.finalize()
    return head + sealed + encryptor.tag


def unseal(ring: KeyRing, purpose: str, context: str, sealed: bytes) -> bytes:
    """Return what was sealed for this purpose and context.

    Raises:
        PlatformError: P393 (changed, cut, or of another purpose or context), P391 (its key is not here), P390.
    """
    header = read_header(sealed)
    if header is None or header.purpose != purpose:
        raise PlatformError("P393", purpose=purpose)
    key = ring.find(purpose, header.key_id)
    decryptor = _cipher(key, header.cipher, header.nonce, sealed[-_TAG:]).decryptor()
    decryptor.authenticate_additional_data(_additional(sealed[: header.size], context))
    try:
        opened = decryptor.update(sealed[header.size : -_TAG]) + decryptor.finalize()
    except InvalidTag:
        raise PlatformError("P393", purpose=purpose) from None
    return zlib.decompress(opened) if header.deflated else opened


def read_header(sealed: bytes) -> Header | None:
    """Return a seal's header, not yet authenticated; ``None`` when this is no seal."""
    marks = {mark: cipher for cipher, (mark, _) in CIPHERS.items()}
    at = len(_MAGIC)
    cipher, packing = marks.get(sealed[at : at + 1]), sealed[at + 1 : at + 2]
    if not sealed.startswith(_MAGIC) or cipher is None or packing not in (_PLAIN, _DEFLATED):
        return None
    at += 2
    names = []
    for _ in range(2):
        size = sealed[at] if at < len(sealed) else 0
        names.append(sealed[at + 1 : at + 1 + size])
        at += 1 + size
    size = at + _NONCE
    if len(sealed) < size + _TAG or not all(name.isascii() for name in names):
        return None
    purpose, key_id = (name.decode() for name in names)
    return Header(cipher, packing == _DEFLATED, purpose, key_id, sealed[at:size], size)


def _named(name: str) -> bytes:
    return bytes([len(name)]) + name.encode("ascii")


def _additional(head: bytes, context: str) -> bytes:
    return head + context.encode()


def _cipher(key: Key, cipher: str, nonce: bytes, tag: bytes | None = None) -> Cipher[modes.GCM]:
    secret = key.derive(f"seal {cipher}", CIPHERS[cipher][1])
    return Cipher(algorithms.SM4(secret) if cipher == "sm4" else algorithms.AES256(secret), modes.GCM(nonce, tag))
