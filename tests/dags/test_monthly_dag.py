"""``operations.monthly``: when it runs, and that it freezes the month that is over."""

from datetime import UTC, datetime

import pytest

from assessed_county import make_assessed_county
from shuyuan.entry.assessment import AssessmentPeriod
from shuyuan.indicators.months import is_frozen
from shuyuan.orchestration.monthly import build_monthly_dag, cron_of
from shuyuan.orchestration.upkeep import write_month
from shuyuan.reporting.writing import last_month
from shuyuan.warehouses import open_warehouse


@pytest.mark.parametrize(
    ("rules", "cron"),
    [
        ({}, "0 8 28 * *"),
        ({"closes_on": 5, "report_at": "17:45"}, "45 17 6 * *"),
        ({"closes_on": 28}, "0 8 1,29 * *"),
    ],
)
def test_it_runs_the_day_after_a_period_closes(rules, cron):
    assert cron_of(AssessmentPeriod.model_validate(rules)) == cron


def test_the_schedule_is_the_projects_and_survives_a_broken_file(tmp_path, monkeypatch):
    project = make_assessed_county(tmp_path, monkeypatch)
    monkeypatch.setenv("SHUYUAN_PROJECT", str(project.root))
    project.assessment.write_text('kind: Assessment\nperiod:\n  report_at: "09:30"\n', encoding="utf-8")
    assert build_monthly_dag(__file__).schedule.expression == "30 9 28 * *"
    project.assessment.write_text("kind: Assessment\nperiod: soon\n", encoding="utf-8")
    assert build_monthly_dag(__file__).schedule.expression == "0 8 28 * *"


def test_it_reports_and_freezes_the_month_that_is_over(tmp_path, monkeypatch):
    project = make_assessed_county(tmp_path, monkeypatch)
    at_eight = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
    assert last_month(project, datetime(2026, 11, 27, 23, 59, tzinfo=UTC)) == "2026-10"
    assert write_month(project, at_eight) == project.reports / "2026-11" / "index.html"
    with open_warehouse(project).session() as session:
        assert is_frozen(session, "2026-11")
        assert not is_frozen(session, "2026-10")
