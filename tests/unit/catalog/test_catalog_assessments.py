"""``include/assessment.yaml``: strict like an entry, the defaults without it, every problem at once."""

from datetime import date

import pytest

from building import ENTRY_ID, make_project
from shuyuan.catalog import CatalogError, read_assessment, read_catalog
from shuyuan.catalog.assessments import gather_assessment
from shuyuan.entry import Assessment
from shuyuan.entry.assessment import DimensionWeights
from shuyuan.project import Project
from shuyuan.scoring import GRADES, WEIGHTS

HEAD = "kind: Assessment\n"


def written(tmp_path, text):
    project = make_project(tmp_path)
    project.assessment.write_text(HEAD + text, encoding="utf-8")
    return project


def test_without_a_file_the_rules_are_the_defaults(tmp_path):
    assert read_assessment(make_project(tmp_path)) == Assessment()


def test_the_file_that_comes_with_the_product_says_the_defaults():
    shipped = read_assessment(Project.find(__file__))
    assert shipped == Assessment(unit=shipped.unit)


def test_the_formulas_defaults_are_those_of_the_file():
    assert DimensionWeights().model_dump() == WEIGHTS
    grades = {name.upper(): lowest for name, lowest in Assessment().grades.model_dump().items()}
    assert {letter: lowest for lowest, letter in GRADES} == {**grades, "E": 0}


def test_what_is_written_counts(tmp_path):
    line = f"{{entry: {ENTRY_ID}, from: 2026-11-02, until: 2026-11-02, why: 停机, approval: 甲}}"
    text = f"period:\n  closes_on: 5\nexempt:\n  - {line}\n"
    rules = read_assessment(written(tmp_path, text))
    assert rules.period.closes_on == 5
    assert rules.exempt[0].from_ == date(2026, 11, 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ranking: {linked: 0, fresh: 0, quality: 0, response: 0, used: 0}\n", "E330"),
        (
            "dimensions: {normativity: 0, completeness: 0, accuracy: 0, consistency: 0, timeliness: 0,"
            " accessibility: 0}\n",
            "E330",
        ),
        ("grades: {a: 85}\n", "E331"),
        ("lights: {red: 80}\n", "E331"),
        (f"exempt: [{{entry: {ENTRY_ID}, from: 2026-11-03, until: 2026-11-02, why: 停机, approval: 甲}}]\n", "E332"),
        (
            "exempt: [{entry: civil_affairs.none, from: 2026-11-02, until: 2026-11-03, why: 停机, approval: 甲}]\n",
            "E333",
        ),
        ("period: {closes_on: 31}\n", "E138"),
        ("raking: {}\n", "E115"),
    ],
)
def test_mistakes(tmp_path, text, code):
    project = written(tmp_path, text)
    found = read_catalog(project).problems
    assert [(problem.code, problem.location.file) for problem in found] == [(code, "include/assessment.yaml")]
    assert found[0].location.line
    if code == "E333":
        assert read_assessment(project).exempt, "the catalog is not looked at by a task"
    else:
        with pytest.raises(CatalogError):
            read_assessment(project)


def test_a_broken_file_leaves_the_gate_with_the_defaults(tmp_path):
    assert gather_assessment(written(tmp_path, "dimensions: heavy\n"))[0] == Assessment()
