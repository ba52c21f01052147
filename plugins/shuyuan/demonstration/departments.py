"""The banner's departments standing by: their front-end machines run, their database is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shuyuan.catalog import Resource, read_catalog
from shuyuan.demonstration.deliveries import ENTRIES, VEHICLES_DATABASE
from shuyuan.demonstration.frontends import Frontends, start_frontends
from shuyuan.project import Project


@dataclass(frozen=True)
class Departments:
    """Running departments. Deliver to ``root``; ``settings`` are their ``AIRFLOW_CONN_…`` variables."""

    root: Path
    settings: Mapping[str, str]
    frontends: Frontends

    def __enter__(self) -> Departments:
        return self

    def __exit__(self, *_: object) -> None:
        self.frontends.stop()


def open_departments(project: Project) -> Departments:
    """Start the front-end machines of the demonstration's entries below ``var/demo``; the caller stops them."""
    root, resources = project.var / "demo", published_entries(project)
    homes = {resource.entry.department: root / resource.entry.department for resource in resources}
    for home in homes.values():
        home.mkdir(parents=True, exist_ok=True)
    frontends = start_frontends(root / ".frontends", homes)
    return Departments(root, connection_settings(resources, frontends.connections, homes), frontends)


def published_entries(project: Project) -> list[Resource]:
    """The entries that the demonstration runs: published, and known to the generator."""
    return [
        resource
        for resource in read_catalog(project).resources
        if resource.entry.status == "published" and resource.entry.id in ENTRIES
    ]


def connection_settings(
    resources: Iterable[Resource], frontends: Mapping[str, str], homes: Mapping[str, Path]
) -> dict[str, str]:
    """Airflow's connections as environment variables: each department's front-end machine or database."""
    settings = {}
    for resource in resources:
        source, department = resource.entry.source, resource.entry.department
        database = {"conn_type": "sqlite", "host": str(homes[department] / VEHICLES_DATABASE)}
        told = frontends[department] if source.type == "sftp" else json.dumps(database)
        settings[f"AIRFLOW_CONN_{source.connection.upper()}"] = told
    return settings
