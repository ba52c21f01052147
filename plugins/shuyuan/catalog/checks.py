"""``include/check_specs/*.yaml``, the checks (核查): read as strictly as entries are.

``read_checks`` serves a task; the linter reads the same files with every problem. One wrong file hides only itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shuyuan.catalog.check_rules import check_rules
from shuyuan.catalog.check_scene import CheckScene, Surrounding
from shuyuan.catalog.check_settings import check_settings
from shuyuan.catalog.check_sources import check_sources
from shuyuan.catalog.demands import department_folders
from shuyuan.catalog.dictionary import label, pick_elements
from shuyuan.catalog.explaining import Finding
from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.reading import Document
from shuyuan.catalog.resources import load_resource
from shuyuan.catalog.subjects import read_model
from shuyuan.entry import Check, Entry
from shuyuan.entry.values import IDENTIFIER
from shuyuan.problems import Location, Problem
from shuyuan.project import Project
from shuyuan.workdays import local_day

_OF_ENTRIES = ("E355", "E356")
"""What is wrong with an entry rather than with the check: its answers say that the source is unavailable."""


@dataclass
class Checks:
    """All checks of a project by id, where each is written, and what is wrong with the files."""

    checks: dict[str, Check] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_checks(project: Project) -> dict[str, Check]:
    """Return the usable checks by id (= file name). One with an error of its own is left out; ``shuyuan lint`` tells.

    A source whose entry is missing, broken, a draft or retired hides no check: its answers say that it is unavailable.
    Only the entries that checks name are read.
    """
    found = gather_checks(project)
    named = {lookup.entry for check in found.checks.values() for lookup in check.sources.values()}
    entries = {entry_id: entry for entry_id in sorted(named) if (entry := _load(project, entry_id))}
    used = {item.element for check in found.checks.values() for item in check.inputs.values()}
    used |= {one.element for entry in entries.values() for one in entry.fields if one.element}
    elements = pick_elements(project, used)
    around = Surrounding(project, elements, entries, department_folders(project), local_day(datetime.now(UTC)))
    broken = {
        name
        for name, finding in _judge(found, around)
        if not finding.code.startswith("E9") and finding.code not in _OF_ENTRIES
    }
    usable = {name: check for name, check in found.checks.items() if not found.documents[name].problems}
    return {name: check for name, check in usable.items() if name not in broken}


def check_digest(check: Check) -> str:
    """Return the SHA-256 (hex) of what a check says, however it is written: defaults filled in, comments left out."""
    said = json.dumps(check.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def gather_checks(project: Project) -> Checks:
    """Read every check's keys and values. A broken one hides only itself."""
    found = Checks()
    for path in sorted(project.check_specs.rglob("*.y*ml")):
        file = label(project, path)
        if path.parent != project.check_specs or path.suffix != ".yaml" or path.name.startswith("_"):
            found.problems.append(Problem("E135", {}, Location(file)))
        elif not re.fullmatch(IDENTIFIER, path.stem):
            found.problems.append(Problem("E136", {"name": path.stem}, Location(file)))
        else:
            document, check = read_model(path, file, Check)
            found.problems += document.problems
            found.documents[path.stem] = document
            if check is not None:
                found.checks[path.stem] = check
    return found


def check_checks(found: Checks, around: Surrounding) -> Iterator[Problem]:
    """Yield what checks get wrong about themselves and about entries, elements and departments."""
    for name, finding in _judge(found, around):
        yield finding.at(found.documents[name])


def _judge(found: Checks, around: Surrounding) -> Iterator[tuple[str, Finding]]:
    for name, check in found.checks.items():
        scene = CheckScene(check, around)
        findings = [one for judge in (check_settings, check_sources, check_rules) for one in judge(scene)]
        wrong = any(one.code != "E375" and not one.code.startswith("E9") for one in findings)
        # What nothing uses is only known when every name is right: a misspelt one leaves its own unused.
        yield from ((name, one) for one in findings if one.code != "E375" or not wrong)


def _load(project: Project, entry_id: str) -> Entry | None:
    try:
        return load_resource(project, entry_id).entry
    except CatalogError:
        return None
