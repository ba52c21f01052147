"""The broken entries as one readable text, which ``dags/catalog_errors.py`` raises for Airflow to show."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from shuyuan.catalog import read_catalog
from shuyuan.orchestration.building import build_dag
from shuyuan.orchestration.project_folder import project_of
from shuyuan.problems import Location, PlatformError, Problem
from shuyuan.workdays import Calendar


class BrokenEntries(Exception):
    """Not a fault of the program: the listed catalog files need mending; all other entries run."""


def raise_for_broken_entries(dag_file: str) -> None:
    """Raise ``BrokenEntries`` when any file of the catalog is wrong; warnings are for the linter."""
    problems = find_problems(Path(dag_file))
    if problems:
        raise BrokenEntries("\n" + "\n\n".join(map(explain, problems)))


def find_problems(dag_file: Path) -> list[Problem]:
    """Every error of the catalog, and every entry that makes no DAG although it is right."""
    project = project_of(dag_file)
    catalog = read_catalog(project)
    found = [problem for problem in catalog.problems if problem.severity == "error"]
    calendar = Calendar.read(project.calendar)
    found += calendar.problems
    for resource in catalog.resources:
        try:
            build_dag(resource, calendar)
        except Exception as error:
            place = Location(resource.path.relative_to(project.root).as_posix())
            facts = PlatformError("P401", kind=type(error).__name__, place="build_dag").problem.facts
            found.append(Problem("P401", facts, place))
    return found


def explain(problem: Problem) -> str:
    """``file:line:column code sentence``, then the line and a caret under the place."""
    text = f"{problem}"
    at = problem.location
    if problem.nearest:
        text += f" → {problem.nearest}"
    elif problem.allowed:
        text += f" → {' | '.join(problem.allowed)}"
    if problem.excerpt is None or at is None or at.line is None:
        return text
    margin = f"{at.line:>6} | "
    before = problem.excerpt[: (at.column or 1) - 1]
    return f"{text}\n{margin}{problem.excerpt}\n{' ' * (len(margin) + _width(before))}^"


def _width(text: str) -> int:
    """Columns that ``text`` takes on a screen: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
