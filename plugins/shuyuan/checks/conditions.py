"""Conditions on found rows as SQL. A null is in no list: ``not_in`` holds for it, all other conditions do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shuyuan.entry import Entry, Where

_NUMBERS = ("integer", "decimal")


def rows_that_count(entry: Entry, conditions: Iterable[Where], limit: Callable[[str], str]) -> str:
    """Return the SQL that says whether a row ``t`` fits all conditions; ``limit`` resolves parameters."""
    said = [piece for one in conditions for piece in _condition(entry, one, limit)]
    return " AND ".join(said) or "true"


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _condition(entry: Entry, where: Where, limit: Callable[[str], str]) -> Iterable[str]:
    column = f't."{where.field}"'
    text = f"CAST({column} AS VARCHAR)"
    if where.is_in:
        yield f"coalesce({text} IN ({', '.join(map(literal, where.is_in))}), false)"
    if where.not_in:
        yield f"coalesce({text} NOT IN ({', '.join(map(literal, where.not_in))}), true)"
    for bound, sign in ((where.at_least, ">="), (where.at_most, "<=")):
        if bound is not None:
            yield f"coalesce({_compared(entry, where.field)} {sign} {_bound(entry, where.field, limit(bound))}, false)"


def _compared(entry: Entry, field: str) -> str:
    return f't."{field}"' if entry.field(field).kind in _NUMBERS else f'CAST(t."{field}" AS DATE)'


def _bound(entry: Entry, field: str, bound: str) -> str:
    if entry.field(field).kind in _NUMBERS:
        return f"CAST({literal(bound)} AS DECIMAL(24, 6))"
    return f"CAST({literal(bound)} AS DATE)"
