"""The rules of an entry: its fields' promises and its own rules, each with id, code, indicator and effect.

Rule ids and codes are what receipts, reports and the ledger speak of (``id_card_no.resident_id``, D406); the
indicators are those of GB/T 36344-2018. Each rule names the Great Expectations expectation that asks it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Any, Literal

from shuyuan.entry import (
    BetweenRule,
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
from shuyuan.identifiers import CANONICAL_SHAPE, CHECKS, REGION_PLACES
from shuyuan.problems import EntryError

Effect = Literal["reject", "count", "block"]


@dataclasses.dataclass(frozen=True)
class PlannedRule:
    """One rule before it is asked. ``expectation`` and ``kwargs`` are in Great Expectations' vocabulary."""

    rule: str
    code: str
    indicator: str
    effect: Effect
    expectation: str
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    field: str | None = None
    own: bool = True
    """False for an expectation of a suite: it never rejects rows."""


INDICATORS = {
    "D401": "0302", "D402": "0201", "D403": "0302", "D404": "0302", "D405": "0105", "D406": "0101", "D407": "0301",
    "D408": "0105", "D409": "0503", "D410": "0304", "D411": "0402", "D412": "0105", "D413": "0305",
    "D501": "0402", "D502": "0401", "D601": "0202",
}  # fmt: skip
"""GB/T 36344-2018 indicator by rule code."""


def plan_rules(entry: Entry, data_date: date, volumes: Sequence[int]) -> tuple[PlannedRule, ...]:
    """Return the entry's rules in the order fields, key, own rules. Rule ids are unique.

    Raises:
        EntryError: E296, a rule's bound or value is not of its field's type.
    """
    drafts = [
        *(rule for place, field in enumerate(entry.fields) for rule in _of_field(place, field)),
        _unique("key.unique", entry.load.key, "reject"),
        *(_fitting(entry, rule, data_date, volumes) for rule in entry.quality.rules),
    ]
    return tuple(_numbered(drafts))


def _of_field(place: int, field: Field) -> Iterator[PlannedRule]:
    def rule(kind: str, code: str, expectation: str, column: str = field.name, **kwargs: Any) -> PlannedRule:
        kwargs = {"column": column, **kwargs}
        return PlannedRule(f"{field.name}.{kind}", code, INDICATORS[code], "reject", expectation, kwargs, field.name)

    if field.kind != "string":
        yield rule("type", "D401", "expect_column_values_to_be_parsed", column="_uncast", bit=place)
    if field.required:
        yield rule("required", "D402", "expect_column_values_to_not_be_null")
    if field.length is not None:
        yield rule("length", "D403", "expect_column_value_lengths_to_be_between", max_value=field.length)
    if field.pattern is not None:
        yield rule("pattern", "D404", "expect_column_values_to_match_regex", regex=anchored(field.pattern))
    if field.codes is not None:
        yield rule("codes", "D405", "expect_column_values_to_be_in_code_table", code_table=field.codes)
    if field.check is not None:
        yield rule(field.check, "D406", f"expect_column_values_to_be_{CHECKS[field.check].plural}")
    if field.check == "certificate_number":
        # Blanks, odd brackets and serials of 6 or 8 digits are on real certificates: a finding, not a refusal.
        spelled = rule("spelling", "D404", "expect_column_values_to_match_regex", regex=anchored(CANONICAL_SHAPE))
        yield dataclasses.replace(spelled, effect="count")


def _fitting(entry: Entry, rule: Rule, data_date: date, volumes: Sequence[int]) -> PlannedRule:
    try:
        return _of_rule(entry, rule, data_date, volumes)
    except (ValueError, ArithmeticError):
        field = "" if isinstance(rule, UniqueRule | RowCountRule) else f"{rule.field}."
        named = f"{field}{rule.rule}"
        raise EntryError("E296", entry=entry.id, rule=named) from None


def _of_rule(entry: Entry, rule: Rule, data_date: date, volumes: Sequence[int]) -> PlannedRule:
    if isinstance(rule, RowCountRule):
        return _row_count(rule, volumes)
    if isinstance(rule, UniqueRule):
        return _unique("unique." + "+".join(rule.fields), rule.fields, rule.effect)
    if isinstance(rule, NotAfterRule):
        return _not_after(entry, rule, data_date)
    if isinstance(rule, MatchesIdRule | KnownRegionRule | NotExcelDamagedRule):
        return _identifier_rule(entry, rule)
    kind = entry.field(rule.field).kind
    kwargs: dict[str, Any] = {"column": rule.field}
    if isinstance(rule, BetweenRule):
        code, expectation = "D407", "expect_column_values_to_be_between"
        bounds = {"min_value": rule.min, "max_value": rule.max}
        kwargs |= {bound: typed(text, kind) for bound, text in bounds.items() if text is not None}
    elif isinstance(rule, LengthRule):
        code, expectation = "D403", "expect_column_value_lengths_to_be_between"
        kwargs |= {"min_value": rule.min, "max_value": rule.max}
    elif isinstance(rule, PatternRule):
        code, expectation = "D404", "expect_column_values_to_match_regex"
        kwargs["regex"] = anchored(rule.pattern)
    elif isinstance(rule, OneOfRule):
        code, expectation = "D408", "expect_column_values_to_be_in_set"
        kwargs["value_set"] = [typed(text, kind) for text in rule.values]
    rule_id = f"{rule.field}.{rule.rule}"
    return PlannedRule(rule_id, code, INDICATORS[code], rule.effect, expectation, kwargs, rule.field)


