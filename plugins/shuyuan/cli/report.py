"""``shuyuan report``: the offline report of the running period or of one month, with its documents."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shuyuan.language import say
from shuyuan.project import Project


def report(
    context: typer.Context,
    month: Annotated[str | None, typer.Option("--month", help="哪个月的报告，如 2026-11；默认当前考核期")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="报告文件夹；默认在 var/report 下")] = None,
) -> None:
    """生成离线报告。过完的月份第一次出报告时定稿，以后再出都是同样的数字。"""
    from shuyuan.reporting.writing import write

    project: Project = context.obj
    began = time.monotonic()
    made = write(project, datetime.now(UTC), month, out)
    seconds = f"{time.monotonic() - began:.1f}"
    typer.echo(say("report_made.done", path=made.first_page, pages=made.pages, seconds=seconds))
    typer.echo(say("report_made.documents", count=len(made.documents), path=made.documents[0]))
    for remark in made.remarks:
        typer.echo(remark, err=True)
    if made.frozen:
        typer.echo(say("report_made.frozen", month=made.period.month), err=True)
    typer.echo(say("report_made.next"), err=True)
