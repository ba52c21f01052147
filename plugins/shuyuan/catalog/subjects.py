"""``include/subjects/*.yaml`` and ``include/one_source.yaml``: read as strictly as entries are.

``read_subjects`` and ``read_one_source`` serve a task; the linter reads the same files with every problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from shuyuan.catalog.credentials import find_credentials, without_credentials
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.explaining import Finding, explain_errors
from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.links import key_elements
from shuyuan.catalog.reading import Document, read_document
from shuyuan.entry import Element, Entry, Model, OneSource, Subject
from shuyuan.entry.values import IDENTIFIER
from shuyuan.problems import Location, Problem, Term
from shuyuan.project import Project

_Read = TypeVar("_Read", bound=Model)
TABLE_MARK = "__"
"""Stands in every shared table's name (``<department>__<resource>``), so a subject's view has none."""


@dataclass
class Subjects:
    """All subjects of a project by id, and where each is written."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_subjects(project: Project) -> dict[str, Subject]:
    """Return the subjects by id (= file name). One that is written wrongly is left out; ``shuyuan lint`` tells why."""
    return gather_subjects(project).subjects


def read_one_source(project: Project) -> OneSource:
    """Return the center's settings of 一数一源; the defaults when there is no file.

    Raises:
        CatalogError: the file is wrong; all its problems are attached.
    """
    settings, problems = gather_one_source(project)
    if problems:
        raise CatalogError(tuple(without_credentials(problems)))
    return settings


def gather_subjects(project: Project) -> Subjects:
    """Read every subject. A broken one hides only itself."""
    found = Subjects()
    for path in sorted(project.subjects.glob("*.yaml")):
        file = label(project, path)
        if not re.fullmatch(IDENTIFIER, path.stem) or TABLE_MARK in path.stem:
            found.problems.append(Problem("E321", {"name": path.stem}, Location(file)))
            continue
        document, subject = read_model(path, file, Subject)
        found.problems += document.problems
        found.documents[path.stem] = document
        if subject is not None:
            found.subjects[path.stem] = subject
    return found


def gather_one_source(project: Project) -> tuple[OneSource, list[Problem]]:
    """Read ``one_source.yaml``; where it is missing or wrong the settings are the defaults."""
    if not project.one_source.is_file():
        return OneSource(), []
    document, settings = read_model(project.one_source, label(project, project.one_source), OneSource)
    return settings or OneSource(), document.problems


def read_model(path: Path, file: str, model: type[_Read]) -> tuple[Document, _Read | None]:
    """Read one file as ``model``, ``None`` when it is wrong; the document has the problems."""
    document = read_document(path, file)
    document.problems += find_credentials(document)
    if document.value is None:
        return document, None
    if not isinstance(document.value, dict):
        facts = {"key": "/", "expected": Term("yaml.mapping"), "aside": ""}
        document.problems.append(Finding("E119", (), facts).at(document))
        return document, None
    try:
        return document, model.model_validate(document.value, by_name=False, by_alias=True)
    except ValidationError as error:
        document.problems += [finding.at(document) for finding in explain_errors(error, model, document.value)]
        return document, None


def check_subjects(
    found: Subjects, elements: Mapping[str, Element], entries: Mapping[str, Entry], unclear: frozenset[str]
) -> Iterator[Problem]:
    """Yield what subjects get wrong about elements and their authorities.

    ``entries`` are the active ones with their elements filled in; of those in ``unclear`` nothing is known.
    """
    for name, subject in found.subjects.items():
        for finding in _check_subject(subject, elements, entries, unclear):
            yield finding.at(found.documents[name])


def _check_subject(
    subject: Subject, elements: Mapping[str, Element], entries: Mapping[str, Entry], unclear: frozenset[str]
) -> Iterator[Finding]:
    places: list[tuple[tuple[str | int, ...], str, str]] = [(("key",), "key", subject.key)]
    places += [(("elements", at), f"elements[{at + 1}]", one) for at, one in enumerate(subject.elements)]
    first: dict[str, str] = {}
    for path, key, name in places:
        facts = {"key": key, "element": name}
        if first.setdefault(name, key) != key:
            yield Finding("E320", path, {**facts, "first": first[name]})
            continue
        element = elements.get(name)
        if element is None:
            near = get_close_matches(name, list(elements), 1, 0.6)
            yield Finding("E315", path, facts, nearest=near[0] if near else None)
        elif not element.source:
            yield Finding("E316" if path == ("key",) else "E317", path, facts)
        elif element.source not in unclear:
            authority = entries.get(element.source)
            if authority is None:
                yield Finding("E318", path, {**facts, "source": element.source})
            elif key_elements(authority) != (subject.key,):
                keyed = "+".join(authority.load.key)
                yield Finding(
                    "E319", path, {**facts, "source": element.source, "subject_key": subject.key, "keyed": keyed}
                )
