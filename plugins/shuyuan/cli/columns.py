"""Columns of a plain table that fit the terminal: one line a row, and only texts that may be cut are cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len, set_cell_size

GAP = 2


def fit_columns(
    rows: Sequence[Mapping[str, str]], width: int, squeeze: Iterable[tuple[str, int]] = (), right: Iterable[str] = ()
) -> list[str]:
    """Return one line a row, the columns in the order of the first row, none wider than ``width`` cells.

    Columns of ``squeeze`` (name, fewest cells; those that are not there do not matter) are cut in turn until a line
    fits; those of ``right`` (numbers) stand at their right edge. What is not printable becomes a question mark: no
    text can move the cursor.
    """
    printable = [{name: _printable(text) for name, text in row.items()} for row in rows]
    names = list(printable[0])
    widths = {name: max(cell_len(row[name]) for row in printable) for name in names}
    for name, floor in squeeze:
        if name not in widths:
            continue
        excess = sum(widths.values()) + GAP * (len(names) - 1) - width
        widths[name] -= min(max(excess, 0), max(widths[name] - floor, 0))
    numbers = set(right)
    return [
        (" " * GAP).join(_cell(row[name], widths[name], name in numbers) for name in names).rstrip()
        for row in printable
    ]


def _cell(text: str, width: int, right: bool) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
