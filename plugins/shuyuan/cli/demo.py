"""``shuyuan demo``: the demonstration, watched: one line an entry while it runs, then the result."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from shuyuan.cli.columns import fit_columns
from shuyuan.cli.comparing import print_comparing
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.demo_checks import print_checks
from shuyuan.demonstration.demo import DONE, FINAL, UNCHANGED, Line, Result
from shuyuan.language import say
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.reporting.writing import Written

_COLOURS = {"done": "green", "unchanged": "green", "blocked": "red", "failed": "bold red", "waiting": "dim"}
_DASH = "–"


def demo(
    context: typer.Context,
    day: Annotated[
        datetime | None, typer.Option("--date", help="数据日期；默认今天（北京时间）", formats=["%Y-%m-%d"])
    ] = None,
    rows: Annotated[
        int | None, typer.Option("--rows", help="每个生成的目录项多少行；默认各有各的行数", min=200, max=1_000_000)
    ] = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="各部门改正与数据源不一致之处后重新送数：疑义自行关闭")
    ] = False,
    warehouse: Annotated[
        Literal["duckdb", "mysql", "postgresql"] | None,
        typer.Option("--warehouse", help="共享库；mysql、postgresql 由本命令用已安装的 Debian 软件包启动，结束时停止"),
    ] = None,
) -> None:
    """完整演示：部门送数 → 前置机 → Airflow 取数、校验、入库、比对 → 报告；差错和差异逐条与预埋的核对。"""
    from shuyuan.demonstration.demo import run_demo
    from shuyuan.demonstration.departments import published_entries
    from shuyuan.demonstration.warehouse_servers import demonstration_warehouse
    from shuyuan.orchestration.local import CATALOG_ONLY
    from shuyuan.orchestration.local_runs import RunningAirflow
    from shuyuan.reporting.writing import write
    from shuyuan.workdays import LOCAL

    project: Project = context.obj
    data_date: date = day.date() if day else datetime.now(LOCAL).date()
    if data_date.year < 2020:
        raise typer.BadParameter(say("demo.too_early"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an ended demonstration cleans up like an interrupted one
    written: list[Written] = []

    def write_report() -> Path:
        written.append(write(project, datetime.now(UTC), pdf=False))
        return written[0].first_page

    titles = {resource.entry.id: resource.entry.title for resource in published_entries(project)}
    with demonstration_warehouse(project, warehouse), open_screen(conversation(), titles) as screen:
        result = run_demo(
            project,
            data_date,
            lambda connections: RunningAirflow(project, CATALOG_ONLY, connections),
            write_report,
            screen,
            rows,
            corrected,
        )
    print_result(answer(), result, project.var / "airflow" / "logs")
    print_report(answer(), written[0])
    raise typer.Exit(0 if result.good else 1)


def print_result(console: Console, result: Result, logs: Path) -> None:
    """Print the table, the verdict and where the report is."""
    numbers = ("delivered", "published", "rejected", "score")
    rows = [{name: say(f"demo.{name}") for name in ("entry", "state", *numbers, "freshness", "planted")}]
    header, *told = fit_columns([*rows, *map(_cells, result.lines)], console.width, (("entry", 12),), numbers)
    console.print(Text(header, "bold"), soft_wrap=True)
    for line, text in zip(result.lines, told, strict=True):
        fine = line.expected and line.state in (DONE, UNCHANGED)
        console.print(Text(text, "" if fine else "bold red"), soft_wrap=True)
    for line in result.lines:
        if line.problem:
            console.print(Text(f"{line.title}: {line.problem}", "red"), soft_wrap=True)
    print_comparing(console, result.comparing)
    print_checks(console, result.cases)
    seconds = f"{result.seconds:.0f}"
    if result.good:
        console.print(say("demo.same" if result.same else "demo.good", seconds=seconds))
    else:
        wrong = sum(not (line.expected and line.state in (DONE, UNCHANGED)) for line in result.lines)
        copies = sum(not line.exact for line in result.comparing.copies)
        facts = {"count": wrong, "copies": copies, "cases": sum(not case.exact for case in result.cases)}
        console.print(Text(say("demo.bad", seconds=seconds, **facts), "bold red"))
        console.print(say("demo.log_at", path=logs), soft_wrap=True)
    if result.past:
        console.print(say("demo.past", count=result.past), soft_wrap=True)


def print_report(console: Console, written: Written) -> None:
    """Print how the month goes, whom to call, and where the first page and the bulletin are."""
    console.print()
    for line in written.said:
        console.print(line, soft_wrap=True)
    console.print()
    console.print(say("demo.report_at", path=written.first_page), soft_wrap=True)
    for paper in written.documents:
        if paper.suffix in (".docx", ".xlsx") and paper.parent == written.documents[0].parent:
            console.print(say(f"demo.bulletin_{paper.suffix[1:]}", path=paper), soft_wrap=True)
    console.print(say("demo.no_pdf"), soft_wrap=True)


def _cells(line: Line) -> dict[str, str]:
    counts = {name: getattr(line, name) for name in ("delivered", "published", "rejected")}
    return {
        "entry": line.title,
        "state": say(f"demo.is.{line.state}"),
        **{name: _DASH if count is None else f"{count:,}" for name, count in counts.items()},
        "score": f"{line.score:.2f}" if line.score is not None else _DASH,
        "freshness": say(f"report.arrival.{line.freshness}" if line.freshness else "demo.first_period"),
        "planted": say("demo.yes" if line.expected else "demo.no"),
    }


class Screen(Protocol):
    """Shows the demonstration while it runs; a ``demonstration.demo.Audience`` that is opened and closed."""

    def __enter__(self) -> Screen: ...
    def __exit__(self, *_: object) -> None: ...
    def phase(self, key: str, detail: str = "") -> None: ...  # noqa: D102
    def entries(self, states: Mapping[str, str]) -> None: ...  # noqa: D102


def open_screen(console: Console, titles: Mapping[str, str]) -> Screen:
    """A live table on a terminal, plain lines elsewhere."""
    return LiveScreen(console, titles) if console.is_terminal and sys.stdin.isatty() else PlainScreen(console, titles)


class PlainScreen:
    """One line for each change, with the seconds since the start."""

    def __init__(self, console: Console, titles: Mapping[str, str]) -> None:
        self.console, self.titles = console, titles
        self.began = time.monotonic()
        self.shown: dict[str, str] = {}

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def phase(self, key: str, detail: str = "") -> None:
        """Say that a phase began; what it waits for is not told."""
        if self.shown.get("") != key:
            self.shown[""] = key
            self._say(say(f"demo.{key}"))

    def entries(self, states: Mapping[str, str]) -> None:
        """Say what changed."""
        for entry_id, state in states.items():
            if self.shown.get(entry_id) != state:
                self.shown[entry_id] = state
                self._say(f"{self.titles[entry_id]}  {say(f'demo.is.{state}')}")

    def _say(self, text: str) -> None:
        self.console.print(f"{time.monotonic() - self.began:6.1f}  {text}", soft_wrap=True)


class LiveScreen:
    """One line an entry that changes in place; the phase and the seconds below."""

    def __init__(self, console: Console, titles: Mapping[str, str]) -> None:
        self.titles = titles
        self.states = dict.fromkeys(titles, "waiting")
        self.now = ""
        self.began = time.monotonic()
        self.live = Live(get_renderable=self._draw, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Screen:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def phase(self, key: str, detail: str = "") -> None:
        """Show the phase and what it waits for."""
        self.now = say(f"demo.{key}") + (f"  {detail}" if detail else "")

    def entries(self, states: Mapping[str, str]) -> None:
        """Show the states."""
        self.states.update(states)

    def _draw(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for entry_id, state in self.states.items():
            mark = "●" if state in FINAL else "○" if state == "waiting" else "◐"
            colour = _COLOURS.get(state, "cyan")
            table.add_row(Text(mark, colour), self.titles[entry_id], Text(say(f"demo.is.{state}"), colour))
        table.add_row("", Text(self.now, "bold"), f"{time.monotonic() - self.began:.0f} s")
        return table
