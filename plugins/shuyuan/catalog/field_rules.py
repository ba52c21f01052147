"""What an entry's fields and quality rules must hold to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from shuyuan.catalog.bounds import is_field_format, parse_bound
from shuyuan.catalog.cascading import ELEMENT_FACTS
from shuyuan.catalog.dictionary import read_suite
from shuyuan.catalog.explaining import Finding
from shuyuan.entry import (
    BetweenRule,
    Element,
    Entry,
    Field,
    KnownRegionRule,
    LengthRule,
    MatchesIdRule,
    NotAfterRule,
    NotExcelDamagedRule,
    OneOfRule,
    PatternRule,
    RowCountRule,
    Rule,
    UniqueRule,
)
from shuyuan.identifiers import REGION_PLACES
from shuyuan.project import Project

FITTING = {
    "between": ("integer", "decimal", "date", "datetime"),
    "length": ("string",),
    "pattern": ("string",),
    "one_of": ("string", "integer"),
    "not_after": ("date", "datetime"),
    "matches_id": ("string", "integer", "date"),
    "known_region": ("string",),
    "not_excel_damaged": ("string",),
}
"""Row rule → the kinds of field that it can judge."""

DATA_DATE = "data_date"


def check_fields(written: Entry, entry: Entry, elements: Mapping[str, Element], project: Project) -> Iterator[Finding]:
    """Yield what is wrong with the fields; ``written`` is the entry before its elements filled it."""
    stamps = [at for at, field in enumerate(entry.fields) if field.timestamp]
    for at in stamps[1:]:
        yield Finding(
            "E210", ("fields", at, "timestamp"), {"key": f"fields[{at + 1}].timestamp", "field": entry.fields[at].name}
        )
    for at, (own, field) in enumerate(zip(written.fields, entry.fields, strict=True)):
        for finding in _check_field(own, field, elements, project):
            facts = {"key": f"fields[{at + 1}].{finding.path[0]}", "field": field.name, **finding.facts}
            yield Finding(finding.code, ("fields", at, *finding.path), facts, finding.allowed, finding.nearest)


def _check_field(own: Field, field: Field, elements: Mapping[str, Element], project: Project) -> Iterator[Finding]:
    if own.element and own.element not in elements:
        yield Finding("E216", ("element",), {"element": own.element}, nearest=_near(own.element, elements))
    elif own.element:
        yield from _differing(own, elements[own.element])
    if field.codes and not (project.code_tables / f"{field.codes}.csv").is_file():
        tables = [path.stem for path in project.code_tables.glob("*.csv")]
        place = "codes" if own.codes else "element"
        yield Finding("E217", (place,), {"table": field.codes}, nearest=_near(field.codes, tables))
    if field.authoritative and not field.element:
        yield Finding("E224", ("authoritative",))
    if is_unsure(own, elements):
        return
    if field.format and not is_field_format(field.kind, field.format):
        yield Finding("E212", ("format",), {"type": field.type})
    for name in ("length", "pattern", "check"):
        if getattr(field, name) is not None and field.kind != "string":
            yield Finding("E228", (name,), {"name": name, "type": field.type})
    if field.codes and field.kind not in ("string", "integer"):
        yield Finding("E228", ("codes" if own.codes else "element",), {"name": "codes", "type": field.type})
    if field.sensitive and field.mask in (None, "none"):
        yield Finding("E908", ("sensitive",))


def is_unsure(own: Field, elements: Mapping[str, Element]) -> bool:
    """Whether the field's facts are unknown because its element is: then nothing more is said about it."""
    return own.type is None and own.element is not None and own.element not in elements


def _differing(own: Field, element: Element) -> Iterator[Finding]:
    """A field may not be of another kind than its element; other differences are only pointed out."""
    for name in ELEMENT_FACTS:
        mine, theirs = getattr(own, name), getattr(element, name)
        if mine is None or theirs is None or mine == theirs:
            continue
        facts = {"name": name, "element": own.element, "theirs": theirs}
        if name == "type" and str(mine).partition("(")[0] != str(theirs).partition("(")[0]:
            yield Finding("E232", (name,), facts)
        elif not (name == "length" and mine < theirs) and not (name == "mask" and theirs == "none"):
            yield Finding("E907", (name,), facts)


def check_row_rules(entry: Entry, unsure: frozenset[str], project: Project) -> Iterator[Finding]:
    """Yield what is wrong with rules, suites and inline expectations; kinds of ``unsure`` fields are not judged."""
    seen: dict[tuple[str, ...], int] = {}
    fields = {field.name: field for field in entry.fields}
    for at, rule in enumerate(entry.quality.rules):
        here = ("quality", "rules", at)
        key = f"quality.rules[{at + 1}]"
        identity = _identity(rule)
        if identity in seen:
            yield Finding("E229", here, {"key": key, "first": seen[identity] + 1})
        seen.setdefault(identity, at)
        if isinstance(rule, UniqueRule) and set(rule.fields) == set(entry.load.key):
            yield Finding("E904", here, {"key": key})
        yield from (
            Finding(f.code, (*here, *f.path), {"key": key, **f.facts}, f.allowed, f.nearest)
            for f in _check_rule(rule, fields, project)
            if not (f.code in ("E209", "E211", "E247") and f.facts.get("field") in unsure)
        )
    for at, name in enumerate(entry.quality.suites):
        yield from _check_suite(at, name, fields, project)
    for at, expectation in enumerate(entry.quality.expectations):
        column = expectation.kwargs.get("column")
        if isinstance(column, str) and column not in fields:
            path = ("quality", "expectations", at, "kwargs", "column")
            facts = {"key": f"quality.expectations[{at + 1}].kwargs.column", "field": column}
            yield Finding("E208", path, facts, nearest=_near(column, fields))


