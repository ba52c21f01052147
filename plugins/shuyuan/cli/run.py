"""``shuyuan run``: one entry now, here, without Airflow, telling each stage in a line."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from shuyuan.language import say
from shuyuan.problems import ShuyuanError
from shuyuan.project import Project


def run(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="目录项 id，如 civil_affairs.marriages")],
    day: Annotated[str | None, typer.Option("--date", help="数据日期 YYYY-MM-DD；默认按更新周期取本期")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只取数和校验，不入库、不记账")] = False,
) -> None:
    """立即运行一个目录项：取数 → 读取 → 校验 → 入库。"""
    from shuyuan import workdays
    from shuyuan.catalog import load_resource
    from shuyuan.cli.stage_lines import stage_lines
    from shuyuan.pipeline import Job, utc_now
    from shuyuan.pipeline import run as run_stages
    from shuyuan.sources.connections import connection_from_environment

    project: Project = context.obj
    resource = load_resource(project, entry)
    started = utc_now()
    if day:
        try:
            data_date = date.fromisoformat(day)
        except ValueError:
            raise typer.BadParameter(say("run.bad_date", value=day)) from None
    else:
        data_date = workdays.data_date_for(resource.entry.update, workdays.local_day(started))
    run_id = f"{entry}__cli__{started:%Y%m%dT%H%M%S.%f}"
    job = Job.open(project, resource, data_date, run_id, connection_from_environment, started_at=started)
    code = ""
    typer.echo(say("run.title", id=resource.entry.id, title=resource.entry.title, data_date=data_date))
    for step in run_stages(job, dry_run=dry_run):
        code = step.made.problem.code if isinstance(step.made, ShuyuanError) else code
        for line in stage_lines(resource, step):
            typer.echo(line)
    typer.echo(say("run.next_failed" if code else "run.next", id=resource.entry.id, code=code))
    raise typer.Exit(1 if code else 0)
