"""What pydantic found, said in our codes: which place, what is allowed, what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shuyuan.catalog.reading import Document
from shuyuan.catalog.schema import locate_data, node_at, words_of
from shuyuan.entry.values import Untyped
from shuyuan.problems import Problem, Term

_CODES = {
    "missing": "E118",
    "literal_error": "E113",
    "extra_forbidden": "E115",
    "string_type": "E119",
    "tuple_type": "E119",
    "dict_type": "E119",
    "model_type": "E119",
    "model_attributes_type": "E119",
    "unquoted": "E120",
    "string_pattern_mismatch": "E122",
    "int_parsing": "E123",
    "int_type": "E123",
    "int_from_float": "E123",
    "int_parsing_size": "E123",
    "float_parsing": "E123",
    "float_type": "E123",
    "greater_than": "E123",
    "greater_than_equal": "E123",
    "less_than": "E123",
    "less_than_equal": "E123",
    "finite_number": "E123",
    "string_too_long": "E124",
    "string_too_short": "E124",
    "too_short": "E124",
    "too_long": "E124",
    "template": "E125",
    "truth": "E126",
    "span": "E127",
    "percent": "E128",
    "regex": "E129",
    "path": "E130",
    "day": "E131",
    "field_twice": "E132",
    "decimal": "E133",
    "union_tag_not_found": "E134",
    "one_test": "E380",
    "union_tag_invalid": "E113",
}
_LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length")
_KINDS = {"string_type": "text", "tuple_type": "list"}


@dataclass(frozen=True)
class Finding:
    """A fault at a path of one model's data, before it is tied to a file."""

    code: str
    path: tuple[str | int, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    nearest: str | None = None
    on_key: bool = False

    def at(self, document: Document, prefix: tuple[str | int, ...] = ()) -> Problem:
        """Return the problem at its place in ``document``, where the data starts at ``prefix``."""
        location = document.locate(prefix + self.path, key=self.on_key)
        line = document.lines[location.line - 1] if location.line and location.line <= len(document.lines) else None
        return Problem(self.code, self.facts, location, line, self.allowed, self.nearest)


def spell(path: tuple[str | int, ...]) -> str:
    """Write a path as people read it: ``quality.rules[2].field``, list places counted from 1."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "/"


def explain_errors(error: ValidationError, model: type[BaseModel], data: Any) -> Iterator[Finding]:
    """Yield one finding per pydantic error, in our codes."""
    findings = [_explain(details, model, data) for details in error.errors(include_url=False)]
    for finding in findings:
        inside = (one for one in findings if len(one.path) > len(finding.path))
        if finding.code == "E139" and any(one.path[: len(finding.path)] == finding.path for one in inside):
            continue  # a list counts as too short when all its items are wrong
        yield finding


def _explain(details: ErrorDetails, model: type[BaseModel], data: Any) -> Finding:
    kind = details["type"]
    path, value = locate_data(model, data, details["loc"])
    context: dict[str, Any] = details.get("ctx", {})
    facts: dict[str, Any] = {"key": spell(path)}
    code = _CODES.get(kind, "E199")
    if isinstance(value, Untyped) and not value and kind not in ("missing", "extra_forbidden"):
        return Finding("E121", path, facts)
    if kind == "missing":
        node = node_at(model, data, path)
        return Finding(code, path, {**facts, "title": node.get("title", "")}, on_key=True)
    if kind == "extra_forbidden":
        allowed = tuple(sorted(node_at(model, data, path[:-1]).get("properties", ())))
        facts["key"] = spell(path)
        near = _nearest(str(path[-1]), allowed)
        return Finding(code, path, facts, () if near else allowed, near, on_key=True)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        node = node_at(model, data, path)
        tag = node.get("discriminator", {})
        allowed = tuple(tag.get("mapping", ()))
        name = tag.get("propertyName", "type")
        if not isinstance(value, dict):
            return Finding("E119", path, {**facts, "expected": Term("yaml.mapping"), **_colon(value)})
        if kind == "union_tag_not_found":
            return Finding(code, path, {"key": spell((*path, name))}, allowed, on_key=True)
        near = _nearest(str(value.get(name, "")), allowed)
        return Finding(code, (*path, name), {"key": spell((*path, name))}, allowed, near)
    if kind == "literal_error":
        allowed = tuple(re.findall(r"'([^']*)'", context.get("expected", "")))
        node = node_at(model, data, path)
        return Finding(code, path, facts, allowed, _meant(str(value), allowed, words_of(node)))
    if code == "E119":
        expected = Term(f"yaml.{_KINDS.get(kind, 'mapping')}")
        return Finding(code, path, {**facts, "expected": expected, **_colon(value)})
    if kind == "string_pattern_mismatch":
        node = node_at(model, data, path)
        facts |= {"pattern": context["pattern"], "meaning": node.get("description") or node.get("title", "")}
        return Finding(code, path, facts)
    if code in ("E123", "E124"):
        limits = {name: context[name] for name in _LIMITS if name in context}
        return Finding(_limit_code(kind, code), path, {**facts, "limit": f"{next(iter(limits.values()), 0):g}"})
    facts |= {name: given for name, given in context.items() if isinstance(given, str | int | float)}
    if code == "E129":
        facts["reason"] = Term(f"regex.{facts.pop('why')}")
    if code == "E199":
        facts["why"] = details["msg"]
    return Finding(code, path, facts)


def _limit_code(kind: str, code: str) -> str:
    if kind in ("greater_than", "greater_than_equal"):
        return "E137"
    if kind in ("less_than", "less_than_equal"):
        return "E138"
    if kind in ("string_too_short", "too_short"):
        return "E139"
    return code


def _colon(value: Any) -> dict[str, Any]:
    """Say when a mapping was meant but its colon is full-width or lacks the space after it."""
    found = re.match(r"[A-Za-z_][A-Za-z0-9_]*(：|:\S)", value) if isinstance(value, str) else None
    return {"aside": Term("yaml.aside_colon") if found else ""}


def _nearest(word: str, allowed: tuple[str, ...]) -> str | None:
    return next(iter(get_close_matches(word.lower(), allowed, 1, 0.6)), None)


def _meant(value: str, allowed: tuple[str, ...], words: dict[str, str]) -> str | None:
    """Return the allowed value that was meant: a Chinese word of it, or a close spelling."""
    for code, word in sorted(words.items(), key=lambda pair: -len(pair[1])):
        if code in allowed and (word in value or (value and value in word)):
            return code
    return _nearest(value, allowed)
