"""Typed values of other formats → the text that the entry declares, so that one set of casts serves all formats.

A workbook or a Parquet file may hold real dates, numbers and truths. They are written as their field would have
them in a text file; where the field is text, in a canonical form: dates as ISO 8601, numbers without exponent.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from shuyuan.entry import Field
from shuyuan.formats.casting import DATETIME, time_format, truth_words

# From here on a binary floating-point number no longer tells all its digits apart.
_EXACT = 10**15


def write_number(value: float | int | Decimal) -> str:
    """Return a number's shortest exact text, without exponent and without ``.0``.

    Floats of 16 digits and more have lost digits (an ID number typed as a number); they are written as Excel
    shows them, ``1.50624E+17``, which no rule for numbers or identifiers takes for the real thing.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= _EXACT:
        mantissa, exponent = f"{value:.5E}".split("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    return str(int(value)) if value == int(value) else format(Decimal(repr(value)), "f")


def write_time(value: date | datetime | time | timedelta, field: Field) -> str:
    """Return a date or time in the field's format when nothing is lost by it, else in ISO 8601."""
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, time):
        return value.isoformat()
    if field.kind in ("date", "datetime"):
        declared = time_format(field)
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        text = _format_time(moment, declared)
        if moment == moment.replace(microsecond=0) or "%f" in declared or "%g" in declared:
            midnight = moment.time() == time()
            if field.kind == "datetime" or midnight:
                return text
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f" if value.microsecond else DATETIME)
    return value.isoformat()


def _format_time(moment: datetime, declared: str) -> str:
    """``strftime`` that pads years to four digits on every platform and knows ``%g`` (milliseconds)."""
    return moment.strftime(
        declared.replace("%Y", f"{moment.year:04d}").replace("%g", f"{moment.microsecond // 1000:03d}")
    )


def write_truth(value: bool, field: Field) -> str:
    """Return the field's word for true or false; ``true`` and ``false`` where the field is no boolean."""
    true, false = truth_words(field) if field.kind == "boolean" else ("true", "false")
    return true if value else false
