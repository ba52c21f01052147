"""What a spreadsheet program does to identifiers that it takes for numbers, and to texts that it takes for formulas.

It keeps 15 significant digits and writes zeros for the others, shows ``1.59901E+17``, drops leading zeros, and
turns dates into counts of days. Nothing of this can be undone; it can only be seen. A text that begins like a formula
is calculated: ``harmless`` keeps it a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, timedelta

SCIENTIFIC_SHAPE = r"[+-]?[0-9]+(\.[0-9]*)?[Ee][+-]?[0-9]+"
"""A number in scientific notation: never an identifier, always a spreadsheet's display of one."""

LONG_SHAPE = "[0-9]{18,}"
"""Digits only, so many that a spreadsheet loses some of them."""

ZEROED_SHAPE = "[0-9]{15}0{3,}"
"""The same with nothing but zeros beyond the 15th digit: each such value may be right, one in a thousand is."""

CHANCE = 1 / 1000
LEAST = 3

_SCIENTIFIC = re.compile(SCIENTIFIC_SHAPE, re.ASCII)
_LONG = re.compile(LONG_SHAPE, re.ASCII)
_ZEROED = re.compile(ZEROED_SHAPE, re.ASCII)
_FORMULA = "=+-@\t\r＝＋－＠"
_DAY_ZERO = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 61, 2_958_465


def is_scientific(text: str) -> bool:
    """Say whether ``text`` is a number in scientific notation, such as ``1.59901E+17``."""
    return bool(_SCIENTIFIC.fullmatch(text))


def is_zeroed(text: str) -> bool:
    """Say whether ``text`` has 18 or more digits of which all beyond the 15th are 0. Alone it proves nothing."""
    return bool(_ZEROED.fullmatch(text))


def is_above_chance(zeroed: int, long: int) -> bool:
    """Say whether ``zeroed`` of ``long`` values are too many to have come by themselves.

    By chance one in a thousand ends in 000. Far above is twice that and 8 standard deviations more, and at least 3
    values: 3 of 100, 18 of 1 000, 2 253 of 1 000 000. ``quality.conditions`` says the same in SQL.
    """
    expected = long * CHANCE
    return zeroed >= LEAST and zeroed > 2 * expected + 8 * math.sqrt(expected)


def find_damaged(texts: Iterable[str]) -> list[bool]:
    """Judge the values of one delivery: scientific notation always, zeroed digits when they are far too many."""
    values = list(texts)
    zeroed = [is_zeroed(text) for text in values]
    many = is_above_chance(sum(zeroed), sum(bool(_LONG.fullmatch(text)) for text in values))
    return [is_scientific(text) or (many and zero) for text, zero in zip(values, zeroed, strict=True)]


def has_lost_zeros(text: str, length: int) -> bool:
    """Say whether a code of ``length`` digits may have lost its leading zeros: digits only, and too few of them."""
    return text.isascii() and text.isdigit() and len(text) < length and not text.startswith("0")


def date_of_serial(text: str) -> date | None:
    """Return the date that a spreadsheet's count of days means (``45351`` → 2024-02-29), ``None`` for other texts.

    Whole days since 1899-12-30. Counts below 61 are left out: there, programs disagree about 29 February 1900.
    """
    if not re.fullmatch("[0-9]{2,7}", text, re.ASCII) or not _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        return None
    return _DAY_ZERO + timedelta(days=int(text))


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, also after a detour through CSV."""
    return f"'{text}" if _looks_like_formula(text) else text


def plain_again(text: str) -> str:
    """Undo ``harmless``."""
    return text[1:] if text.startswith("'") and _looks_like_formula(text) else text


def _looks_like_formula(text: str) -> bool:
    """Also what the workbook's writer would take for formatted text of its own and copy as XML."""
    bare = text.lstrip("'")
    return bool(bare) and (bare[0] in _FORMULA or bare.startswith("<r>"))
