"""Regular expressions that mean the same everywhere: to RE2 (DuckDB), to Python, and in linear time.

Allowed: literals, ``.``, explicit classes such as ``[0-9A-Z]``, groups, ``|``, anchors and bounded or single
unbounded repeats. Refused: ``\\d \\w \\s`` (Unicode in one engine, ASCII in the other), look-around,
back-references, flags, possessive and atomic forms, and a repeat inside a repeat, which can take
exponential time.
"""

from __future__ import annotations

import re
import warnings
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

MAX_REPEAT = 1000
"""RE2 refuses larger counts."""

_MOST_TEXTS = 64
_SAMPLES = "a0A-一"
_PLAIN = frozenset({_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.RANGE, _constants.NEGATE})
_ANCHORS = frozenset({_constants.AT_BEGINNING, _constants.AT_END})
_OTHER_MEANING = re.compile(r"(?<!\\)(?:\\\\)*(\\[uUNpPzZAbBxQEC]|\{,|\[\[?:)")


def why_unsafe(pattern: str) -> str | None:
    """Return the word key of why ``pattern`` is refused, ``None`` when it is fine.

    Keys: ``broken class look reference flags nested repeat escape``.
    """
    if _OTHER_MEANING.search(pattern):
        return "escape"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = _parser.parse(pattern)
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError):
        return "broken"
    if tree.state.flags & ~re.UNICODE:
        return "flags"
    return _why(tree, repeated=False)


def fitting_text(pattern: str) -> str | None:
    """Return a text that the whole of ``pattern`` matches, ``None`` where none was found: it can hardly match any.

    ``pattern`` is one that ``why_unsafe`` does not refuse.
    """
    texts = _texts(_parser.parse(pattern))
    return next((text for text in texts if re.fullmatch(pattern, text)), None)


def _texts(tree: Any) -> list[str]:
    """Return a few texts that a tree may match: every branch once, every repeat as often as it must."""
    texts = [""]
    for operation, argument in tree:
        texts = [text + more for text in texts for more in _texts_of(operation, argument)][:_MOST_TEXTS]
    return texts


def _texts_of(operation: Any, argument: Any) -> list[str]:
    if operation is _constants.LITERAL:
        return [chr(argument)]
    if operation is _constants.AT:
        return [""]
    if operation is _constants.BRANCH:
        return [text for branch in argument[1] for text in _texts(branch)]
    if operation is _constants.SUBPATTERN:
        return _texts(argument[3])
    if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        low, high, body = argument
        return [text * times for text in _texts(body) for times in ((low, low + 1) if low < high else (low,))]
    if operation is _constants.IN:
        first, value = argument[0]
        if first is not _constants.NEGATE:
            return [chr(value[0] if first is _constants.RANGE else value)]
    return list(_SAMPLES)  # any character but some: one of these will do


def _why(tree: Any, repeated: bool) -> str | None:
    for operation, argument in tree:
        found = _why_one(operation, argument, repeated)
        if found:
            return found
    return None


def _why_one(operation: Any, argument: Any, repeated: bool) -> str | None:
    if operation in _PLAIN:
        return None
    if operation is _constants.IN:
        return _why(argument, repeated)
    if operation is _constants.AT:
        return None if argument in _ANCHORS else "escape"
    if operation is _constants.CATEGORY:
        return "class"
    if operation is _constants.BRANCH:
        return next((why for branch in argument[1] if (why := _why(branch, repeated))), None)
    if operation is _constants.SUBPATTERN:
        _, added, removed, body = argument
        return "flags" if added or removed else _why(body, repeated)
    if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        low, high, body = argument
        unbounded = high is _constants.MAXREPEAT
        if max(low, 0 if unbounded else high) > MAX_REPEAT:
            return "repeat"
        if repeated and unbounded:
            return "nested"
        return _why(body, repeated or unbounded)
    if operation in (_constants.GROUPREF, _constants.GROUPREF_EXISTS):
        return "reference"
    return "look"
