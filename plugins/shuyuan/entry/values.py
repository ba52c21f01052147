"""The base model and the scalar types that every part of an entry is made of.

YAML scalars arrive as text (``catalog.reading``), so that ``0123`` and ``on`` keep their letters. A plain
scalar that another YAML reader would take for a number, a date or a boolean arrives as ``Untyped``:
where the model wants text, it must be quoted.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from shuyuan.entry.patterns import why_unsafe

IDENTIFIER = r"^[a-z][a-z0-9_]{0,62}$"
ENTRY_ID = r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$"


class Untyped(str):
    """A plain YAML scalar that looks like a number, date, boolean or null to other YAML readers."""

    __slots__ = ()


class Model(BaseModel):
    """Frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=False)


def _no_template(value: Any) -> Any:
    if isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value):
        raise PydanticCustomError("template", "templates are not allowed")
    return value


def _quoted(value: Any) -> Any:
    if isinstance(value, Untyped):
        raise PydanticCustomError("unquoted", "put {value} in quotes", {"value": str(value)})
    return _no_template(value)


def _bound(value: Any) -> Any:
    return str(_no_template(value)) if isinstance(value, str | int | float | date) else value


def _boolean(value: Any) -> Any:
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    raise PydanticCustomError("truth", "write true or false")


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
        raise PydanticCustomError("day", "write a date as 2026-01-31")
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise PydanticCustomError("day", "no such day") from None


_SPAN = re.compile(r"([0-9]{1,6})(d|h|m|s)")


def _span(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(str(value))
    if not found:
        raise PydanticCustomError("span", "write a span such as 2h, 30m or 5d")
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[found[2]]: int(found[1])})


def _percent(value: Any) -> Any:
    if isinstance(value, float):
        return value
    text = str(value)
    if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?%", text):
        return float(text[:-1]) / 100
    raise PydanticCustomError("percent", "write a percentage such as 20%")


def _regex(value: str) -> str:
    if why := why_unsafe(value):
        raise PydanticCustomError("regex", "not a portable regular expression: {why}", {"why": why})
    return value


def _natural(value: Any) -> Any:
    """Give the words of another vocabulary (Great Expectations) their JSON types back."""
    if isinstance(value, dict):
        return {_no_template(key): _natural(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_natural(one) for one in value]
    if not isinstance(value, Untyped):
        return _no_template(value)
    if value in ("true", "false"):
        return value == "true"
    if value in ("null", "~"):
        return None
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        return int(value)
    if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", value):
        return float(value)
    return _quoted(value)


Text = Annotated[str, BeforeValidator(_quoted)]
Line = Annotated[str, BeforeValidator(_quoted), StringConstraints(min_length=1, max_length=500, pattern=r"^[^\n\r]*$")]
Flag = Annotated[bool, BeforeValidator(_boolean), WithJsonSchema({"type": "boolean"})]
Identifier = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=IDENTIFIER)]
EntryId = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=ENTRY_ID)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": "^[0-9]+[dhms]$"})]
Percent = Annotated[
    float, BeforeValidator(_percent), WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$"})
]
Regex = Annotated[str, BeforeValidator(_quoted), AfterValidator(_regex)]
Bound = Annotated[str, BeforeValidator(_bound), WithJsonSchema({"type": ["string", "number"]})]
"""A number or a date, quoted or not; kept as written."""
Arguments = Annotated[dict[str, Any], BeforeValidator(_natural)]
"""Arguments in another vocabulary: plain numbers and truths keep their JSON types."""
ClockTime = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
