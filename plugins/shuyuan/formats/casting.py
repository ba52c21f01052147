"""Text → typed values as SQL expressions, by explicit grammars: what is not written as declared is no value.

=========  ============================================================================================
integer    ``-?[0-9]{1,18}``
decimal    ``-?`` at most *p-s* integer digits (one 0 is always allowed), then ``.`` and at most *s* digits
date       the declared format, exactly: writing the value again in that format gives the same text
datetime   likewise; in the standard format a second may have six more digits
boolean    the two declared words
string     as it is, never trimmed
=========  ============================================================================================

Digits are ASCII; no sign ``+``, exponent, thousands comma, blank or full-width form passes. The engine's own casts
are more generous, so they only serve as a fast first try whose result must read back as the same text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shuyuan.entry import Field
from shuyuan.problems import EntryError

DATE, DATETIME, BOOLEAN = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "true/false"
MOST_TYPED = 62
_DIRECTIVE = re.compile(r"%(-?[a-zA-Z%])")
_ALLOWED = {"Y", "y", "m", "d", "H", "M", "S", "f", "g", "-m", "-d", "-H", "-M", "-S", "%"}
_TEXT_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "date": "DATE", "datetime": "TIMESTAMP", "boolean": "BOOLEAN"}


def type_name(field: Field) -> str:
    """Return the engine's type of a field: ``BIGINT``, ``DECIMAL(18,2)``, …"""
    if field.decimal:
        return "DECIMAL({},{})".format(*field.decimal)
    return _TEXT_TYPES[field.kind]


def cast(field: Field, column: str) -> str:
    """Return the SQL expression that turns text ``column`` into the field's type, NULL where it is none.

    Raises:
        EntryError: E291 the declared format cannot be read.
    """
    if field.decimal:
        return _cast_decimal(column, *field.decimal)
    if field.kind == "integer":
        return _cast_number(
            column, "BIGINT", "-?[0-9]{1,18}", f"AND abs(TRY_CAST({column} AS BIGINT)) < 1000000000000000000"
        )
    if field.kind == "date":
        return _cast_date(column, time_format(field))
    if field.kind == "datetime":
        return _cast_datetime(column, time_format(field))
    if field.kind == "boolean":
        true, false = (quote(word) for word in truth_words(field))
        return f"CASE {column} WHEN {true} THEN true WHEN {false} THEN false END"
    return column


def time_format(field: Field) -> str:
    """Return the declared (or default) format of a date or datetime field.

    Raises:
        EntryError: E291 the format has an unknown directive or lacks year, month or day.
    """
    declared = field.format or (DATE if field.kind == "date" else DATETIME)
    directives = _DIRECTIVE.findall(declared)
    known = {directive.lstrip("-") for directive in directives}
    complete = bool({"Y", "y"} & known) and {"m", "d"} <= known
    if not complete or not _ALLOWED.issuperset(directives) or "%" in _DIRECTIVE.sub("", declared):
        raise EntryError("E291", field=field.name, format=declared)
    return declared


def truth_words(field: Field) -> tuple[str, str]:
    """Return the words for true and false. Raises ``EntryError`` E291 unless the format has two different ones."""
    words = (field.format or BOOLEAN).split("/")
    if len(words) != 2 or not all(words) or words[0] == words[1]:
        raise EntryError("E291", field=field.name, format=field.format)
    return words[0], words[1]


def select_typed(fields: Sequence[Field], source: str) -> str:
    """Return the query that types the text columns ``t0, t1, …`` of ``source`` as ``stages.Batch`` lays them out.

    Raises:
        EntryError: E291 a format cannot be read; E292 a typed field beyond bit 62 of ``_uncast``.
    """
    late = [field.name for field in fields[MOST_TYPED + 1 :] if field.kind != "string"]
    if late:
        raise EntryError("E292", field=late[0], most=MOST_TYPED + 1)
    typed = [index for index, field in enumerate(fields) if field.kind != "string"]
    casts = "".join(f", {cast(fields[index], f't{index}')} AS c{index}" for index in typed)
    failed = {index: f"(c{index} IS NULL AND t{index} IS NOT NULL)" for index in typed}
    bits = " + ".join(f"CASE WHEN {test} THEN {1 << index} ELSE 0 END" for index, test in failed.items())
    uncast = f"CASE WHEN {' OR '.join(failed.values())} THEN {bits} ELSE 0 END::BIGINT" if typed else "0::BIGINT"
    raw = ", ".join(f"{quote(field.name)}, t{index}" for index, field in enumerate(fields))
    columns = ", ".join(
        f"{'t' if field.kind == 'string' else 'c'}{index} AS {identifier(field.name)}"
        for index, field in enumerate(fields)
    )
    texts = f"CASE WHEN _uncast <> 0 THEN json_object({raw})::VARCHAR END"
    return (
        f"SELECT _row, _file, _line, _uncast, {texts} AS _raw, {columns} "
        f"FROM (SELECT *, {uncast} AS _uncast FROM (SELECT *{casts} FROM {source}))"
    )


def quote(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _cast_number(column: str, kind: str, grammar: str, also: str = "") -> str:
    tried = f"TRY_CAST({column} AS {kind})"
    return (
        f"CASE WHEN {tried}::VARCHAR = {column} {also} THEN {tried} "
        f"WHEN regexp_full_match({column}, {quote(grammar)}) THEN {tried} END"
    )


def _cast_decimal(column: str, precision: int, scale: int) -> str:
    whole = f"(0|[0-9]{{1,{precision - scale}}})" if precision > scale else "0"
    fraction = f"(\\.[0-9]{{1,{scale}}})?" if scale else ""
    return _cast_number(column, f"DECIMAL({precision},{scale})", f"-?{whole}{fraction}")


def _cast_date(column: str, declared: str) -> str:
    if declared == DATE:
        tried = f"TRY_CAST({column} AS DATE)"
        return f"CASE WHEN {tried}::VARCHAR = {column} AND strlen({column}) = 10 THEN {tried} END"
    tried, form = f"try_strptime({column}, {quote(declared)})", quote(declared)
    return (
        f"CASE WHEN strftime({tried}, {form}) = {column} AND {tried}::DATE::TIMESTAMP = {tried} THEN {tried}::DATE END"
    )


def _cast_datetime(column: str, declared: str) -> str:
    if declared == DATETIME:
        # Six digits of a second are how databases give them; both spellings are exact.
        tried = f"TRY_CAST({column} AS TIMESTAMP)"
        whole = f"strlen({column}) = 19 AND {tried}::VARCHAR = {column}"
        split = f"strlen({column}) = 26 AND strftime({tried}, '%Y-%m-%d %H:%M:%S.%f') = {column}"
        return f"CASE WHEN {whole} OR {split} THEN {tried} END"
    tried, form = f"try_strptime({column}, {quote(declared)})", quote(declared)
    return f"CASE WHEN strftime({tried}, {form}) = {column} THEN {tried} END"