def _identifier_rule(entry: Entry, rule: MatchesIdRule | KnownRegionRule | NotExcelDamagedRule) -> PlannedRule:
    kwargs: dict[str, Any] = {"column": rule.field}
    if isinstance(rule, MatchesIdRule):
        code, expectation = "D411", "expect_column_pair_values_a_to_match_resident_id_b"
        kwargs = {"column_A": rule.field, "column_B": rule.id}
    elif isinstance(rule, KnownRegionRule):
        code, expectation = "D412", "expect_column_values_to_be_in_known_regions"
        start = REGION_PLACES.get(entry.field(rule.field).check or "")
        if start is None:
            raise ValueError("no division in this identifier")
        kwargs |= {"start": start, "code_table": rule.codes}
    else:
        code, expectation = "D413", "expect_column_values_to_not_be_excel_damaged"
    name = f"{rule.field}.{rule.rule}"
    return PlannedRule(name, code, INDICATORS[code], rule.effect, expectation, kwargs, rule.field)


def _unique(rule: str, fields: Sequence[str], effect: Effect) -> PlannedRule:
    if len(fields) == 1:
        expectation, kwargs = "expect_column_values_to_be_unique", {"column": fields[0]}
        return PlannedRule(rule, "D410", INDICATORS["D410"], effect, expectation, kwargs, fields[0])
    columns = {"column_list": list(fields)}
    return PlannedRule(rule, "D410", INDICATORS["D410"], effect, "expect_compound_columns_to_be_unique", columns)


def _not_after(entry: Entry, rule: NotAfterRule, data_date: date) -> PlannedRule:
    name = f"{rule.field}.not_after.{rule.than}"
    if rule.than == "data_date":
        expectation = "expect_column_values_to_be_not_after"
        kwargs: dict[str, Any] = {"column": rule.field, "day": data_date.isoformat()}
    else:
        # A date against a date-time is a comparison of days: 31 January is not before 31 January 10:00.
        by_day = "date" in (entry.field(rule.field).kind, entry.field(rule.than).kind)
        expectation = "expect_column_pair_values_a_to_be_not_after_b"
        kwargs = {"column_A": rule.field, "column_B": rule.than, "by_day": by_day}
    return PlannedRule(name, "D409", INDICATORS["D409"], rule.effect, expectation, kwargs, rule.field)


def _row_count(rule: RowCountRule, volumes: Sequence[int]) -> PlannedRule:
    """Absolute limits and those around the median of the last publications; the tighter ones hold."""
    lowest = [limit for limit in (rule.min,) if limit is not None]
    highest = [limit for limit in (rule.max,) if limit is not None]
    if rule.change_within is not None and volumes:
        usual = median(volumes)
        lowest.append(_rounded(usual * (1 - rule.change_within)))
        highest.append(_rounded(usual * (1 + rule.change_within)))
    kwargs = {"min_value": max(lowest, default=None), "max_value": min(highest, default=None)}
    return PlannedRule(
        "table.row_count", "D601", INDICATORS["D601"], rule.effect, "expect_table_row_count_to_be_between", kwargs
    )


def _rounded(count: float) -> int:
    return max(0, round(count))


def _numbered(drafts: Sequence[PlannedRule]) -> Iterator[PlannedRule]:
    """Give a second rule of the same name the suffix ``.2``: a field may have two ranges or patterns."""
    seen: dict[str, int] = {}
    for draft in drafts:
        seen[draft.rule] = seen.get(draft.rule, 0) + 1
        yield draft if seen[draft.rule] == 1 else dataclasses.replace(draft, rule=f"{draft.rule}.{seen[draft.rule]}")


def anchored(pattern: str) -> str:
    """Make a pattern match whole values; GX's own metric searches."""
    return f"^(?:{pattern})$"


def typed(text: str, kind: str) -> str | int | float | date | datetime | bool:
    """Read a bound or value of a rule in the field's type. Bounds of decimals keep 15 significant digits.

    Raises:
        ValueError: the text is not of that type.
    """
    if kind == "integer":
        return int(text)
    if kind == "decimal":
        return float(Decimal(text))
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "datetime":
        return datetime.fromisoformat(text)
    if kind == "boolean":
        return text.lower() in ("true", "1")
    return text
