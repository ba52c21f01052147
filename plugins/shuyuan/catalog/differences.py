"""Two catalogs, then and now: every change that somebody has to know of before it happens.

Pure functions of specs; what the ledger last ran is *then*, the checkout at hand is *now*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shuyuan.catalog.changes import Change, Data, Spec
from shuyuan.catalog.element_differences import compare_elements, told_by_elements
from shuyuan.catalog.entry_differences import compare_entry


@dataclass(frozen=True)
class Checkout:
    """The catalog of now: its usable entries by id, all elements by name, and the entries that have errors."""

    specs: Mapping[str, Spec]
    elements: Mapping[str, Data] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


def compare_catalogs(then: Iterable[Spec], now: Checkout) -> tuple[Change, ...]:
    """Return all changes, the breaking ones first, then by subject and key. ``then``: the newest run first.

    Where runs of several entries tell different things of one element, the newest run is believed.
    """
    before = {spec.entry_id: spec for spec in then}
    elements: dict[str, Data] = {}
    for spec in before.values():
        for name, element in spec.elements.items():
            elements.setdefault(name, element)
    told = told_by_elements(elements, now.elements)
    specs = [*before.values(), *now.specs.values()]
    changes = list(compare_elements(elements, now.elements, specs))
    renamed = _guess_renamed(before, now)
    for entry_id, spec in before.items():
        if entry_id in now.specs:
            changes += compare_entry(spec, now.specs[entry_id], told)
        elif spec.active:
            changes.append(_gone(spec, now, renamed))
    arrived = [spec for entry_id, spec in now.specs.items() if entry_id not in before and spec.active]
    for spec in arrived:
        if spec.entry_id not in renamed.values():
            changes.append(Change("entry_new", spec.entry_id, "", False, facts={"title": spec.entry["title"]}))
    holders: dict[str, set[str]] = {}
    _note_holders(holders, before.values(), elements)
    _note_holders(holders, now.specs.values(), now.elements)
    reached = [_reaching(change, holders) for change in changes]
    return tuple(sorted(reached, key=lambda one: (not one.breaking, one.of_element, one.subject, one.key, one.what)))


def _gone(spec: Spec, now: Checkout, renamed: Mapping[str, str]) -> Change:
    title = {"title": spec.entry["title"]}
    if spec.entry_id in now.broken:
        return Change("entry_broken", spec.entry_id, "", True, "both", title)
    if spec.entry_id in renamed:
        return Change("entry_renamed", spec.entry_id, "id", True, "both", {**title, "after": renamed[spec.entry_id]})
    return Change("entry_gone", spec.entry_id, "", True, "both", title)


def _guess_renamed(before: Mapping[str, Spec], now: Checkout) -> dict[str, str]:
    """Entry that is gone → the new one with the same code."""
    codes = {spec.entry["code"]: name for name, spec in now.specs.items() if name not in before}
    gone = (spec for name, spec in before.items() if name not in now.specs and name not in now.broken)
    return {spec.entry_id: codes[spec.entry["code"]] for spec in gone if spec.entry["code"] in codes}


def _note_holders(holders: dict[str, set[str]], specs: Iterable[Spec], elements: Mapping[str, Data]) -> None:
    """Note, by source entry, the departments that hold copies of what it is the source of."""
    for spec in specs:
        for one in spec.entry["fields"]:
            source = elements.get(str(one.get("element")), {}).get("source")
            if source and source != spec.entry_id and one.get("copy", True) and not one.get("authoritative"):
                holders.setdefault(str(source), set()).add(spec.department)


def _reaching(change: Change, holders: Mapping[str, set[str]]) -> Change:
    """Return the change with the departments that it reaches: the provider, and who holds copies where it matters."""
    if change.of_element:
        return change
    departments = {change.subject.partition(".")[0]}
    if change.consumers:
        departments |= holders.get(change.subject, set())
    return replace(change, departments=tuple(sorted(departments)))
