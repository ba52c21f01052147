"""Byte matrices of shape (n, width), one row a value: how the vectorised checks look at them.

A check works on one place of many values at a time. Blocks keep those places in the processor's cache, which
is worth a factor of two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 32_768
"""Values judged at once: 18 places of them take half a megabyte."""


def in_blocks(
    judge: Callable[[NDArray[np.uint8]], NDArray[np.bool_]], characters: NDArray[np.uint8], *widths: int
) -> NDArray[np.bool_]:
    """Judge the rows of ``characters``, shape (n, one of ``widths``), block by block; returns shape (n,).

    Raises:
        ValueError: another shape.
    """
    import numpy as np  # floor 0 stays light: only batches need numpy

    if characters.ndim != 2 or characters.shape[1] not in widths:
        raise ValueError(f"expected shape (n, {' or '.join(map(str, widths))}), got {characters.shape}")
    if len(characters) <= BLOCK:
        return judge(characters)
    return np.concatenate([judge(characters[at : at + BLOCK]) for at in range(0, len(characters), BLOCK)])


def by_place(characters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn rows into columns: one contiguous run of bytes a place, which the processor streams through."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    return np.ascontiguousarray(characters.T)


def places_in(alphabet: str, foreign: int) -> NDArray[np.uint8]:
    """Return, by byte value, a character's place in ``alphabet``; ``foreign`` for every other byte. Shape (256,)."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    places = np.full(256, foreign, dtype=np.uint8)
    for place, character in enumerate(alphabet):
        places[ord(character)] = place
    return places
