"""``include/demand_specs/*/*.yaml``, the demand catalogue (需求目录): read as strictly as entries are.

``read_demands`` serves a task; the linter reads the same files with every problem. One wrong file hides only itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from shuyuan.catalog.credentials import find_credentials
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.explaining import Finding, explain_errors
from shuyuan.catalog.reading import Document, parse_document, read_document
from shuyuan.catalog.resources import DEPARTMENT
from shuyuan.entry import Demand, Entry
from shuyuan.entry.demand import FOLLOWING, REASONED
from shuyuan.entry.values import ENTRY_ID
from shuyuan.problems import Location, Problem, Term
from shuyuan.project import Project

_PERSONAL = re.compile(r"(?<![0-9])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")
_LISTED = re.compile(r"^( *)- ")


@dataclass
class Demands:
    """All demands of a project by id, where each is written, and which of them no task may use."""

    demands: dict[str, Demand] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


def read_demands(project: Project) -> tuple[Demand, ...]:
    """Return the demands by id. One that is written wrongly is left out; ``shuyuan lint`` tells why."""
    found = gather_demands(project)
    return tuple(demand for name, demand in sorted(found.demands.items()) if name not in found.broken)


def gather_demands(project: Project) -> Demands:
    """Read every demand, and see whether each makes sense by itself."""
    found = Demands()
    for path in sorted(project.demands.rglob("*.y*ml")):
        steps = path.relative_to(project.demands).parts
        name = demand_id(project, path)
        if len(steps) != 2 or path.suffix != ".yaml" or path.name.startswith("_"):
            found.problems.append(Problem("E135", {}, Location(label(project, path))))
        elif not re.fullmatch(ENTRY_ID, name):
            place = {"name": f"{steps[0]}/{path.stem}"}
            found.problems.append(Problem("E136", place, Location(label(project, path))))
        else:
            document = read_document(path, label(project, path))
            demand = understand(document, name)
            found.documents[name] = document
            found.problems += document.problems
            if demand is not None:
                found.demands[name] = demand
                found.broken |= {name} if document.problems else set()
    return found


def demand_id(project: Project, path: Path) -> str:
    """Return the id that a demand's place gives it: ``<folder>.<file>``."""
    return f"{path.relative_to(project.demands).parts[0]}.{path.stem}"


def understand(document: Document, name: str) -> Demand | None:
    """Return the demand of a file, all its problems being noted in ``document``; ``None`` when the keys are wrong."""
    document.problems += find_credentials(document)
    if document.value is None:
        return None
    if not isinstance(document.value, dict):
        facts = {"key": "/", "expected": Term("yaml.mapping"), "aside": ""}
        document.problems.append(Finding("E119", (), facts).at(document))
        return None
    document.problems += _find_personal(document)
    try:
        demand = Demand.model_validate(document.value, by_name=False, by_alias=True)
    except ValidationError as error:
        document.problems += [finding.at(document) for finding in explain_errors(error, Demand, document.value)]
        return None
    document.problems += [finding.at(document) for finding in _check_alone(demand, document, name)]
    return demand


def understand_text(text: str, file: str, name: str) -> tuple[Demand | None, list[Problem]]:
    """Return the demand that a text would be as the file of ``name``, and what is wrong with it."""
    document = parse_document(text.encode(), file)
    demand = understand(document, name)
    return demand, document.problems


def listing_indent(document: Document) -> str | None:
    """Return the blanks before each ``- `` of the steps, or ``None`` when a line at the end would be no step."""
    if not isinstance(document.value, dict) or list(document.value)[-1:] != ["steps"]:
        return None
    key, first = document.locate(("steps",), key=True), document.locate(("steps", 0))
    begun = _LISTED.match(document.lines[(first.line or 1) - 1]) if first.line != key.line else None
    return begun[1] if begun else None


