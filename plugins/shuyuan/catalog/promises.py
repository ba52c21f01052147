"""What the freshness sweep and the status board need of every entry, kept in one small file.

Reading a county's YAML takes seconds; the sweep has one second of CPU every quarter of an hour. So the promises are
kept in ``var/promises.json`` with the size and times of every file that decides them. A changed entry is read alone;
after any other change, or when the file cannot be used, everything is read again. The YAML stays the truth.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shuyuan import __version__
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.catalog.resources import Resource

_FORMAT = f"1 {__version__}"
Stamp = list[int]


@dataclass(frozen=True, slots=True)
class Promised:
    """One usable entry: who it is, and when it is due (a ``workdays.Promise``)."""

    entry_id: str
    title: str
    department_title: str
    status: str
    published_on: date | None
    cycle: str
    due: str
    day: int
    calendar: str
    grace: timedelta
    data_lag_days: int

    @property
    def department(self) -> str:
        """The department's folder name."""
        return self.entry_id.partition(".")[0]

    @classmethod
    def of(cls, resource: Resource) -> Promised:
        """Take over what an entry promises."""
        entry, update = resource.entry, resource.entry.update
        return cls(
            entry.id,
            entry.title,
            resource.department.title,
            entry.status,
            entry.published_on,
            update.cycle,
            update.due,
            update.day,
            update.calendar,
            update.grace,
            update.data_lag_days,
        )


def read_promises(project: Project) -> tuple[Promised, ...]:
    """Return the promises of all usable entries, by entry id: those that ``read_catalog`` calls resources."""
    stamps = dict(_stamps(project))
    path = project.var / "promises.json"
    kept = _read(path)
    if kept is not None and kept["files"] == stamps:
        return tuple(_from_json(row) for row in kept["entries"])
    promises = _update(project, kept, stamps) if kept is not None else None
    if promises is None:
        from shuyuan.catalog.gathering import read_catalog

        promises = {one.entry.id: Promised.of(one) for one in read_catalog(project).resources}
    made = tuple(promises[entry_id] for entry_id in sorted(promises))
    _write(path, {"format": _FORMAT, "files": stamps, "entries": [_as_json(one) for one in made]})
    return made


def _stamps(project: Project) -> Iterator[tuple[str, Stamp]]:
    """Every file that decides whether an entry is usable and what it promises, with its times (ns) and size."""
    root = str(project.root)
    for top in (project.specs, project.elements, project.code_tables, project.expectations):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                with suppress(FileNotFoundError):
                    found = os.stat(path)
                    yield os.path.relpath(path, root), [found.st_mtime_ns, found.st_ctime_ns, found.st_size]


def _update(project: Project, kept: Mapping[str, Any], stamps: Mapping[str, Stamp]) -> dict[str, Promised] | None:
    """Read the changed entries alone; ``None`` when something that others build on has changed."""
    from shuyuan.catalog.faults import CatalogError
    from shuyuan.catalog.resources import load_resource

    promises = {row["entry_id"]: _from_json(row) for row in kept["entries"]}
    before: Mapping[str, Stamp] = kept["files"]
    for file in sorted(name for name in {*before, *stamps} if before.get(name) != stamps.get(name)):
        entry_id = _entry_of(project, file)
        if entry_id is None:
            return None
        promises.pop(entry_id, None)
        if file in stamps:
            with suppress(CatalogError):
                promises[entry_id] = Promised.of(load_resource(project, entry_id))
    return promises


def _entry_of(project: Project, file: str) -> str | None:
    """The entry whose own file this is; ``None`` for what entries share."""
    path = project.root / file
    alone = path.suffix == ".yaml" and not path.name.startswith("_") and path.parent.parent == project.specs
    return f"{path.parent.name}.{path.stem}" if alone else None


def _read(path: Path) -> dict[str, Any] | None:
    """What was kept, if it can be used."""
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and kept.get("format") == _FORMAT else None


def _write(path: Path, kept: Mapping[str, Any]) -> None:
    """Keep it for the next time, whole or not at all; where it cannot be kept, it is only slower."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        part.replace(path)


def _as_json(one: Promised) -> dict[str, Any]:
    published = one.published_on.isoformat() if one.published_on else None
    return asdict(one) | {"published_on": published, "grace": one.grace.total_seconds()}


def _from_json(row: Mapping[str, Any]) -> Promised:
    published = date.fromisoformat(row["published_on"]) if row["published_on"] else None
    return Promised(**{**row, "published_on": published, "grace": timedelta(seconds=row["grace"])})
