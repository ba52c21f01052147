"""``shuyuan check``: what would become of a file, before it is delivered. Nothing is kept but the annotated copy."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from shuyuan.language import say
from shuyuan.problems import PassingError
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.catalog import Resource
    from shuyuan.cli.check_lines import Findings
    from shuyuan.pipeline.file_check import Checked, Known


def check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help=say("check.files"), metavar="FILE...")],
    entry: Annotated[str, typer.Option("--as", help=say("check.entry"), metavar="ENTRY")],
    day: Annotated[str | None, typer.Option("--date", help=say("check.date"), metavar="DATE")] = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help=say("check.format"))] = "text",
    annotated: Annotated[
        Path | None, typer.Option("--annotated", help=say("check.annotated"), metavar="OUT.xlsx")
    ] = None,
    no_compare: Annotated[bool, typer.Option("--no-compare", help=say("check.no_compare"))] = False,
) -> None:
    """送数前自查：文件按目录项读取、校验，与平台同一套规则；不入库、不记账。退出码 0 可交付，1 有问题，2 用法不对。"""
    from shuyuan.cli.check_lines import Findings
    from shuyuan.cli.console import answer, conversation
    from shuyuan.cli.folding import fold
    from shuyuan.pipeline.file_check import check_files

    project: Project = context.obj
    resource = _find_resource(project, entry)
    _check_files(files)
    _check_target(annotated, files)
    now = datetime.now(UTC)
    data_date = _read_date(day, resource, now)
    with tempfile.TemporaryDirectory(prefix="shuyuan-check-") as folder:  # of mode 0700, and removed whatever happens
        workdir = Path(folder)
        known = _look_around(project, resource, workdir, now, no_compare)
        checked = check_files(resource, files, data_date, workdir, known)
        findings = Findings(checked)
        written = _annotate(findings, checked, workdir, annotated) if annotated else None
    if output == "json":
        record = findings.record() | {"annotated": str(annotated) if annotated and written else None}
        typer.echo(json.dumps(record, ensure_ascii=False, indent=1))
    else:
        console = answer()
        title = say("run.title", id=resource.entry.id, title=resource.entry.title, data_date=data_date)
        console.print(title, style="bold")
        for line in findings.lines():
            for part in fold(line, console.width) if console.is_terminal else [line]:
                console.print(part, soft_wrap=True)
    talk = conversation()
    if annotated:
        talk.print(say("check.written", path=annotated) if written else say("check.not_written"))
    if output == "text":
        bad = checked.outcome != "good"
        word = "annotate" if bad and checked.verdict and not annotated else "bad" if bad else "good"
        talk.print(say(f"check.next_{word}"))
    raise typer.Exit(0 if checked.outcome == "good" else 1)


def _find_resource(project: Project, entry_id: str) -> Resource:
    from shuyuan.catalog import load_resource
    from shuyuan.entry import SftpSource

    folder, _, name = entry_id.partition(".")
    known = sorted(f"{path.parent.name}.{path.stem}" for path in project.specs.glob("*/[!_]*.yaml"))
    if f"{folder}.{name}" not in known:
        near = get_close_matches(entry_id, known, 1, 0.5)
        hint = say("hint.nearest", nearest=near[0]) if near else ""
        raise typer.BadParameter(say("check.no_entry", entry=entry_id) + hint, param_hint="--as")
    resource = load_resource(project, entry_id)
    if not isinstance(resource.entry.source, SftpSource):
        raise typer.BadParameter(say("check.no_format", entry=entry_id), param_hint="--as")
    return resource


def _check_files(files: Sequence[Path]) -> None:
    for place, file in enumerate(files):
        if not file.is_file():
            raise typer.BadParameter(say("check.no_file", file=file), param_hint="FILE")
        if not os.access(file, os.R_OK):
            raise typer.BadParameter(say("check.not_readable", file=file), param_hint="FILE")
        if any(file.samefile(other) for other in files[:place]):
            raise typer.BadParameter(say("check.file_twice", file=file), param_hint="FILE")


def _check_target(path: Path | None, files: Sequence[Path]) -> None:
    """Refuse a target that could not be written at the end of a long check, or would replace what is checked."""
    if path is None:
        return
    if path.suffix.lower() != ".xlsx":
        raise typer.BadParameter(say("check.not_xlsx", path=path), param_hint="--annotated")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise typer.BadParameter(say("check.no_folder", path=path), param_hint="--annotated")
    if any(path.resolve() == file.resolve() or (path.exists() and path.samefile(file)) for file in files):
        raise typer.BadParameter(say("check.over_itself", path=path), param_hint="--annotated")


def _read_date(day: str | None, resource: Resource, now: datetime) -> date:
    from shuyuan import workdays

    if day is None:
        return workdays.data_date_for(resource.entry.update, workdays.local_day(now))
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter(say("run.bad_date", value=day), param_hint="--date") from None


def _look_around(project: Project, resource: Resource, workdir: Path, now: datetime, no_compare: bool) -> Known:
    """Ask the warehouse when there is one; a busy or broken one keeps nobody from checking a file."""
    from shuyuan.cli.ledger_session import existing_session
    from shuyuan.pipeline.file_check import look_around, look_nowhere

    if no_compare:
        return look_nowhere(resource, "not_asked")
    try:
        with existing_session(project) as session:
            if session is None:
                return look_nowhere(resource, "no_warehouse")
            return look_around(session, resource, workdir, now)
    except PassingError:
        return look_nowhere(resource, "busy")


def _annotate(findings: Findings, checked: Checked, workdir: Path, path: Path) -> bool:
    from shuyuan.pipeline.annotated_workbook import write_annotated

    if checked.batch is None:
        return False
    try:
        write_annotated(checked, workdir, path, findings.telling())
    except OSError as error:
        raise typer.BadParameter(
            say("check.write_failed", path=path, kind=type(error).__name__), param_hint="--annotated"
        ) from None
    return True
