"""``shuyuan demo-data``: what the demonstration's departments hand over, written into a folder."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from shuyuan.language import say


def demo_data(
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹：每个部门一个子目录")],
    rows: Annotated[
        int | None, typer.Option("--rows", help="每个生成的目录项多少行；默认各有各的行数", min=200, max=1_000_000)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="种子：同样的种子写出同样的字节", min=0)] = 1,
    day: Annotated[
        datetime | None, typer.Option("--date", help="数据日期；默认今天（北京时间）", formats=["%Y-%m-%d"])
    ] = None,
    entry: Annotated[list[str] | None, typer.Option("--entry", help="只写这个目录项；可以重复")] = None,
    corrected: Annotated[bool, typer.Option("--corrected", help="各部门已按数据源改正副本；差错照旧")] = False,
    planted: Annotated[bool, typer.Option("--planted", help="列出每条规则应退回的行数")] = False,
) -> None:
    """生成演示数据：真实的行政区划，和九个埋有已知差错与不一致的目录项。"""
    from shuyuan.demonstration import ENTRIES, deliver
    from shuyuan.workdays import LOCAL

    unknown = [name for name in entry or () if name not in ENTRIES]
    if unknown:
        raise typer.BadParameter(say("demonstration.unknown", entry=unknown[0], known=", ".join(ENTRIES)))
    data_date: date = day.date() if day else datetime.now(LOCAL).date()
    if data_date.year < 2020:
        raise typer.BadParameter(say("demonstration.too_early"))
    began, written = time.monotonic(), 0
    for name in entry or ENTRIES:
        (handover,) = deliver(out, data_date, rows, seed, [name], corrected)
        totals = handover.totals
        written += totals.delivered
        facts = {"entry": name, "delivered": f"{totals.delivered:,}", "rejected": f"{totals.rejected:,}"}
        typer.echo(say("demonstration.written", path=handover.data, **facts))
        for rule, count in handover.rejections.items() if planted else ():
            typer.echo(say("demonstration.planted", rule=rule, count=f"{count:,}"))
    seconds = f"{time.monotonic() - began:.1f}"
    count = len(entry or ENTRIES)
    typer.echo(say("demonstration.done", entries=count, rows=f"{written:,}", data_date=data_date, seconds=seconds))
