"""What each GX map metric asks of a row, as DuckDB SQL: the questions that one scan can answer.

``question_of`` turns a GX metric (its name and arguments) into a ``Mask`` (a predicate over one row), a
``Missing`` value or a ``Repeated`` key; ``None`` means that stock GX has to answer. A predicate is only offered
where it gives the same answer as GX on pandas and cannot fail on any value: a text column is never compared with
a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shuyuan.identifiers import CHECKS, DIVISION_LENGTH, RESIDENT_SHAPE, Check
from shuyuan.identifiers.spreadsheets import CHANCE, LEAST, LONG_SHAPE, SCIENTIFIC_SHAPE, ZEROED_SHAPE
from shuyuan.quality.sources import Disagreeing, Unknown, source_question
from shuyuan.quality.sql import literal, name

TEXTS = ("VARCHAR",)
SOURCE_METRICS = (
    "column_values.known_to_source",
    "multicolumn_values.known_to_source",
    "multicolumn_values.agree_with_source",
)
WHOLE_NUMBERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")


@dataclass(frozen=True)
class Mask:
    """A predicate that is true for an unexpected row, false or null for any other.

    ``evaluated`` names the columns that must all be non-null for a row to count as evaluated. ``codes`` is a
    code table's file that ``unexpected`` reads as ``{codes}`` (those of now, or with ``ever`` all there ever were),
    ``function`` an identifier check that it calls by name.
    """

    unexpected: str
    evaluated: tuple[str, ...]
    codes: str | None = None
    ever: bool = False
    function: str | None = None


@dataclass(frozen=True)
class Missing:
    """All rows in which the column is null. Every row is evaluated."""

    column: str


@dataclass(frozen=True)
class Repeated:
    """All rows whose ``columns`` together occur more than once. Null equals null in a compound key.

    A row with a null in every column (for one column: a null) is not evaluated.
    """

    columns: tuple[str, ...]


Question = Mask | Missing | Repeated | Unknown | Disagreeing
Arguments = Mapping[str, Any]


def question_of(metric: str, arguments: Arguments, types: Mapping[str, str]) -> Question | None:
    """Return the question behind the map metric ``metric`` (``column_values.between``), or ``None``.

    ``arguments`` are GX's domain and value arguments; ``types`` gives DuckDB's type of each column.
    """
    if arguments.get("row_condition") or arguments.get("table"):
        return None
    if metric == "compound_columns.unique":
        columns = tuple(arguments["column_list"])
        if arguments.get("ignore_row_if") not in (None, "all_values_are_missing") or not set(columns) <= set(types):
            return None
        return Repeated(columns)
    if metric == "column_pair_values.not_after":
        return _pair_not_after(arguments, types)
    if metric == "column_pair_values.match_resident_id":
        return _pair_match_resident_id(arguments, types)
    if metric in SOURCE_METRICS:
        asked = source_question(metric, arguments)
        return asked if set(asked.columns) <= set(types) else None
    column = str(arguments.get("column"))
    if column not in types:
        return None
    if metric == "column_values.unique":
        return Repeated((column,))
    if metric == "column_values.nonnull":
        return Missing(column)
    if metric == "column_values.in_code_table":
        return Mask(f"{_text(name(column))} NOT IN (SELECT code FROM {{codes}})", (column,), arguments["path"])
    if metric == "column_values.in_known_region":
        region = f"substr({_text(name(column))}, {int(arguments['start']) + 1}, {DIVISION_LENGTH})"
        return Mask(f"{region} NOT IN (SELECT code FROM {{codes}})", (column,), arguments["path"], ever=True)
    check = CHECKS.get(metric.removeprefix("column_values."))
    if check is not None:
        return _identifier(check, column, types[column])
    predicate = _PREDICATES.get(metric)
    expected = predicate(name(column), types[column], arguments) if predicate else None
    return Mask(f"NOT ({expected})", (column,)) if expected else None


def supported_metrics() -> tuple[str, ...]:
    """Names of the map metrics that ``question_of`` knows."""
    pairs = ("compound_columns.unique", "column_pair_values.not_after", "column_pair_values.match_resident_id")
    columns = ("unique", "nonnull", "in_code_table", "in_known_region", *CHECKS)
    return (*_PREDICATES, *pairs, *SOURCE_METRICS, *(f"column_values.{column}" for column in columns))


def _pair_not_after(arguments: Arguments, types: Mapping[str, str]) -> Mask | None:
    columns = (arguments["column_A"], arguments["column_B"])
    if any(types.get(column) not in ("DATE", "TIMESTAMP") for column in columns):
        return None
    kind = "DATE" if arguments.get("by_day") else "TIMESTAMP"
    first, second = (f"CAST({name(column)} AS {kind})" for column in columns)
    return Mask(f"{first} > {second}", columns)


def _pair_match_resident_id(arguments: Arguments, types: Mapping[str, str]) -> Mask | None:
    """A is the sex (its code) or the birth date, B the resident ID; an ID of another shape contradicts nothing."""
    fact, identifier = arguments["column_A"], arguments["column_B"]
    kind, number = types.get(fact, ""), name(identifier)
    if types.get(identifier) not in TEXTS:
        return None
    if kind == "DATE":
        day = name(fact)
        written = f"year({day}) * 10000 + month({day}) * 100 + day({day})"
        differs = f"{written} <> TRY_CAST(substr({number}, 7, 8) AS INTEGER)"
    elif kind in TEXTS or kind in WHOLE_NUMBERS:
        sexed = f"CASE WHEN TRY_CAST(substr({number}, 17, 1) AS INTEGER) % 2 = 1 THEN '1' ELSE '2' END"
        differs = f"{_text(name(fact))} IN ('1', '2') AND {_text(name(fact))} <> {sexed}"
    else:
        return None
    return Mask(f"regexp_full_match({number}, {literal(RESIDENT_SHAPE)}) AND {differs}", (fact, identifier))


def _identifier(check: Check, column: str, kind: str) -> Mask | None:
    if kind not in TEXTS:
        return None
    if check.pattern is None:
        return Mask(f"NOT {check.name}({name(column)})", (column,), function=check.name)
    matches = f"regexp_full_match({name(column)}, {literal(check.pattern)})"
    if check.length is not None:
        matches += " AND length({}) BETWEEN {} AND {}".format(name(column), *check.length)
    return Mask(f"NOT ({matches})", (column,))


def _text(column: str) -> str:
    return f"CAST({column} AS VARCHAR)"


def _parsed(column: str, kind: str, arguments: Arguments) -> str | None:
    bit = int(arguments["bit"])
    return f"{column} & {1 << bit} = 0" if bit < 63 else f"{column} >= 0"


def _as_text(column: str, kind: str) -> str | None:
    """The text of a value that has one spelling; GX takes the length and pattern of numbers and dates so, too."""
    if kind in TEXTS:
        return column
    return _text(column) if kind in WHOLE_NUMBERS or kind == "DATE" or kind.startswith("DECIMAL") else None


def _regex(column: str, kind: str, arguments: Arguments) -> str | None:
    text = _as_text(column, kind)
    return f"regexp_matches({text}, {literal(arguments['regex'])})" if text else None


def _not_regex(column: str, kind: str, arguments: Arguments) -> str | None:
    matches = _regex(column, kind, arguments)
    return f"NOT {matches}" if matches else None


def _length_between(column: str, kind: str, arguments: Arguments) -> str | None:
    text = _as_text(column, kind)
    return _range(f"length({text})", arguments) if text else None


def _length_equals(column: str, kind: str, arguments: Arguments) -> str | None:
    text = _as_text(column, kind)
    return f"length({text}) = {literal(arguments['value'])}" if text else None


def _between(column: str, kind: str, arguments: Arguments) -> str | None:
    bounds = [arguments.get("min_value"), arguments.get("max_value")]
    return _range(column, arguments) if all(_comparable(bound, kind) for bound in bounds if bound is not None) else None


def _range(value: str, arguments: Arguments) -> str | None:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return None  # GX raises an error for both; let it
    sides = []
    if low is not None:
        sides.append(f"{value} {'>' if arguments.get('strict_min') else '>='} {literal(low)}")
    if high is not None:
        sides.append(f"{value} {'<' if arguments.get('strict_max') else '<='} {literal(high)}")
    return " AND ".join(sides)


def _in_set(column: str, kind: str, arguments: Arguments) -> str | None:
    values = arguments.get("value_set")
    if not isinstance(values, list | tuple | set) or not values:
        return None
    if not all(_comparable(value, kind) for value in values):
        return None
    return f"{column} IN ({', '.join(literal(value) for value in values)})"


def _not_in_set(column: str, kind: str, arguments: Arguments) -> str | None:
    inside = _in_set(column, kind, arguments)
    return f"NOT ({inside})" if inside else None


def _comparable(value: object, kind: str) -> bool:
    """Say whether DuckDB compares this constant with a column of this type just as Python does."""
    if kind in TEXTS:
        return isinstance(value, str)
    if kind in WHOLE_NUMBERS or kind.startswith("DECIMAL"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "DATE":
        return isinstance(value, date) and not isinstance(value, datetime)
    if kind == "TIMESTAMP":
        return isinstance(value, datetime) and value.tzinfo is None
    return kind == "BOOLEAN" and isinstance(value, bool)


def _not_after(column: str, kind: str, arguments: Arguments) -> str | None:
    day = literal(date.fromisoformat(arguments["day"]))
    return f"CAST({column} AS DATE) <= {day}" if kind in ("DATE", "TIMESTAMP") else None


def _not_excel_damaged(column: str, kind: str, arguments: Arguments) -> str | None:
    """Scientific notation; and zeroed digits, where the whole column has far more of them than chance gives it."""
    if kind not in TEXTS:
        return None
    scientific, long, zeroed = (
        f"regexp_full_match({column}, {literal(shape)})" for shape in (SCIENTIFIC_SHAPE, LONG_SHAPE, ZEROED_SHAPE)
    )
    many = (
        f"(SELECT zeroed >= {LEAST} AND zeroed > 2 * expected + 8 * sqrt(expected) FROM (SELECT "
        f"count(*) FILTER ({zeroed}) AS zeroed, count(*) FILTER ({long}) * {CHANCE}::DOUBLE AS expected FROM batch))"
    )
    return f"NOT {scientific} AND NOT ({zeroed} AND {many})"


_PREDICATES: dict[str, Callable[[str, str, Arguments], str | None]] = {
    "column_values.parsed": _parsed,
    "column_values.match_regex": _regex,
    "column_values.not_match_regex": _not_regex,
    "column_values.value_length.between": _length_between,
    "column_values.value_length.equals": _length_equals,
    "column_values.between": _between,
    "column_values.in_set": _in_set,
    "column_values.not_in_set": _not_in_set,
    "column_values.not_after": _not_after,
    "column_values.not_excel_damaged": _not_excel_damaged,
}
"""What is expected of a non-null value: (quoted column, its type, GX's arguments) → SQL, or None."""
