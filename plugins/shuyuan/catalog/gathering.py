"""The whole catalog: every entry of every department; one broken file hides nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shuyuan.catalog.assessments import gather_assessment
from shuyuan.catalog.check_scene import Surrounding
from shuyuan.catalog.check_users import gather_check_users
from shuyuan.catalog.checks import check_checks, gather_checks
from shuyuan.catalog.copy_rules import entries_of
from shuyuan.catalog.credentials import without_credentials
from shuyuan.catalog.cross_rules import check_together
from shuyuan.catalog.demands import check_demands, department_folders, gather_demands
from shuyuan.catalog.dictionary import check_code_table, label, read_elements
from shuyuan.catalog.notice_settings import gather_notices
from shuyuan.catalog.resources import DEFAULTS, DEPARTMENT, Draft, Resource, Surroundings
from shuyuan.catalog.subjects import check_subjects, gather_one_source, gather_subjects
from shuyuan.entry import Department, Element, OneSource, Subject
from shuyuan.entry.values import ENTRY_ID
from shuyuan.problems import Location, Problem
from shuyuan.project import Project
from shuyuan.workdays import local_day


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
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    one_source: OneSource = field(default_factory=OneSource)


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
    departments, problems = {}, [*dictionary.problems, *surroundings.defaults.problems]
    for path in sorted(project.specs.glob(f"*/{DEPARTMENT}")):
        document, department = surroundings.department(path.parent.name)
        problems += document.problems
        if department:
            departments[path.parent.name] = department
    for draft in drafts:
        problems += draft.problems
    problems += check_together(drafts, dictionary)
    subjects = gather_subjects(project)
    one_source, wrong_settings = gather_one_source(project)
    active = [draft for draft in drafts if draft.partial and draft.partial.status != "retired"]
    entries = entries_of(active)
    unclear = frozenset(draft.id for draft in drafts if draft.partial is None or draft.id not in entries)
    unclear -= {draft.id for draft in drafts if draft.partial and draft.partial.status == "retired"}
    problems += [*subjects.problems, *check_subjects(subjects, dictionary.elements, entries, unclear)]
    problems += wrong_settings
    problems += gather_assessment(project, {draft.id for draft in drafts})[1]
    problems += gather_notices(project)[1]
    demands = gather_demands(project)
    all_entries = {draft.id: draft.partial for draft in drafts}
    no_fields = {draft.id for draft in drafts if "fields" in draft.broken or "sharing" in draft.broken}
    problems += demands.problems
    problems += check_demands(demands, department_folders(project), all_entries, no_fields)
    checks = gather_checks(project)
    known = {name: None if name in no_fields else entry for name, entry in all_entries.items()}
    today = local_day(datetime.now(UTC))
    around = Surrounding(project, dictionary.elements, known, department_folders(project), today)
    problems += [*checks.problems, *check_checks(checks, around)]
    problems += gather_check_users(project)[1]
    problems += misplaced(project)
    for path in sorted(project.code_tables.glob("*.csv")):
        problems += check_code_table(path, label(project, path))
    resources = tuple(draft.finish(dictionary.elements) for draft in drafts if draft.usable)
    return Catalog(
        resources,
        departments,
        dictionary.elements,
        unique(without_credentials(problems)),
        tuple(drafts),
        subjects.subjects,
        one_source,
    )


def misplaced(project: Project) -> Iterator[Problem]:
    """Yield the files that look like entries but stand where none is read, or under a name that gives no id."""
    for path in sorted(project.specs.rglob("*.y*ml")):
        steps = path.relative_to(project.specs).parts
        file = label(project, path)
        if steps == (DEFAULTS,) or (len(steps) == 2 and path.name == DEPARTMENT):
            continue
        if len(steps) != 2 or path.suffix != ".yaml" or path.name.startswith("_"):
            yield Problem("E135", {}, Location(file))
        elif not re.fullmatch(ENTRY_ID, f"{steps[0]}.{path.stem}"):
            yield Problem("E136", {"name": f"{steps[0]}/{path.stem}"}, Location(file))
    for folder in (project.elements, project.subjects):
        for path in sorted(folder.rglob("*.y*ml")):
            if path.parent != folder or path.suffix != ".yaml":
                yield Problem("E135", {}, Location(label(project, path)))


def unique(problems: list[Problem]) -> tuple[Problem, ...]:
    """Drop repeats (one bad default shows in every entry that inherits it) and sort by place."""
    seen: dict[tuple[str, str, str], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, str(problem.location), str(problem.facts.get("key", ""))), problem)
    return tuple(sorted(seen.values(), key=_place))


def _place(problem: Problem) -> tuple[str, int, int, str]:
    at = problem.location
    return (at.file, at.line or 0, at.column or 0, problem.code) if at else ("", 0, 0, problem.code)
