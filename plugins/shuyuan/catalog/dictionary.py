"""The data dictionary: elements (``include/elements/*.yaml``), code tables and named suites.

A task reads only what its entry uses: the element's own lines are cut out of its file before YAML parses
them, so that the cost does not grow with the dictionary.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from shuyuan.catalog.credentials import find_credentials
from shuyuan.catalog.explaining import Finding, explain_errors
from shuyuan.catalog.reading import Document, parse_document, read_document
from shuyuan.entry import Element
from shuyuan.entry.values import IDENTIFIER
from shuyuan.problems import Location, Problem, Term
from shuyuan.project import Project

_BLOCK = re.compile(r"^([a-z][a-z0-9_]*):", re.MULTILINE)
CODE_TABLE_COLUMNS = ("code", "name", "aliases", "valid_from", "valid_to")


@dataclass
class Dictionary:
    """All elements of a project, and where each is defined."""

    elements: dict[str, Element] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_elements(project: Project) -> Dictionary:
    """Read every element of every file. A broken element hides only itself."""
    found = Dictionary()
    for path in sorted(project.elements.glob("*.yaml")):
        document = read_document(path, label(project, path))
        found.problems += [*document.problems, *find_credentials(document)]
        if document.value is None:
            continue
        if not isinstance(document.value, dict):
            found.problems.append(
                Finding("E119", (), {"key": "/", "expected": Term("yaml.mapping"), "aside": ""}).at(document)
            )
            continue
        for name, value in document.value.items():
            if name in found.elements:
                first = found.documents[name].locate((name,), key=True)
                twice = Finding("E307", (name,), {"element": name, "first": str(first)}, on_key=True)
                found.problems.append(twice.at(document))
                continue
            if not re.fullmatch(IDENTIFIER, name):
                facts = {"key": name, "pattern": IDENTIFIER, "meaning": ""}
                found.problems.append(Finding("E122", (name,), facts, on_key=True).at(document))
                continue
            found.documents[name] = document
            try:
                element = Element.model_validate(value, by_name=False, by_alias=True)
            except ValidationError as error:
                found.problems += [f.at(document, (name,)) for f in explain_errors(error, Element, value)]
                continue
            found.elements[name] = element
            if element.normal_form != "exact" and element.type != "string":
                facts = {"key": f"{name}.normal_form", "type": element.type, "form": element.normal_form}
                found.problems.append(Finding("E246", (name, "normal_form"), facts).at(document))
    return found


def pick_elements(project: Project, wanted: Iterable[str]) -> dict[str, Element]:
    """Read only the elements ``wanted``. One that is missing or broken is left out."""
    missing = set(wanted)
    picked: dict[str, Element] = {}
    for path in sorted(project.elements.glob("*.yaml")) if missing else ():
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        starts = list(_BLOCK.finditer(text))
        for start, following in zip(starts, [*starts[1:], None], strict=False):
            name = start[1]
            if name not in missing:
                continue
            block = text[start.start() : following.start() if following else len(text)]
            document = parse_document(block.encode(), path.name)
            try:
                value = document.value[name] if not document.problems else None
                picked[name] = Element.model_validate(value, by_name=False, by_alias=True)
            except (ValidationError, TypeError, KeyError):
                continue
            missing.discard(name)
    return picked


def label(project: Project, path: Path) -> str:
    """Return how people know a file: relative to the project, with ``/``."""
    try:
        return path.relative_to(project.root).as_posix()
    except ValueError:
        return path.as_posix()


def check_code_table(path: Path, file: str) -> list[Problem]:
    """Return what is wrong with a code table (UTF-8 CSV: ``code,name[,aliases,valid_from,valid_to]``)."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [Problem("E103", {"byte": error.start}, Location(file))]
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    header = tuple(reader.fieldnames or ())
    if header[:2] != CODE_TABLE_COLUMNS[:2] or not set(header) <= set(CODE_TABLE_COLUMNS):
        return [Problem("E241", {"header": ",".join(header)}, Location(file, 1), allowed=CODE_TABLE_COLUMNS)]
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        for row in reader:
            problems += _check_code(row, seen, Location(file, reader.line_num))
    except csv.Error as error:
        problems.append(Problem("E242", {"why": str(error)}, Location(file, reader.line_num)))
    if not seen and not problems:
        problems.append(Problem("E242", {"why": "0"}, Location(file)))
    return problems


def _check_code(row: Mapping[str, str | None], seen: dict[tuple[str, str], int], at: Location) -> list[Problem]:
    code, name = row.get("code") or "", row.get("name") or ""
    if not code or not name or None in row or code != code.strip():
        return [Problem("E243", {}, at)]
    for column in ("valid_from", "valid_to"):
        text = row.get(column) or ""
        try:
            if text and not re.fullmatch(r"[0-9]{4}", text):
                date.fromisoformat(text)
        except ValueError:
            return [Problem("E244", {"column": column}, at)]
    identity = (code, row.get("valid_from") or "")
    if identity in seen:
        return [Problem("E245", {"code": code, "first": seen[identity]}, at)]
    seen[identity] = at.line or 0
    return []


def read_suite(path: Path) -> list[dict[str, object]]:
    """Return the expectations of a named suite, as Great Expectations writes them.

    Raises ``ValueError`` when the file is not such a suite.
    """
    suite = json.loads(path.read_bytes())
    expectations = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(expectations, list) or not all(isinstance(one, dict) and "type" in one for one in expectations):
        raise ValueError("expectations")
    return expectations
