"""The ``shuyuan`` command: one file a verb, imported only when it is called, so that ``--help`` stays fast.

To add a verb: write ``cli/<verb>.py`` with one typed function (its docstring is the verb's own ``--help``;
``context.obj`` is the ``Project``), add one line to ``VERBS``, and one sentence ``[verb.<name>]`` to a
message table.

Exit codes: 0 fine, 1 problems found, 2 wrong usage, 3 something could not be reached. A ``ShuyuanError``
reaches the reader as its coded sentence; ``--debug`` shows the traceback.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from shuyuan import __version__
from shuyuan.language import say, sentences
from shuyuan.problems import PassingError, Problem, ShuyuanError
from shuyuan.project import Project

VERBS: dict[str, tuple[str, str]] = {
    "lint": ("author", "shuyuan.cli.lint:lint"),
    "schema": ("author", "shuyuan.cli.schema:schema"),
    "plan": ("author", "shuyuan.cli.plan:plan"),
    "check": ("operate", "shuyuan.cli.check:check"),
    "run": ("operate", "shuyuan.cli.run:run"),
    "reconcile": ("operate", "shuyuan.cli.reconcile:reconcile"),
    "answer": ("operate", "shuyuan.cli.answer:answer"),
    "declare": ("operate", "shuyuan.cli.declare:declare"),
    "demand": ("operate", "shuyuan.cli.demand:demand"),
    "request": ("operate", "shuyuan.cli.request:request"),
    "notices": ("operate", "shuyuan.cli.notices:notices"),
    "rollback": ("operate", "shuyuan.cli.rollback:rollback"),
    "up": ("operate", "shuyuan.cli.up:up"),
    "down": ("operate", "shuyuan.cli.down:down"),
    "demo": ("operate", "shuyuan.cli.demo:demo"),
    "demo-data": ("operate", "shuyuan.cli.demo_data:demo_data"),
    "list": ("look", "shuyuan.cli.list:list_entries"),
    "show": ("look", "shuyuan.cli.show:show"),
    "elements": ("look", "shuyuan.cli.elements:elements"),
    "explain": ("look", "shuyuan.cli.explain:explain"),
    "status": ("look", "shuyuan.cli.status:status"),
    "discrepancies": ("look", "shuyuan.cli.discrepancies:discrepancies"),
    "report": ("look", "shuyuan.cli.report:report"),
    "audit": ("look", "shuyuan.cli.audit:audit"),
    "keys": ("maintain", "shuyuan.cli.keys:keys"),
    "migrate": ("maintain", "shuyuan.cli.migrate:migrate"),
    "warehouse": ("maintain", "shuyuan.cli.warehouse:warehouse"),
}
"""Verb → its group in ``--help`` and where its function is, in the order of ``--help``."""

GROUPS = ("author", "operate", "look", "maintain")


class Verbs(TyperGroup):
    """The group of verbs: knows their names and imports one when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all verbs, in the order of ``--help``."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the verb's module and return its command; ``None`` for an unknown verb."""
        if cmd_name not in VERBS:
            return None
        module, _, function = VERBS[cmd_name][1].partition(":")
        found = getattr(import_module(module), function)
        if isinstance(found, typer.Typer):  # a verb with verbs of its own
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(found)
        return typer.main.get_command(alone)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; an unknown one is refused with the nearest name."""
        if args and args[0] not in VERBS:
            near = get_close_matches(args[0], VERBS, 1, 0.5)
            ctx.fail(say("cli.no_verb", verb=args[0]) + (say("hint.nearest", nearest=near[0]) if near else ""))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the overview: verbs by group, one sentence each, without importing any of them."""
        from shuyuan.cli.console import answer

        console = answer()
        console.print(say("cli.title", version=__version__), style="bold")
        console.print(say("cli.usage"))
        width = max(len(name) for name in VERBS) + 2
        for group in GROUPS:
            names = [name for name, (its_group, _) in VERBS.items() if its_group == group]
            if names:
                console.print(f"\n{say(f'cli.group.{group}')}", style="bold")
            for name in names:
                console.print(f"  {name:<{width}}{say(f'verb.{name}')}")
        console.print(f"\n{say('cli.options')}")


app = typer.Typer(cls=Verbs, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"shuyuan {__version__}")
        raise typer.Exit


@app.callback()
def _settle(
    context: typer.Context,
    project: Annotated[Path | None, typer.Option("--project", help=say("cli.project"))] = None,
    debug: Annotated[bool, typer.Option("--debug", help=say("cli.debug"))] = False,
    version: Annotated[bool, typer.Option("--version", help=say("cli.version"), callback=_show_version)] = False,
) -> None:
    """Settle what every verb needs: the project folder."""
    if project is not None and not project.is_dir():
        raise typer.BadParameter(say("cli.no_project", path=project), param_hint="--project")
    context.obj = Project.find(project)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; ``arguments`` are those of the process when ``None``. Always exits."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        typer.main.get_command(app)(args=given, prog_name="shuyuan")
    except ShuyuanError as error:
        if "--debug" in given:
            raise
        _tell(error)
        sys.exit(3 if isinstance(error, PassingError) else 1)
    sys.exit(0)


def _tell(error: ShuyuanError) -> None:
    """Write the coded sentence of an error, all of them when it has several, to standard error."""
    from shuyuan.cli.console import conversation, print_problem

    problems: tuple[Problem, ...] = getattr(error, "problems", (error.problem,))
    console = conversation()
    for problem in problems:
        print_problem(console, problem)
    if error.state:
        console.print(error.state)
    if problems[0].code in sentences():
        console.print(say("cli.explain_hint", code=problems[0].code))
