"""``shuyuan down``: stop the local Airflow with everything that it started."""

from __future__ import annotations

import typer

from shuyuan.language import say
from shuyuan.project import Project


def down(context: typer.Context) -> None:
    """停止本机的 Airflow；没有在运行也不算错。"""
    from shuyuan.orchestration.local import LocalAirflow

    project: Project = context.obj
    airflow = LocalAirflow.running(project)
    if airflow is None:
        typer.echo(say("airflow.not_running"))
        return
    airflow.stop()
    typer.echo(say("airflow.down"))
