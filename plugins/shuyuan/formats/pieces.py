"""What every reader yields: runs of records of one file, as text, with their line numbers and their defects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shuyuan.entry import Entry
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


class HasNull(Protocol):
    """A format (or a database source) that may name further texts for NULL."""

    @property
    def null(self) -> tuple[str, ...]:
        """The texts, besides the empty one, that mean NULL."""
