"""Conditions on rows: can they be decided with what the source's fields are, may the fields be used."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from datetime import date

from shuyuan.catalog.check_scene import CheckScene, Path, finding
from shuyuan.catalog.explaining import Finding, spell
from shuyuan.entry import Element, Field, OneOfRule, Where
from shuyuan.problems import Term
from shuyuan.project import Project

NUMBERS = ("integer", "decimal")
_LISTABLE = ("string", "integer", "date", "boolean")
_ORDERED = (*NUMBERS, "date", "datetime")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_field(
    scene: CheckScene,
    source: str,
    path: Path,
    name: str,
    kinds: Collection[str] = (),
    *,
    used: bool = False,
    on_key: bool = False,
) -> Iterator[Finding]:
    """Yield what is wrong with naming a field of a source.

    It must exist, be of one of ``kinds`` (any where there are none), be allowed in a check and, if ``used``, stand
    in the source's ``use``. ``on_key``: the name is the key at ``path``.
    """
    lookup = scene.lookup(source)
    if lookup is None:
        return
    fields = scene.fields(source)
    if fields is not None and name not in fields:
        titled = [one.name for one in fields.values() if one.title == name]
        facts = {"field": name, "entry": lookup.entry}
        yield finding("E357", path, titled or fields, titled[0] if titled else name, on_key=on_key, **facts)
        return
    if used and name not in lookup.use:
        yield finding("E358", path, lookup.use, name, field=name, source=source)
    if fields is None:
        return
    field = fields[name]
    element = scene.element(field)
    if element is not None and element.level == "L4":
        yield finding("E374", path, on_key=on_key, field=name, element=str(field.element))
    if kinds and field.kind not in kinds:
        yield wrong_kind(path, field, kinds)


def wrong_kind(path: Path, field: Field, kinds: Collection[str]) -> Finding:
    """Return the finding that a field is of a kind with which the condition can't be decided."""
    needed = "days" if set(kinds) <= {"date", "datetime"} else "numbers" if set(kinds) <= set(NUMBERS) else "ordered"
    needed = "listed" if "boolean" in kinds else needed
    kind = Term(f"check_spec.kind.{field.kind}")
    return finding("E368", path, field=field.name, kind=kind, needed=Term(f"check_spec.needed.{needed}"))


def not_the_same(path: Path, field: str, element: str | None, other: str, other_element: str | None) -> Finding:
    """Return the finding that a field cannot be held against another, because their elements are not the same."""
    elements = {"element": element or "—", "other_element": other_element or "—"}
    return Finding("E361", path, {"key": spell(path), "field": field, "other": other, **elements})


def check_where(scene: CheckScene, source: str, path: Path, conditions: tuple[Where, ...]) -> Iterator[Finding]:
    """Yield what the conditions of a list get wrong."""
    for at, one in enumerate(conditions):
        here = (*path, at)
        wrong = list(check_field(scene, source, (*here, "field"), one.field, used=True))
        yield from wrong
        if not (one.is_in or one.not_in or one.at_least is not None or one.at_most is not None):
            yield finding("E381", here, field=one.field)
        field = scene.field(source, one.field)
        for key, values in (("in", one.is_in), ("not_in", one.not_in)):
            if values and field is not None:
                yield from _check_listed(scene, source, (*here, key), field, values)
        for key, bound in (("at_least", one.at_least), ("at_most", one.at_most)):
            if bound is None:
                continue
            if field is not None and field.kind not in _ORDERED:
                yield wrong_kind((*here, key), field, _ORDERED)
            else:
                yield from check_limit(scene, (*here, key), bound, _wanted(field))


def _wanted(field: Field | None) -> str | None:
    return None if field is None else "number" if field.kind in NUMBERS else "day"


def check_limit(scene: CheckScene, path: Path, bound: str, wanted: str | None) -> Iterator[Finding]:
    """Yield what is wrong with a limit: a ``number`` or a ``day``, or the name of a parameter that is one.

    ``wanted`` is ``None`` where either would do.
    """
    names = {one.name for one in scene.check.parameters}
    if bound in names:
        for at, one in enumerate(scene.check.parameters):
            if one.name == bound and not _is_limit(one.value, wanted):
                yield finding("E366", ("parameters", at, "value"), value=one.value, needed=_needed(wanted))
    elif _NAME.fullmatch(bound):
        yield finding("E365", path, names, bound, parameter=bound)
    elif not _is_limit(bound, wanted):
        yield finding("E366", path, value=bound, needed=_needed(wanted))


def _needed(wanted: str | None) -> Term:
    return Term(f"check_spec.limit.{wanted or 'any'}")


def _is_limit(text: str, wanted: str | None) -> bool:
    return (wanted != "day" and is_number(text)) or (wanted != "number" and is_day(text))


def is_number(text: str) -> bool:
    """Whether ``text`` is a number as limits are written: digits, a point, a minus."""
    return bool(_NUMBER.fullmatch(text))


def is_day(text: str) -> bool:
    """Whether ``text`` is a day, ``2026-01-31``."""
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_listed(
    scene: CheckScene, source: str, path: Path, field: Field, values: tuple[str, ...]
) -> Iterator[Finding]:
    if field.kind not in _LISTABLE:
        yield wrong_kind(path, field, _LISTABLE)
        return
    lookup = scene.check.sources[source]
    entry = scene.around.entries[lookup.entry]
    rules = entry.quality.rules if entry is not None else ()
    listed = next((rule.values for rule in rules if isinstance(rule, OneOfRule) and rule.field == field.name), ())
    yield from check_values(scene.around.project, path, field, values, listed)


def check_values(
    project: Project, path: Path, held: Field | Element, values: tuple[str, ...], listed: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield values that a field or an element never has: no code of its table, not in its list, not its pattern's."""
    kind = held.kind if isinstance(held, Field) else held.type.partition("(")[0]
    known = {"true": "true", "false": "false"} if kind == "boolean" else {one: one for one in listed}
    if held.codes:
        known = _codes(project, held.codes)
    for at, value in enumerate(values):
        if known and value not in known.values():
            meant = known.get(value, value)
            yield finding("E378", (*path, at), sorted(set(known.values())), meant, value=value)
        elif not known and not _fits(kind, held.pattern, value):
            yield finding("E378", (*path, at), value=value)


def _fits(kind: str, pattern: str | None, value: str) -> bool:
    if kind == "date":
        return is_day(value)
    if kind == "integer":
        return is_number(value) and "." not in value
    return pattern is None or bool(re.fullmatch(pattern, value))


def _codes(project: Project, name: str) -> dict[str, str]:
    """Return code, name and aliases of a code table, each → its code; empty where the table cannot be read."""
    try:
        with (project.code_tables / f"{name}.csv").open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    words: dict[str, str] = {}
    for row in rows:
        code = row.get("code") or ""
        for word in (code, row.get("name") or "", *(row.get("aliases") or "").split("|")):
            if word:
                words.setdefault(word, code)
    return words
