"""A rule's id becomes a sentence: ``id_card_no.resident_id`` → “身份证号 应为有效的公民身份号码”.

The facts (titles, limits, code table) come from the entry as it is now; a rule that the entry has since lost is still
named by its id.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from shuyuan.entry import BetweenRule, Entry, LengthRule
from shuyuan.identifiers import CHECKS
from shuyuan.language import say

_RECORD = {"record.fields", "record.characters", "record.quotes"}
_TABLE = {"table.row_count", "table.shrink", "table.empty", "table.score"}
_PLAIN = {"required", "pattern", "one_of", "spelling", "matches_id", "known_region", "not_excel_damaged", *CHECKS}

_LINKED = {"known_to_source", "agrees_with_source"}


def rule_sentence(entry: Entry, rule: str) -> str:
    """Return what the rule ``rule`` asks, in the reader's language; the id itself when it is not known."""
    if rule in _RECORD:
        return say("report.rule." + rule.replace(".", "_"))
    if rule in _TABLE:
        return say("report.rule." + rule.partition(".")[2])
    head, _, rest = rule.partition(".")
    if _numbered(rest)[0] in _LINKED:
        return _of_link(entry, head, _numbered(rest)[0]) or say("report.rule.other", rule=rule)
    known = _SPECIAL[head](entry, rest) if head in _SPECIAL else _of_field(entry, head, rest)
    return known or say("report.rule.other", rule=rule)


def field_title(entry: Entry, name: str) -> str:
    """The Chinese title of a field; its name when the entry no longer has it."""
    return next((field.title for field in entry.fields if field.name == name), name)


def _of_field(entry: Entry, name: str, rest: str) -> str | None:
    field = next((field for field in entry.fields if field.name == name), None)
    check, number = _numbered(rest)
    if field is None:
        return None
    if check in _PLAIN:
        return say(f"report.rule.{check}", field=field.title)
    if check == "type":
        return say("report.rule.type", field=field.title, kind=say(f"report.item.{field.kind}"))
    if check == "codes":
        return say("report.rule.codes", field=field.title, table=field.codes or "")
    if check.startswith("not_after."):
        than = check.partition(".")[2]
        other = say("report.rule.data_date") if than == "data_date" else field_title(entry, than)
        return say("report.rule.not_after", field=field.title, than=other)
    if check == "between":
        return _limited(entry, BetweenRule, "between", name, number)
    if check == "length":
        if field.length is not None and number == 1:
            return say("report.rule.length", field=field.title, limits=say("report.rule.limits_max", max=field.length))
        return _limited(entry, LengthRule, "length", name, number - (field.length is not None))
    return None


def _of_link(entry: Entry, fields: str, check: str) -> str | None:
    """A rule that asks the source; ``fields`` is an item, or the items of a key joined by ``+``."""
    names = fields.split("+")
    known = {field.name for field in entry.fields}
    return say(f"report.rule.{check}", field=_titles(entry, names)) if known.issuperset(names) else None


def _limited(entry: Entry, kind: type[BetweenRule | LengthRule], word: str, name: str, number: int) -> str | None:
    rules = [rule for rule in entry.quality.rules if isinstance(rule, kind) and rule.field == name]
    if not 1 <= number <= len(rules):
        return None
    low, high = rules[number - 1].min, rules[number - 1].max
    both = low is not None and high is not None
    limits = say("report.rule.limits_" + ("both" if both else "min" if low is not None else "max"), min=low, max=high)
    return say(f"report.rule.{word}", field=field_title(entry, name), limits=limits)


def _key(entry: Entry, rest: str) -> str | None:
    return say("report.rule.unique", field=_titles(entry, entry.load.key))


def _unique(entry: Entry, rest: str) -> str | None:
    return say("report.rule.unique", field=_titles(entry, _numbered(rest)[0].split("+")))


def _gx(entry: Entry, rest: str) -> str | None:
    place = int(rest) - 1 if rest.isdigit() else -1
    if not 0 <= place < len(entry.quality.expectations):
        return None
    return say("report.rule.gx", type=entry.quality.expectations[place].type)


def _suite(entry: Entry, rest: str) -> str | None:
    suite, _, number = rest.rpartition(".")
    return say("report.rule.suite", suite=suite, number=number) if suite else None


def _titles(entry: Entry, names: tuple[str, ...] | list[str]) -> str:
    return say("report.rule.join").join(field_title(entry, name) for name in names)


def _numbered(rest: str) -> tuple[str, int]:
    """Split ``between.2`` (the second of its kind) into the check and its number."""
    found = re.fullmatch(r"(.+)\.([0-9]+)", rest)
    return (found[1], int(found[2])) if found else (rest, 1)


_SPECIAL: dict[str, Callable[[Entry, str], str | None]] = {"key": _key, "unique": _unique, "gx": _gx, "suite": _suite}
