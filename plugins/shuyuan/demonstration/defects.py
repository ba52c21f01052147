"""Planted defects: each spoils rows of its own in a way that exactly one rejecting rule finds: the counts are known.

A defect names the rule it breaks (the rule id of receipts and reports), how many rows in ten thousand it spoils,
and how. Every defect occurs at least once. No row carries two defects, and a repeated key spoils both copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any

from shuyuan.demonstration.chance import Cells, Numbers, scatter
from shuyuan.demonstration.identifiers import resident_check_digit

Way = Callable[[Any], Any] | str | float | date | None
"""A cell's new content, or a function of its old content."""

_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass
class Table:
    """A department's rows before they are written: source column → cells, and records whose layout is broken.

    ``extra`` maps a row's position to cells appended to its record; ``missing`` to how many it lacks at its end.
    ``points`` says of a column that holds another department's key which row over there each cell points at.
    """

    columns: dict[str, Cells]
    points: dict[str, Numbers] = field(default_factory=dict)
    extra: dict[int, list[str]] = field(default_factory=dict)
    missing: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True)
class Defect:
    """``per_10000`` rows (of ``span`` rows a case) break ``rule``; ``plant`` spoils one case in a table.

    A rule that only counts does not reject the rows (``rejects``).
    """

    rule: str
    per_10000: int
    plant: Callable[[Table, Sequence[int], int], None]
    span: int = 1
    rejects: bool = True

    def cases(self, rows: int) -> int:
        """How often this defect occurs among ``rows``."""
        return max(1, rows * self.per_10000 // (10_000 * self.span))


def spoil(rule: str, per_10000: int, column: str, *ways: Way) -> Defect:
    """A defect in one cell; the cases take the ``ways`` in turn."""

    def plant(table: Table, positions: Sequence[int], case: int) -> None:
        way = ways[case % len(ways)]
        cells = table.columns[column]
        cells[positions[0]] = way(cells[positions[0]]) if callable(way) else way

    return Defect(rule, per_10000, plant)


def remark(rule: str, per_10000: int, column: str, *ways: Way) -> Defect:
    """What ``spoil`` plants, for a rule that counts rows and lets them pass."""
    return replace(spoil(rule, per_10000, column, *ways), rejects=False)


def repeat(rule: str, per_10000: int, *columns: str) -> Defect:
    """Two rows that share ``columns`` (all columns when none is named); both break the rule."""

    def plant(table: Table, positions: Sequence[int], case: int) -> None:
        for column in columns or tuple(table.columns):
            table.columns[column][positions[1]] = table.columns[column][positions[0]]

    return Defect(rule, per_10000, plant, span=2)


def break_record(per_10000: int) -> Defect:
    """Records with too few or too many fields, as cut lines and unescaped delimiters make them."""

    def plant(table: Table, positions: Sequence[int], case: int) -> None:
        if case % 2:
            table.missing[positions[0]] = 2
        else:
            table.extra[positions[0]] = ["多出的一列"]

    return Defect("record.fields", per_10000, plant)


def plant_defects(table: Table, defects: Sequence[Defect], entry_id: str, seed: int) -> None:
    """Spoil ``table`` in place. Which rows are spoilt depends on the seed and not on the day.

    Raises:
        ValueError: the table is too small for one case of each defect.
    """
    rows = len(table)
    for defect, case, positions in _cases(defects, entry_id, seed, rows):
        defect.plant(table, positions, case)


def spoilt_rows(defects: Sequence[Defect], entry_id: str, seed: int, rows: int) -> dict[int, bool]:
    """Return the positions of the rows that carry a defect, and whether it rejects the row."""
    return {
        position: defect.rejects
        for defect, _, positions in _cases(defects, entry_id, seed, rows)
        for position in positions
    }


def _cases(
    defects: Sequence[Defect], entry_id: str, seed: int, rows: int
) -> Iterator[tuple[Defect, int, tuple[int, ...]]]:
    total = sum(defect.cases(rows) * defect.span for defect in defects)
    spoilt = iter(scatter(seed, f"{entry_id} defects", rows, total).tolist())
    for defect in defects:
        for case in range(defect.cases(rows)):
            yield defect, case, tuple(islice(spoilt, defect.span))


def count_rejections(defects: Sequence[Defect], rows: int) -> dict[str, int]:
    """Rule id → rows that it must reject."""
    counts: Counter[str] = Counter()
    for defect in defects:
        if defect.rejects:
            counts[defect.rule] += defect.cases(rows) * defect.span
    return dict(counts)


def count_remarks(defects: Sequence[Defect], rows: int) -> dict[str, int]:
    """Rule id → rows that it must count and let pass, beside what it finds in rejected rows."""
    return {defect.rule: defect.cases(rows) * defect.span for defect in defects if not defect.rejects}


def wrong_check_digit(identifier: str) -> str:
    """Another last character: the commonest slip of the pen."""
    return identifier[:-1] + ("0" if identifier[-1] in "X1" else "1")


def excel_scientific(identifier: str) -> str:
    """What Excel shows of an ID that was stored as a number: ``1.59901E+17``."""
    return f"{identifier[0]}.{identifier[1:6]}E+17"


def excel_rounded(identifier: str) -> str:
    """An ID after a number's fifteen digits: the last three are lost as ``000``.

    One in eleven has a right check digit by accident; that one is shown in scientific notation instead.
    """
    rounded = identifier[:15] + "000"
    return excel_scientific(identifier) if rounded[17] == resident_check_digit(rounded) else rounded


def full_width(text: str) -> str:
    """Full-width digits and letters, as a Chinese input method writes them: ``１５９``."""
    return str(text).translate(_FULL_WIDTH)


def insert(character: str) -> Callable[[str], str]:
    """Return a way to put ``character`` behind a text's first character."""
    return lambda text: text[:1] + character + text[1:]
