"""The resident ID (公民身份号码, GB 11643-1999).

Six digits of the region of first issue, eight of the birth date, three of sequence and a check character.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Literal

from shuyuan.identifiers.matrices import by_place, in_blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LENGTH = 18
"""Characters of a resident ID, and of a credit code."""

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643: weights of the first 17 digits, powers of 2 modulo 11 (ISO 7064 MOD 11-2)."""

RESIDENT_CHECKS = "10X98765432"
"""GB 11643: the check character by the weighted sum modulo 11."""

RESIDENT_YEARS = (1900, 2099)
"""Birth years taken for real. A birth after the data date is the business of a ``not_after`` rule."""

RESIDENT_SHAPE = "[1-9][0-9]{16}[0-9X]"
"""What can be cut into region, birth date and sequence, whether or not it is right."""

_SHAPE = re.compile(RESIDENT_SHAPE, re.ASCII)
_OLD = re.compile(r"[1-9][0-9]{14}", re.ASCII)


def is_resident_id(text: str) -> bool:
    """Say whether ``text`` is an 18-character resident ID: digits, a real birth date, the right check character.

    The region is not looked up: codes of abolished regions stay valid for life. The 15-digit form of before
    1999 is not valid any more.
    """
    if birth_of(text) is None:
        return False
    return _check_character(text[:17]) == text[17]


def is_old_resident_id(text: str) -> bool:
    """Say whether ``text`` is of the 15-digit form of before 1999, with a real birth date of the years 1900 to 1999.

    It names a person, so ``modern_resident_id`` can tell whom; but no one may use it today (since 2013).
    """
    return bool(_OLD.fullmatch(text)) and birth_of(f"{text[:6]}19{text[6:]}0") is not None


def modern_resident_id(old: str) -> str:
    """Turn a 15-digit resident ID into its 18-digit form: the century 19 and the check character (GB 11643-1999).

    Raises:
        ValueError: ``old`` does not have 15 digits.
    """
    if not _OLD.fullmatch(old):
        raise ValueError("not a resident ID of 15 digits")
    digits = f"{old[:6]}19{old[6:]}"
    return digits + _check_character(digits)


def birth_of(text: str) -> date | None:
    """Return the birth date inside a resident ID; ``None`` when the text has none. The check character is not asked."""
    if not _SHAPE.fullmatch(text):
        return None
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    if not (RESIDENT_YEARS[0] <= year <= RESIDENT_YEARS[1] and 1 <= month <= 12):
        return None
    return date(year, month, day) if 1 <= day <= monthrange(year, month)[1] else None


def sex_of(text: str) -> Literal["1", "2"] | None:
    """Return the GB/T 2261.1 code in a resident ID: ``1`` (male, an odd 17th digit), ``2`` (female) or ``None``."""
    if not _SHAPE.fullmatch(text):
        return None
    return "1" if int(text[16]) % 2 else "2"


def are_resident_ids(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Judge many at once. ``characters`` has shape (n, 18), the ASCII bytes; returns shape (n,).

    Raises:
        ValueError: another shape.
    """
    return in_blocks(_judge_block, characters, LENGTH)


def _judge_block(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    import numpy as np  # floor 0 stays light: only batches need numpy

    columns = by_place(characters)
    digits = columns[:17] - np.uint8(48)
    total = np.zeros(len(characters), dtype=np.uint16)
    largest = np.zeros(len(characters), dtype=np.uint8)
    for digit, weight in zip(digits, RESIDENT_WEIGHTS, strict=True):
        np.maximum(largest, digit, out=largest)
        total += digit.astype(np.uint16) * np.uint16(weight)
    checks = np.frombuffer(RESIDENT_CHECKS.encode(), dtype=np.uint8)
    good: NDArray[np.bool_] = (largest <= 9) & (digits[0] > 0) & (checks[total % 11] == columns[17])
    return good & _are_dates(digits[6:14])


def _are_dates(digits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Judge calendar dates. ``digits`` has shape (8, n): YYYYMMDD; garbage digits give garbage, never an error."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    # Bytes that are no digits reach here too (their rows are refused elsewhere); int32 holds whatever they give.
    places = digits.astype(np.int32)
    year = ((places[0] * 10 + places[1]) * 10 + places[2]) * 10 + places[3]
    month = places[4] * 10 + places[5]
    day = places[6] * 10 + places[7]
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int32)
    longest = lengths[np.where(month <= 12, month, 0)]
    # Within the years taken for real, 1900 is the only multiple of 4 without a 29 February.
    longest += (month == 2) & (year % 4 == 0) & (year != 1900)
    first, last = RESIDENT_YEARS
    good: NDArray[np.bool_] = (year >= first) & (year <= last) & (month >= 1) & (day >= 1) & (day <= longest)
    return good


def _check_character(seventeen: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, RESIDENT_WEIGHTS, strict=True))
    return RESIDENT_CHECKS[total % 11]
