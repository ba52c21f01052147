"""``shuyuan report``: the offline report pages, from the catalog and the ledger as they are now."""

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
    out: Annotated[Path | None, typer.Option("--out", help="报告文件夹；默认 var/report")] = None,
) -> None:
    """生成离线报告：总览、每个目录项一页、说明。不访问网络，用浏览器直接打开。"""
    from shuyuan.catalog import read_catalog
    from shuyuan.indicators import read_facts
    from shuyuan.reporting import build_site
    from shuyuan.warehouses import open_warehouse

    project: Project = context.obj
    began = time.monotonic()
    folder = (out or project.var / "report").resolve()
    resources = [one for one in read_catalog(project).resources if one.entry.status not in ("draft", "retired")]
    with open_warehouse(project).session() as session:
        facts = read_facts(session, datetime.now(UTC))
    pages = build_site(resources, facts, folder)
    seconds = f"{time.monotonic() - began:.1f}"
    typer.echo(say("report_made.done", path=folder / "index.html", pages=pages, seconds=seconds))
    typer.echo(say("report_made.next"), err=True)
