"""Values of a database as canonical text: one spelling a value, whatever database it comes from.

``NULL`` stays ``None``. Decimals and floats are plain digits without an exponent (a decimal keeps its scale,
a float is the shortest text that reads back as the same number), dates ``2026-01-31``, date-times
``2026-01-31 08:30:00`` with microseconds only when they are not zero (of Asia/Shanghai where the value knows
its zone), times of day ``08:30:00``, booleans ``1`` and ``0`` (as MySQL, which has none, already gives them).
What a driver hands over as text because it cannot be a value (MySQL's ``0000-00-00``) stays as it is, for the
type rules to judge.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

_HERE = ZoneInfo("Asia/Shanghai")


class Unreadable(Exception):
    """A value that has no canonical text: binary, or of a kind we do not know."""


def canonical_column(values: Iterable[Any]) -> list[str | None]:
    """Return the canonical texts of one column. Raises ``Unreadable``."""
    column = list(values)
    kinds = set(map(type, column)) - {type(None)}
    if kinds <= {str}:
        return column
    if kinds == {int}:
        return [None if value is None else str(value) for value in column]
    return [None if value is None else canonical_text(value) for value in column]


def canonical_text(value: Any) -> str:
    """Return the canonical text of one value that is not ``None``. Raises ``Unreadable``."""
    write = _WRITERS.get(type(value))
    if write is None:
        raise Unreadable
    return write(value)


def _decimal(value: Decimal) -> str:
    return format(value, "f") if value.is_finite() else str(value)


def _float(value: float) -> str:
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def _datetime(value: datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(_HERE).replace(tzinfo=None)
    return value.isoformat(sep=" ")


def _timedelta(value: timedelta) -> str:
    """MySQL's TIME, which may be negative or longer than a day."""
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = value.days * 86_400 + value.seconds
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    bool: lambda value: "1" if value else "0",
    float: _float,
    Decimal: _decimal,
    date: date.isoformat,
    datetime: _datetime,
    time: time.isoformat,
    timedelta: _timedelta,
    uuid.UUID: str,
}
