"""The DAG ``operations.reconcile``: after any publication, every copy that it concerns is compared with its source.

One DAG for the whole catalog, scheduled on the one asset that all publications update: it costs the same to
parse whatever the catalog's size. Airflow makes one run out of all events that come before a run starts or
while one goes on; together with the short pause below, a morning of hundreds of publications makes few runs.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from shuyuan.language import say
from shuyuan.orchestration.boundary import coded
from shuyuan.orchestration.identity import RECONCILE_DAG, ledger_run_id
from shuyuan.orchestration.project_folder import project_of
from shuyuan.orchestration.tasks import publications_asset

PAUSE_SECONDS = 60
RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
}


class ReconcileOperator(BaseOperator):
    """比对: compare what is not compared yet. Its result (XCom) is counts: keys and values stay in the warehouse."""

    template_fields: Sequence[str] = ()

    def execute(self, context: Any) -> dict[str, int]:
        """Compare, unless a later run will: that one sees all that this one would see, and more."""
        run = context["dag_run"]
        if run.run_type == "asset_triggered":
            wait_for_company(run.run_after, datetime.now(UTC))
        if context["ti"].get_dr_count(self.dag_id, states=["queued"]):
            raise AirflowSkipException(say("reconcile.left_to_the_next"))
        with coded():
            from shuyuan import one_source

            project = project_of(Path(self.dag.fileloc))
            made = one_source.reconcile(project, datetime.now(UTC), ledger_run_id(self.dag_id, run.run_id))
        states = Counter(line.state for line in made.comparisons)
        return {
            "lines": len(made.comparisons),
            "not_compared": states["not_compared"],
            "compared": made.compared,
            "unchanged": made.unchanged,
            "opened": made.opened,
            "closed": made.closed,
        }


def wait_for_company(first_event: datetime, now: datetime) -> None:
    """Give the publications that come right after the first one time to come (aware instants).

    The run is looked at again once the first publication that it stands for is ``SHUYUAN_RECONCILE_PAUSE``
    seconds old (60 when unset); meanwhile it holds no worker.
    """
    pause = timedelta(seconds=float(os.environ.get("SHUYUAN_RECONCILE_PAUSE", PAUSE_SECONDS)))
    if now < first_event + pause:
        raise AirflowRescheduleException(first_event + pause)


def build_reconcile_dag() -> DAG:
    """The reconciling DAG. Reads no file of the catalog."""
    dag = DAG(
        RECONCILE_DAG,
        dag_display_name=say("dag.reconcile"),
        description=say("dag.reconcile_about"),
        doc_md=say("dag.reconcile_doc"),
        schedule=[publications_asset()],
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={say("dag.operations")},
    )
    ReconcileOperator(task_id="reconcile", task_display_name=say("task.reconcile"), dag=dag, **RETRIES)
    return dag
