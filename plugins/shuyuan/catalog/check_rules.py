"""A check's rules: can each be decided, does it look only at what its source may use, do its words say it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shuyuan.catalog.check_conditions import (
    NUMBERS,
    check_field,
    check_limit,
    check_values,
    check_where,
    not_the_same,
)
from shuyuan.catalog.check_scene import CheckScene, Path, finding
from shuyuan.catalog.explaining import Finding
from shuyuan.entry import CheckRule, Count, Differs, Outside, Recent, Sum
from shuyuan.entry.check import PLACEHOLDERS

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_STRAY = re.compile(r"[{}]")


def check_rules(scene: CheckScene) -> Iterator[Finding]:
    """Yield what the rules get wrong."""
    for at, rule in enumerate(scene.check.rules):
        path: Path = ("rules", at)
        if scene.lookup(rule.source) is None:
            yield finding("E364", (*path, "source"), scene.check.sources, rule.source, source=rule.source)
        yield from _check_only(scene, path, rule)
        yield from check_where(scene, rule.source, (*path, rule.test, "where"), rule.condition.where)
        yield from _check_test(scene, rule, (*path, rule.test))
        yield from _check_words(scene, (*path, "words"), rule)


def _of_case(scene: CheckScene, rule: CheckRule) -> bool:
    lookup = scene.lookup(rule.source)
    return rule.per_case or (lookup is not None and lookup.of == "case")


def _check_only(scene: CheckScene, path: Path, rule: CheckRule) -> Iterator[Finding]:
    items = scene.check.inputs
    possible = scene.case_items if _of_case(scene, rule) else tuple(items)
    for name, values in rule.only.items():
        here = (*path, "only", name)
        if name not in items:
            yield finding("E379", here, possible, name, on_key=True, item=name)
        elif name not in possible:
            yield finding("E376", here, possible, name, on_key=True, value=name)
        elif (element := scene.element(items[name])) is not None:
            yield from check_values(scene.around.project, here, element, values)


def _check_test(scene: CheckScene, rule: CheckRule, path: Path) -> Iterator[Finding]:
    condition = rule.condition
    if isinstance(condition, Count | Sum):
        if isinstance(condition, Sum):
            yield from check_field(scene, rule.source, (*path, "field"), condition.field, NUMBERS, used=True)
        elif condition.distinct is not None:
            yield from check_field(scene, rule.source, (*path, "distinct"), condition.distinct, used=True)
        yield from check_limit(scene, (*path, "over"), condition.over, "number")
    elif isinstance(condition, Recent):
        days = ("date", "datetime")
        yield from check_field(scene, rule.source, (*path, "field"), condition.field, days, used=True)
    elif isinstance(condition, Differs):
        possible = scene.case_items if _of_case(scene, rule) else tuple(scene.check.inputs)
        yield from _check_item(scene, (*path, "from"), condition.from_, possible)
        yield from _check_same(scene, rule, (*path, "field"), condition.field, condition.from_)
    elif isinstance(condition, Outside):
        yield from _check_item(scene, (*path, "among"), condition.among, scene.subject_items)
        for at, name in enumerate(condition.fields):
            yield from _check_same(scene, rule, (*path, "fields", at), name, condition.among)


def _check_item(scene: CheckScene, path: Path, name: str, possible: tuple[str, ...]) -> Iterator[Finding]:
    if name not in scene.check.inputs:
        yield finding("E379", path, possible, name, item=name)
    elif name not in possible:
        yield finding("E376", path, possible, name, value=name)


def _check_same(scene: CheckScene, rule: CheckRule, path: Path, name: str, item: str) -> Iterator[Finding]:
    """Yield what keeps a field of the source from being held against an item of the request."""
    yield from check_field(scene, rule.source, path, name, used=True)
    field, given = scene.field(rule.source, name), scene.check.inputs.get(item)
    if field is not None and given is not None and field.element != given.element:
        yield not_the_same(path, name, field.element, item, given.element)


def _check_words(scene: CheckScene, path: Path, rule: CheckRule) -> Iterator[Finding]:
    known = PLACEHOLDERS[rule.test]
    for name in _IN_BRACES.findall(rule.words):
        if name not in known:
            yield finding("E369", path, [f"{{{one}}}" for one in known], f"{{{name}}}", placeholder=f"{{{name}}}")
    if found := _STRAY.search(_IN_BRACES.sub("", rule.words)):
        yield finding("E369", path, [f"{{{one}}}" for one in known], placeholder=found[0])
    if isinstance(rule.condition, Sum) and "{sum}" in rule.words:
        field = scene.field(rule.source, rule.condition.field)
        element = scene.element(field) if field is not None else None
        masks = (field.mask if field is not None else None, element.mask if element is not None else None)
        if any(mask not in (None, "none") for mask in masks):
            yield finding("E370", path, field=rule.condition.field)
