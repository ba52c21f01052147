"""One check (核查) → one triggered DAG, ``check.<id>``. A run is given the number of a request, and nothing else.

核查 answers; only where it fails does 记录 run, for a task that was killed cannot say so itself. 完成 carries a failure
to the run's colour and costs no process. Airflow keeps counts by conclusion and no value of a request or an answer.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseOperator, Param, TriggerRule, get_parsing_context
from airflow.sdk.exceptions import AirflowFailException

from shuyuan.catalog.checks import read_checks
from shuyuan.entry import Check
from shuyuan.language import say
from shuyuan.orchestration.boundary import coded
from shuyuan.orchestration.identity import check_dag_id, check_of_dag, run_key
from shuyuan.orchestration.project_folder import project_of
from shuyuan.problems import PlatformError
from shuyuan.project import Project

REQUEST_ID = "^[a-z2-7]{26}$"
LENGTH = 26
log = logging.getLogger(__name__)


class CheckTask(BaseOperator):
    """A task about one request. ``check_id`` is the DAG's own: a request of another check is none of its."""

    template_fields: Sequence[str] = ()

    def __init__(self, *, check_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check_id = check_id

    def project(self) -> Project:
        """The project of the DAG file."""
        return project_of(Path(self.dag.fileloc))


class AnswerOperator(CheckTask):
    """核查: answer the request. Its result (XCom) is the number of cases, and of each conclusion."""

    def execute(self, context: Any) -> dict[str, int]:
        """Answer, or find the answer that there is."""
        request_id = request_of(context)
        with coded():
            from shuyuan.checks.running import run

            return run(self.project(), request_id, datetime.now(UTC), run_key(context["run_id"]), self.check_id)


class SettleOperator(CheckTask):
    """记录: a request whose run has failed without a word is not left as if it were still being answered."""

    def execute(self, context: Any) -> str:
        """Write it down, and return the request's state."""
        request_id = request_of(context)
        with coded():
            from shuyuan.checks.running import settle

            return settle(self.project(), request_id, datetime.now(UTC), run_key(context["run_id"]), self.check_id)


def request_of(context: Any) -> str:
    """The one thing that a run is given. Whatever else it was given is refused and not repeated: it may be a name."""
    conf = context["dag_run"].conf or {}
    if set(conf) != {"request_id"} or not isinstance(conf["request_id"], str):
        raise AirflowFailException(str(PlatformError("P434")))
    return str(conf["request_id"])


def build_check_dag(check_id: str, check: Check) -> DAG:
    """The DAG of a check: started by whoever registered a request, never by the clock."""
    dag = DAG(
        check_dag_id(check_id),
        dag_display_name=check.title,
        description=check.purpose,
        doc_md=say("request.dag.doc", check=check_id, title=check.title, basis=check.legal_basis, use=check.purpose),
        schedule=None,
        catchup=False,
        is_paused_upon_creation=False,
        tags={say("request.dag.tag")},
        params={"request_id": request_param()},
        render_template_as_native_obj=False,
    )
    shared: dict[str, Any] = {"check_id": check_id, "dag": dag}
    answer = AnswerOperator(
        task_id="answer",
        task_display_name=say("request.dag.answer"),
        retries=2,
        retry_delay=timedelta(seconds=20),
        **shared,
    )
    settle = SettleOperator(
        task_id="settle",
        task_display_name=say("request.dag.settle"),
        trigger_rule=TriggerRule.ONE_FAILED,
        retries=2,
        retry_delay=timedelta(seconds=20),
        **shared,
    )
    done = EmptyOperator(
        task_id="done", task_display_name=say("task.done"), trigger_rule=TriggerRule.NONE_FAILED, dag=dag
    )
    answer >> [settle, done]
    return dag


def request_param() -> Param:
    """The number of a registered request, required."""
    return Param(
        type="string",
        minLength=LENGTH,
        maxLength=LENGTH,
        pattern=REQUEST_ID,
        title=say("request.dag.number"),
        description=say("request.dag.number_about"),
    )


def register_check_dags(dag_file: str, namespace: MutableMapping[str, Any]) -> None:
    """Put the DAG of every usable check into a DAG file's namespace; a broken check hides only itself.

    Where Airflow asks for one DAG, no other is built.
    """
    wanted = get_parsing_context().dag_id
    for check_id, check in read_checks(project_of(Path(dag_file))).items():
        if wanted is not None and check_of_dag(wanted) != check_id:
            continue
        try:
            dag = build_check_dag(check_id, check)
        except Exception as error:
            log.error("no DAG for the check %s: %s", check_id, type(error).__name__)
            continue
        namespace[dag.dag_id] = dag
