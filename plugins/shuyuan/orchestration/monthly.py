"""The DAG ``operations.monthly``: when a month is over, freeze it and write its report.

The day and the hour are those of ``include/assessment.yaml`` (by default the 28th at 08:00). A file that is written
wrongly leaves the default schedule, so that the other DAGs of the same file do not vanish with it; the run then says
what is wrong.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, CronTriggerTimetable

from shuyuan.catalog.assessments import gather_assessment
from shuyuan.entry.assessment import AssessmentPeriod
from shuyuan.language import say
from shuyuan.orchestration.identity import MONTHLY_DAG
from shuyuan.orchestration.nightly import UpkeepOperator
from shuyuan.orchestration.project_folder import project_of


def build_monthly_dag(dag_file: str) -> DAG:
    """The monthly DAG of the project that ``dag_file`` belongs to."""
    rules = gather_assessment(project_of(Path(dag_file)))[0].period
    dag = DAG(
        MONTHLY_DAG,
        dag_display_name=say("dag.monthly"),
        description=say("dag.monthly_about"),
        schedule=CronTriggerTimetable(cron_of(rules), timezone="Asia/Shanghai"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={say("dag.operations")},
    )
    UpkeepOperator(
        task_id="month",
        task_display_name=say("task.month"),
        work="month",
        retries=3,
        retry_delay=timedelta(minutes=10),
        dag=dag,
    )
    return dag


def cron_of(rules: AssessmentPeriod) -> str:
    """When a month is reported: the day after it closes. After the 28th that is the 29th, or the 1st of March."""
    hour, minute = (int(part) for part in rules.report_at.split(":"))
    day = str(rules.closes_on + 1) if rules.closes_on < 28 else "1,29"
    return f"{minute} {hour} {day} * *"
