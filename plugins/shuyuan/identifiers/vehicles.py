"""Vehicles: number plates (GA 36-2018) and vehicle identification numbers (GB 16735-2019)."""

from __future__ import annotations

import re

from shuyuan.identifiers.regions import PROVINCES

_LETTERS = "A-HJ-NP-Z"
_OFFICE = f"[{PROVINCES}][{_LETTERS}]"

PLATE_SHAPE = (
    f"{_OFFICE}([{_LETTERS}0-9]{{4}}[{_LETTERS}0-9挂学警港澳领]|[A-HJK][{_LETTERS}0-9][0-9]{{4}}|[0-9]{{5}}[A-HJK])"
    "|使[0-9]{6}"
)
"""GA 36: province, office, then 5 characters (the last may be 挂 学 警 港 澳 领); a vehicle of new energy has 6, of
which the first (small vehicles) or the last (large ones) says the drive: A to E electric, F to K other. No letter
I or O. Embassies have 使 and 6 digits. The dot or blank that a plate shows is no part of the number."""

VIN_SHAPE = "[A-HJ-NPR-Z0-9]{13}[0-9]{4}"
"""GB 16735 = ISO 3779: 17 characters without I, O and Q, the last four of them digits."""

_VIN_VALUES = {**{str(digit): digit for digit in range(10)}, **dict(zip("ABCDEFGH", range(1, 9), strict=True))}
_VIN_VALUES |= {
    "J": 1,
    "K": 2,
    "L": 3,
    "M": 4,
    "N": 5,
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_CHECKS = "0123456789X"

_PLATE = re.compile(PLATE_SHAPE)
_VIN = re.compile(VIN_SHAPE, re.ASCII)


def is_plate_number(text: str) -> bool:
    """Say whether ``text`` is the number of a plate that a traffic police office gives out."""
    return bool(_PLATE.fullmatch(text))


def is_vin(text: str) -> bool:
    """Say whether ``text`` has the shape of a VIN. Its check digit is not asked, see ``has_vin_check_digit``."""
    return bool(_VIN.fullmatch(text))


def has_vin_check_digit(text: str) -> bool:
    """Say whether ``text`` is a VIN whose 9th character is its check digit."""
    # Not part of the rule: only makers in China and North America are bound to it. Vehicles from elsewhere carry any
    # character at place 9, and a rule that rejects them would empty the register of a part of its imports.
    if not _VIN.fullmatch(text):
        return False
    total = sum(_VIN_VALUES[character] * weight for character, weight in zip(text, _VIN_WEIGHTS, strict=True))
    return _VIN_CHECKS[total % 11] == text[8]
