"""``normalise: true``: a field is stored in its element's normal form, and the text as delivered beside it.

The field ``x`` of the YAML becomes ``x`` (in the normal form) and ``x_raw`` (text, nothing asked of it, as well
protected as ``x``). Both come from one column of the delivery. The originals stand after all fields of the YAML,
so that a field keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shuyuan.catalog.explaining import Finding
from shuyuan.entry import Element, Entry, Field
from shuyuan.normal_forms import NormalForm

LONGEST_NAME = 63
ORIGINAL = "（原样）"
"""Ends the original's title: part of the catalog's own words, the same in every language."""


def original_name(field: Field) -> str:
    """Return the name of the field that keeps the delivered text of ``field``."""
    return f"{field.name}_raw"


def keep_originals(entry: Entry) -> Entry:
    """Return ``entry`` with an original beside every normalised field whose name leaves room for it."""
    asked = (field for field in entry.fields if field.normalise)
    originals = tuple(_original(field) for field in asked if len(original_name(field)) <= LONGEST_NAME)
    return entry.model_copy(update={"fields": entry.fields + originals}) if originals else entry


def delivered_fields(entry: Entry) -> tuple[Field, ...]:
    """Return the fields that the YAML has: one for each column of the delivery."""
    originals = {original_name(field) for field in entry.fields if field.normalise}
    return tuple(field for field in entry.fields if field.name not in originals) if originals else entry.fields


def forms_of(entry: Entry, elements: Mapping[str, Element]) -> dict[str, NormalForm]:
    """Return the normal form of each normalised field, by name."""
    return {
        field.name: elements[field.element].normal_form
        for field in entry.fields
        if field.normalise and field.element is not None and field.element in elements
    }


def check_originals(entry: Entry, elements: Mapping[str, Element]) -> Iterator[Finding]:
    """Yield where ``normalise`` has no form to follow, no text to work on or no name to keep the original under."""
    names = {field.name for field in entry.fields}
    for at, field in enumerate(entry.fields):
        if not field.normalise or (field.element and field.element not in elements):
            continue
        facts = {"key": f"fields[{at + 1}].normalise", "field": field.name}
        path = ("fields", at, "normalise")
        if field.kind != "string":
            yield Finding("E238", path, {**facts, "type": field.type})
        elif forms_of(entry, elements).get(field.name, "exact") == "exact":
            yield Finding("E237", path, facts)
        if original_name(field) in names or len(original_name(field)) > LONGEST_NAME:
            yield Finding("E239", path, {**facts, "raw": original_name(field)})


def _original(field: Field) -> Field:
    return Field(
        name=original_name(field),
        from_=field.source_name,
        title=field.title[:490] + ORIGINAL,
        type="string",
        sensitive=field.sensitive,
        mask=field.mask,
    )
