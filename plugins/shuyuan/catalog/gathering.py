"""The whole catalog: every entry of every department; one broken file hides nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shuyuan.catalog.dictionary import read_elements
from shuyuan.catalog.resources import Draft, Resource, Surroundings
from shuyuan.entry import Department, Element
from shuyuan.problems import Problem
from shuyuan.project import Project


@dataclass(frozen=True)
class Catalog:
    """What a project declares. ``resources`` are the usable entries, ``problems`` all that was found.

    A problem between entries (E3xx: two authorities, a repeated code) leaves both of them usable: what is
    published must not stop because a colleague's new file disagrees with it.
    """

    resources: tuple[Resource, ...]
    departments: Mapping[str, Department]
    elements: Mapping[str, Element]
    problems: tuple[Problem, ...]
    drafts: tuple[Draft, ...] = ()


def read_catalog(project: Project) -> Catalog:
    """Read everything. Never raises for a bad file; see ``Catalog.problems``."""
    surroundings = Surroundings(project)
    dictionary = read_elements(project)
    drafts = []
    for path in sorted(project.specs.glob("*/*.yaml")):
        if not path.name.startswith("_"):
            draft = Draft(project, path, surroundings)
            draft.understand(dictionary.elements)
            drafts.append(draft)
    departments = {}
    for path in sorted(project.specs.glob("*/_department.yaml")):
        _, department = surroundings.department(path.parent.name)
        if department:
            departments[path.parent.name] = department
    resources = tuple(draft.finish(dictionary.elements) for draft in drafts if draft.usable)
    problems = [*dictionary.problems, *(problem for draft in drafts for problem in draft.problems)]
    return Catalog(resources, departments, dictionary.elements, unique(problems), tuple(drafts))


def unique(problems: list[Problem]) -> tuple[Problem, ...]:
    """Drop repeats (one bad default shows in every entry that inherits it) and sort by place."""
    seen: dict[tuple[str, str, str], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, str(problem.location), str(problem.facts.get("key", ""))), problem)
    return tuple(sorted(seen.values(), key=_place))


def _place(problem: Problem) -> tuple[str, int, int, str]:
    at = problem.location
    return (at.file, at.line or 0, at.column or 0, problem.code) if at else ("", 0, 0, problem.code)