def check_demands(
    found: Demands, departments: Collection[str], entries: Mapping[str, Entry | None], unclear: Collection[str]
) -> Iterator[Problem]:
    """Yield what demands get wrong about departments, entries and fields.

    ``departments`` are the folders that are departments; ``entries`` all entries, retired ones too, ``None`` where the
    file is broken; of the fields of those in ``unclear`` nothing is known.
    """
    for name, demand in found.demands.items():
        document = found.documents[name]
        if demand.department not in departments:
            near = _nearest(demand.department, departments)
            facts = {"key": "id", "department": demand.department}
            yield Finding("E341", ("id",), facts, nearest=near).at(document)
        for finding in _check_wanted(demand, departments, entries, unclear):
            yield finding.at(document)


def department_folders(project: Project) -> set[str]:
    """Return the folders of ``include/catalog_specs`` that are departments."""
    return {path.parent.name for path in project.specs.glob(f"*/{DEPARTMENT}")}


def _check_wanted(
    demand: Demand, departments: Collection[str], entries: Mapping[str, Entry | None], unclear: Collection[str]
) -> Iterator[Finding]:
    if demand.provider == demand.department:
        yield Finding("E344", ("provider",), {"key": "provider", "provider": demand.provider})
    elif demand.provider not in departments:
        near = _nearest(demand.provider, departments)
        yield Finding("E341", ("provider",), {"key": "provider", "department": demand.provider}, nearest=near)
    if demand.entry is None:
        return
    owner = demand.entry.partition(".")[0]
    if demand.entry not in entries:
        near = _nearest(demand.entry, entries)
        yield Finding("E342", ("entry",), {"key": "entry", "entry": demand.entry}, nearest=near)
        return
    if owner != demand.provider and demand.provider in departments:
        facts = {"key": "entry", "entry": demand.entry, "owner": owner, "provider": demand.provider}
        yield Finding("E343", ("entry",), facts)
    entry = entries[demand.entry]
    if entry is None or demand.entry in unclear:
        return
    names = [one.name for one in entry.fields]
    for at, name in enumerate(demand.fields):
        if name not in names:
            facts = {"key": f"fields[{at + 1}]", "field": name, "entry": demand.entry}
            near = _nearest(name, names) or next((one.name for one in entry.fields if one.title == name), None)
            yield Finding("E345", ("fields", at), facts, () if near else tuple(names), near)
    if entry.sharing.type == "none" and FOLLOWING[demand.steps[-1].step]:
        yield Finding("E910", ("entry",), {"key": "entry", "entry": demand.entry})


def _check_alone(demand: Demand, document: Document, name: str) -> Iterator[Finding]:
    """Yield what is wrong with a demand whatever the catalog says."""
    if demand.id != name:
        yield Finding("E201", ("id",), {"key": "id", "expected": name})
    if demand.until and demand.until < demand.steps[0].on:
        facts = {"key": "until", "on": str(demand.until), "other": "steps[1].date", "earlier": str(demand.steps[0].on)}
        yield Finding("E347", ("until",), facts)
    for at, step in enumerate(demand.steps):
        key, before = f"steps[{at + 1}]", demand.steps[at - 1] if at else None
        possible = FOLLOWING[before.step] if before else ("file",)
        if step.step not in possible:
            after = Term(f"demand.after.{before.step if before else 'nothing'}")
            told = {"key": f"{key}.step", "step": Term(f"demand.step.{step.step}"), "after": after}
            yield Finding("E346", ("steps", at, "step"), told, possible)
        if before and step.on < before.on:
            facts = {"key": f"{key}.date", "on": str(step.on), "other": f"steps[{at}].date", "earlier": str(before.on)}
            yield Finding("E347", ("steps", at, "date"), facts)
        if step.step in REASONED and step.why is None:
            yield Finding("E348", ("steps", at), {"key": f"{key}.why", "step": Term(f"demand.step.{step.step}")})
    if listing_indent(document) is None:
        yield Finding("E349", ("steps",), {"key": "steps"}, on_key=True)


def _find_personal(document: Document) -> Iterator[Problem]:
    """Yield one problem a line that holds a resident ID or a phone number; the line itself is not shown."""
    for number, line in enumerate(document.lines, 1):
        if found := _PERSONAL.search(unicodedata.normalize("NFKC", line)):
            yield Problem("E340", {}, Location(document.file, number, found.start() + 1))


def _nearest(word: str, known: Collection[str]) -> str | None:
    return next(iter(get_close_matches(word, list(known), 1, 0.6)), None)
