"""Real estate: the unit code (不动产单元代码, GB/T 37346-2019) and the number of a certificate (不动产权证号)."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from shuyuan.identifiers.people import HAN
from shuyuan.identifiers.regions import PROVINCES

UNIT_SHAPE = r"[0-9]{12}[GJZ][ABCDEFGHLNSWXY][0-9]{5}(F[0-9]{8}|L[0-9]{8}|Q[0-9]{8}|W0{8})"
"""GB/T 37346: division 6, cadastral district 3 and sub-district 3, kind of right 2, parcel 5, fixture 1 + 8.

28 characters without a check digit; ``W00000000`` is a parcel without a fixture, as most pasture is.
"""

_BLANK = " \u3000"
_BLANKS = f"[{_BLANK}]*"
_OPEN, _CLOSE = r"[(（\[［〔【]", r"[)）\]］〕】]"
_YEAR = "(?:19|20)[0-9]{2}"
_BEFORE = f"[国{PROVINCES}]{_BLANKS}{_OPEN}{_BLANKS}{_YEAR}{_BLANKS}{_CLOSE}{_BLANKS}"
_KIND = "不动产(?:权|证明)"
_OLD_WORDS = "(?:房权证|房产证|房地权|房地证|房他证|国用|集用|集有|林证|草原|他项|土地使用证|土地使用权证)"
_OLD_SIGNS = rf"[{HAN}0-9A-Za-z()（）\[\]［］〔〕【】{_BLANK}-]*"

HISTORICAL_SHAPE = f"{_OLD_SIGNS}{_OLD_WORDS}{_OLD_SIGNS}[0-9]{_OLD_SIGNS}"
"""Certificates of before 2015 (房权证, 国用, 林证, 草原证, …), which stay good: some word of theirs, and a number."""

CERTIFICATE_SHAPE = (
    f"{_BEFORE}[{HAN}]+{_BLANKS}{_KIND}{_BLANKS}第{_BLANKS}[0-9]{{4,10}}{_BLANKS}号{_BLANKS}|{HISTORICAL_SHAPE}"
)
"""A number that names a certificate, whatever its brackets, its inner blanks and the length of its serial."""

CANONICAL_SHAPE = rf"[国{PROVINCES}](?:\({_YEAR}\)|（{_YEAR}）)[{HAN}]+{_KIND}第[0-9]{{7}}号|{HISTORICAL_SHAPE}"
"""As the registration rules print it: round brackets that belong together, no blank, a serial of 7 digits."""

CERTIFICATE_LENGTH = (6, 60)
"""Characters of a certificate number, least and most."""

_UNIT = re.compile(UNIT_SHAPE, re.ASCII)
_BRACKETS = str.maketrans("[〔【]〕】", "((()))")


def is_real_estate_unit(text: str) -> bool:
    """Say whether ``text`` has the shape of a real-estate unit code; the standard has no check digit."""
    return bool(_UNIT.fullmatch(text))


def is_certificate_number(text: str) -> bool:
    """Say whether ``text`` names a certificate, be its spelling or the length of its serial unusual."""
    least, most = CERTIFICATE_LENGTH
    return least <= len(text) <= most and bool(re.fullmatch(CERTIFICATE_SHAPE, text))


def certificate_kind(text: str) -> Literal["canonical", "unusual", "historical"] | None:
    """Return what a certificate number is; ``None`` when it is none.

    ``unusual`` is a weaker finding: brackets that do not belong together, blanks, a serial that has not 7 digits.
    Such numbers are really on certificates, so they are counted and not refused.
    """
    if not is_certificate_number(text):
        return None
    if re.fullmatch(HISTORICAL_SHAPE, text):
        return "historical"
    return "canonical" if re.fullmatch(CANONICAL_SHAPE, text) else "unusual"


def plain_certificate_number(text: str) -> str:
    """Return the spelling by which two certificate numbers are compared: half-width, round brackets, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(_BRACKETS)
