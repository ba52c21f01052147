"""The codes of a code table: a UTF-8 CSV with a column ``code``."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path


def read_codes(path: Path) -> tuple[str, ...]:
    """Return the codes in the file's order, without blanks. Read again only when the file has changed.

    Raises:
        OSError: no such file. KeyError: no column ``code``. UnicodeDecodeError: not UTF-8.
    """
    state = path.stat()
    return _codes_at(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _codes_at(path: Path, changed: int, size: int) -> tuple[str, ...]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return tuple(dict.fromkeys(row["code"] for row in csv.DictReader(lines) if row["code"]))
