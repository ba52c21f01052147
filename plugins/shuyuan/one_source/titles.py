"""What people call the entries, fields and departments that the ledger knows by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shuyuan.catalog import Catalog
from shuyuan.entry import Entry
from shuyuan.language import say


@dataclass(frozen=True)
class Titles:
    """Titles of a catalog. What it does not know (removed since, or broken now) keeps its id."""

    entries: Mapping[str, Entry]
    departments: Mapping[str, str]

    @classmethod
    def of(cls, catalog: Catalog) -> Titles:
        """The titles of all usable entries and of all departments."""
        entries = {resource.entry.id: resource.entry for resource in catalog.resources}
        return cls(entries, {folder: department.title for folder, department in catalog.departments.items()})

    def entry(self, entry_id: str) -> str:
        """The entry's title."""
        entry = self.entries.get(entry_id)
        return entry.title if entry else entry_id

    def item(self, entry_id: str, field: str) -> str:
        """The titles of a field, or of the key fields ``a+b``."""
        entry = self.entries.get(entry_id)
        known = {one.name: one.title for one in entry.fields} if entry else {}
        return say("correction.and").join(known.get(name, name) for name in field.split("+"))

    def department(self, folder: str) -> str:
        """The department's title."""
        return self.departments.get(folder, folder)

    def department_of(self, entry_id: str) -> str:
        """The title of the department that an entry belongs to."""
        return self.department(entry_id.partition(".")[0])

    def folder(self, named: str) -> str | None:
        """The folder of a department named by folder or title; ``None`` when there is none such."""
        return (
            named if named in self.departments else next((f for f, t in self.departments.items() if t == named), None)
        )
