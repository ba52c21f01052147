"""Names and mobile numbers of people.

A name is 2 to 30 Han characters, extension planes included, with ``·`` (U+00B7) inside only: Mongolian and
Uyghur names are long and have none of the surnames that lists know. Latin letters are refused: a foreigner's
residence card carries a Chinese name as well, and letters in a register of residents are nearly always a slip; a
list that does hold foreigners declares a ``pattern`` instead of this check.
"""

from __future__ import annotations

import re

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fffd\U00030000-\U0003fffd"
"""Han characters for a class of a regular expression: 〇, unified and compatibility ideographs, planes 0, 2 and 3."""

NAME_SHAPE = f"[{HAN}]+(·[{HAN}]+)*"
NAME_LENGTH = (2, 30)
"""Characters of a name, least and most, ``·`` counted."""

PHONE_SHAPE = "1[3-9][0-9]{9}"
"""A mobile number of the mainland, without a country code."""

LOST = "?□〓\ufffd\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
"""What stands where a rare character got lost: private-use code points (characters of one institution's own font),
the replacement character, and the marks that converters and typists put there."""

_NAME = re.compile(NAME_SHAPE)
_PHONE = re.compile(PHONE_SHAPE, re.ASCII)
_LOST = re.compile(f"[{LOST}]")


def is_person_name(text: str) -> bool:
    """Say whether ``text`` can be the name of a resident."""
    least, most = NAME_LENGTH
    return least <= len(text) <= most and bool(_NAME.fullmatch(text))


def has_lost_character(text: str) -> bool:
    """Say whether a rare character (生僻字) got lost: a private-use code point, U+FFFD, ``?``, ``□`` or ``〓``."""
    return bool(_LOST.search(text))


def is_phone(text: str) -> bool:
    """Say whether ``text`` is a mobile number of 11 digits."""
    return bool(_PHONE.fullmatch(text))
