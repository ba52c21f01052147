"""One resolved entry → one DAG. A pure function: the same entry gives the same serialized DAG.

The last task, 完成, does nothing and costs nothing (the scheduler settles it itself), but it makes the run's
colour right. Airflow takes a run's state from its leaves. The record must run after a failure and its own
failure must show, so it is a teardown with ``on_failure_fail_dagrun``; that makes it a leaf *and* keeps
入库 from being one, so alone it would turn a failed run green. 完成 hangs on 入库 beside it and carries
its failure to the run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, TriggerRule

from shuyuan.catalog import Resource
from shuyuan.entry import Entry
from shuyuan.language import say
from shuyuan.orchestration.card import write_card
from shuyuan.orchestration.identity import dag_id, pool_of
from shuyuan.orchestration.schedule import Timing
from shuyuan.orchestration.tasks import (
    CheckOperator,
    FetchOperator,
    LoadOperator,
    RecordOperator,
    entry_asset,
    publications_asset,
)
from shuyuan.orchestration.timetable import DeliveryTimetable
from shuyuan.workdays import Calendar

SHOWN = ("confirmed", "published", "suspended")
RETRIES = {"retries": 3, "retry_exponential_backoff": 2.0, "max_retry_delay": timedelta(minutes=15)}


def build_dag(resource: Resource, calendar: Calendar) -> DAG | None:
    """Return the entry's DAG, or ``None`` for a draft or retired entry.

    Published entries run by their update cycle, confirmed ones by hand; suspended ones stay visible with
    their history but refuse to run.
    """
    entry = resource.entry
    if entry.status not in SHOWN:
        return None
    published = entry.status == "published"
    dag = DAG(
        dag_id(entry.id),
        dag_display_name=entry.title,
        description=entry.summary,
        doc_md=write_card(resource),
        schedule=DeliveryTimetable(entry.id, Timing.of(entry.update), calendar) if published else None,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=entry.status == "suspended",
        tags={resource.department.title, entry.level, say(f"tag.{entry.status}")},
        params={"data_date": data_date_param()},
        render_template_as_native_obj=False,
    )
    _add_tasks(dag, resource)
    return dag


def data_date_param() -> Param:
    """The one thing that a person may say to a run: which data date."""
    return Param(
        None,
        type=["null", "string"],
        format="date",
        pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        title=say("dag.data_date"),
        description=say("dag.data_date_about"),
    )


def _add_tasks(dag: DAG, resource: Resource) -> None:
    entry = resource.entry
    owner = resource.department.title
    shared: dict[str, Any] = {"entry_id": entry.id, "spec_digest": resource.digest, "owner": owner, "dag": dag}
    shared |= RETRIES
    pool = pool_of(entry.source.connection)
    fetch = FetchOperator(task_id="fetch", task_display_name=say("task.fetch"), pool=pool, **shared)
    check = CheckOperator(task_id="check", task_display_name=say("task.check"), **shared)
    load = LoadOperator(task_id="load", task_display_name=say("task.load"), outlets=_outlets(entry), **shared)
    done = EmptyOperator(
        task_id="done",
        task_display_name=say("task.done"),
        trigger_rule=TriggerRule.NONE_FAILED,
        owner=owner,
        dag=dag,
    )
    record = RecordOperator(task_id="record", task_display_name=say("task.record"), **shared)
    fetch >> check >> load >> [done, record]
    record.as_teardown(on_failure_fail_dagrun=True)


def _outlets(entry: Entry) -> list[Any]:
    return [entry_asset(entry.id), publications_asset()]
