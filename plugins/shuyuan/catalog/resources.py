"""One entry with everything it needs: ``load_resource`` for a task, ``Draft`` for the linter."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shuyuan.catalog.cascading import cascade, fill_from_elements
from shuyuan.catalog.credentials import find_credentials, without_credentials
from shuyuan.catalog.dictionary import label, pick_elements
from shuyuan.catalog.entry_rules import Scene, check_entry
from shuyuan.catalog.explaining import Finding, explain_errors
from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.originals import forms_of, keep_originals
from shuyuan.catalog.reading import Document, read_document
from shuyuan.entry import Department, Element, Entry, KnownRegionRule
from shuyuan.entry.values import ENTRY_ID
from shuyuan.identifiers import is_credit_code
from shuyuan.problems import Location, Problem, Term
from shuyuan.project import Project

DEFAULTS = "_defaults.yaml"
DEPARTMENT = "_department.yaml"
STAND_INS: dict[str, Any] = {
    "kind": "CatalogEntry",
    "id": "a.a",
    "code": "100000/000000",
    "title": "--",
    "summary": "-",
    "sharing": {"type": "unconditional"},
    "source": {"type": "database", "connection": "a", "table": "a"},
    "update": {"cycle": "daily"},
    "load": {"mode": "replace", "key": ["a"]},
    "fields": [{"name": "a", "title": "a"}],
}
"""What stands for a required key that is missing or wrong while the other keys are judged."""


@dataclass(frozen=True)
class Resource:
    """A catalog entry, resolved and ready to run.

    ``digest`` is the SHA-256 (hex) of the effective spec with the bytes of its named suites and code
    tables: another digest means that the same delivery may give another result. ``elements`` are those
    that the entry uses.
    """

    entry: Entry
    path: Path
    digest: str
    department: Department
    elements: Mapping[str, Element]
    project: Project

    def code_table_path(self, name: str) -> Path:
        """Return the CSV of a code table."""
        return self.project.code_tables / f"{name}.csv"

    def suite_path(self, name: str) -> Path:
        """Return the JSON of a named Great Expectations suite."""
        return self.project.expectations / f"{name}.json"


@dataclass
class Surroundings:
    """What entries share: the defaults and the departments, each read once."""

    project: Project
    _departments: dict[str, tuple[Document, Department | None]] = field(default_factory=dict)

    @cached_property
    def defaults(self) -> Document:
        """``_defaults.yaml``; an empty document where there is none."""
        path = self.project.specs / DEFAULTS
        document = read_document(path, label(self.project, path)) if path.is_file() else Document(path.name, value={})
        if not isinstance(document.value, dict) and not document.problems:
            document.problems.append(_not_a_mapping(document))
        document.problems += find_credentials(document)
        return document

    def department(self, folder: str) -> tuple[Document, Department | None]:
        """``_department.yaml`` of a folder, and the department when the file is right."""
        if folder not in self._departments:
            self._departments[folder] = self._read_department(folder)
        return self._departments[folder]

    def _read_department(self, folder: str) -> tuple[Document, Department | None]:
        path = self.project.specs / folder / DEPARTMENT
        file = label(self.project, path)
        if not path.is_file():
            return Document(file, problems=[Problem("E219", {"department": folder}, Location(file))]), None
        document = read_document(path, file)
        document.problems += find_credentials(document)
        if document.value is None:
            return document, None
        try:
            department = Department.model_validate(document.value, by_name=False, by_alias=True)
        except ValidationError as error:
            document.problems += [f.at(document) for f in explain_errors(error, Department, document.value)]
            return document, None
        document.problems += [f.at(document) for f in check_department(department)]
        return document, department


def check_department(department: Department) -> list[Finding]:
    """Return what a department's own values get wrong: the check digit of its credit code."""
    if is_credit_code(department.credit_code):
        return []
    return [Finding("E233", ("credit_code",), {"key": "credit_code"})]


