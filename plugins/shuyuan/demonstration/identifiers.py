"""Valid identifiers that belong to nobody, computed for whole columns at once.

Written from the standards and apart from ``shuyuan.identifiers``, which judges them: a slip in one of the two
shows as a disagreement.
"""

from __future__ import annotations

import numpy as np

from shuyuan.demonstration.chance import Cells, Numbers

REGION = "159901"
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VIN = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_WORTH = np.array([*range(10), *range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)])
_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


def resident_ids(birth_days: Numbers, sequence: Numbers) -> Cells:
    """Return 18-digit resident IDs of region 159901 (GB 11643-1999).

    ``birth_days`` count from 1970-01-01; ``sequence`` is 1 to 999, odd for men.
    """
    digits = np.empty((len(birth_days), 18), dtype=np.int64)
    digits[:, :6] = [int(digit) for digit in REGION]
    _spell(digits[:, 6:14], compact_dates(birth_days))
    _spell(digits[:, 14:17], sequence)
    digits[:, 17] = (12 - digits[:, :17] @ _ID_WEIGHTS % 11) % 11
    return _text(digits, "0123456789X")


def resident_check_digit(digits: str) -> str:
    """Return the check digit that belongs to the first 17 digits of a resident ID."""
    total = int(np.array([int(digit) for digit in digits[:17]]) @ _ID_WEIGHTS)
    return "0123456789X"[(12 - total % 11) % 11]


def compact_dates(days: Numbers) -> Numbers:
    """Return ``YYYYMMDD`` as numbers for days since 1970-01-01."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64)
    day = days - dates.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 1
    compact: Numbers = (1970 + months // 12) * 10000 + (months % 12 + 1) * 100 + day
    return compact


def credit_codes(kinds: Cells, serials: Numbers) -> Cells:
    """Return 18-character unified social credit codes of region 159901 (GB 32100-2015).

    ``kinds`` are the two leading characters (``91`` enterprise, ``92`` self-employed, ``93`` cooperative);
    ``serials`` (below 31⁶) become the organization code, whose own check digit is that of GB 11714-1997.
    """
    values = np.empty((len(serials), 18), dtype=np.int64)
    values[:, 0] = [_CREDIT.index(kind[0]) for kind in kinds]
    values[:, 1] = [_CREDIT.index(kind[1]) for kind in kinds]
    values[:, 2:8] = [int(digit) for digit in REGION]
    values[:, 8:10] = [_CREDIT.index(letter) for letter in "MA"]
    rest = serials.copy()
    for column in range(15, 9, -1):
        values[:, column] = rest % 31
        rest //= 31
    organization = np.array([int(letter, 36) for letter in _CREDIT])[values[:, 8:16]]
    check = (11 - organization @ np.array([3, 7, 9, 10, 5, 8, 4, 2]) % 11) % 11
    values[:, 16] = np.where(check == 10, _CREDIT.index("X"), check)
    weights = np.array([pow(3, power, 31) for power in range(17)])
    values[:, 17] = (31 - values[:, :17] @ weights % 31) % 31
    return _text(values, _CREDIT)


def vehicle_numbers(serials: Numbers) -> Cells:
    """Return 17-character vehicle identification numbers with their check digit (GB 16735-2019).

    The maker code ``L00`` is assigned to nobody.
    """
    values = np.zeros((len(serials), 17), dtype=np.int64)
    values[:, 0] = _VIN.index("L")
    values[:, 3] = _VIN.index("S")
    rest = serials.copy()
    for column in range(16, 8, -1):
        values[:, column] = rest % 10 if column > 11 else rest % len(_VIN)
        rest //= 10 if column > 11 else len(_VIN)
    weights = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2])
    check = _VIN_WORTH[values] @ weights % 11
    values[:, 8] = np.where(check == 10, _VIN.index("X"), check)
    return _text(values, _VIN)


def _spell(target: Numbers, numbers: Numbers) -> None:
    """Write the decimal digits of ``numbers`` into the columns of ``target``, the last digit last."""
    rest = numbers.copy()
    for column in range(target.shape[1] - 1, -1, -1):
        target[:, column] = rest % 10
        rest //= 10


def _text(values: Numbers, alphabet: str) -> Cells:
    letters = np.frombuffer(alphabet.encode("ascii"), dtype=np.uint8)[values]
    width = values.shape[1]
    return np.ascontiguousarray(letters).view(f"S{width}").ravel().astype(f"U{width}").astype(object)
