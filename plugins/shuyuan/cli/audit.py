"""``shuyuan audit``: whether the record of accesses is whole, who asked what, and where it ends now."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from shuyuan.cli.columns import fit_columns
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.project import Project
from shuyuan.reporting import figures
from shuyuan.vault.audit import read_head, read_records
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import MOST, verify

audit = typer.Typer(add_completion=False, no_args_is_help=True, help=say("verb.audit"))
ROOMY = 100


@audit.command("verify", help=say("audit.help.verify"))
def verify_audit(
    context: typer.Context,
    anchors: Annotated[Path | None, typer.Option("--anchors", help=say("audit.help.anchors"))] = None,
) -> None:
    """Walk the whole chain; print each fault, the first first. Exit code 1 when there is one."""
    project: Project = context.obj
    file = anchors or project.audit_anchors
    with existing_session(project) as session:
        faults = verify(session, KeyRing.open(project), file) if session else []
        head = read_head(session) if session else None
    console = answer()
    for fault in faults:
        console.print(f"✕ {say(f'audit.fault.{fault.kind}', seq=fault.seq)}", soft_wrap=True)
    if faults:
        console.print(say("audit.broken", count=f"{len(faults)}+" if len(faults) == MOST else len(faults)))
        conversation().print(say("audit.next_broken"))
        sys.exit(1)
    console.print(say("audit.whole", count=head.seq if head else 0, file=file))


@audit.command("head", help=say("audit.help.head"))
def show_head(context: typer.Context) -> None:
    """Print the newest record's number and MAC: to be written down elsewhere."""
    with existing_session(context.obj) as session:
        head = read_head(session) if session else None
    answer().print(f"{head.seq} {head.mac}" if head else say("audit.empty"), soft_wrap=True)


@audit.command("list", help=say("audit.help.list"))
def list_records(
    context: typer.Context,
    request: Annotated[str | None, typer.Option("--request", help=say("audit.help.request"))] = None,
    actor: Annotated[str | None, typer.Option("--by", help=say("audit.help.by"))] = None,
    last: Annotated[int, typer.Option("--last", min=1, help=say("audit.help.last"))] = 50,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help=say("audit.help.format"))] = "text",
) -> None:
    """List the last records, the newest first. People are tokens; nothing here says who they are."""
    with existing_session(context.obj) as session:
        found = read_records(session, last, request=request, actor=actor) if session else []
    if form == "json":
        told = [
            {"seq": seq, **asdict(record), "happened_at": f"{record.happened_at.isoformat()}Z"} for seq, record in found
        ]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = answer()
    if not found:
        console.print(say("audit.empty"))
        return
    names = ("seq", "when", "actor", "check", "request", "source", "found", "decision")
    rows = [{name: say(f"audit.column.{name}") for name in names}]
    for seq, record in found:
        rows.append(
            {
                "seq": str(seq),
                "when": figures.short_moment(record.happened_at),
                "actor": record.actor,
                "check": record.check,
                "request": record.request_id[:8],
                "source": record.source or say(f"audit.about.{'case' if record.case_token else 'request'}"),
                "found": "–" if record.found is None else str(record.found),
                "decision": say(f"audit.decision.{record.decision}"),
            }
        )
    if console.width < ROOMY:
        rows = [{name: row[name] for name in ("seq", "when", "actor", "check", "decision")} for row in rows]
    for line in fit_columns(rows, console.width, (("source", 12), ("actor", 8), ("check", 10)), ("seq", "found")):
        console.print(line, soft_wrap=True)
