"""What one entry must hold to beyond its schema: E2xx, and E9xx for what is only worth a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shuyuan.catalog.explaining import Finding
from shuyuan.entry import Element, Entry
from shuyuan.project import Project


def check_entry(
    written: Entry, entry: Entry, entry_id: str, elements: Mapping[str, Element], project: Project
) -> Iterator[Finding]:
    """Yield what is wrong."""
    if entry.id != entry_id:
        yield Finding("E201", ("id",), {"id": entry.id, "expected": entry_id})
    for at, field in enumerate(entry.fields):
        if field.element and field.element not in elements:
            yield Finding("E216", ("fields", at, "element"), {"element": field.element})
        if field.codes and not (project.code_tables / f"{field.codes}.csv").is_file():
            yield Finding("E217", ("fields", at, "codes"), {"table": field.codes})
    for at, name in enumerate(entry.quality.suites):
        if not (project.expectations / f"{name}.json").is_file():
            yield Finding("E218", ("quality", "suites", at), {"suite": name})
