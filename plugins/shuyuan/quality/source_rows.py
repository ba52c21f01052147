"""The one-source questions in DuckDB: which rows of the batch the source does not know, or contradicts.

A question ends in a small table of row numbers, which the scan joins like any other key. The work before: the
source's rows that the batch asks for (a semi-join, so that a source of millions costs its one column), a line a row
of the batch with how often its key is there, and for the rows that differ as written a second look by the normal
form, once a pair of spellings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType

from shuyuan.normal_forms import FORMS, SETTLED, NormalForm
from shuyuan.quality.sources import Disagreeing, Unknown
from shuyuan.quality.sql import literal, name

SourceQuestion = Unknown | Disagreeing
Key = tuple[str, tuple[str, ...], tuple[str, ...], tuple[NormalForm, ...]]
"""A source's file, the key's columns in the batch, the key's columns there, their normal forms."""


@dataclass(frozen=True)
class Marked:
    """The rows that a question is about: their table of ``_row``, how many, and of how many it could be said."""

    table: str
    rows: int
    compared: int


@dataclass
class SourceTables:
    """Answers one-source questions on ``connection``, in which the view ``batch`` has columns of these ``types``."""

    connection: duckdb.DuckDBPyConnection
    types: Mapping[str, str]
    _functions: set[str] = field(default_factory=set)

    def mark(self, questions: Iterable[SourceQuestion]) -> dict[SourceQuestion, Marked]:
        """Leave a table of row numbers for each question; questions of one key share the work."""
        groups: dict[Key, list[SourceQuestion]] = {}
        for question in questions:
            groups.setdefault(_key_of(question), []).append(question)
        marked: dict[SourceQuestion, Marked] = {}
        for place, (key, asked) in enumerate(groups.items()):
            marked |= self._mark_group(place, key, asked)
        return marked

    def _mark_group(self, place: int, key: Key, asked: list[SourceQuestion]) -> dict[SourceQuestion, Marked]:
        compared = [question for question in asked if isinstance(question, Disagreeing)]
        there = self._describe(key[0])
        pairs = [
            _comparable(question.columns[-1], self.types, question.source_columns[-1], there) for question in compared
        ]
        join = self._find_keys(place, key, there, compared)
        filled = [
            f"found.times = 1 AND {_filled(f'batch.{name(question.columns[-1])}', self.types[question.columns[-1]])} "
            f"AND {_filled(f'found.value_{n}', there[question.source_columns[-1]])}"
            for n, question in enumerate(compared)
        ]
        columns = "".join(
            f", {filled[n]} AS filled_{n}, {filled[n]} AND {mine} <> {theirs.format(f'found.value_{n}')} AS differs_{n}"
            for n, (mine, theirs) in enumerate(pairs)
        )
        present = " AND ".join(f"batch.{name(column)} IS NOT NULL" for column in key[1])
        linked = f"linked_{place}"
        self.connection.execute(
            f"CREATE TEMP TABLE {linked} AS SELECT batch._row, coalesce(found.times, 0) AS times{columns} "
            f"FROM batch {join} WHERE {present}"
        )
        marked: dict[SourceQuestion, Marked] = {}
        for question in asked:
            if isinstance(question, Unknown):
                counts = f"SELECT count(*) FILTER (times < 2) FROM {linked}"
                marked[question] = self._keep(f"unknown_{place}", f"SELECT _row FROM {linked} WHERE times = 0", counts)
        for n, question in enumerate(compared):
            rows = f"SELECT _row FROM {linked} WHERE differs_{n}"
            if question.form != "exact" and (here := self._is_text(question)):
                rows = self._look_again(rows, question, here, join, n)
            counts = f"SELECT count(*) FILTER (filled_{n}) FROM {linked}"
            marked[question] = self._keep(f"differing_{place}_{n}", rows, counts)
        return marked

    def _find_keys(self, place: int, key: Key, there: Mapping[str, str], compared: list[Disagreeing]) -> str:
        """Keep the source's rows whose key the batch holds, one a key; return how the batch is joined with them."""
        path, mine, theirs, forms = key
        pairs = [_comparable(here, self.types, away, there) for here, away in zip(mine, theirs, strict=True)]
        wanted = [here for here, _ in pairs]
        held = [away.format(f"source.{name(column)}") for (_, away), column in zip(pairs, theirs, strict=True)]
        said = [f"any_value(source.{name(question.source_columns[-1])})" for question in compared]
        values = "".join(f", {value} AS value_{n}" for n, value in enumerate(said))
        source, table = f"read_parquet({literal(path)}) AS source", f"found_{place}"
        keys = ", ".join(f"{expression} AS key_{n}" for n, expression in enumerate(held))
        self.connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT {keys}, count(*) AS times{values} FROM {source} "
            f"WHERE {_together(held)} IN (SELECT {_together(wanted)} FROM batch) GROUP BY ALL"
        )
        same = " AND ".join(f"{here} = found.key_{n}" for n, here in enumerate(wanted))
        join = f"LEFT JOIN {table} AS found ON {same}"
        texts = [away != "{}" or self.types[here] == "VARCHAR" for here, (_, away) in zip(mine, pairs, strict=True)]
        active = [form if text else "exact" for form, text in zip(forms, texts, strict=True)]
        if set(active) != {"exact"}:
            self._find_respelt(table, source, join, wanted, held, active, values)
        return join

    def _find_respelt(
        self,
        table: str,
        source: str,
        join: str,
        wanted: list[str],
        held: list[str],
        forms: list[NormalForm],
        values: str,
    ) -> None:
        """Add the keys that the source has in another spelling, under the batch's own spelling."""
        present = " AND ".join(f"{key} IS NOT NULL" for key in wanted)
        keys = ", ".join(f"{key} AS key_{n}" for n, key in enumerate(wanted))
        normal = ", ".join(f"{self._normal(f'key_{n}', form)} AS normal_{n}" for n, form in enumerate(forms))
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT *, {normal} FROM "
            f"(SELECT DISTINCT {keys} FROM batch {join} WHERE found.times IS NULL AND {present})"
        )
        if not self._count("SELECT count(*) FROM wanted"):
            return
        same = " AND ".join(f"wanted.normal_{n} = {self._normal(key, forms[n])}" for n, key in enumerate(held))
        chosen = ", ".join(f"wanted.key_{n}" for n in range(len(held)))
        self.connection.execute(
            f"INSERT INTO {table} SELECT {chosen}, count(*){values} "
            f"FROM {source} JOIN wanted ON {same} GROUP BY {chosen}"
        )

    def _look_again(self, rows: str, question: Disagreeing, here: str, join: str, place: int) -> str:
        """Of the rows that differ as written, return those that differ in the normal form, too.

        Each pair of spellings is judged once: the normal forms are Python, and misspellings repeat.
        """
        pairs = (
            f"SELECT batch._row, {here} AS here, CAST(found.value_{place} AS VARCHAR) AS there "
            f"FROM ({rows}) AS differing JOIN batch USING (_row) {join}"
        )
        return (
            f"WITH pairs AS MATERIALIZED ({pairs}), "
            f"judged AS MATERIALIZED (SELECT here, there, {self._normal('here', question.form)} <> "
            f"{self._normal('there', question.form)} AS differs FROM (SELECT DISTINCT here, there FROM pairs)) "
            "SELECT _row FROM pairs JOIN judged USING (here, there) WHERE differs"
        )

    def _keep(self, table: str, rows: str, counts: str) -> Marked:
        self.connection.execute(f"CREATE TEMP TABLE {table} AS {rows}")
        return Marked(table, self._count(f"SELECT count(*) FROM {table}"), self._count(counts))

    def _count(self, sql: str) -> int:
        ((count,),) = self.connection.execute(sql).fetchall()
        return int(count)

    def _is_text(self, question: Disagreeing) -> str:
        """The batch's column where it is text, the only thing that is spelt in more than one way; else nothing."""
        column = question.columns[-1]
        return f"batch.{name(column)}" if self.types[column] == "VARCHAR" else ""

    def _describe(self, path: str) -> dict[str, str]:
        described = self.connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)})").fetchall()
        return {column: str(kind) for column, kind, *_ in described}

    def _normal(self, text: str, form: NormalForm) -> str:
        """``text`` in a normal form, as SQL. A branch of CASE sees only the rows that come to it."""
        if form == "exact":
            return text
        settled = f"regexp_full_match({text}, {literal(SETTLED[form])})"
        return f"CASE WHEN {settled} THEN {text} ELSE {self._function(form)}({text}) END"

    def _function(self, form: NormalForm) -> str:
        function = f"normal_{form}"
        if function not in self._functions:
            self.connection.create_function(
                function, _normaliser(form), ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW
            )
            self._functions.add(function)
        return function


