"""``shuyuan rollback``: consumers see the former publication of an entry again."""

from __future__ import annotations

from typing import Annotated

import typer

from shuyuan.language import say
from shuyuan.project import Project


def rollback(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="目录项 id，如 civil_affairs.marriages")],
    why: Annotated[str, typer.Option("--why", help="为什么退回，记入台账；不要写个人信息", metavar="TEXT")],
) -> None:
    """把一个目录项的共享表退回到上一次发布，并记入台账；只有全量替换（replace）的表保留上一版。"""
    from shuyuan.catalog import load_resource
    from shuyuan.pipeline.rolling_back import roll_back

    project: Project = context.obj
    if not why.strip():
        raise typer.BadParameter(say("rollback.no_reason"), param_hint="--why")
    resource = load_resource(project, entry)
    now = roll_back(project, resource, " ".join(why.split())[:500])
    facts = {"id": entry, "title": resource.entry.title, "data_date": now.data_date, "rows": f"{now.rows:,}"}
    typer.echo(say("rollback.done", **facts, load_no=now.load_no))
    typer.echo(say("rollback.next"))
