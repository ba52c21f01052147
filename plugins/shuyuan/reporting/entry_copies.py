"""What an entry's page says of 一数一源: where each item comes from, its comparisons, who copies it, its 疑义."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from shuyuan.catalog import Resource
from shuyuan.entry import Field
from shuyuan.language import say
from shuyuan.reporting import corrections
from shuyuan.reporting.agreement import Agreement
from shuyuan.reporting.copies import Copy
from shuyuan.reporting.copy_lines import CompareLine, compare_line, difference_lines, worst_first

MADE_SHOWN = 30
DIFFERENCES_SHOWN = 30
CORRECTIONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item's truth is. ``source_id``: the entry, empty for this one or none; ``line``: the item's rate."""

    text: str
    source_id: str
    line: CompareLine | None
    note: str = ""


def entry_copies(resource: Resource, agreement: Agreement) -> dict[str, Any]:
    """Return what the page of ``resource`` shows of its copies."""
    copies, name, today = agreement.copies, resource.entry.id, agreement.facts.today
    held, made = copies.held_by.get(name, ()), worst_first(copies.copied_from.get(name, ()))
    asked = corrections.open_ones(agreement.corrections_of.get(name, ()))
    return {
        "origins": origins(resource, agreement),
        "held": [compare_line(copy) for copy in held],
        "made": [compare_line(copy) for copy in made[:MADE_SHOWN]],
        "made_total": len(made),
        "asked": [
            corrections.correction_line(one, copies, today, agreement.calendar) for one in asked[:CORRECTIONS_SHOWN]
        ],
        "asked_total": len(asked),
        "differences": difference_lines(agreement.differences_of.get(name, ()), copies.resources, DIFFERENCES_SHOWN),
        "differences_listed": sum(agreement.listed_of.get(name, ())),
    }


def origins(resource: Resource, agreement: Agreement) -> dict[str, Origin]:
    """Each item's origin by its name; an item that belongs to no element with an authority has none."""
    copies, name = agreement.copies, resource.entry.id
    held = {copy.field: copy for copy in copies.held_by.get(name, ()) if copy.kind == "attribute"}
    keys = {
        (part, copy.source.entry_id): copy
        for copy in copies.held_by.get(name, ())
        if copy.kind == "reference"
        for part in copy.field.split("+")
    }
    made = Counter(one for copy in copies.copied_from.get(name, ()) for one in copy.element.split("+"))
    return {field.name: _origin(field, resource, agreement, held, keys, made) for field in resource.entry.fields}


def _origin(
    field: Field,
    resource: Resource,
    agreement: Agreement,
    held: dict[str, Copy],
    keys: dict[tuple[str, str], Copy],
    made: Counter[str],
) -> Origin:
    element = resource.elements.get(field.element or "")
    if field.authoritative:
        number = made.get(field.element or "", 0)
        note = say("report.origin.copied", count=number) if number else ""
        return Origin(say("report.origin.here"), "", None, note)
    if element is None or not element.source or element.source == resource.entry.id:
        return Origin("", "", None)
    known = element.source in agreement.copies.resources
    title = agreement.copies.resources[element.source].entry.title if known else element.source
    copy = held.get(field.name) or keys.get((field.name, element.source))
    line = compare_line(copy) if copy is not None else None
    note = "" if line is not None else say("report.origin.not_a_copy")
    return Origin(title, element.source if known else "", line, note)
