"""Numbers and dates as they are written, by explicit grammars: the scalar twin of ``formats.casting``.

Digits are ASCII. No sign ``+``, exponent, thousands comma, blank, full-width form or guess of a format passes; a
date in a declared format is one that reads back as the very same text. A contract test holds these functions and
the SQL of ``formats.casting`` to one verdict for every text.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

DATE, DATETIME = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"

_INTEGER = re.compile("-?[0-9]{1,18}", re.ASCII)
# Possessive repeats: like the engine, a number takes all the digits it can and never gives one back.
_PARTS = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{2}", "d": "[0-9]{2}", "H": "[0-9]{2}", "M": "[0-9]{2}",
    "S": "[0-9]{2}", "f": "[0-9]{6}", "g": "[0-9]{3}", "-m": "[0-9]{1,2}+", "-d": "[0-9]{1,2}+",
    "-H": "[0-9]{1,2}+", "-M": "[0-9]{1,2}+", "-S": "[0-9]{1,2}+",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%(-?[a-zA-Z%])")
_CENTURY = 69
"""Years of two digits: 69 to 99 are of the twentieth century, 00 to 68 of the next."""


def is_integer(text: str) -> bool:
    """Say whether ``text`` is a whole number of at most 18 digits."""
    return bool(_INTEGER.fullmatch(text))


def is_decimal(text: str, precision: int, scale: int) -> bool:
    """Say whether ``text`` has at most ``precision - scale`` digits before and ``scale`` behind the point."""
    return bool(_decimal_shape(precision, scale).fullmatch(text))


def read_date(text: str, form: str = DATE) -> date | None:
    """Return the date that ``text`` says in the format ``form`` (directives of ``strftime``), ``None`` otherwise.

    Raises:
        KeyError: a directive that formats cannot have, or no year, month or day.
    """
    moment = read_datetime(text, form)
    return moment.date() if moment is not None and moment == datetime.combine(moment, datetime.min.time()) else None


def read_datetime(text: str, form: str = DATETIME) -> datetime | None:
    """Return the moment that ``text`` says in the format ``form``, ``None`` otherwise. Not given, the time is 0:00.

    In the standard format a second may have six more digits, as databases give them.

    Raises:
        KeyError: a directive that formats cannot have, or no year, month or day.
    """
    if form == DATETIME and len(text) == len("2026-01-31 08:30:00.000000"):
        form = f"{DATETIME}.%f"
    shape, directives = _time_shape(form)
    found = shape.fullmatch(text)
    if found is None:
        return None
    said = dict(_meaning(directive, digits) for directive, digits in zip(directives, found.groups(), strict=True))
    try:
        moment = datetime(
            said["year"], said["month"], said["day"], said.get("hour", 0), said.get("minute", 0),
            said.get("second", 0), said.get("microsecond", 0),
        )  # fmt: skip
    except ValueError:
        return None
    again = tuple(_spell(directive, moment) for directive in directives)
    return moment if again == found.groups() else None


def _meaning(directive: str, digits: str) -> tuple[str, int]:
    kind, number = directive[-1], int(digits)
    if kind == "y":
        return "year", number + (1900 if number >= _CENTURY else 2000)
    if kind in ("f", "g"):
        return "microsecond", number * (1 if kind == "f" else 1000)
    return {"Y": "year", "m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second"}[kind], number


def _spell(directive: str, moment: datetime) -> str:
    number, width = {
        "Y": (moment.year, 4), "y": (moment.year % 100, 2), "m": (moment.month, 2), "d": (moment.day, 2),
        "H": (moment.hour, 2), "M": (moment.minute, 2), "S": (moment.second, 2), "f": (moment.microsecond, 6),
        "g": (moment.microsecond // 1000, 3),
    }[directive[-1]]  # fmt: skip
    return str(number) if directive.startswith("-") else str(number).zfill(width)


@lru_cache(maxsize=64)
def _time_shape(form: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    directives, pieces, at = [], [], 0
    for found in _DIRECTIVE.finditer(form):
        pieces.append(re.escape(form[at : found.start()]))
        at = found.end()
        if found[1] == "%":
            pieces.append("%")
        else:
            directives.append(found[1])
            pieces.append(f"({_PARTS[found[1]]})")
    return re.compile("".join((*pieces, re.escape(form[at:]))), re.ASCII), tuple(directives)


@lru_cache(maxsize=64)
def _decimal_shape(precision: int, scale: int) -> re.Pattern[str]:
    if precision > scale:
        fraction = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
        return re.compile(rf"-?(0|[0-9]{{1,{precision - scale}}}){fraction}", re.ASCII)
    # A type without room for whole digits is written without the 0 as well, as the engine itself writes it.
    return re.compile(rf"-?0(\.[0-9]{{1,{scale}}})?|(?!-\.0+\Z)-?\.[0-9]{{{scale}}}", re.ASCII)
