"""The score's formulas, and that nothing measured is no score."""

import pytest

from shuyuan.scoring import DIMENSIONS, GRADES, WEIGHTS, Measured, dimension_of, grade, score_dimensions, score_total


def test_a_rule_scores_its_share_of_good_elements():
    assert score_dimensions([Measured("0201", 200, 3)]) == {"completeness": 98.5}


def test_a_dimension_is_the_mean_of_its_rules_by_weight():
    rules = [Measured("0301", 10, 0), Measured("0302", 1000, 500)]
    assert score_dimensions(rules) == {"accuracy": 75.0}
    assert score_dimensions([rules[0], Measured("0302", 1000, 500, weight=3)]) == {"accuracy": 62.5}


def test_the_total_is_the_mean_of_the_dimensions_that_have_rules():
    dimensions = score_dimensions([Measured("0101", 4, 1), Measured("0201", 4, 4), Measured("0503", 4, 0)])
    assert dimensions == {"normativity": 75.0, "completeness": 0.0, "timeliness": 100.0}
    assert score_total(dimensions) == pytest.approx(175 / 3)


def test_dimensions_come_in_the_order_of_the_standard():
    measured = [Measured(f"{code}01", 1, 0) for code in reversed(DIMENSIONS)]
    assert list(score_dimensions(measured)) == list(DIMENSIONS.values())


def test_nothing_evaluated_is_no_score():
    assert score_dimensions([Measured("0201", 0, 0)]) == {}
    assert score_total({}) is None
    assert grade(None) is None


@pytest.mark.parametrize("item", [Measured("0201", 1, 2), Measured("0201", 1, -1), Measured("0201", 1, 0, weight=0)])
def test_impossible_counts_are_refused(item):
    with pytest.raises(ValueError, match="impossible"):
        score_dimensions([item])


def test_an_unknown_dimension_is_refused():
    with pytest.raises(KeyError):
        dimension_of("0701")


@pytest.mark.parametrize(
    ("score", "letter"), [(100, "A"), (95, "A"), (94.999, "B"), (85, "B"), (75, "C"), (60, "D"), (59.99, "E"), (0, "E")]
)
def test_five_grades(score, letter):
    assert grade(score) == letter


def test_the_constants_fit_each_other():
    assert set(WEIGHTS) == set(DIMENSIONS.values())
    assert [lowest for lowest, _ in GRADES] == sorted((lowest for lowest, _ in GRADES), reverse=True)
