"""Normal forms: when two spellings of one value are the same.

=============  ==========================================================================================
exact          the text as it is
text           NFKC (full-width letters, digits and brackets become half-width), all blanks removed
name           ``text``, the variants of the interpunct become ``·`` (U+00B7), traditional characters become
               simplified ones (OpenCC's character table)
code           ``text``, capital letters, hyphens removed
resident_id    ``text``, capital ``X``, the 15-digit form of before 1999 becomes the 18-digit one
=============  ==========================================================================================

A normal form only decides what is equal. The value that a department delivered is kept as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal

from shuyuan.identifiers import modern_resident_id

NormalForm = Literal["exact", "text", "name", "code", "resident_id"]

INTERPUNCT = "\u00b7"
_INTERPUNCTS = re.compile("[\u2022\u2027\u2219\u22c5\u30fb\uff0e\uff65\u2024.\u0387]")
_HYPHENS = re.compile("[-\u2010-\u2015\u2212\uff0d\u2014]")
_OLD_ID = re.compile(r"[1-9][0-9]{14}", re.ASCII)


def normalise(text: str, form: NormalForm) -> str:
    """Return ``text`` in a normal form. A text that is in it already is returned as it is."""
    return FORMS[form](text)


def _text(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _name(text: str) -> str:
    return _simplify(_INTERPUNCTS.sub(INTERPUNCT, _text(text)))


def _code(text: str) -> str:
    return _HYPHENS.sub("", _text(text)).upper()


def _resident_id(text: str) -> str:
    code = _text(text).upper()
    return modern_resident_id(code) if _OLD_ID.fullmatch(code) else code


@cache
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC  # loads its dictionaries; most processes never compare a name

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def _simplify(text: str) -> str:
    return text if text.isascii() else _converter()(text)


FORMS: Mapping[NormalForm, Callable[[str], str]] = {
    "exact": str,
    "text": _text,
    "name": _name,
    "code": _code,
    "resident_id": _resident_id,
}
"""Normal form → what makes it."""

SETTLED: Mapping[NormalForm, str] = {
    "text": "[!-~]*",
    "name": "[!-\\-/-~]*",
    "code": "[!-,./0-`{-~]*",
    "resident_id": "[0-9]{17}[0-9X]",
}
"""Normal form → a regular expression (RE2) of texts that are in it already, so that nobody need make it."""
