"""Chance without state: a number depends on the seed, what it is for, and whom it is about, and on nothing else.

So any row can be made without the rows before it, a row stays the same when more rows are asked for, and the
numbers do not depend on a library's random stream. The mixing function is SplitMix64 (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import gcd

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Cells = npt.NDArray[np.object_]


def draw(seed: int, purpose: str, about: Numbers, below: int) -> Numbers:
    """Return one number in ``[0, below)`` for each of ``about``."""
    mixed = about.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(_key(seed, purpose))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)
    return (mixed % np.uint64(below)).astype(np.int64)


def choose(seed: int, purpose: str, about: Numbers, choices: Sequence[str]) -> Cells:
    """Return one of ``choices`` for each of ``about``; write a choice twice to make it twice as likely."""
    return np.array(choices, dtype=object)[draw(seed, purpose, about, len(choices))]


def scatter(seed: int, purpose: str, rows: int, count: int) -> Numbers:
    """Return ``count`` different positions among ``rows``, spread evenly and in no visible order.

    Raises:
        ValueError: more positions are asked for than there are rows.
    """
    if count > rows:
        raise ValueError(f"{count} positions do not fit into {rows} rows")
    key = _key(seed, purpose)
    step = int(rows * 0.6180339887) | 1
    while gcd(step, rows) != 1:
        step += 2
    return (np.arange(count, dtype=np.int64) * step + key % rows) % rows


def _key(seed: int, purpose: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest())
