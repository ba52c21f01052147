"""``shuyuan discrepancies``: what departments are asked to check (疑义), until when; and the workbook for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from shuyuan.cli.console import answer, conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.one_source.corrections import Correction, list_corrections
from shuyuan.one_source.corrections.sheets import make_workbook, read_discrepancies, state_of, time_left
from shuyuan.one_source.titles import Titles
from shuyuan.project import Project
from shuyuan.workdays import Calendar, local_day

WIDE = 130
SHAPES = {"overdue": "✕", "open": "○", "corrected": "▲", "explained": "■"}
COLOURS = {"overdue": "red", "corrected": "yellow", "explained": "green"}
NARROW_COLUMNS = ("id", "state", "department", "what", "rows", "due")
WIDE_COLUMNS = ("id", "state", "department", "entry", "item", "kind", "source", "rows", "due", "left")


def discrepancies(
    context: typer.Context,
    department: Annotated[str | None, typer.Option("--department", help=say("discrepancies.department"))] = None,
    everything: Annotated[bool, typer.Option("--all", help=say("discrepancies.all"))] = False,
    export: Annotated[
        Path | None, typer.Option("--export", help=say("discrepancies.export"), dir_okay=False, metavar="FILE.xlsx")
    ] = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help=say("discrepancies.format"))] = "text",
) -> None:
    """列出疑义：哪些信息项与数据源对不上，请哪个部门核实，期限还有几天；--export 导出给部门填写的表格。"""
    from shuyuan.catalog import read_catalog

    project: Project = context.obj
    _check_target(export)
    titles = Titles.of(read_catalog(project))
    folder = department and (titles.folder(department) or department)
    now = datetime.now(UTC)
    calendar = Calendar.read(project.calendar)
    with existing_session(project) as session:
        found = list_corrections(session, local_day(now), folder, everything, calendar) if session else []
        known = folder is None or folder in titles.departments or bool(found)
        if not known:
            raise typer.BadParameter(say("discrepancies.nobody", department=department), param_hint="--department")
        details = read_discrepancies(session, found) if session and export else []
    if export:
        write_new(export, make_workbook(found, details, titles, now))
        answer().print(say("discrepancies.exported", path=export, count=len(found), listed=len(details)))
        conversation().print(say("discrepancies.next_export", path=export))
    elif output == "json":
        typer.echo(corrections_json(found, local_day(now)))
    else:
        print_corrections(answer(), found, titles)
        conversation().print(say("discrepancies.next" if found else "discrepancies.next_none"))


def print_corrections(console: Console, found: Sequence[Correction], titles: Titles) -> None:
    """Print the requests as a table, the most urgent first, and how many there are of each state."""
    if not found:
        console.print(say("discrepancies.none"))
        return
    shown = WIDE_COLUMNS if console.width >= WIDE else NARROW_COLUMNS
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2 if shown is WIDE_COLUMNS else 1, 0, 0))
    for name in shown:
        table.add_column(
            say(f"discrepancies.column.{name}"),
            justify="right" if name == "rows" else "left",
            no_wrap=name in ("id", "state", "rows"),
            overflow="fold",
        )
    for one in found:
        cells = _cells(one, titles, narrow=shown is NARROW_COLUMNS)
        table.add_row(*(cells[name] for name in shown), style=COLOURS.get(one.shown))
    console.print(table)
    counts = Counter(one.shown for one in found)
    parts = [
        say("discrepancies.part", state=say(f"correction.state.{state}"), count=counts[state])
        for state in SHAPES
        if counts[state]
    ]
    console.print(say("discrepancies.total", count=len(found), parts=say("hint.separator").join(parts)))


def corrections_json(found: Sequence[Correction], today: date) -> str:
    """Return the requests as JSON: instants are UTC with an offset, days are local, missing values are null."""
    lines = []
    for one in found:
        values = asdict(one)
        for name, value in values.items():
            if isinstance(value, datetime):
                values[name] = value.replace(tzinfo=UTC).isoformat()
            elif isinstance(value, date):
                values[name] = value.isoformat()
        lines.append(values)
    counts = Counter(one.shown for one in found)
    made = {"today": today.isoformat(), "counts": {state: counts[state] for state in SHAPES}, "corrections": lines}
    return json.dumps(made, ensure_ascii=False, indent=1)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet: an older one may hold answers that nobody has taken back."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise typer.BadParameter(say("discrepancies.unwritable", path=path, why=error.strerror)) from None


def _check_target(path: Path | None) -> None:
    if path is None:
        return
    if path.suffix.lower() != ".xlsx":
        raise typer.BadParameter(say("discrepancies.not_xlsx", path=path), param_hint="--export")
    if path.exists():
        raise typer.BadParameter(say("discrepancies.exists", path=path), param_hint="--export")
    if not path.parent.is_dir():
        raise typer.BadParameter(say("discrepancies.no_folder", path=path.parent), param_hint="--export")


def _cells(one: Correction, titles: Titles, narrow: bool) -> dict[str, str]:
    kind, item = say(f"correction.kind.{one.kind}"), titles.item(one.entry_id, one.field)
    entry, left = titles.entry(one.entry_id), time_left(one)
    return {
        "id": one.correction_id,
        "state": f"{SHAPES[one.shown]} {state_of(one)}",
        "department": titles.department(one.department),
        "entry": entry,
        "item": item,
        "kind": kind,
        "source": titles.entry(one.source_id),
        "what": say("discrepancies.what", entry=entry, item=item, kind=say(f"discrepancies.kind.{one.kind}")),
        "rows": f"{one.rows_now:,}",
        "due": say("discrepancies.due", due=one.due_on, left=left) if narrow else one.due_on.isoformat(),
        "left": left,
    }
