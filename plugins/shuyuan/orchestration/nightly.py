"""The DAG ``operations.nightly``: freshness and comparisons, then the report; what is due for deletion, and old run
directories.

The report is written whatever became of the work before it: a trouble there must not hide the rest from people.
So that the run turns red all the same, 完成 hangs on every task, as in an entry's DAG.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseOperator, CronTriggerTimetable, TriggerRule

from shuyuan.language import say
from shuyuan.orchestration.boundary import coded
from shuyuan.orchestration.identity import NIGHTLY_DAG
from shuyuan.orchestration.project_folder import project_of
from shuyuan.orchestration.reconciling import ReconcileOperator
from shuyuan.project import Project


class UpkeepOperator(BaseOperator):
    """One piece of upkeep, by name; its result (a number or a path) is its XCom."""

    template_fields: Sequence[str] = ()

    def __init__(self, *, work: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work

    def execute(self, context: Any) -> Any:
        """Do it for the project of the DAG file, as of now."""
        from shuyuan.orchestration import upkeep

        pieces: dict[str, Callable[[Project, datetime], Any]] = {
            "deletion": upkeep.delete_due,
            "freshness": upkeep.sweep_freshness,
            "month": upkeep.write_month,
            "notices": upkeep.send_notices,
            "report": upkeep.write_report,
            "retention": upkeep.clear_runs,
        }
        with coded():
            made = pieces[self.work](project_of(Path(self.dag.fileloc)), datetime.now(UTC))
        return str(made) if isinstance(made, Path) else made


def build_nightly_dag() -> DAG:
    """The nightly DAG. It runs before the departments' first deliveries."""
    dag = DAG(
        NIGHTLY_DAG,
        dag_display_name=say("dag.operations"),
        schedule=CronTriggerTimetable("30 5 * * *", timezone="Asia/Shanghai"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={say("dag.operations")},
    )
    shared: dict[str, Any] = {"dag": dag, "retries": 2, "retry_delay": timedelta(minutes=5)}
    freshness, deletion, retention = (
        UpkeepOperator(task_id=work, task_display_name=say(f"task.{work}"), work=work, **shared)
        for work in ("freshness", "deletion", "retention")
    )
    reconcile = ReconcileOperator(task_id="reconcile", task_display_name=say("task.reconcile"), **shared)
    report = UpkeepOperator(
        task_id="report",
        task_display_name=say("task.report"),
        work="report",
        trigger_rule=TriggerRule.ALL_DONE,
        **shared,
    )
    done = EmptyOperator(
        task_id="done", task_display_name=say("task.done"), trigger_rule=TriggerRule.NONE_FAILED, dag=dag
    )
    [freshness, reconcile] >> report
    [freshness, reconcile, report, deletion, retention] >> done
    return dag
