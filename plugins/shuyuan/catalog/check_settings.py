"""A check's own settings: its items and its key, who may ask, what is signed, its parameters, how long it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shuyuan.catalog.check_scene import CheckScene, Path, finding
from shuyuan.catalog.explaining import Finding
from shuyuan.entry import Count, Sum
from shuyuan.entry.patterns import fitting_text

_IDENTIFYING = ("resident_id", "credit_code", "organization_code", "real_estate_unit", "certificate_number", "vin")


def check_settings(scene: CheckScene) -> Iterator[Finding]:
    """Yield what a check gets wrong about itself, about elements and departments."""
    yield from _check_items(scene)
    yield from _check_repeats(scene)
    yield from _check_parameters(scene)
    check = scene.check
    for at, department in enumerate(check.may_run.departments):
        if department not in scene.around.departments:
            path = ("may_run", "departments", at)
            yield finding("E371", path, scene.around.departments, department, department=department)
    if check.authorization is not None:
        pattern = check.authorization.pattern
        if fitting_text(pattern) is None or re.fullmatch(pattern, ""):
            yield finding("E372", ("authorization", "pattern"), pattern=pattern)
    kept = check.retention
    if kept.answer > kept.request:
        yield finding("E373", ("retention", "answer"), answer=kept.answer.days, request=kept.request.days)
    if kept.purpose_ends is not None and kept.purpose_ends < scene.around.today:
        yield finding("E913", ("retention", "purpose_ends"), day=str(kept.purpose_ends))


def _check_items(scene: CheckScene) -> Iterator[Finding]:
    check = scene.check
    for group in ("case", "subjects"):
        for at, item in enumerate(getattr(check, group)):
            if item.element not in scene.around.elements:
                path = (group, at, "element")
                yield finding("E315", path, scene.around.elements, item.element, element=item.element)
    key = next((one for one in check.subjects if one.name == check.key), None)
    if key is None:
        yield finding("E362", ("key",), scene.subject_items, check.key, item=check.key)
    elif not key.required or ((element := scene.element(key)) is not None and element.check not in _IDENTIFYING):
        yield finding("E363", ("key",), item=check.key)


def _check_repeats(scene: CheckScene) -> Iterator[Finding]:
    """Yield what is named twice: items of the request, titles of one form, rules, parameters of one day."""
    check = scene.check
    named: list[tuple[str, Path]] = []
    for group in ("case", "subjects"):
        for at, item in enumerate(getattr(check, group)):
            named += [(f"item {item.name}", (group, at, "name")), (f"title {item.title}", (group, at, "title"))]
    named += [(f"rule {rule.id}", ("rules", at, "id")) for at, rule in enumerate(check.rules)]
    named += [(f"parameter {one.name} {one.from_}", ("parameters", at)) for at, one in enumerate(check.parameters)]
    first: dict[str, Path] = {}
    for name, path in named:
        if first.setdefault(name, path) != path:
            before = finding("E377", first[name]).facts["key"]
            yield finding("E377", path, name=name.partition(" ")[2], first=before)


def _check_parameters(scene: CheckScene) -> Iterator[Finding]:
    """Yield parameters that no condition names, and those that are not in force yet."""
    check = scene.check
    conditions = [one for lookup in check.sources.values() for one in lookup.where]
    conditions += [one for rule in check.rules for one in rule.condition.where]
    used = {bound for one in conditions for bound in (one.at_least, one.at_most) if bound}
    used |= {rule.condition.over for rule in check.rules if isinstance(rule.condition, Count | Sum)}
    begins = {one.name: min(two.from_ for two in check.parameters if two.name == one.name) for one in check.parameters}
    told: set[str] = set()
    for at, one in enumerate(check.parameters):
        if one.name in told:
            continue
        told.add(one.name)
        if one.name not in used:
            yield finding("E375", ("parameters", at, "name"), name=one.name)
        elif begins[one.name] > scene.around.today:
            yield finding("E367", ("parameters", at, "from"), parameter=one.name, day=str(begins[one.name]))
