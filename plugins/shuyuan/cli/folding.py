"""Long lines in a narrow terminal: folded between Chinese characters or words, the rest set in under the first."""

from __future__ import annotations

import re

from rich.cells import cell_len

_WORDS = re.compile(r"[!-~]+|\s+|.")
_NOT_FIRST = "，。；：、！？）”》%"
"""Characters that do not start a line."""


def fold(line: str, width: int) -> list[str]:
    """Return ``line`` as lines of at most ``width`` cells (two a Chinese character).

    A word alone longer than a line keeps its line whole: paths and ids are there to be copied.
    """
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    folded, current = [], ""
    for word in _WORDS.findall(line):
        fits = cell_len(current + word) <= width or word in _NOT_FIRST
        if fits or not current.strip():
            current += word
        else:
            folded.append(current.rstrip())
            current = indent + word.lstrip()
    return [*folded, current]
