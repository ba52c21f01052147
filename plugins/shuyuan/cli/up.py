"""``shuyuan up``: a local Airflow for the project's catalog, left running; ``shuyuan down`` stops it."""

from __future__ import annotations

import typer

from shuyuan.language import say
from shuyuan.project import Project


def up(context: typer.Context) -> None:
    """在本机启动 Airflow（调度、解析、网页、触发器），打印网址和登录名；连接取自环境变量 AIRFLOW_CONN_…。"""
    from shuyuan.orchestration.local import LocalAirflow
    from shuyuan.orchestration.local_settings import read_login

    project: Project = context.obj
    airflow, said = LocalAirflow.running(project), "airflow.already"
    if airflow is None:
        airflow, said = LocalAirflow(project), "airflow.up"
        told: set[str] = set()
        airflow.start(lambda what: _tell_once(told, what))
    login = read_login(project)
    typer.echo(say(said, url=airflow.url, user=login.user, password=login.password))
    typer.echo(say("airflow.next", log=airflow.home / "logs"), err=True)


def _tell_once(told: set[str], what: str) -> None:
    if what not in told:
        told.add(what)
        typer.echo(say("airflow.starting", what=what), err=True)
