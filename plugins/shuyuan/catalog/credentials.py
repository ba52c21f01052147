"""Passwords do not belong in the catalog: names, addresses and tokens that give one away are refused.

The whole text is looked at, comments too, and the offending line is never shown.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from shuyuan.catalog.reading import Document
from shuyuan.problems import Location, Problem

_NAMED = re.compile(
    r"(?<![A-Za-z0-9_.-])[\"']?([A-Za-z0-9_.-]{0,40}?(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|"
    r"access[_-]?key|private[_-]?key|credentials?))[\"']?\s*[:=：]\s*[\"']?[^\s\"'{\[]|((?:口令|密码|密钥)\s*[:=：]\s*[!-~]{4,})",
    re.IGNORECASE,
)
_HINT = re.compile(r"pass|pwd|secret|token|[ais_-]key|credential|口令|密码|密钥|://|-----BEGIN", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://[^\s/:@'\"]{0,100}:[^\s/@'\"]{1,200}@", re.IGNORECASE)
_KNOWN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\beyJ[\w-]{10,}\."
    r"|/cgi-bin/webhook/send\?key=|/robot/send\?access_token=|/open-apis/bot/v2/hook/"
)
_TOKEN = re.compile(r"[A-Za-z0-9+=_-]{20,}")


def find_credentials(document: Document) -> Iterator[Problem]:
    """Yield one problem a line that seems to hold a password, key or token (E220, E221)."""
    text = document.text  # looked at once as a whole, because nearly every file is innocent
    if not (_HINT.search(text) or _KNOWN.search(text) or _random_token(text)):
        return
    for number, line in enumerate(document.lines, 1):
        if named := _NAMED.search(line):
            yield Problem("E220", {"key": named[1] or named[2][:2]}, Location(document.file, number, named.start() + 1))
        elif secret := _ADDRESS.search(line) or _KNOWN.search(line) or _random_token(line):
            yield Problem("E221", {}, Location(document.file, number, secret.start() + 1))


def without_credentials(problems: list[Problem]) -> list[Problem]:
    """Drop the excerpt of every line that a credential was found in."""
    lines = {
        (problem.location.file, problem.location.line)
        for problem in problems
        if problem.location and problem.code in ("E220", "E221")
    }
    return [
        Problem(p.code, p.facts, p.location, None, p.allowed, p.nearest)
        if p.location and (p.location.file, p.location.line) in lines
        else p
        for p in problems
    ]


def _random_token(line: str) -> re.Match[str] | None:
    """Find a run of letters and digits that no person typed: mixed, long, and of high entropy."""
    for found in _TOKEN.finditer(line):
        text = found[0]
        digits = any(c.isdigit() for c in text)
        lower, upper = any(c.islower() for c in text), any(c.isupper() for c in text)
        mixed = digits and lower and upper and _entropy(text) >= 3.7
        hexadecimal = len(text) >= 32 and digits and bool(re.fullmatch(r"[0-9a-fA-F]+", text)) and _entropy(text) >= 3.0
        if mixed or hexadecimal:
            return found
    return None


def _entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
