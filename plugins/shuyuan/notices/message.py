"""One message: to whom, about what, and as the text that a channel can carry.

Titles and sentences come from the catalog and the ledger, so they are treated as hostile: no line break, control or
direction mark, no address that a reader could click, no number as long as an identity or telephone number.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Literal

from shuyuan.entry import Route
from shuyuan.language import say

Kind = Literal["daily", "reminder", "digest", "fault"]
FACT_LENGTH = 100
_LONG_NUMBER = re.compile(r"[0-9０-９]{11,}[XxＸｘ]?")


@dataclass(frozen=True)
class Recipient:
    """Who is told: ``key`` is ``center``, ``department:<folder>`` or ``steward:<account>``, never a person's name.

    ``route`` is ``None`` where the settings name no way to the center.
    """

    key: str
    title: str
    route: Route | None


@dataclass(frozen=True)
class Item:
    """One thing to do about one resource (``heading``, ``link``): lines of text, each a word and what it says.

    ``stamp`` is what makes it the same thing tomorrow: codes, counts and days, but not what changes by itself.
    """

    heading: str
    lines: tuple[tuple[str, str], ...]
    stamp: tuple[Any, ...]
    link: str | None = None
    overdue: bool = False


@dataclass(frozen=True)
class Message:
    """One message. ``scope`` is what it is about once: a day, a due instant, a day and a code of ours."""

    kind: Kind
    recipient: Recipient
    scope: str
    day: date
    subject: str
    opening: str
    items: tuple[Item, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what the message says, whatever the language and the day."""
        stamps = [[self.kind, self.recipient.key], sorted(json.dumps(item.stamp, default=str) for item in self.items)]
        return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()

    @property
    def identity(self) -> str:
        """The same for the same message: what a mail server may know a repeated letter by."""
        return hashlib.sha256(f"{self.digest} {self.scope}".encode()).hexdigest()[:32]

    @property
    def overdue(self) -> bool:
        """Whether anything in it is late."""
        return any(item.overdue for item in self.items)

    def text(self, most_bytes: int | None = None) -> str:
        """The body, at most so many bytes of UTF-8: what does not fit is counted."""
        blocks, closing = list(_blocks(self.items)), say("notices.closing")
        whole = _join([self.opening, *blocks, closing])
        if most_bytes is None or len(whole.encode()) <= most_bytes:
            return whole
        room = most_bytes - len(_join([self.opening, say("notices.rest", count=len(blocks)), closing]).encode())
        shown = 0
        for block in blocks:
            room -= len(block.encode()) + len(_GAP)
            if room < 0:
                break
            shown += 1
        rest = say("notices.rest", count=len(blocks) - shown)
        cut = _join([self.opening, *blocks[:shown], rest, closing])
        return cut.encode()[:most_bytes].decode(errors="ignore")


def fact(text: str, most: int = FACT_LENGTH) -> str:
    """Make a foreign text harmless in every channel: one line, printable, no address, no long number, not too long."""
    printable = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    calm = _LONG_NUMBER.sub("…", " ".join(printable.split()).replace("://", "：／／"))
    return calm if len(calm) <= most else calm[: most - 1] + "…"


def _blocks(items: Iterable[Item]) -> Iterator[str]:
    """One numbered block a resource, with all that is to be done about it."""
    groups = [(heading, list(group)) for heading, group in groupby(items, key=lambda item: item.heading)]
    for number, (heading, group) in enumerate(groups, 1):
        lines = [say("notices.heading", number=number, title=heading)]
        for item in group:
            lines += [say("notices.line", word=word, text=text) if word else f"   {text}" for word, text in item.lines]
        link = next((item.link for item in group if item.link), None)
        if link:
            lines.append(say("notices.line", word=say("notices.word.link"), text=link))
        yield "\n".join(lines)


def _join(blocks: Sequence[str]) -> str:
    return _GAP.join(block for block in blocks if block)


_GAP = "\n\n"
