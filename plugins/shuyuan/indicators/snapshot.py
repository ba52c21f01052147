"""Frozen values as JSON and back: dataclasses, models, mappings, tuples, dates, led by their type hints.

What comes back equals what went in. A field that a later version brings takes its default, one that it dropped is
passed over, so that figures of an old month stay readable.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shuyuan.catalog import Resource
from shuyuan.project import Project

Decode = Callable[[Any], Any]
_RESOURCE = ("entry", "digest", "department", "elements")


def write_text(value: object) -> str:
    """Return ``value`` as JSON; a mapping whose keys are not text becomes a list of pairs.

    Raises:
        TypeError: a value that no snapshot knows.
    """
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """What JSON is to write for ``value``, one level deep."""
    if isinstance(value, Resource):
        parts = {name: getattr(value, name) for name in _RESOURCE}
        return parts | {"path": _label(value.path, value.project)}
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if is_dataclass(value):
        return {name: _paired(getattr(value, name)) for name in _names(value.__class__)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    raise TypeError(f"no snapshot of {type(value).__name__}")


def _paired(value: Any) -> Any:
    if isinstance(value, Mapping) and not all(isinstance(key, str) for key in value):
        return list(value.items())
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def decoder(hint: Any, project: Project) -> Decode:
    """Return what turns the JSON of a value of type ``hint`` back into it; entries get ``project`` for their own.

    Raises:
        TypeError: a type that no snapshot knows.
    """

    @cache
    def of(hint: Any) -> Decode:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if hint is Resource:
            return _resource_decoder(project)
        if origin in (typing.Union, types.UnionType):
            (inner,) = (one for one in arguments if one is not type(None))
            decode = of(inner)
            return lambda data: None if data is None else decode(data)
        if origin is tuple and arguments[-1] is Ellipsis:
            each = of(arguments[0])
            return lambda data: tuple([each(one) for one in data])
        if origin is tuple:
            parts = [of(one) for one in arguments]
            return lambda data: tuple([part(one) for part, one in zip(parts, data, strict=True)])
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            key, one = of(arguments[0]), of(arguments[1])
            return lambda data: {key(k): one(v) for k, v in (data.items() if isinstance(data, dict) else data)}
        kind: Any = origin or hint
        if is_dataclass(kind):
            return dataclass_decoder(kind, arguments)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return lambda data: kind.model_validate(data, by_alias=True, by_name=False)
        if kind in (datetime, date):
            return kind.fromisoformat  # type: ignore[no-any-return]
        if kind in (str, int, float, bool, Any) or origin is typing.Literal:
            return lambda data: data
        raise TypeError(f"no snapshot of {hint}")

    def dataclass_decoder(kind: Any, arguments: tuple[Any, ...]) -> Decode:
        given = dict(zip(getattr(kind, "__parameters__", ()), arguments, strict=False))
        hints = typing.get_type_hints(kind)
        steps = [(one.name, of(_filled(hints[one.name], given)), _is_required(one)) for one in fields(kind)]

        def decode(data: Any) -> Any:
            return kind(**{name: step(data[name]) for name, step, required in steps if required or name in data})

        return decode

    return of(hint)


def _resource_decoder(project: Project) -> Decode:
    hints = typing.get_type_hints(Resource)
    steps = {name: decoder(hints[name], project) for name in _RESOURCE}

    def decode(data: Any) -> Resource:
        parts = {name: step(data[name]) for name, step in steps.items()}
        return Resource(**parts, path=project.root / data["path"], project=project)

    return decode


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """Put the arguments of a generic dataclass in the place of its type variables."""
    parameters = getattr(hint, "__parameters__", ())
    if hint in given:
        return given[hint]
    return hint[tuple(given[one] for one in parameters)] if parameters else hint


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _label(path: Path, project: Project) -> str:
    return path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else path.as_posix()
