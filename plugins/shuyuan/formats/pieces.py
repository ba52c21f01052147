"""What every reader yields: runs of records of one file, as text, with their line numbers and their defects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shuyuan.entry import Entry, Field
from shuyuan.formats.characters import find_forbidden
from shuyuan.formats.members import Member


class Defect(NamedTuple):
    """A record that is no row: the line it starts on, the rule that it breaks, and its raw text."""

    line: int
    rule: str
    raw: str


@dataclass(frozen=True)
class Piece:
    """A run of records.

    ``columns`` holds one string array (UTF-8, NULL where empty) per field of the entry, all of one length;
    ``lines`` (int64) where each row starts. ``counted`` is the number of records that a counter which knows
    nothing of the parser found in the run.
    """

    columns: list[pa.Array]
    lines: npt.NDArray[np.int64]
    defects: list[Defect]
    counted: int


Reader = Callable[[Member, Entry], Iterator[Piece]]


def make_column(texts: Iterable[str | None], null: Sequence[str]) -> pa.Array:
    """Return a string array; empty texts and those of ``null`` become NULL."""
    return pa.array([None if not text or text in null else text for text in texts], pa.string())


def make_piece(
    columns: list[pa.Array], lines: Sequence[int], fields: Sequence[Field], defects: list[Defect], counted: int
) -> Piece:
    """Return the piece without its rows that hold forbidden characters; those become defects (raw: a JSON object)."""
    numbers = np.array(lines, np.int64)
    forbidden = _find_forbidden_rows(columns)
    if forbidden.size:
        names = [field.source_name for field in fields]
        for row in forbidden.tolist():
            texts = [column[row].as_py() for column in columns]
            raw = json.dumps(dict(zip(names, texts, strict=True)), ensure_ascii=False)
            defects.append(Defect(int(numbers[row]), "record.characters", raw))
        keep = np.ones(len(numbers), np.bool_)
        keep[forbidden] = False
        columns, numbers = [column.filter(pa.array(keep)) for column in columns], numbers[keep]
    return Piece(columns, numbers, sorted(defects), counted)


def _find_forbidden_rows(columns: Sequence[pa.Array]) -> npt.NDArray[np.int64]:
    """The indices of rows with a forbidden character in any of the string columns, ascending."""
    found = [np.empty(0, np.int64)]
    for column in columns:
        _, offsets, data = column.buffers()
        if data is not None and len(column):
            ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
            places = find_forbidden(memoryview(data)[ends[0] : ends[-1]]) + ends[0]
            found.append(np.searchsorted(ends, places, "right") - 1)
    return np.unique(np.concatenate(found))
