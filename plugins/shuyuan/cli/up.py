"""``shuyuan up``: a local Airflow for the project's catalog, left running; ``shuyuan down`` stops it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shuyuan.language import say
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.orchestration.local_runs import RunningAirflow


def up(
    context: typer.Context,
    demo: Annotated[bool, typer.Option("--demo", help="连同演示用的前置机、部门数据库、今天的数据和报告")] = False,
) -> None:
    """在本机启动 Airflow（调度、解析、网页、触发器），打印网址和登录名；连接取自环境变量 AIRFLOW_CONN_…。"""
    from shuyuan.orchestration.local import LocalAirflow
    from shuyuan.orchestration.local_settings import read_login

    project: Project = context.obj
    airflow, said = LocalAirflow.running(project), "airflow.already"
    if airflow is None:
        said, told = "airflow.up", set[str]()
        demonstrated = _with_departments(project) if demo else None
        airflow = demonstrated or LocalAirflow(project)
        airflow.start(lambda what: _tell_once(told, what))
        if demonstrated:
            _demonstrate(project, demonstrated)
    login = read_login(project)
    typer.echo(say(said, url=airflow.url, user=login.user, password=login.password))
    typer.echo(say("airflow.next", log=airflow.home / "logs"), err=True)


def _with_departments(project: Project) -> RunningAirflow:
    from shuyuan.demonstration.deliveries import deliver
    from shuyuan.demonstration.departments import open_departments
    from shuyuan.orchestration.local_runs import RunningAirflow
    from shuyuan.workdays import LOCAL

    departments = open_departments(project)
    airflow = RunningAirflow(project, tuned=departments.settings)
    airflow.adopt("front-ends", departments.frontends.process.pid)
    deliver(departments.root, datetime.now(LOCAL).date())
    return airflow


def _demonstrate(project: Project, airflow: RunningAirflow) -> None:
    """Run today's deliveries and write the past before them, so that the report inside Airflow has a month to show."""
    from shuyuan.demonstration.departments import published_entries
    from shuyuan.demonstration.history import write_history
    from shuyuan.workdays import LOCAL

    today, resources = datetime.now(LOCAL).date(), published_entries(project)
    ids = [resource.entry.id for resource in resources]
    typer.echo(say("demo.runs"), err=True)
    run_ids = airflow.run_all(ids, {"data_date": str(today)}, lambda tasks: None)
    typer.echo(say("demo.reconcile"), err=True)
    airflow.settle()
    typer.echo(say("demo.report"), err=True)
    write_history(project, resources, run_ids, today, datetime.now(UTC))
    airflow.work_nightly()


def _tell_once(told: set[str], what: str) -> None:
    if what not in told:
        told.add(what)
        typer.echo(say("airflow.starting", what=what), err=True)