def _identity(rule: Rule) -> tuple[str, ...]:
    """Two rules with one identity would share one rule id in results and reports."""
    if isinstance(rule, UniqueRule):
        return ("unique", *sorted(rule.fields))
    if isinstance(rule, RowCountRule):
        return ("row_count",)
    if isinstance(rule, NotAfterRule):
        return ("not_after", rule.field, rule.than)
    return (rule.rule, rule.field)


def _check_rule(rule: Rule, fields: Mapping[str, Field], project: Project) -> Iterator[Finding]:
    if isinstance(rule, UniqueRule):
        for at, name in enumerate(rule.fields):
            if name not in fields:
                yield Finding("E208", ("fields", at), {"field": name}, nearest=_near(name, fields))
        return
    if isinstance(rule, RowCountRule):
        if rule.change_within is None and rule.min is None and rule.max is None:
            yield Finding("E231", ("rule",), {"needs": "change_within、min、max"})
        yield from _check_order(rule.min, rule.max)
        return
    field = fields.get(rule.field)
    if field is None:
        yield Finding("E208", ("field",), {"field": rule.field}, nearest=_near(rule.field, fields))
        return
    if field.kind not in FITTING[rule.rule]:
        yield Finding("E209", ("field",), {"field": rule.field, "type": field.type or "string", "rule": rule.rule})
        return
    if isinstance(rule, NotAfterRule) and rule.than != DATA_DATE:
        other = fields.get(rule.than)
        if other is None:
            near = _near(rule.than, [*fields, DATA_DATE])
            yield Finding("E208", ("than",), {"field": rule.than}, nearest=near)
        elif other.kind not in FITTING["not_after"]:
            yield Finding("E209", ("than",), {"field": rule.than, "type": other.type or "string", "rule": rule.rule})
    if isinstance(rule, MatchesIdRule):
        yield from _check_checked(("id",), rule.id, ("resident_id",), fields)
    elif isinstance(rule, KnownRegionRule):
        yield from _check_checked(("field",), rule.field, tuple(REGION_PLACES), fields)
        if not (project.code_tables / f"{rule.codes}.csv").is_file():
            tables = [path.stem for path in project.code_tables.glob("*.csv")]
            yield Finding("E217", ("codes",), {"table": rule.codes}, nearest=_near(rule.codes, tables))
    elif not isinstance(rule, NotExcelDamagedRule):
        yield from _check_bounds(rule, field)


def _check_checked(
    path: tuple[str, ...], name: str, checks: tuple[str, ...], fields: Mapping[str, Field]
) -> Iterator[Finding]:
    """A rule that cuts an identifier up needs a field that is checked to be one."""
    field = fields.get(name)
    if field is None:
        yield Finding("E208", path, {"field": name}, nearest=_near(name, fields))
    elif field.check not in checks:
        yield Finding("E247", path, {"field": name, "needs": "、".join(checks)})


def _check_bounds(
    rule: BetweenRule | LengthRule | PatternRule | OneOfRule | NotAfterRule, field: Field
) -> Iterator[Finding]:
    if isinstance(rule, LengthRule):
        yield from _check_order(rule.min, rule.max)
    if isinstance(rule, BetweenRule):
        bounds = {name: text for name in ("min", "max") if (text := getattr(rule, name)) is not None}
        parsed = {name: parse_bound(field.kind, text) for name, text in bounds.items()}
        for name, bound in parsed.items():
            if bound is None:
                yield Finding("E211", (name,), {"name": name, "field": field.name, "type": field.type})
        low, high = parsed.get("min"), parsed.get("max")
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            yield Finding("E226", ("min",), {})
    if isinstance(rule, BetweenRule | LengthRule) and rule.min is None and rule.max is None:
        yield Finding("E231", ("rule",), {"needs": "min、max"})
    if isinstance(rule, OneOfRule) and field.kind == "integer":
        for at, value in enumerate(rule.values):
            if parse_bound("integer", value) is None:
                yield Finding("E211", ("values", at), {"name": "values", "field": field.name, "type": field.type})


def _check_order(low: int | None, high: int | None) -> Iterator[Finding]:
    if low is not None and high is not None and low > high:
        yield Finding("E226", ("min",), {})


def _check_suite(at: int, name: str, fields: Mapping[str, Field], project: Project) -> Iterator[Finding]:
    path = project.expectations / f"{name}.json"
    here, facts = ("quality", "suites", at), {"key": f"quality.suites[{at + 1}]", "suite": name}
    if not path.is_file():
        suites = [one.stem for one in project.expectations.glob("*.json")]
        yield Finding("E218", here, facts, nearest=_near(name, suites))
        return
    try:
        expectations = read_suite(path)
    except (ValueError, OSError):
        yield Finding("E235", here, facts)
        return
    for expectation in expectations:
        kwargs = expectation.get("kwargs")
        column = kwargs.get("column") if isinstance(kwargs, dict) else None
        if isinstance(column, str) and column not in fields:
            yield Finding("E236", here, {**facts, "field": column})


def _near(word: str, known: Mapping[str, object] | list[str]) -> str | None:
    return next(iter(get_close_matches(word, list(known), 1, 0.6)), None)
