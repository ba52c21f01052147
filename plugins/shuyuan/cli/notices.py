"""``shuyuan notices``: look at the messages to stewards and the center, send those that are due, see what was sent."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shuyuan.cli.columns import fit_columns
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.notices import Message, Told

notices = typer.Typer(add_completion=False, invoke_without_command=True, help=say("verb.notices"))
ROOMY = 90
SHAPES = {"sent": "■", "sending": "○", "failed": "✕", "unknown": "▲"}


@notices.callback()
def look_or_send(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("notices.cli.dry_run"))] = False,
    send: Annotated[bool, typer.Option("--send", help=say("notices.cli.send"))] = False,
) -> None:
    """Print what there is to say, or send what is due."""
    if context.invoked_subcommand is not None:
        return
    if dry_run == send:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    project: Project = context.obj
    if send:
        _send(project)
    else:
        _print_messages(project)


@notices.command("list", help=say("notices.cli.list"))
def list_notices(context: typer.Context) -> None:
    """List what was sent lately, the newest first."""
    from shuyuan.notices import read_told

    now = datetime.now(UTC)
    with existing_session(context.obj) as session:
        told = read_told(session, now) if session else []
    console = answer()
    if not told:
        console.print(say("notices.cli.none_sent"))
        return
    for line in list_lines(told, console.width):
        console.print(line, soft_wrap=True)


def list_lines(told: list[Told], width: int) -> list[str]:
    """One line a message within ``width`` cells, under a header, the newest first."""
    from shuyuan.reporting import figures

    names = ("when", "kind", "recipient", "channel", "matters", "tries", "state")
    rows = [{name: say(f"notices.column.{name}") for name in names}]
    for line in reversed(told):
        state = f"{SHAPES[line.outcome]} {say(f'notices.outcome.{line.outcome}')}"
        rows.append(
            {
                "when": figures.short_moment(line.tried_at),
                "kind": say(f"notices.kind.{line.kind}"),
                "recipient": line.recipient,
                "channel": line.channel,
                "matters": str(line.matters),
                "tries": str(line.attempts),
                "state": f"{state} {line.error_code}" if line.error_code else state,
            }
        )
    if width < ROOMY:
        rows = [{name: row[name] for name in ("when", "kind", "recipient", "state")} for row in rows]
    return fit_columns(rows, width, (("recipient", 10), ("channel", 8)), ("matters", "tries"))


def _print_messages(project: Project) -> None:
    from shuyuan.catalog.notice_settings import read_notices
    from shuyuan.notices import preview

    with existing_session(project) as session:
        messages = preview(project, datetime.now(UTC), session)
    active = read_notices(project).active
    for message in messages:
        typer.echo(printed(message))
    typer.echo(say("notices.cli.total" if messages else "notices.cli.nothing", count=len(messages)))
    conversation().print(say("notices.cli.next" if active else "notices.cli.inactive"))


def printed(message: Message) -> str:
    """One message as it is shown: to whom, by which channel, subject, text."""
    route = message.recipient.route
    way = say("notices.cli.way", channel=route.channel) if route else say("notices.cli.no_way")
    head = say("notices.cli.head", kind=say(f"notices.kind.{message.kind}"), to=message.recipient.key, way=way)
    return f"── {head}\n{message.subject}\n\n{message.text()}\n"


def _send(project: Project) -> None:
    from shuyuan.catalog.notice_settings import read_notices
    from shuyuan.notices import send_notices
    from shuyuan.sources.connections import connection_from_environment

    if not read_notices(project).active:
        conversation().print(say("notices.cli.inactive"))
        raise typer.Exit(1)
    attempts = send_notices(project, datetime.now(UTC), connection_from_environment)
    for one in attempts:
        state = f"{SHAPES[one.outcome]} {say(f'notices.outcome.{one.outcome}')}"
        detail = f" {one.code}" if one.code else ""
        typer.echo(f"{state}{detail}  {one.message.recipient.key}  {one.message.subject}")
    if not attempts:
        typer.echo(say("notices.cli.nothing_due"))
    if any(one.outcome != "sent" for one in attempts):
        conversation().print(say("notices.cli.next_failed"))
        sys.exit(1)
