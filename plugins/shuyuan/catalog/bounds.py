"""Which date patterns and bounds make sense, judged without looking at any data."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

_DIRECTIVE = re.compile(r"%(.?)")


def is_date_pattern(pattern: str) -> bool:
    """Whether ``{date:pattern}`` names a day, a month or a year: only ``%Y %y %m %d %j``."""
    directives = _DIRECTIVE.findall(pattern)
    return bool(directives) and set(directives) <= set("Yymdj")


def is_field_format(kind: str, pattern: str) -> bool:
    """Whether a field's ``format`` fits its type.

    A date needs year, month and day; a date-time the hour as well; a boolean two words as ``是/否``.
    """
    if kind == "boolean":
        words = pattern.split("/")
        return len(words) == 2 and all(words) and words[0] != words[1]
    directives = _DIRECTIVE.findall(pattern)
    given = set(directives)
    if len(directives) != len(given) or not (given & {"Y", "y"}) or not {"m", "d"} <= given:
        return False
    if kind == "date":
        return given <= set("Yymd")
    return kind == "datetime" and "H" in given and given <= set("YymdHMSf")


def parse_bound(kind: str, text: str) -> Decimal | date | None:
    """Return a bound as a value of the field's type, ``None`` when it is not one.

    Integers and decimals are plain digits; dates ``2026-01-31``; date-times also ``2026-01-31 08:30:00``.
    """
    try:
        if kind == "integer" and re.fullmatch(r"-?[0-9]+", text):
            return Decimal(text)
        if kind == "decimal" and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
            return Decimal(text)
        if kind == "date" and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
        if kind == "datetime" and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?", text):
            return datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return None
    return None
