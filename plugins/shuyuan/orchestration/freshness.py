"""The DAG ``operations.freshness``: every quarter of an hour, settle the due dates that passed without a delivery.

The works run one after the other; a new one is its name in ``WORKS``, its function in ``nightly.UpkeepOperator`` and
the word ``task.<name>``. A work that fails does not hold up the next, and 完成 hangs on all of them, so that the run
turns red all the same.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, TriggerRule, chain

from shuyuan.language import say
from shuyuan.orchestration.identity import FRESHNESS_DAG
from shuyuan.orchestration.nightly import UpkeepOperator

WORKS = ("freshness", "notices")


def build_freshness_dag() -> DAG:
    """The freshness DAG. Reads no file of the catalog."""
    dag = DAG(
        FRESHNESS_DAG,
        dag_display_name=say("dag.freshness"),
        description=say("dag.freshness_about"),
        schedule=CronTriggerTimetable("*/15 * * * *", timezone="Asia/Shanghai"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={say("dag.operations")},
    )
    tasks = [
        UpkeepOperator(
            task_id=work,
            task_display_name=say(f"task.{work}"),
            work=work,
            trigger_rule=TriggerRule.ALL_DONE,
            retries=1,
            retry_delay=timedelta(minutes=1),
            dag=dag,
        )
        for work in WORKS
    ]
    done = EmptyOperator(
        task_id="done", task_display_name=say("task.done"), trigger_rule=TriggerRule.NONE_FAILED, dag=dag
    )
    chain(*tasks)
    tasks >> done
    return dag
