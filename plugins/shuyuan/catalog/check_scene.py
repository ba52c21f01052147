"""What a check is held against: the elements, the entries that it names, the departments, the day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from shuyuan.catalog.explaining import Finding, spell
from shuyuan.entry import Check, Element, Entry, Field, InputField, Lookup
from shuyuan.project import Project

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Surrounding:
    """What checks are held against.

    ``entries`` are all entries, retired ones too, with their elements filled in; ``None``: nothing is known of the
    entry, its file being broken. ``departments`` are the folders that are departments. ``today`` decides which
    parameters are in force.
    """

    project: Project
    elements: Mapping[str, Element]
    entries: Mapping[str, Entry | None]
    departments: Collection[str]
    today: date


@dataclass(frozen=True)
class CheckScene:
    """One check and what it is held against."""

    check: Check
    around: Surrounding

    def lookup(self, source: str) -> Lookup | None:
        """Return a source of the check, ``None`` where there is none of that name."""
        return self.check.sources.get(source)

    def fields(self, source: str) -> dict[str, Field] | None:
        """Return the fields of a source's entry by name; ``None`` where nothing is known of them (yet)."""
        lookup = self.lookup(source)
        entry = None if lookup is None or lookup.planned else self.around.entries.get(lookup.entry)
        return None if entry is None else {one.name: one for one in entry.fields}

    def field(self, source: str, name: str) -> Field | None:
        """Return a field of a source, ``None`` where it is not known."""
        return (self.fields(source) or {}).get(name)

    def element(self, field: Field | InputField) -> Element | None:
        """Return the element that a field or an input item refers to."""
        return self.around.elements.get(field.element or "")

    @property
    def subject_items(self) -> tuple[str, ...]:
        """The names of the subjects' items."""
        return tuple(one.name for one in self.check.subjects)

    @property
    def case_items(self) -> tuple[str, ...]:
        """The names of the case's items."""
        return tuple(one.name for one in self.check.case)


def finding(
    code: str, path: Path, /, known: Collection[str] = (), word: str = "", *, on_key: bool = False, **facts: object
) -> Finding:
    """Return a finding at ``path`` of the check, with the nearest of ``known`` to ``word``, or all of them."""
    near = next(iter(get_close_matches(word, list(known), 1, 0.6)), None)
    allowed = () if near else tuple(sorted(known)) if len(known) <= 40 else ()
    return Finding(code, path, {"key": spell(path), **facts}, allowed, near, on_key)
