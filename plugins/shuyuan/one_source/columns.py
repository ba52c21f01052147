"""The columns of a link in its two Parquet files, and the SQL that compares them.

Both sides get the same names: ``r0, r1, …`` the parts of the key as written, ``k0, k1, …`` the same in their normal
forms, ``a0, …`` the copy's attributes, ``b0, …`` the source's. Columns of one type, and numbers, are compared as they
are; columns of different types as text. An empty text is a blank.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from shuyuan.catalog.links import Link

_DECIMAL = re.compile(r"DECIMAL\(([0-9]+),([0-9]+)\)")
_MOST_DIGITS = 38


@dataclass(frozen=True)
class Pairing:
    """How the columns of a link are read. ``sides``: side → the select list; ``parts``: how many parts the key has.

    ``as_text`` says of each copied field whether it is compared as text; ``lacking`` why one cannot be compared.
    """

    sides: Mapping[str, str]
    parts: int
    as_text: Mapping[str, bool]
    lacking: Mapping[str, str]
    text_key: tuple[bool, ...]

    @property
    def attributes(self) -> int:
        """How many attributes are compared."""
        return len(self.as_text)

    def side(self, side: str, path: Path) -> str:
        """The query that reads a side."""
        return f"SELECT {self.sides[side]} FROM read_parquet({literal(str(path))})"

    def keys(self, table: str = "") -> str:
        """The parts of the key, as a list."""
        return self._list("k", table)

    def written(self, table: str = "") -> str:
        """The parts of the key as they are written, as a list."""
        return self._list("r", table)

    def present(self, table: str = "", kind: str = "k") -> str:
        """Whether all parts of the key are there."""
        return " AND ".join(f"{_part(kind, place, table)} IS NOT NULL" for place in range(self.parts))

    def equal(self, one: str, other: str) -> str:
        """Whether two tables have the same key."""
        return " AND ".join(f"{_part('k', n, one)} = {_part('k', n, other)}" for n in range(self.parts))

    def text(self, table: str = "") -> str:
        """The whole key as one text, as it is written, its parts joined by U+001F."""
        parts = ", ".join(f"{_part('r', place, table)}::VARCHAR" for place in range(self.parts))
        return parts if self.parts == 1 else f"concat_ws(chr(31), {parts})"

    def _list(self, kind: str, table: str) -> str:
        return ", ".join(_part(kind, place, table) for place in range(self.parts))


def _part(kind: str, place: int, table: str) -> str:
    return f"{table}.{kind}{place}" if table else f"{kind}{place}"


def pair_columns(connection: duckdb.DuckDBPyConnection, link: Link, copy: Path, source: Path) -> Pairing | str:
    """Pair the columns by their types in the files; the reason where a side has not published the key's columns."""
    here, there = (_types(connection, path) for path in (copy, source))
    if not here.keys() >= {mine for mine, _ in link.key}:
        return "copy_never_published"
    if not there.keys() >= {theirs for _, theirs in link.key}:
        return "never_published"
    lacking = {
        one.field: "never_published" if one.field in here else "copy_never_published"
        for one in link.copied
        if one.field not in here or one.source_field not in there
    }
    mine, theirs, text_key, as_text = [], [], [], {}
    for place, (left, right) in enumerate(link.key):
        typed = _compare_typed(here[left], there[right])
        mine.append(f"{_shown(left, typed)} AS r{place}")
        theirs.append(f"{_shown(right, typed)} AS r{place}")
        text_key.append(not typed or here[left] == "VARCHAR")
    kept = [one for one in link.copied if one.field not in lacking]
    for place, one in enumerate(kept):
        typed = _compare_typed(here[one.field], there[one.source_field])
        as_text[one.field] = not typed or here[one.field] == "VARCHAR"
        mine.append(f"{_shown(one.field, typed, here[one.field])} AS a{place}")
        theirs.append(f"{_shown(one.source_field, typed, there[one.source_field])} AS b{place}")
    sides = {"held": ", ".join(mine), "source": ", ".join(theirs)}
    return Pairing(sides, len(link.key), as_text, lacking, tuple(text_key))


def quoted(name: str) -> str:
    """An identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _types(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})").fetchall()
    return {name: str(kind) for name, kind, *_ in rows}


def _shown(column: str, typed: bool, blank_of: str = "") -> str:
    shown = quoted(column) if typed else f"{quoted(column)}::VARCHAR"
    return f"nullif({shown}, '')" if blank_of == "VARCHAR" else shown


def _compare_typed(here: str, there: str) -> bool:
    if here == there:
        return True
    digits = [found for kind in (here, there) if (found := _digits(kind))]
    if len(digits) < 2:
        return False
    whole = max(total - scale for total, scale in digits)  # numbers, as long as both fit one decimal type
    return whole + max(scale for _, scale in digits) <= _MOST_DIGITS


def _digits(kind: str) -> tuple[int, int] | None:
    """Digits of a number type, and those after the point."""
    if kind == "BIGINT":
        return 19, 0
    found = _DECIMAL.fullmatch(kind)
    return (int(found[1]), int(found[2])) if found else None
