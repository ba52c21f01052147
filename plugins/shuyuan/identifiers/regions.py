"""Administrative divisions (GB/T 2260) inside identifiers. Which codes exist is the business of a code table."""

from __future__ import annotations

import re
from collections.abc import Mapping

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
"""Short names of the 31 provinces, as on certificates and number plates."""

DIVISION_SHAPE = "[1-9][0-9]{5}([0-9]{3}([0-9]{3})?)?"
DIVISION_LENGTH = 6
_DIVISION = re.compile(DIVISION_SHAPE, re.ASCII)

REGION_PLACES: Mapping[str, int] = {"resident_id": 0, "credit_code": 2, "real_estate_unit": 0}
"""Check → where the six digits of the division begin in its identifier, from 0."""


def is_division_code(text: str) -> bool:
    """Say whether ``text`` has the shape of a division code: 6 digits, 9 for a township, 12 for a village."""
    return bool(_DIVISION.fullmatch(text))


def region_of(text: str, check: str) -> str | None:
    """Return the six digits of the division in an identifier; ``None`` where there are none.

    Raises:
        KeyError: identifiers of ``check`` hold no division.
    """
    region = text[REGION_PLACES[check] :][:DIVISION_LENGTH]
    return region if len(region) == DIVISION_LENGTH and is_division_code(region) else None
