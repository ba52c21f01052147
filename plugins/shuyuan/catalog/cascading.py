"""Defaults cascade: ``_defaults.yaml`` → ``_department.yaml`` (``defaults``) → the entry; elements fill fields.

Mappings merge key by key, lists replace. Where a mapping's ``type`` decides its other keys (``source`` and
its ``format``), another ``type`` replaces the whole mapping, so that no SFTP default leaks into a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shuyuan.entry import Element, Entry, Field

ELEMENT_FACTS = ("type", "length", "pattern", "codes", "check", "mask", "standard")
_TEXT_ONLY = frozenset({"length", "pattern", "check"})
_DECIDED_BY_TYPE = frozenset({("source",), ("source", "format")})


def cascade(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge layers of one tree, the weakest first. No layer is changed."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer, ())
    return merged


def _merge(below: Mapping[str, Any], above: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    if path in _DECIDED_BY_TYPE and "type" in above and above["type"] != below.get("type"):
        return dict(above)
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _merge(known, value, (*path, key))
        else:
            merged[key] = value
    return merged


def fill_from_elements(entry: Entry, elements: Mapping[str, Element]) -> Entry:
    """Return ``entry`` with what its elements say filled into the unset keys of its fields.

    ``length``, ``pattern`` and ``check`` are only filled into text fields. A field without element and
    type is text.
    """
    return entry.model_copy(update={"fields": tuple(_fill(field, elements) for field in entry.fields)})


def _fill(field: Field, elements: Mapping[str, Element]) -> Field:
    element = elements.get(field.element or "")
    kind = field.type or (element.type if element else "string")
    facts: dict[str, Any] = {} if field.type else {"type": kind}
    for name in ELEMENT_FACTS if element else ():
        value = getattr(element, name)
        if value is not None and getattr(field, name) is None and (kind == "string" or name not in _TEXT_ONLY):
            facts[name] = value
    return field.model_copy(update=facts) if facts else field
