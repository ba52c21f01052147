"""``shuyuan demand``: what departments ask of each other (需求目录): file a demand, answer it, see what is owed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Literal, cast

import typer

from shuyuan.catalog import read_catalog, read_demands
from shuyuan.catalog.demand_replies import UNDER_WAY
from shuyuan.catalog.demand_writing import append_step, file_demand
from shuyuan.cli.columns import fit_columns
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.demand_lines import DemandLine, board_rows, list_lines, story
from shuyuan.cli.folding import fold
from shuyuan.entry import Demand
from shuyuan.entry.demand import FOLLOWING, Step, Use
from shuyuan.language import say
from shuyuan.project import Project
from shuyuan.workdays import local_day

demand = typer.Typer(add_completion=False, no_args_is_help=True, help=say("verb.demand"))
Form = Annotated[Literal["text", "json"], typer.Option("--format", help=say("demand.format"))]
Day = Annotated[str | None, typer.Option("--on", help=say("demand.on"), metavar="YYYY-MM-DD")]


@demand.command("list", help=say("demand.help.list"))
def list_demands(
    context: typer.Context,
    department: Annotated[str | None, typer.Option("--department", help=say("demand.department"))] = None,
    under_way: Annotated[bool, typer.Option("--open", help=say("demand.open"))] = False,
    form: Form = "text",
) -> None:
    """List the demands, what is most urgent first."""
    project: Project = context.obj
    today = local_day(datetime.now(UTC))
    lines = list_lines(project, today)
    if department is not None:
        lines = [one for one in lines if department in one.parties]
    if under_way:
        lines = [one for one in lines if one.reply.state in UNDER_WAY]
    if form == "json":
        told = {"today": str(today), "demands": [one.as_json() for one in lines]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = answer()
    if not lines:
        console.print(say("demand.none"))
    else:
        squeeze = (("title", 16), ("asker", 8), ("provider", 8))
        for line in fit_columns(board_rows(lines), console.width, squeeze):
            console.print(line, soft_wrap=True)
    overdue = sum(one.reply.state == "overdue" for one in lines)
    owed = sum(one.reply.state in UNDER_WAY for one in lines)
    console.print(say("demand.total", count=len(lines), owed=owed, overdue=overdue))
    conversation().print(say("demand.next_list"))


@demand.command("show", help=say("demand.help.show"))
def show_demand(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="ID", help=say("demand.id"))]
) -> None:
    """Show one demand and how it went."""
    project: Project = context.obj
    today = local_day(datetime.now(UTC))
    found = _known(project, name)
    console = answer()
    line = next((one for one in list_lines(project, today) if one.demand.id == name), None)
    for told in story(found, line, read_catalog(project)):
        for part in fold(told, console.width):
            console.print(part, soft_wrap=True)
    possible = say("hint.separator").join(FOLLOWING[found.steps[-1].step])
    conversation().print(say("demand.possible" if possible else "demand.finished", possible=possible))


@demand.command("file", help=say("demand.help.file"))
def file(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help=say("demand.new_id"))],
    title: Annotated[str | None, typer.Option("--title", help=say("demand.ask.title"))] = None,
    entry: Annotated[str | None, typer.Option("--entry", help=say("demand.entry"))] = None,
    provider: Annotated[str | None, typer.Option("--provider", help=say("demand.ask.provider"))] = None,
    fields: Annotated[list[str] | None, typer.Option("--field", help=say("demand.field"))] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help=say("demand.ask.purpose"))] = None,
    use: Annotated[Use, typer.Option("--use", help=say("demand.use"))] = "verification",
    basis: Annotated[str | None, typer.Option("--basis", help=say("demand.ask.basis"))] = None,
    until: Annotated[str | None, typer.Option("--until", help=say("demand.until"), metavar="YYYY-MM-DD")] = None,
    by: Annotated[str | None, typer.Option("--by", help=say("demand.ask.by"))] = None,
    on: Day = None,
) -> None:
    """File a demand: write its file."""
    project: Project = context.obj
    given = {"title": title, "provider": provider or (entry or "").partition(".")[0] or None}
    told = _complete({**given, "purpose": purpose, "basis": basis, "by": by})
    ends = _day(until, "--until") if until else None
    try:
        path = file_demand(
            project,
            name,
            title=told["title"],
            provider=told["provider"],
            entry=entry,
            fields=tuple(fields or ()),
            purpose=told["purpose"],
            use=use,
            legal_basis=told["basis"],
            until=ends,
            on=_past_day(on),
            by=told["by"],
        )
    except FileExistsError:
        raise typer.BadParameter(say("demand.exists", id=name), param_hint="ID") from None
    answer().print(say("demand.filed", path=path.relative_to(project.root)), soft_wrap=True)
    conversation().print(say("demand.next_filed", id=name))


def _answering(step: Step) -> Callable[..., None]:
    """Return the command that writes the next step ``step``."""

    def take(
        context: typer.Context,
        name: Annotated[str, typer.Argument(metavar="ID", help=say("demand.id"))],
        by: Annotated[str, typer.Option("--by", help=say("demand.ask.by"))],
        why: Annotated[str | None, typer.Option("--why", help=say("demand.why"))] = None,
        on: Day = None,
    ) -> None:
        project: Project = context.obj
        _known(project, name)
        append_step(project, name, step, _past_day(on), by, why)
        line = next(one for one in list_lines(project, local_day(datetime.now(UTC))) if one.demand.id == name)
        answer().print(_written(line, step))
        conversation().print(say("demand.next_step", id=name))

    return take


for _step in FOLLOWING:
    if _step != "file":
        demand.command(_step, help=say(f"demand.help.{_step}"))(_answering(_step))


def _written(line: DemandLine, step: Step) -> str:
    """Say what was written, and whether an answer came in time."""
    facts = {"id": line.demand.id, "step": say(f"demand.step.{step}"), "limit": line.reply.limit_on}
    if step in ("agree", "refuse"):
        return say("demand.in_time" if line.reply.timely else "demand.too_late", **facts)
    return say("demand.written", **facts)


def _known(project: Project, name: str) -> Demand:
    from difflib import get_close_matches

    found = {one.id: one for one in read_demands(project)}
    if name not in found:
        near = get_close_matches(name, found, 1, 0.5)
        hint = say("hint.nearest", nearest=near[0]) if near else ""
        raise typer.BadParameter(say("demand.unknown", id=name) + hint, param_hint="ID")
    return found[name]


def _complete(given: dict[str, str | None]) -> dict[str, str]:
    """Ask for what is missing on a terminal; elsewhere name all of it at once."""
    missing = [key for key, value in given.items() if not value]
    if missing and not sys.stdin.isatty():
        options = say("hint.separator").join(f"--{key}" for key in missing)
        raise typer.BadParameter(say("demand.missing", options=options))
    asked = {key: typer.prompt(say(f"demand.ask.{key}"), err=True) for key in missing}
    return cast(dict[str, str], {**given, **asked})


def _past_day(text: str | None) -> date:
    """Return the day of a step: today unless told, never a day to come."""
    today = local_day(datetime.now(UTC))
    day = _day(text, "--on") if text else today
    if day > today:
        raise typer.BadParameter(say("demand.future", day=day), param_hint="--on")
    return day


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("demand.no_day", day=text), param_hint=option) from None