@dataclass
class Draft:
    """One entry file on its way to a resource; ``entry`` is ``None`` until its keys and values are right.

    ``partial`` has the fields of the file, ``entry`` also the originals beside normalised ones (``originals``).
    """

    project: Project
    path: Path
    surroundings: Surroundings
    entry: Entry | None = None
    partial: Entry | None = None
    broken: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.document = read_document(self.path, label(self.project, self.path))
        self.department_document, self.department = self.surroundings.department(self.path.parent.name)
        self.defaults_document = self.surroundings.defaults
        self.problems += [*self.document.problems, *find_credentials(self.document)]
        shared = [*self.department_document.problems, *self.defaults_document.problems]
        self.problems += [problem for problem in shared if problem.severity == "error"]
        self.data: dict[str, Any] = {}
        if self.document.value is None:
            return
        if not isinstance(self.document.value, dict):
            self.problems.append(_not_a_mapping(self.document))
            return
        self.data = cascade(*(layer for layer, _ in reversed(self.layers)))

    @property
    def id(self) -> str:
        """The id that folder and file name give."""
        return f"{self.path.parent.name}.{self.path.stem}"

    @property
    def usable(self) -> bool:
        """Whether the entry can run: no error of its own."""
        return self.entry is not None and not any(problem.severity == "error" for problem in self.problems)

    @property
    def layers(self) -> list[tuple[dict[str, Any], Document]]:
        """Where values come from, the strongest first: entry, department, defaults."""
        department = self.department_document.value
        defaults = department.get("defaults") if isinstance(department, dict) else None
        return [
            (self.document.value if isinstance(self.document.value, dict) else {}, self.document),
            (defaults if isinstance(defaults, dict) else {}, self.department_document),
            (
                self.defaults_document.value if isinstance(self.defaults_document.value, dict) else {},
                self.defaults_document,
            ),
        ]

    @property
    def sources(self) -> tuple[tuple[Document, tuple[str, ...]], ...]:
        """The files that values come from, the strongest first, and where in each an entry's keys start."""
        return (self.document, ()), (self.department_document, ("defaults",)), (self.defaults_document, ())

    def element_names(self) -> set[str]:
        """The elements that the fields name, whether they exist or not."""
        fields = self.data.get("fields")
        named = [one.get("element") for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []
        return {name for name in named if isinstance(name, str)}

    def place(self, finding: Finding) -> Problem:
        """Tie a finding to the file that said it: the entry, or the defaults that it inherits."""
        best, depth = self.document, -1
        prefix: tuple[str, ...] = ()
        for document, above in self.sources:
            known = _depth(document, above, finding.path)
            if known > depth:
                best, prefix, depth = document, above, known
        return finding.at(best, prefix)

    def understand(self, elements: Mapping[str, Element]) -> None:
        """Validate, fill in the elements' facts and apply the rules of a single entry.

        Where keys are wrong, the sound ones are still judged: ``partial`` then holds stand-ins for the
        top-level keys in ``broken``, and ``entry`` stays ``None``.
        """
        if not self.data:
            return
        try:
            written = Entry.model_validate(self.data, by_name=False, by_alias=True)
        except ValidationError as error:
            findings = list(explain_errors(error, Entry, self.data))
            self.problems += [self.place(finding) for finding in findings]
            self.broken = frozenset(str(finding.path[0]) if finding.path else "fields" for finding in findings)
            written = self._stand_in()
        self.partial = fill_from_elements(written, elements)
        scene = Scene(written, self.partial, self.id, elements, self.project)
        self.problems += [self.place(finding) for finding in check_entry(scene, self.broken)]
        self.entry = None if self.broken else keep_originals(self.partial)

    def _stand_in(self) -> Entry:
        sound = {key: value for key, value in self.data.items() if key not in self.broken}
        needed = {key: value for key, value in STAND_INS.items() if key not in sound}
        return Entry.model_validate(sound | needed, by_name=False, by_alias=True)

    def finish(self, elements: Mapping[str, Element]) -> Resource:
        """Return the resource. Raises ``CatalogError`` with every problem when it is not usable."""
        if not self.usable or self.entry is None or self.department is None:
            errors = [problem for problem in self.problems if problem.severity == "error"]
            raise CatalogError(tuple(without_credentials(errors)))
        used = {name: elements[name] for name in sorted(self.element_names())}
        digest = digest_of(self.entry, self.project, elements)
        return Resource(self.entry, self.path, digest, self.department, used, self.project)


def load_resource(project: Project, entry_id: str) -> Resource:
    """Read one entry, and only what it uses. The cost does not grow with the catalog.

    Raises:
        CatalogError: the entry is missing or wrong; all its problems are attached.
    """
    folder, _, name = entry_id.partition(".")
    path = project.specs / folder / f"{name}.yaml"
    if not re.fullmatch(ENTRY_ID, entry_id) or not path.is_file():
        raise CatalogError((Problem("E100", {"entry": entry_id}),))
    draft = Draft(project, path, Surroundings(project))
    elements = pick_elements(project, draft.element_names())
    draft.understand(elements)
    return draft.finish(elements)


def digest_of(entry: Entry, project: Project, elements: Mapping[str, Element]) -> str:
    """Return the SHA-256 (hex) of the effective spec, of the forms it stores in and of the files its rules read."""
    spec = json.dumps(entry.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
    summed = hashlib.sha256(spec.encode())
    for name, form in forms_of(entry, elements).items():
        summed.update(f"\0{name}={form}".encode())
    used = {field.codes for field in entry.fields if field.codes}
    used |= {rule.codes for rule in entry.quality.rules if isinstance(rule, KnownRegionRule)}
    tables = sorted(used)
    files = [project.code_tables / f"{name}.csv" for name in tables]
    files += [project.expectations / f"{name}.json" for name in entry.quality.suites]
    for path in files:
        summed.update(b"\0" + path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return summed.hexdigest()


def _depth(document: Document, prefix: tuple[str | int, ...], path: tuple[str | int, ...]) -> int:
    """Return how many steps of ``path`` the document knows, 0 when none."""
    if not document.text:
        return -1
    return next((n for n in range(len(path), 0, -1) if document.has(prefix + path[:n])), 0)


def _not_a_mapping(document: Document) -> Problem:
    return Finding("E119", (), {"key": "/", "expected": Term("yaml.mapping"), "aside": ""}).at(document)
