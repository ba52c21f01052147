"""Identifiers whose check character can be computed: resident ID (GB 11643) and credit code (GB 32100).

Each has a scalar form (any text) and a vectorised form over a byte matrix of shape (n, 18), one row a
value, which costs about 20 ns a value. Both forms, and the SQL of ``quality.conditions``, give the same
answer for every text; a test holds them to it. Values are judged as they are: no blank is stripped, no
full-width digit narrowed, no lower-case letter raised, since what is published must already be clean.
"""

from __future__ import annotations

import re
from calendar import monthrange
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LENGTH = 18
"""Characters of a resident ID and of a credit code."""

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643: weights of the first 17 digits, powers of 2 modulo 11 (ISO 7064 MOD 11-2)."""

RESIDENT_CHECKS = "10X98765432"
"""GB 11643: the check character by the weighted sum modulo 11."""

RESIDENT_YEARS = (1900, 2099)
"""Birth years taken for real. A birth after the data date is the business of a ``not_after`` rule."""

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100: the 31 characters, without I O S V Z; a character's value is its place."""

CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""GB 32100: weights of the first 17 characters, powers of 3 modulo 31."""

_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_CREDIT = re.compile(rf"[{CREDIT_ALPHABET}]{{18}}", re.ASCII)


def is_resident_id(text: str) -> bool:
    """Say whether ``text`` is an 18-character resident ID: digits, a real birth date, the right check character.

    The region is not looked up: codes of abolished regions stay valid for life. The 15-digit form of before
    1999 is not valid any more.
    """
    if not _RESIDENT.fullmatch(text):
        return False
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    if not (RESIDENT_YEARS[0] <= year <= RESIDENT_YEARS[1] and 1 <= month <= 12):
        return False
    if not 1 <= day <= monthrange(year, month)[1]:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], RESIDENT_WEIGHTS, strict=True))
    return RESIDENT_CHECKS[total % 11] == text[17]


def is_credit_code(text: str) -> bool:
    """Say whether ``text`` is an 18-character unified social credit code with the right check character."""
    if not _CREDIT.fullmatch(text):
        return False
    values = [CREDIT_ALPHABET.index(character) for character in text]
    total = sum(value * weight for value, weight in zip(values[:17], CREDIT_WEIGHTS, strict=True))
    return (31 - total % 31) % 31 == values[17]


def are_resident_ids(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Judge many at once. ``characters`` has shape (n, 18), the ASCII bytes; returns shape (n,)."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    columns = _by_place(characters)
    digits = columns[:17] - np.uint8(48)
    total = np.zeros(len(characters), dtype=np.uint16)
    largest = np.zeros(len(characters), dtype=np.uint8)
    for digit, weight in zip(digits, RESIDENT_WEIGHTS, strict=True):
        np.maximum(largest, digit, out=largest)
        total += digit.astype(np.uint16) * np.uint16(weight)
    checks = np.frombuffer(RESIDENT_CHECKS.encode(), dtype=np.uint8)
    good: NDArray[np.bool_] = (largest <= 9) & (digits[0] > 0) & (checks[total % 11] == columns[17])
    return good & _are_dates(digits[6:14].astype(np.int16))


def are_credit_codes(characters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Judge many at once. ``characters`` has shape (n, 18), the ASCII bytes; returns shape (n,)."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    foreign = 255
    places = np.full(256, foreign, dtype=np.uint8)
    for place, character in enumerate(CREDIT_ALPHABET):
        places[ord(character)] = place
    values = places[_by_place(characters)]
    total = np.zeros(len(characters), dtype=np.uint16)
    for value, weight in zip(values[:17], CREDIT_WEIGHTS, strict=True):
        total += value.astype(np.uint16) * np.uint16(weight)
    good: NDArray[np.bool_] = ((31 - total % 31) % 31 == values[17]) & (values.max(axis=0) < foreign)
    return good


def _by_place(characters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn rows into columns: one contiguous run of bytes a place, which the processor streams through."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    if characters.ndim != 2 or characters.shape[1] != LENGTH:
        raise ValueError(f"expected shape (n, {LENGTH}), got {characters.shape}")
    return np.ascontiguousarray(characters.T)


def _are_dates(digits: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Judge calendar dates. ``digits`` has shape (8, n): YYYYMMDD; garbage digits give garbage, never an error."""
    import numpy as np  # floor 0 stays light: only batches need numpy

    # Bytes that are no digits reach here too (their rows are refused elsewhere); int32 holds whatever they give.
    places = digits.astype(np.int32)
    year = ((places[0] * 10 + places[1]) * 10 + places[2]) * 10 + places[3]
    month = places[4] * 10 + places[5]
    day = places[6] * 10 + places[7]
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    longest = lengths[np.where(month <= 12, month, 0)]
    # Within the years taken for real, 1900 is the only multiple of 4 without a 29 February.
    longest += (month == 2) & (year % 4 == 0) & (year != 1900)
    first, last = RESIDENT_YEARS
    good: NDArray[np.bool_] = (year >= first) & (year <= last) & (month >= 1) & (day >= 1) & (day <= longest)
    return good
