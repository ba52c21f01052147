"""``include/assessment.yaml``: the rules of the assessment (考核办法), read as strictly as entries are.

``read_assessment`` serves a task; the linter reads the same file with every problem.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import ValidationError

from shuyuan.catalog.credentials import find_credentials, without_credentials
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.explaining import Finding, explain_errors
from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.reading import Document, read_document
from shuyuan.entry import Assessment
from shuyuan.problems import Problem, Term
from shuyuan.project import Project


def read_assessment(project: Project) -> Assessment:
    """Return the rules of the assessment; the defaults when there is no file.

    Raises:
        CatalogError: the file is wrong; all its problems are attached.
    """
    assessment, problems = gather_assessment(project)
    if problems:
        raise CatalogError(tuple(without_credentials(problems)))
    return assessment


def gather_assessment(project: Project, entries: Collection[str] | None = None) -> tuple[Assessment, list[Problem]]:
    """Read ``assessment.yaml``; where it is missing or wrong the rules are the defaults.

    ``entries`` are the ids of the catalog: with them the white list is checked against it.
    """
    if not project.assessment.is_file():
        return Assessment(), []
    document = read_document(project.assessment, label(project, project.assessment))
    document.problems += find_credentials(document)
    assessment = _understand(document)
    if assessment is None:
        return Assessment(), document.problems
    document.problems += [finding.at(document) for finding in _check(assessment, entries)]
    return assessment, document.problems


def _understand(document: Document) -> Assessment | None:
    if document.value is None:
        return None
    if not isinstance(document.value, dict):
        facts = {"key": "/", "expected": Term("yaml.mapping"), "aside": ""}
        document.problems.append(Finding("E119", (), facts).at(document))
        return None
    try:
        return Assessment.model_validate(document.value, by_name=False, by_alias=True)
    except ValidationError as error:
        document.problems += [finding.at(document) for finding in explain_errors(error, Assessment, document.value)]
        return None


def _check(assessment: Assessment, entries: Collection[str] | None) -> Iterator[Finding]:
    """Yield what no single key shows: weights that count nothing, levels out of order, a white list of nothing."""
    for key in ("dimensions", "ranking"):
        if not any(getattr(assessment, key).model_dump().values()):
            yield Finding("E330", (key,), {"key": key})
    grades = assessment.grades.model_dump()
    for better, worse in zip(list(grades), list(grades)[1:], strict=False):
        if grades[better] <= grades[worse]:
            yield Finding("E331", ("grades", better), {"key": f"grades.{better}", "below": f"grades.{worse}"})
    if assessment.lights.green <= assessment.lights.red:
        yield Finding("E331", ("lights", "green"), {"key": "lights.green", "below": "lights.red"})
    for at, one in enumerate(assessment.exempt):
        facts = {"key": f"exempt[{at + 1}]", "entry": one.entry}
        if one.until < one.from_:
            yield Finding("E332", ("exempt", at, "until"), facts)
        if entries is not None and one.entry not in entries:
            yield Finding("E333", ("exempt", at, "entry"), facts)
