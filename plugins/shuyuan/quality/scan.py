"""One pass over the staged Parquet that answers every row question of a suite and keeps the bad rows.

The order of work: null counts come from the Parquet footer; each key gets one hash aggregate, which leaves a
small table of repeated keys; then one scan evaluates all predicates of all rows and keeps those that fail
any in the table ``bad``: all columns of the batch and one boolean ``_bad_<i>`` a question, so that counts, row
numbers and the rejected rows come from there. Where much is bad, ``bad`` keeps only ``_row`` and the booleans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import PythonUDFType

from shuyuan.identifiers import CHECKS
from shuyuan.quality.characters import judge_texts
from shuyuan.quality.code_tables import read_codes
from shuyuan.quality.conditions import Mask, Missing, Question, Repeated
from shuyuan.quality.source_rows import Marked, SourceQuestion, SourceTables
from shuyuan.quality.sources import Disagreeing, Unknown
from shuyuan.quality.sql import literal, name, names

MEMORY = "512MB"
SAMPLE = 5_000
"""Rows looked at to guess how much is bad; smaller batches keep all columns anyway."""

MUCH = 0.2
"""Share of bad rows above which ``bad`` keeps only row numbers and booleans."""

KEYS = 20
"""Row numbers kept a question, the smallest ones."""


@contextmanager
def session(parquet: Path, workdir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB in which the view ``batch`` is the Parquet file; spills go to ``workdir``."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(workdir / "duckdb"),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        connection.execute(f"CREATE VIEW batch AS SELECT * FROM read_parquet({literal(parquet)})")
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True)
class Answer:
    """How one question fared: rows evaluated, rows unexpected, the smallest ``_row`` numbers of those.

    ``compared`` is how many rows a question about a source could really be answered for.
    """

    evaluated: int
    unexpected: int
    rows: tuple[int, ...]
    compared: int | None = None


class Scan:
    """The questions of one batch and their answers. ``ask`` once; then read ``answers`` and the table ``bad``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parquet: Path) -> None:
        self.connection = connection
        described = connection.execute("DESCRIBE batch").fetchall()
        self.types: dict[str, str] = {column: str(kind) for column, kind, *_ in described}
        self.rows, self.nulls = _footer_counts(parquet)
        self.answers: dict[Question, Answer] = {}
        self.bits: dict[Question, int] = {}
        """Which boolean of ``bad`` belongs to a question; a question without any unexpected row has none."""
        self.whole = True
        """Whether ``bad`` holds all columns of the batch, or ``_row`` and the booleans only."""
        self._code_tables: dict[tuple[str, bool], str] = {}
        self._marked: dict[SourceQuestion, Marked] = {}
        self._functions: set[str] = set()

    def ask(self, questions: Iterable[Question]) -> None:
        """Answer all questions. The table ``bad`` exists afterwards when ``bits`` is not empty."""
        asked = list(dict.fromkeys(questions))
        suspects = [question for question in asked if self._may_fail(question)]
        joins = [
            (question, f"repeated_{place}")
            for place, question in enumerate(suspects)
            if isinstance(question, Repeated) and self._find_repeated(question, f"repeated_{place}")
        ]
        about_sources = [question for question in suspects if isinstance(question, Unknown | Disagreeing)]
        self._marked = SourceTables(self.connection, self.types).mark(about_sources)
        clear: set[Question] = {question for question in suspects if isinstance(question, Repeated)}
        clear -= {question for question, _ in joins}
        clear |= {question for question, marked in self._marked.items() if not marked.rows}
        self.bits = {question: bit for bit, question in enumerate(q for q in suspects if q not in clear)}
        counts, rows = self._keep_bad(dict(joins)) if self.bits else ({}, {})
        for question in asked:
            unexpected, first = counts.get(question, 0), rows.get(question, ())
            self.answers[question] = Answer(self._evaluated(question), unexpected, first, self._compared(question))

    def null_count(self, column: str) -> int:
        """Return the nulls of a column: from the footer, or counted where the writer left no statistics."""
        if column not in self.nulls:
            (row,) = self.connection.execute(f"SELECT count(*) - count({name(column)}) FROM batch").fetchall()
            self.nulls[column] = row[0]
        return self.nulls[column]

    def _may_fail(self, question: Question) -> bool:
        """Leave out what the null counts decide: no null, nothing missing; nothing but nulls, nothing to judge."""
        if isinstance(question, Missing):
            return self.null_count(question.column) > 0
        columns = question.evaluated if isinstance(question, Mask) else question.columns
        return not all(self.null_count(column) == self.rows for column in columns)

    def _evaluated(self, question: Question) -> int:
        if isinstance(question, Missing):
            return self.rows
        columns = question.evaluated if isinstance(question, Mask) else question.columns
        nulls = [self.null_count(column) for column in columns]
        if not any(nulls):
            return self.rows
        if len(columns) == 1:
            return self.rows - nulls[0]
        if isinstance(question, Repeated) and not all(nulls):
            return self.rows
        glue = " OR " if isinstance(question, Repeated) else " AND "
        present = glue.join(f"{name(column)} IS NOT NULL" for column in columns)
        (row,) = self.connection.execute(f"SELECT count(*) FROM batch WHERE {present}").fetchall()
        return int(row[0])

    def _compared(self, question: Question) -> int | None:
        if not isinstance(question, Unknown | Disagreeing):
            return None
        return self._marked[question].compared if question in self._marked else 0

    def _find_repeated(self, question: Repeated, table: str) -> bool:
        present = " OR ".join(f"{name(column)} IS NOT NULL" for column in question.columns)
        keys = ", ".join(f"{name(column)} AS _key_{place}" for place, column in enumerate(question.columns))
        self.connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT {keys}, true AS _hit FROM batch "
            f"WHERE {present} GROUP BY {names(question.columns)} HAVING count(*) > 1"
        )
        (row,) = self.connection.execute(f"SELECT count(*) FROM {table}").fetchall()
        return bool(row[0])

    def _keep_bad(self, joins: dict[Repeated, str]) -> tuple[dict[Question, int], dict[Question, tuple[int, ...]]]:
        source = "batch" + "".join(
            f" LEFT JOIN {table} ON "
            + " AND ".join(f"{name(column)} IS NOT DISTINCT FROM {key}" for column, key in _keys(question, table))
            for question, table in joins.items()
        )
        booleans = ", ".join(f"{self._predicate(question, joins)} AS _bad_{bit}" for question, bit in self.bits.items())
        anything = " OR ".join(f"_bad_{bit}" for bit in self.bits.values())
        self.whole = not self._much_is_bad(source, booleans, anything)
        columns = "batch.*" if self.whole else "batch._row"
        # The booleans are computed in the inner select on purpose: there, IN (SELECT …) becomes a hash join.
        self.connection.execute(
            f"CREATE TEMP TABLE bad AS SELECT * FROM (SELECT {columns}, {booleans} FROM {source}) WHERE {anything}"
        )
        bits = list(self.bits.items())
        chosen = ", ".join(f"count(*) FILTER (_bad_{bit}), min(_row, {KEYS}) FILTER (_bad_{bit})" for _, bit in bits)
        (row,) = self.connection.execute(f"SELECT {chosen} FROM bad").fetchall()
        counts = {question: int(row[2 * place]) for place, (question, _) in enumerate(bits)}
        rows = {question: tuple(row[2 * place + 1] or ()) for place, (question, _) in enumerate(bits)}
        return counts, rows

    def _much_is_bad(self, source: str, booleans: str, anything: str) -> bool:
        if self.rows <= SAMPLE:
            return False
        sample = source.replace("batch", f"(SELECT * FROM batch LIMIT {SAMPLE}) AS batch", 1)
        (row,) = self.connection.execute(
            f"SELECT count(*) FILTER ({anything}) FROM (SELECT {booleans} FROM {sample})"
        ).fetchall()
        return bool(row[0] > MUCH * SAMPLE)

    def _predicate(self, question: Question, joins: dict[Repeated, str]) -> str:
        if isinstance(question, Repeated):
            return f"{joins[question]}._hit"
        if isinstance(question, Missing):
            return f"{name(question.column)} IS NULL"
        if isinstance(question, Unknown | Disagreeing):
            return f"batch._row IN (SELECT _row FROM {self._marked[question].table})"
        if question.function is not None:
            self._create_function(question.function)
        if question.codes is None:
            return question.unexpected
        return question.unexpected.replace("{codes}", self._code_table(question.codes, question.ever))

    def _create_function(self, check: str) -> None:
        """Let DuckDB call a vectorised identifier check by its name; an entry pays only for the checks it uses."""
        if check not in self._functions:
            judge = partial(judge_texts, CHECKS[check])
            self.connection.create_function(check, judge, ["VARCHAR"], "BOOLEAN", type=PythonUDFType.ARROW)
            self._functions.add(check)

    def _code_table(self, path: str, ever: bool) -> str:
        """Load a code table once: a join with it costs a hundredth of a list of thousands of literals."""
        if (path, ever) not in self._code_tables:
            table = f"codes_{len(self._code_tables)}"
            codes = pa.table({"code": pa.array(read_codes(Path(path), ever), pa.string())})
            self.connection.register("codes_read", codes)
            self.connection.execute(f"CREATE TEMP TABLE {table} AS SELECT code FROM codes_read")
            self.connection.unregister("codes_read")
            self._code_tables[path, ever] = table
        return self._code_tables[path, ever]


def _keys(question: Repeated, table: str) -> list[tuple[str, str]]:
    """Pair each column of a key with its column in the table of repeated keys."""
    return [(column, f"{table}._key_{place}") for place, column in enumerate(question.columns)]


def _footer_counts(parquet: Path) -> tuple[int, dict[str, int]]:
    """Return the rows and, for columns whose statistics are complete, the nulls, from the Parquet footer."""
    metadata = pq.read_metadata(parquet)
    nulls: dict[str, int] = {}
    for place in range(metadata.num_columns):
        statistics = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
        if all(part is not None and part.has_null_count for part in statistics):
            nulls[metadata.schema.column(place).path] = sum(part.null_count for part in statistics)
    return metadata.num_rows, nulls
