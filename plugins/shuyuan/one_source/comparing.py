"""One copy held against its source: a join of two Parquet files in a DuckDB of its own, all attributes at once.

The join keeps only the rows that are not equal as written; every count follows from them and from the totals of
the two sides, so that the usual row costs the join and nothing else. What is written differently gets a second
look by the normal forms, once a pair of spellings. Memory is bounded by a setting; more goes to temporary files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from shuyuan.catalog.links import Copied, Link
from shuyuan.normal_forms import NormalForm
from shuyuan.one_source.columns import Pairing, literal, pair_columns
from shuyuan.one_source.spellings import judge_alike, normalise_keys, settled
from shuyuan.problems import PlatformError

_UNKNOWN = "SELECT DISTINCT here, here, NULL FROM odd WHERE state = 'unknown'"
HASHES_AT_ONCE = 8_000_000
"""Hashes of eight bytes that are sorted in memory at a time."""

ALL_BUT_LAST_BIT = 2**64 - 2
_MEGABYTES_A_THREAD = 64
"""What a thread needs for the rows in its hands; with less the join fails, whatever the size of the tables."""


@dataclass(frozen=True)
class Order:
    """What to compare: a link, the two Parquet files, the elements' normal forms. ``folder`` takes the results.

    ``known`` carries what was found about the keys of a file from one link to the next.
    """

    link: Link
    copy: Path
    source: Path
    forms: Mapping[str, NormalForm]
    memory: str
    folder: Path
    known: dict[tuple[object, ...], tuple[int, bool, bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Attribute:
    """How one copied field fared among the matched rows. ``disputes`` is a Parquet file (``key, copy_value,
    source_value`` as text, each key of the source once), ``None`` where nothing differs."""

    agreeing: int
    differing: int
    blank_here: int
    blank_there: int
    disputes: Path | None


@dataclass(frozen=True)
class Findings:
    """How one link fared, in rows; see ``Attribute`` for the files.

    ``attributes`` has the copied fields by name; ``lacking`` those of which one side has published no such column
    (``copy_never_published``, ``never_published``). ``only_there`` counts keys.
    """

    copy_rows: int
    matched: int
    only_here: int
    only_there: int
    source_duplicates: int
    attributes: Mapping[str, Attribute]
    lacking: Mapping[str, str]
    unknown: Path | None
    duplicates: Path | None


def compare(order: Order) -> Findings | str:
    """Compare one link; a reason (``copy_never_published``, ``never_published``) where a side lacks the key's column.

    Raises:
        PlatformError: P320 the engine failed; P321 the memory setting is too small. No value is in either.
    """
    order.folder.mkdir(mode=0o700)
    with _engine(order) as connection:
        columns = pair_columns(connection, order.link, order.copy, order.source)
        if isinstance(columns, str):
            return columns
        return _Comparison(connection, order, columns).find()


@contextmanager
def _engine(order: Order) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": order.memory,
        "threads": _threads(order.memory),
        "temp_directory": str(order.folder / "spill"),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    facts: dict[str, Any] = {"entry": order.link.entry_id, "source": order.link.source_id}
    try:
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection
    except duckdb.OutOfMemoryException:
        raise PlatformError("P321", memory=order.memory, **facts) from None
    except duckdb.Error as error:  # its text may quote a value
        raise PlatformError("P320", kind=type(error).__name__, **facts) from None


def _threads(memory: str) -> int:
    """As many threads as there are processors and as the memory (``512MB``, ``2GB``) has room for."""
    megabytes = int(memory[:-2]) * (1024 if memory.endswith("GB") else 1)
    return max(1, min(os.cpu_count() or 1, megabytes // _MEGABYTES_A_THREAD))


@dataclass(frozen=True)
class _Totals:
    """Rows of a side, those with a whole key, the different keys among these."""

    rows: int
    keyed: int
    keys: int


class _Comparison:
    def __init__(self, connection: duckdb.DuckDBPyConnection, order: Order, columns: Pairing) -> None:
        self.run, self.order, self.columns = connection.execute, order, columns
        self.connection = connection
        named = zip(order.link.key_elements, columns.text_key, strict=True)
        self.forms: list[NormalForm] = [order.forms[element] if text else "exact" for element, text in named]
        self.copied = [one for one in order.link.copied if one.field not in columns.lacking]
        keys = ", ".join(f"r{n} AS k{n}" for n in range(columns.parts))
        for side, path in (("held", order.copy), ("source", order.source)):
            self.run(f"CREATE VIEW written_{side} AS {columns.side(side, path)}")
            self.run(f"CREATE VIEW {side} AS SELECT *, {keys} FROM written_{side}")

    def find(self) -> Findings:
        link = self.order.link
        here = self._count_side("held", (self.order.copy, tuple(mine for mine, _ in link.key)))
        there = self._count_side("source", (self.order.source, tuple(theirs for _, theirs in link.key)))
        repeated = self._find_repeated() if there.keys < there.keyed else 0
        self._join(repeated > 0)
        unknown, aside = self._row(
            "SELECT count(*) FILTER (state = 'unknown'), count(*) FILTER (state = 'repeated') FROM odd"
        )
        (missed,) = self._row(
            f"SELECT count(*) FROM (SELECT DISTINCT {self.columns.keys()} FROM odd WHERE state <> 'matched')"
        )
        matched = here.keyed - unknown - aside
        return Findings(
            copy_rows=here.rows,
            matched=matched,
            only_here=unknown,
            only_there=there.keyed - repeated - (here.keys - missed),
            source_duplicates=repeated,
            attributes={one.field: self._find_attribute(place, one, matched) for place, one in enumerate(self.copied)},
            lacking=self.columns.lacking,
            unknown=self._write("unknown", _UNKNOWN, unknown),
            duplicates=self._write("duplicates", self._repeated_keys(), repeated),
        )

    def _repeated_keys(self) -> str:
        key = self.columns.text("s")
        return f"SELECT DISTINCT {key}, NULL, {key} FROM source s JOIN repeated r ON {self.columns.equal('s', 'r')}"

    def _row(self, sql: str) -> tuple[int, ...]:
        (row,) = self.run(sql).fetchall()
        return tuple(int(value) for value in row)

    def _count_side(self, side: str, about: tuple[object, ...]) -> _Totals:
        """Count rows and keys: different hashes prove different keys, else the keys themselves are counted.

        ``about`` names the file and the key, for the next link that asks.
        """
        keys, present = self.columns.keys(), self.columns.present()
        (rows,) = self._row(f"SELECT count(*) FROM {side}")
        known, asked = self.order.known, (*about, *self.forms)
        keyed, unique, unsettled = known[asked] = known.get(asked) or self._sort_hashes(side, rows)
        if unsettled and normalise_keys(self.connection, side, self.columns, self.forms):
            keyed, unique, _ = self._sort_hashes(side, rows)
        if unique:
            return _Totals(rows, keyed, keyed)
        (different,) = self._row(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {side} WHERE {present})")
        return _Totals(rows, keyed, different)

    def _sort_hashes(self, side: str, rows: int) -> tuple[int, bool, bool]:
        """Return how many keys are whole, whether their hashes differ, whether some may be written in another way.

        Each hash carries the last in its last bit, so that the file is read once. A sort is three times cheaper than
        a table of five million keys; the hashes of large tables are sorted in several parts.
        """
        keys, present = self.columns.keys(), self.columns.present()
        known = settled([f"k{n}" for n in range(self.columns.parts)], self.forms)
        marked = f"(hash({keys}) & {ALL_BUT_LAST_BIT}::UBIGINT) | (NOT ({known}))::UBIGINT"
        parts = 1 + rows // HASHES_AT_ONCE
        keyed, unique, unsettled = 0, True, False
        for part in range(parts):
            where = present if parts == 1 else f"{present} AND hash({keys}) % {parts} = {part}"
            hashes = self.run(f"SELECT {marked} AS hash FROM {side} WHERE {where}").fetchnumpy()["hash"]
            keyed += len(hashes)
            unsettled = unsettled or bool((hashes & 1).any())
            hashes.sort()
            unique = unique and not bool((hashes[1:] == hashes[:-1]).any())
        return keyed, unique, unsettled

    def _find_repeated(self) -> int:
        """Keep the keys that occur more than once at the source; return how many rows they are."""
        keys, present = self.columns.keys(), self.columns.present()
        self.run(
            f"CREATE TEMP TABLE repeated AS SELECT {keys}, count(*) AS times FROM source WHERE {present}"
            f" GROUP BY {keys} HAVING count(*) > 1"
        )
        return self._row("SELECT coalesce(sum(times), 0) FROM repeated")[0]

    def _join(self, repeated: bool) -> None:
        """Make ``odd``: a row for each row of the copy that is not wholly equal to its source's."""
        columns, places = self.columns, range(len(self.copied))
        same = " OR ".join(f"c.a{place} IS DISTINCT FROM s.b{place}" for place in places)
        values = "".join(f", c.a{place}, s.b{place}" for place in places)
        source = f"SELECT *, true AS found FROM source WHERE {columns.present()}"
        state, aside = "CASE WHEN s.found THEN 'matched' ELSE 'unknown' END", ""
        if repeated:
            source += f" AND NOT EXISTS (FROM repeated r WHERE {columns.equal('r', 'source')})"
            state = "CASE WHEN s.found THEN 'matched' WHEN r.times > 1 THEN 'repeated' ELSE 'unknown' END"
            aside = f" LEFT JOIN repeated r ON {columns.equal('c', 'r')}"
        self.run(
            f"CREATE TEMP TABLE odd AS SELECT {columns.keys('c')}, {columns.text('c')} AS here,"
            f" {columns.text('s')} AS there, {state} AS state{values}"
            f" FROM held c LEFT JOIN ({source}) s ON {columns.equal('c', 's')}{aside}"
            f" WHERE {columns.present('c')} AND (s.found IS NULL{' OR ' + same if same else ''})"
        )

    def _find_attribute(self, place: int, one: Copied, matched: int) -> Attribute:
        a, b = f"a{place}", f"b{place}"
        form = self.order.forms[one.element]
        differs = f"state = 'matched' AND {a} <> {b}"
        alike = judge_alike(self.connection, place, form) if self.columns.as_text[one.field] and form != "exact" else 0
        if alike:
            differs += f" AND NOT EXISTS (FROM alike{place} l WHERE l.a = {a} AND l.b = {b})"
        (differing,) = self._row(f"SELECT count(*) FROM odd WHERE {differs}")
        blank_here, blank_there, unmatched = self._row(
            f"SELECT count(*) FILTER (state = 'matched' AND {a} IS NULL AND {b} IS NOT NULL),"
            f" count(*) FILTER (state = 'matched' AND {b} IS NULL AND {a} IS NOT NULL),"
            f" count(*) FILTER (state <> 'matched' AND {a} IS NULL) FROM odd"
        )
        (blank,) = self._row(f"SELECT count(*) FROM held WHERE {a} IS NULL AND {self.columns.present()}")
        agreeing = matched - differing - blank_there - (blank - unmatched)
        rows = f"SELECT there, min({a}::VARCHAR), min({b}::VARCHAR) FROM odd WHERE {differs} GROUP BY there"
        return Attribute(
            agreeing, differing, blank_here, blank_there, self._write(f"differing{place}", rows, differing)
        )

    def _write(self, name: str, rows: str, count: int) -> Path | None:
        if not count:
            return None
        path = self.order.folder / f"{name}.parquet"
        named = f"SELECT * FROM ({rows}) rows(key, copy_value, source_value)"
        self.run(f"COPY ({named}) TO {literal(str(path))} (FORMAT parquet)")
        return path