def _key_of(question: SourceQuestion) -> Key:
    if isinstance(question, Unknown):
        return question.path, question.columns, question.source_columns, question.key_forms
    return question.path, question.columns[:-1], question.source_columns[:-1], question.key_forms


def _together(expressions: list[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"row({', '.join(expressions)})"


def _comparable(here: str, types: Mapping[str, str], there: str, others: Mapping[str, str]) -> tuple[str, str]:
    """Return how a column of the batch and one of the source compare: the first as SQL, the second with ``{}`` in it.

    Columns of one type compare as they are, others by their plain text: a type that another has cannot fail on it.
    """
    mine = f"batch.{name(here)}"
    if types[here] == others[there]:
        return mine, "{}"
    return _plain(mine, types[here]), _plain("{}", others[there])


def _filled(column: str, kind: str) -> str:
    return f"{column} <> ''" if kind == "VARCHAR" else f"{column} IS NOT NULL"


def _plain(column: str, kind: str) -> str:
    text = f"CAST({column} AS VARCHAR)"
    fraction = kind.startswith("DECIMAL") and not kind.endswith(",0)")
    return f"rtrim(rtrim({text}, '0'), '.')" if fraction else text


def _normaliser(form: NormalForm) -> Callable[[pa.Array], pa.Array]:
    normalise = FORMS[form]

    def in_normal_form(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
        return pa.array((None if text is None else normalise(text) for text in texts.to_pylist()), pa.string())

    return in_normal_form
