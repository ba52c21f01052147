"""From the catalog to the DAGs of one DAG file: which entries are its share, and which one a task needs.

``dags/catalog.py`` alone holds all entries. Copied to ``catalog_2.py`` … ``catalog_N.py``, each of the N files
takes its share by a stable hash of the id. A task's process builds its own DAG only.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, get_parsing_context

from shuyuan.catalog import Resource, load_resource
from shuyuan.catalog.dictionary import read_elements
from shuyuan.catalog.resources import Draft, Surroundings
from shuyuan.orchestration.building import build_dag
from shuyuan.orchestration.identity import entry_of_dag
from shuyuan.orchestration.project_folder import project_of
from shuyuan.project import Project
from shuyuan.workdays import Calendar

_SHARD = re.compile(r"catalog(_([0-9]+))?\.py")
log = logging.getLogger(__name__)


def register_dags(dag_file: str, namespace: MutableMapping[str, Any]) -> None:
    """Put the file's DAGs into its namespace, where Airflow finds them.

    A broken entry is left out (``catalog_errors.py`` shows it). Where Airflow asks for one DAG, a broken entry
    raises its ``CatalogError``: that is the reason why the task cannot start, and its log says so.
    """
    path = Path(dag_file)
    project, wanted = project_of(path), get_parsing_context().dag_id
    if wanted is None:
        resources = read_resources(project, shard_of(path))
    else:
        entry_id = entry_of_dag(wanted)
        resources = iter([load_resource(project, entry_id)] if entry_id else [])
    for dag in build_dags(project, resources):
        namespace[dag.dag_id] = dag


def build_dags(project: Project, resources: Iterator[Resource]) -> Iterator[DAG]:
    """Build the DAG of each resource that runs; one that cannot be built is left out with a log line."""
    calendar = Calendar.read(project.calendar)
    for resource in resources:
        try:
            dag = build_dag(resource, calendar)
        except Exception as error:
            log.error("no DAG for %s: %s", resource.entry.id, type(error).__name__)
            continue
        if dag is not None:
            yield dag


def shard_of(dag_file: Path) -> Callable[[str], bool]:
    """Whether an entry belongs to ``dag_file``, judged by the catalog files that lie beside it."""
    names = sorted(
        (path.name for path in dag_file.parent.glob("catalog*.py") if _SHARD.fullmatch(path.name)), key=_shard_number
    )
    if dag_file.name not in names:
        return lambda entry_id: True
    mine, count = names.index(dag_file.name), len(names)
    return lambda entry_id: zlib.crc32(entry_id.encode()) % count == mine


def read_resources(project: Project, belongs: Callable[[str], bool]) -> Iterator[Resource]:
    """Yield the usable entries of a share, in the order of their ids; the others' files are not opened."""
    surroundings, elements = Surroundings(project), read_elements(project).elements
    for path in sorted(project.specs.glob("*/*.yaml")):
        if path.name.startswith("_") or not belongs(f"{path.parent.name}.{path.stem}"):
            continue
        try:
            draft = Draft(project, path, surroundings)
            draft.understand(elements)
            if draft.usable:
                yield draft.finish(elements)
        except Exception as error:
            log.error("cannot read %s: %s", path.name, type(error).__name__)


def _shard_number(name: str) -> int:
    found = _SHARD.fullmatch(name)
    return int(found[2] or 1) if found else 0
