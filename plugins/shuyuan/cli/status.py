"""``shuyuan status``: is the data there? One line an entry."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import takewhile
from typing import Annotated, Literal

import typer
from rich.cells import cell_len, set_cell_size

from shuyuan.language import say
from shuyuan.problems import Problem
from shuyuan.project import Project
from shuyuan.reporting import figures
from shuyuan.reporting.board import Board, BoardLine
from shuyuan.workdays import Calendar, local_day

SHAPES = {
    "normal": "■",
    "no_change": "□",
    "late": "▲",
    "missing": "✕",
    "blocked": "▬",
    "waiting": "○",
    "excluded": "–",
}
COLOURS = {
    "normal": "green",
    "no_change": "green",
    "late": "yellow",
    "missing": "red",
    "blocked": "red",
    "waiting": "blue",
}
COLUMNS = ("state", "department", "entry", "data_date", "published", "due", "rows", "rejected", "score")
NUMBERS = {"rows", "rejected", "score"}
SQUEEZE = (("entry", 24), ("department", 12), ("entry", 16), ("department", 8), ("entry", 8))
ROOMY = 100


def status(
    context: typer.Context,
    department: Annotated[str | None, typer.Option("--department", help="只看一个部门：名称或目录名")] = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="text 给人看 | json 给程序看")] = "text",
) -> None:
    """数据到了没有：每个目录项一行，正常、无变化、迟到、缺报、阻断、等待或不计。"""
    from shuyuan.catalog.promises import read_promises
    from shuyuan.indicators import read_board_facts
    from shuyuan.reporting.board import freshness_board
    from shuyuan.warehouses import open_warehouse

    project: Project = context.obj
    now = datetime.now(UTC)
    notices = Calendar.read(project.calendar).notices(local_day(now))
    entries = [one for one in read_promises(project) if one.status in ("confirmed", "published", "suspended")]
    with open_warehouse(project).session() as session:
        facts = read_board_facts(session, now)
    board = freshness_board(entries, facts, department)
    if department is not None and not board.lines:
        typer.echo(say("status.nobody", department=department), err=True)
        raise typer.Exit(2)
    if output == "json":
        typer.echo(board_json(board, notices))
        return
    width = shutil.get_terminal_size((120, 24)).columns
    colours = COLOURS if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else {}
    for place, line in enumerate(board_text(board, width)):
        state = board.lines[place - 2].state if 2 <= place < len(board.lines) + 2 else ""
        typer.secho(line, fg=colours.get(state))
    for notice in notices:
        typer.secho(str(notice), fg="yellow" if colours else None)


def board_text(board: Board, width: int) -> list[str]:
    """Return the board as lines of at most ``width`` columns, Chinese characters counted as two.

    Title, head, one line an entry, summary. When it is too wide, titles and departments are cut, never numbers.
    """
    title = say("status.title", moment=figures.moment(board.now))
    if not board.lines:
        return [title, say("status.empty")]
    roomy = width >= ROOMY
    table = [{name: say(f"status.{name}") for name in COLUMNS}, *(_cells(line, roomy) for line in board.lines)]
    gap = 2 if roomy else 1
    if _excess(_widths(table), gap, width) > 0:
        _drop_common_place(table[1:])
    widths = _fit(_widths(table), gap, width)
    lines = [_line(row, widths, gap) for row in table]
    parts = [
        say("status.part", state=say(f"report.state.{state}"), count=count)
        for state, count in board.counts.items()
        if count
    ]
    summary = say("status.summary", total=len(board.lines), parts="  ".join(parts))
    return [title, *lines, summary, say("status.next")]


def board_json(board: Board, notices: Sequence[Problem] = ()) -> str:
    """Return the board as JSON: instants are UTC with an offset, missing values are null."""
    lines = []
    for line in board.lines:
        values = asdict(line)
        for name in ("published_at", "due_at"):
            values[name] = f"{values[name].isoformat()}+00:00" if values[name] else None
        values["data_date"] = values["data_date"].isoformat() if values["data_date"] else None
        lines.append(values)
    said = [{"code": notice.code, "message": notice.message, "next": notice.next_step} for notice in notices]
    made = {"now": board.now.isoformat(), "counts": board.counts, "notices": said, "entries": lines}
    return json.dumps(made, ensure_ascii=False, indent=1)


def _cells(line: BoardLine, roomy: bool) -> dict[str, str]:
    """The texts of a line; in a narrow terminal the due date goes without its hour."""
    return {
        "state": f"{SHAPES[line.state]} {say(f'report.state.{line.state}')}",
        "department": _printable(line.department),
        "entry": _printable(line.title),
        "data_date": f"{line.data_date:%m-%d}" if line.data_date else figures.NONE,
        "published": figures.short_moment(line.published_at),
        "due": figures.short_moment(line.due_at) if roomy else figures.short_moment(line.due_at)[:5],
        "rows": figures.count(line.rows),
        "rejected": figures.count(line.rejected),
        "score": figures.score(line.score),
    }


def _printable(text: str) -> str:
    """A title cannot move the cursor: what is not printable becomes a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _drop_common_place(rows: list[dict[str, str]]) -> None:
    """Leave out the place that all departments begin with (鄂托克旗…): it tells nothing and takes the room."""
    titles = sorted({row["department"] for row in rows})
    shared = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(titles[0], titles[-1], strict=False)))
    found = re.match(r".*[旗县市区州盟省]", shared)
    if len(titles) > 1 and found and found[0] not in titles:
        for row in rows:
            row["department"] = row["department"].removeprefix(found[0])


def _widths(table: list[dict[str, str]]) -> dict[str, int]:
    return {name: max(cell_len(row[name]) for row in table) for name in COLUMNS}


def _excess(widths: dict[str, int], gap: int, width: int) -> int:
    return sum(widths.values()) + gap * (len(widths) - 1) - width


def _fit(widths: dict[str, int], gap: int, width: int) -> dict[str, int]:
    """Cut titles and departments in turns, each to its next floor, until a line with its gaps fits."""
    for name, floor in SQUEEZE:
        cut = min(max(_excess(widths, gap, width), 0), max(widths[name] - floor, 0))
        widths[name] -= cut
    return widths


def _line(row: dict[str, str], widths: dict[str, int], gap: int) -> str:
    cells = [_cell(row[name], widths[name], name in NUMBERS) for name in COLUMNS]
    return (" " * gap).join(cells).rstrip()


def _cell(text: str, width: int, right: bool) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    space = " " * (width - cell_len(text))
    return space + text if right else text + space
