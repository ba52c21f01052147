"""Who an organisation is: unified social credit code (GB 32100-2015) and organisation code (GB 11714-1997).

A credit code is 2 characters of registering authority and kind, 6 digits of region, the 9 characters of the
organisation code and 1 check character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shuyuan.identifiers.matrices import by_place, in_blocks, places_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CREDIT_LENGTH = 18
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100: the 31 characters, without I O S V Z; a character's value is its place."""

CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""GB 32100: weights of the first 17 characters, powers of 3 modulo 31."""

ORGANIZATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""GB 11714: a character's value is its place."""

ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11714: weights of the first 8 characters."""

ORGANIZATION_CHECKS = "0123456789X"
"""GB 11714: the check character by 11 minus the weighted sum modulo 11, 11 counting as 0."""

ORGANIZATION_WIDTHS = (9, 10)
"""Without and with the hyphen that the printed code has before its check character."""

_CREDIT = re.compile(rf"[{CREDIT_ALPHABET}]{{18}}", re.ASCII)
_ORGANIZATION = re.compile("[0-9A-Z]{8}-?[0-9X]", re.ASCII)


def is_credit_code(text: str) -> bool:
    """Say whether ``text`` is an 18-character unified social credit code with the right check character.

    The organisation code inside is not judged: authorities have given out codes whose inner check is wrong.
    """
    if not _CREDIT.fullmatch(text):
        return False
    values = [CREDIT_ALPHABET.index(character) for character in text]
    total = sum(value * weight for value, weight in zip(values[:17], CREDIT_WEIGHTS, strict=True))
    return (31 - total % 31) % 31 == values[17]


def is_organization_code(text: str) -> bool:
    """Say whether ``text`` is an organisation code: ``60003734-1``, or without the hyphen."""
    if not _ORGANIZATION.fullmatch(text):
        return False
    values = [ORGANIZATION_ALPHABET.index(character) for character in text[:8]]
    total = sum(value * weight for value, weight in zip(values, ORGANIZATION_WEIGHTS, strict=True))
    return ORGANIZATION_CHECKS[(11 - total % 11) % 11] == text[-1]


def organization_code_of(credit_code: str) -> str | None:
    """Return the 9 characters of the organisation code inside a credit code; ``None`` when the text is none."""
    return credit_code[8:17] if is_credit_code(credit_code) else None


def are_credit_codes(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Judge many at once. ``characters`` has shape (n, 18), the ASCII bytes; returns shape (n,).

    Raises:
        ValueError: another shape.
    """
    return in_blocks(_judge_credit_codes, characters, CREDIT_LENGTH)


def are_organization_codes(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Judge many at once. ``characters`` has shape (n, 9), or (n, 10) with hyphens; returns shape (n,).

    Raises:
        ValueError: another shape.
    """
    return in_blocks(_judge_organization_codes, characters, *ORGANIZATION_WIDTHS)


def _judge_credit_codes(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values, total = _weighed(characters, CREDIT_ALPHABET, CREDIT_WEIGHTS)
    good: NDArray[np.bool_] = ((31 - total % 31) % 31 == values[17]) & (values.max(axis=0) < len(CREDIT_ALPHABET))
    return good


def _judge_organization_codes(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    import numpy as np  # floor 0 stays light: only batches need numpy

    values, total = _weighed(characters, ORGANIZATION_ALPHABET, ORGANIZATION_WEIGHTS)
    checks = np.frombuffer(ORGANIZATION_CHECKS.encode(), dtype=np.uint8)
    good: NDArray[np.bool_] = checks[(11 - total % 11) % 11] == characters[:, -1]
    good &= values[:8].max(axis=0) < len(ORGANIZATION_ALPHABET)
    if characters.shape[1] == 10:
        good &= characters[:, 8] == ord("-")
    return good


def _weighed(
    characters: NDArray[np.uint8], alphabet: str, weights: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return the values, shape (width, n), of which 255 is no character of the alphabet, and the weighted sums (n,)."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    values: NDArray[np.uint8] = places_in(alphabet, 255)[by_place(characters)]
    total = np.zeros(len(characters), dtype=np.uint16)
    for value, weight in zip(values, weights, strict=False):  # what follows the weighted places is the check
        total += value.astype(np.uint16) * np.uint16(weight)
    return values, total
