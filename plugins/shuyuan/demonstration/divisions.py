"""行政区划: the real administrative divisions of China, as the demonstration's first entry.

``divisions/README.md`` names the source. Nothing is planted here.
"""

from __future__ import annotations

import csv
import gzip
from functools import cache
from pathlib import Path

import numpy as np

from shuyuan.demonstration.defects import Table

_FILE = Path(__file__).parent / "divisions" / "divisions-2023-06-30.csv.gz"
LEVELS = {2: "1", 4: "2", 6: "3", 9: "4"}
"""Digits of a code → level: province, city, county, township."""


@cache
def _rows() -> tuple[tuple[str, str], ...]:
    with gzip.open(_FILE, "rt", encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader)
        return tuple((code, name) for code, name in reader)


def divisions() -> Table:
    """Return all levels in code order: ``QHDM`` code, ``MC`` name, ``JB`` level, ``SJDM`` parent's code or empty."""
    codes = [code for code, _ in _rows()]
    parents = {4: 2, 6: 4, 9: 6}
    columns = {
        "QHDM": codes,
        "MC": [name for _, name in _rows()],
        "JB": [LEVELS[len(code)] for code in codes],
        "SJDM": [code[: parents.get(len(code), 0)] for code in codes],
    }
    return Table({name: np.array(cells, dtype=object) for name, cells in columns.items()})
