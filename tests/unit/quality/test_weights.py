"""The score at the gate counts the dimensions as ``include/assessment.yaml`` says, and does without a broken file."""

import pytest

WEIGHTS = (
    "kind: Assessment\ndimensions: {normativity: 1, completeness: 3, accuracy: 0, timeliness: 0, consistency: 0}\n"
)


def assess_by(folder, text):
    (folder / "project" / "include").mkdir(parents=True, exist_ok=True)
    (folder / "project" / "include" / "assessment.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def rows(good):
    return [*good, {"person_name": "王五"}]


def test_the_projects_weights_count(judge, rows, tmp_path):
    even = judge(rows)
    assert even.scores["completeness"] < 100
    assert even.score == pytest.approx(sum(even.scores.values()) / len(even.scores))
    assess_by(tmp_path, WEIGHTS)
    weighted = judge(rows)
    assert weighted.scores == even.scores
    assert weighted.score == pytest.approx((even.scores["normativity"] + 3 * even.scores["completeness"]) / 4)


def test_dimensions_that_count_nothing_give_no_score(judge, rows, tmp_path):
    assess_by(tmp_path, WEIGHTS.replace("normativity: 1, completeness: 3", "normativity: 0, completeness: 0"))
    assert judge(rows).score is None


def test_a_broken_file_does_not_stop_a_delivery(judge, rows, tmp_path):
    even = judge(rows)
    assess_by(tmp_path, "dimensions: heavy\n")
    assert judge(rows).score == even.score
