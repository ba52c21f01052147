"""Names and values as DuckDB SQL text.

Literals are written out rather than bound: DuckDB compiles a regular expression or folds a date once when
it is constant, and once a row when it is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path


def name(identifier: str) -> str:
    """Quote a column or table name."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Write a constant. Numbers keep the digits that ``repr`` gives them, so ``0.1`` is the decimal 0.1.

    Raises:
        TypeError: a value that has no SQL form here (a list, a float that is not finite).
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float) and value == value and value not in (float("inf"), float("-inf")):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str | Path):
        return "'" + str(value).replace("'", "''") + "'"
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def names(identifiers: Iterable[str], table: str = "") -> str:
    """Quote and join column names, each behind ``table.`` when a table is given."""
    prefix = f"{table}." if table else ""
    return ", ".join(prefix + name(identifier) for identifier in identifiers)
