"""What changes between the quality rules of one entry then and now: may rows that pass today be rejected?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from shuyuan.catalog.changes import Change, Data, shown

_EFFECTS = {"count": 0, "reject": 1, "block": 2}
_WEIGHED = frozenset({"effect", "values", "min", "max", "change_within", "fields"})


def compare_rules(before: Data, after: Data) -> Iterator[Change]:
    """Yield the changes of gate, rules, suites and expectations."""
    entry_id = str(after["id"])
    then, now = before.get("quality", {}), after.get("quality", {})
    yield from _compare_gate(entry_id, then.get("gate", {}), now.get("gate", {}))
    old = {_identity(rule): rule for rule in then.get("rules", ())}
    new = {_identity(rule): rule for rule in now.get("rules", ())}
    for name, rule in new.items():
        hard = rule.get("effect") != "count"
        if name not in old:
            yield _change(entry_id, "rule_added", "quality.rules", hard, rule=_said(rule))
        elif _stricter(old[name], rule):
            yield _change(entry_id, "rule_tightened", "quality.rules", hard, before=_said(old[name]), rule=_said(rule))
        elif old[name] != rule:
            yield _change(entry_id, "rule_loosened", "quality.rules", False, before=_said(old[name]), rule=_said(rule))
    for name, rule in old.items():
        if name not in new:
            yield _change(entry_id, "rule_dropped", "quality.rules", False, rule=_said(rule))
    yield from _compare_lists(entry_id, then, now)


def _compare_gate(entry_id: str, then: Data, now: Data) -> Iterator[Change]:
    higher_is_stricter = {"block_below": True, "warn_below": True, "shrink_within": False, "allow_empty": False}
    for key, higher in higher_is_stricter.items():
        before, after = then.get(key), now.get(key)
        if before == after or before is None or after is None:
            continue
        stricter = (after > before) is higher
        what = "gate_tightened" if stricter else "gate_loosened"
        facts = {"name": key, "before": before, "after": after}
        yield _change(entry_id, what, f"quality.gate.{key}", stricter and key != "warn_below", **facts)


def _compare_lists(entry_id: str, then: Data, now: Data) -> Iterator[Change]:
    for key in ("suites", "expectations"):
        old, new = then.get(key, ()), now.get(key, ())
        for one in new:
            if one not in old:
                # A suite may hold anything; an expectation stops a publication only when it is critical.
                hard = key == "suites" or one.get("severity") == "critical"
                yield _change(entry_id, "rule_added", f"quality.{key}", hard, rule=_named(one))
        for one in old:
            if one not in new:
                yield _change(entry_id, "rule_dropped", f"quality.{key}", False, rule=_named(one))


def _change(entry_id: str, what: str, key: str, breaking: bool, **facts: Any) -> Change:
    return Change(what, entry_id, key, breaking, "provider", {name: shown(value) for name, value in facts.items()})


def _identity(rule: Data) -> tuple[str, ...]:
    if rule["rule"] == "unique":
        return ("unique", *sorted(rule["fields"]))
    return tuple(str(rule[key]) for key in ("rule", "field", "than") if rule.get(key))


def _stricter(then: Data, now: Data) -> bool:
    """Whether something that passed may fail now. A change that cannot be weighed counts as stricter."""
    if _EFFECTS[now["effect"]] > _EFFECTS[then["effect"]]:
        return True
    if any(then.get(key) != now.get(key) for key in {*then, *now} - _WEIGHED):
        return True
    if not set(now.get("values", ())).issuperset(then.get("values", ())):
        return True
    falls = any(_beyond(then.get(key), now.get(key)) for key in ("max", "change_within"))
    return falls or _beyond(now.get("min"), then.get("min"), new=True)


def _beyond(one: Any, other: Any, new: bool = False) -> bool:
    """Whether the bound ``one`` is above ``other``. With no bound on one side, the one that is now there is stricter.

    ``new`` says that ``one`` is the bound of now. Dates are written so that their texts sort as they do.
    """
    if one is None or other is None:
        return (one if new else other) is not None and one != other
    try:
        return Decimal(str(one)) > Decimal(str(other))
    except InvalidOperation:
        return str(one) > str(other)


def _said(rule: Data) -> str:
    """Write a rule in one line, as its author did."""
    return shown({key: value for key, value in rule.items() if key != "effect" or value != "reject"})


def _named(one: Any) -> str:
    return str(one) if isinstance(one, str) else f"{one['type']} {shown(one.get('kwargs', {}))}".strip()
