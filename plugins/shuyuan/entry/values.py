"""The base model and the scalar types that every part of an entry is made of.

YAML scalars arrive as text (``catalog.reading``), so that ``0123`` and ``on`` keep their letters. A plain
scalar that another YAML reader would take for a number, a date or a boolean arrives as ``Untyped``:
where the model wants text, it must be quoted.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError


class Untyped(str):
    """A plain YAML scalar that looks like a number, date, boolean or null to other YAML readers."""

    __slots__ = ()


class Model(BaseModel):
    """Frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=False)


def _quoted(value: Any) -> Any:
    if isinstance(value, Untyped):
        raise PydanticCustomError("unquoted", "put {value} in quotes", {"value": str(value)})
    if isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value):
        raise PydanticCustomError("template", "templates are not allowed")
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    raise PydanticCustomError("truth", "write true or false")


_SPAN = re.compile(r"([0-9]+)\s*(d|h|m|s)")


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
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?%", text):
        return float(text[:-1]) / 100
    raise PydanticCustomError("percent", "write a percentage such as 20%")


def _regex(value: str) -> str:
    """Accept what RE2 (DuckDB) and Python read alike: no look-around, no back-references, no ``\\d``."""
    if re.search(r"\(\?[=!<]|\\[1-9]|\\[dDwWsS]", value):
        raise PydanticCustomError("pattern", "use explicit classes such as [0-9]; no look-around, no back-references")
    try:
        re.compile(value)
    except re.error as error:
        raise PydanticCustomError("pattern", "not a regular expression: {why}", {"why": str(error)}) from None
    return value


Text = Annotated[str, BeforeValidator(_quoted)]
Line = Annotated[str, BeforeValidator(_quoted), StringConstraints(min_length=1, max_length=500)]
Flag = Annotated[bool, BeforeValidator(_boolean), WithJsonSchema({"type": "boolean"})]
Identifier = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
EntryId = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=r"^[a-z](_?[a-z0-9]){0,61}\.[a-z](_?[a-z0-9]){0,61}$")]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": "^[0-9]+[dhms]$"})]
Percent = Annotated[float, BeforeValidator(_percent), WithJsonSchema({"type": "string", "pattern": "^[0-9.]+%$"})]
Regex = Annotated[str, BeforeValidator(_quoted), AfterValidator(_regex)]
ClockTime = Annotated[str, BeforeValidator(_quoted), StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
