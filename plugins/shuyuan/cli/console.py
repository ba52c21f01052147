"""The terminal: standard output is the answer, standard error the conversation.

Colour only on a terminal and without ``NO_COLOR`` (rich sees to both); every state is a word as well. A pipe
gets lines that are never folded.
"""

from __future__ import annotations

import os
import sys

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from shuyuan.language import say
from shuyuan.problems import Problem

PIPE_WIDTH = 160
"""Columns when the output is no terminal and ``COLUMNS`` does not say."""

_STYLES = {"error": "bold red", "warning": "bold yellow"}


def answer() -> Console:
    """Return the console of standard output."""
    return Console(highlight=False, markup=False, emoji=False, width=_width(sys.stdout.isatty()))


def conversation() -> Console:
    """Return the console of standard error."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False, width=_width(sys.stderr.isatty()))


def _width(terminal: bool) -> int | None:
    return None if terminal or os.environ.get("COLUMNS", "").isdecimal() else PIPE_WIDTH


def print_problem(console: Console, problem: Problem) -> None:
    """Print a problem: place, severity, code and sentence; its line with a caret; what would be right."""
    head = Text(f"{problem.location} " if problem.location else "")
    head.append(say(f"severity.{problem.severity}"), _STYLES[problem.severity])
    head.append(f" {problem.code} ", "bold")
    head.append(problem.message)
    console.print(head, soft_wrap=True)
    line = problem.location.line if problem.location else None
    if problem.excerpt is not None and line:
        shown, caret = crop(
            problem.excerpt, (problem.location.column or 1) if problem.location else 1, console.width - 12
        )
        console.print(Text(f"{line:>7} │ {shown}"), soft_wrap=True)
        console.print(Text(f"        │ {' ' * caret}^"), soft_wrap=True)
    for hint in hints(problem):
        console.print(Text(f"        = {hint}"), soft_wrap=True)
    console.print()


def hints(problem: Problem) -> list[str]:
    """Return what helps to mend a problem: the nearest match, else what is allowed, else the next step."""
    if problem.nearest:
        return [say("hint.nearest", nearest=problem.nearest)]
    if problem.allowed:
        return [say("hint.allowed", allowed=say("hint.separator").join(problem.allowed))]
    return [problem.next_step] if problem.next_step else []


def crop(line: str, column: int, width: int) -> tuple[str, int]:
    """Return the part of ``line`` around ``column`` that fits ``width`` cells, and the cells before the caret.

    A Chinese character takes two cells. Columns count characters from 1.
    """
    before, rest = line[: column - 1], line[column - 1 :]
    room = max(width - cell_len(rest), width // 2)
    if cell_len(before) > room:
        while cell_len(before) > room - 1:
            before = before[1:]
        before = "…" + before
    left = max(width - cell_len(before), 1)
    if cell_len(rest) > left:
        while rest and cell_len(rest) > left - 1:
            rest = rest[:-1]
        rest += "…"
    return before + rest, cell_len(before)
