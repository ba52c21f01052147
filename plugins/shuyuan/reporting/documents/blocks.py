"""What a paper is made of before it is Word: headings, paragraphs, tables, pictures. No sentence and no XML in here."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

LONGEST = 400
"""Characters of one cell or name on paper; what is longer is cut with ``…``."""

_UNSAFE = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")
"""Direction overrides can make a sentence read backwards; the last two are not characters of XML."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A real heading; ``level`` 1 (一、) or 2 (（一）). ``new_page``: it begins a page."""

    text: str
    level: int = 1
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``body`` is the text of a letter, ``plain`` has no indent, ``fine`` is small print, ``sign`` stands right."""

    text: str
    look: Literal["body", "plain", "fine", "note", "sign"] = "body"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG without words. ``alt`` says what it shows, ``width`` is in millimetres."""

    png: bytes
    alt: str
    width: float


Cell: TypeAlias = str | Picture


@dataclass(frozen=True, slots=True)
class Column:
    """``width`` in millimetres."""

    head: Cell
    width: float
    align: Literal["left", "center", "right"] = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """``tall`` is the least height of a row in millimetres: room to write by hand.

    ``together``: on one page, with the heading before it.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    tall: float = 0
    headed: bool = True
    together: bool = False


Block: TypeAlias = Heading | Paragraph | Picture | Table


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: ``title`` in large letters, ``subtitle`` below it, the body. ``name`` has no extension."""

    name: str
    title: str
    subtitle: str
    blocks: Sequence[Block]


def clean(text: str, most: int = LONGEST) -> str:
    """Return ``text`` as one line that any XML may carry (no control character, no lone half), cut at ``most``."""
    kept = text if text.isprintable() else "".join(one if _may_stand(one) else " " for one in text)
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _may_stand(one: str) -> bool:
    return one not in _UNSAFE and unicodedata.category(one) not in ("Cc", "Cs", "Zl", "Zp")
