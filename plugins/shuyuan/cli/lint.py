"""``shuyuan lint``: every problem of every entry, department, element and code table at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from shuyuan.catalog import read_catalog
from shuyuan.cli.console import answer, conversation, print_problem
from shuyuan.language import say
from shuyuan.problems import Problem
from shuyuan.project import Project
from shuyuan.workdays import Calendar, local_day


@dataclass(frozen=True)
class Finding:
    """One problem as the JSON output has it."""

    file: str | None
    line: int | None
    column: int | None
    severity: str
    code: str
    message: str
    next: str
    allowed: tuple[str, ...]
    nearest: str | None


def lint(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(help=say("lint.paths"), metavar="[PATHS]")] = None,
    form: Annotated[Literal["text", "json", "github"], typer.Option("--format", help=say("lint.format"))] = "text",
) -> None:
    """检查目录：一次指出全部目录项、部门、数据元、代码表里的问题。有错误时退出码为 1。"""
    project: Project = context.obj
    if not project.specs.is_dir():
        raise typer.BadParameter(say("cli.not_a_project", path=project.root))
    wanted = [_prefix(project, given) for given in paths or ()]
    began = time.perf_counter()
    catalog = read_catalog(project)
    seconds = time.perf_counter() - began
    known = [*catalog.problems, *Calendar.read(project.calendar).notices(local_day(datetime.now(UTC)))]
    problems = [p for p in known if not wanted or any(_inside(p, prefix) for prefix in wanted)]
    FORMATS[form](problems, len(catalog.drafts), seconds)
    raise typer.Exit(1 if any(problem.severity == "error" for problem in problems) else 0)


def _prefix(project: Project, given: str) -> str:
    """Return the file or folder that a path or an entry id names, relative to the project."""
    folder, _, name = given.partition(".")
    for candidate in (Path(given), project.root / given, project.specs / folder / f"{name}.yaml"):
        if candidate.exists() and candidate.resolve().is_relative_to(project.root):
            return candidate.resolve().relative_to(project.root).as_posix()
    raise typer.BadParameter(say("lint.no_path", path=given))


def _inside(problem: Problem, prefix: str) -> bool:
    file = problem.location.file if problem.location else ""
    return prefix == "." or file == prefix or file.startswith(f"{prefix}/")


def _as_text(problems: Sequence[Problem], entries: int, seconds: float) -> None:
    console = answer()
    for problem in problems:
        print_problem(console, problem)
    errors = sum(problem.severity == "error" for problem in problems)
    facts = {"entries": entries, "errors": errors, "warnings": len(problems) - errors, "seconds": f"{seconds:.2f}"}
    console.print(say("lint.found" if problems else "lint.clean", **facts))
    conversation().print(say("lint.next_errors" if errors else "lint.next_clean"))


def _as_json(problems: Sequence[Problem], entries: int, seconds: float) -> None:
    findings = [asdict(as_finding(problem)) for problem in problems]
    errors = sum(problem.severity == "error" for problem in problems)
    whole = {"entries": entries, "errors": errors, "warnings": len(problems) - errors, "problems": findings}
    typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))


def _as_github(problems: Sequence[Problem], entries: int, seconds: float) -> None:
    for problem in problems:
        at = problem.location
        place = {"file": at.file, "line": at.line, "col": at.column} if at else {}
        properties = {**place, "title": problem.code}
        written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
        typer.echo(f"::{problem.severity} {written}::{_data(f'{problem.message} {_help(problem)}'.strip())}")


def as_finding(problem: Problem) -> Finding:
    """Return the problem as plain data."""
    at = problem.location
    return Finding(
        file=at.file if at else None,
        line=at.line if at else None,
        column=at.column if at else None,
        severity=problem.severity,
        code=problem.code,
        message=problem.message,
        next=problem.next_step,
        allowed=problem.allowed,
        nearest=problem.nearest,
    )


def _help(problem: Problem) -> str:
    from shuyuan.cli.console import hints

    return " ".join(hints(problem))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Problem], int, float], None]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_github,
}
"""Format name → its writer."""
