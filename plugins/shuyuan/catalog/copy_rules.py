"""Every copy must find its source: E309 to E314, and E909 where a key speaks of a comparison that there is none of.

Each entry is looked at once and each source found by its id, so the time grows with the catalog, not with its
square.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from shuyuan.catalog.explaining import Finding
from shuyuan.catalog.links import Unmatched, find_links, key_elements, source_id
from shuyuan.catalog.resources import Draft
from shuyuan.entry import Element, Entry
from shuyuan.problems import Problem

_WHY = {"keyless": "E309", "absent": "E310", "unclear": "E311", "wrong": "E312"}
_ABOUT_COPIES = {"copy_": "copy", "match_by": "match_by", "unknown": "unknown"}


def entries_of(drafts: list[Draft]) -> dict[str, Entry]:
    """Return the entries that can be judged as copies and as sources: their fields and key are right."""
    known = {}
    for draft in drafts:
        entry = draft.partial
        if entry and not draft.broken & {"fields", "load", "id"} and entry.id == draft.id:
            names = {field.name for field in entry.fields}
            if names.issuperset(entry.load.key):
                known[draft.id] = entry
    return known


def check_copies(drafts: list[Draft], elements: Mapping[str, Element]) -> Iterator[Problem]:
    """Yield what keeps copies from being compared. ``drafts`` are the active ones."""
    entries = entries_of(drafts)
    places = {draft.id: draft for draft in drafts}
    for name, entry in entries.items():
        draft = places[name]
        misnamed = dict(_misnamed(entry))
        for (at, step), near in misnamed.items():
            field = entry.fields[at]
            facts = {"key": f"fields[{at + 1}].match_by", "field": field.match_by[step]}
            others = tuple(one.name for one in entry.fields if one.name != field.name)
            allowed = () if near else others
            path: tuple[str | int, ...] = ("fields", at, "match_by", step)
            if not draft.document.has(path):  # one name alone need not stand in a list
                path = path[:3]
            yield draft.place(Finding("E313", path, facts, allowed, near))
        unmatched = {one.field: one for one in find_links(entry, elements, entries.get)[1]}
        for at, field in enumerate(entry.fields):
            if field.name in unmatched and not any(at == wrong for wrong, _ in misnamed):
                yield draft.place(_explain(at, unmatched[field.name], entries))
            if source_id(entry, field, elements) is None and (not field.element or field.element in elements):
                for attribute, key in _ABOUT_COPIES.items():
                    if attribute in field.model_fields_set:
                        facts = {"key": f"fields[{at + 1}].{key}", "field": field.name}
                        if not (key == "copy" and _would_be(entry, at, elements)):
                            yield draft.place(Finding("E909", ("fields", at, key), facts, on_key=True))
    yield from _circles(entries, elements, places)


def _would_be(entry: Entry, at: int, elements: Mapping[str, Element]) -> bool:
    """Whether the field were a copy if it did not say ``copy: false``."""
    return source_id(entry, entry.fields[at].model_copy(update={"copy_": True}), elements) is not None


def _misnamed(entry: Entry) -> Iterator[tuple[tuple[int, int], str | None]]:
    """Yield where ``match_by`` names no field, and the nearest name."""
    names = [field.name for field in entry.fields]
    for at, field in enumerate(entry.fields):
        for step, name in enumerate(field.match_by):
            if name not in names:
                yield (at, step), next(iter(get_close_matches(name, names, 1, 0.6)), None)


def _explain(at: int, one: Unmatched, entries: Mapping[str, Entry]) -> Finding:
    """Say why a copy cannot be matched, at the key that decides it."""
    source = entries[one.source_id]
    on = "match_by" if one.why == "wrong" else "element"
    facts = {
        "key": f"fields[{at + 1}].{on}",
        "field": one.field,
        "source": one.source_id,
        "needed": "+".join(element or "?" for element in key_elements(source)),
        "source_key": "+".join(source.load.key),
        "missing": one.element or "",
    }
    return Finding(_WHY[one.why], ("fields", at, on), facts, one.candidates if one.why == "unclear" else ())


def _circles(
    entries: Mapping[str, Entry], elements: Mapping[str, Element], places: Mapping[str, Draft]
) -> Iterator[Problem]:
    """Yield one problem a circle of sources that each borrow their key from the next: nobody owns it."""
    borrows: dict[str, dict[str, int]] = {}
    for name, entry in entries.items():
        for at, element in enumerate(key_elements(entry)):
            owner = elements[element].source if element is not None and element in elements else None
            if owner and owner != name and owner in entries:
                borrows.setdefault(name, {}).setdefault(owner, at)
    _drop_dead_ends(borrows)
    seen: set[str] = set()
    for start in sorted(borrows):
        path: list[str] = []
        here = start
        while here not in seen:
            seen.add(here)
            path.append(here)
            here = next(iter(borrows[here]))
        if here in path:
            circle = path[path.index(here) :]
            first = circle.index(min(circle))
            turned = circle[first:] + circle[:first]
            at = borrows[turned[0]][[*turned, turned[0]][1]]
            facts = {"key": f"load.key[{at + 1}]", "circle": " → ".join([*turned, turned[0]])}
            yield places[turned[0]].place(Finding("E314", ("load", "key", at), facts))


def _drop_dead_ends(borrows: dict[str, dict[str, int]]) -> None:
    """Leave only entries that lead on for ever, so that every way onwards ends in a circle."""
    borrowers: dict[str, list[str]] = {}
    for name, owners in borrows.items():
        for owner in owners:
            borrowers.setdefault(owner, []).append(name)
    ends = [owner for owner in borrowers if owner not in borrows]
    while ends:
        end = ends.pop()
        for name in borrowers.get(end, ()):
            if name in borrows:
                borrows[name].pop(end, None)
                if not borrows[name]:
                    del borrows[name]
                    ends.append(name)
