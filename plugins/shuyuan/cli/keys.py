"""``shuyuan keys``: which keys there are, a newer one, and whether all that is sealed can be opened."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from shuyuan.catalog.checks import read_checks
from shuyuan.cli.columns import fit_columns
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.project import Project
from shuyuan.vault import store
from shuyuan.vault.keys import AUDIT, KeyRing
from shuyuan.vault.resealing import count_openable, reseal
from shuyuan.warehouses import open_warehouse

keys = typer.Typer(add_completion=False, no_args_is_help=True, help=say("verb.keys"))


@keys.command("list", help=say("keys.help.list"))
def list_keys(context: typer.Context) -> None:
    """List the keys by purpose, oldest first, and how many seals each made."""
    project: Project = context.obj
    ring, console = KeyRing.open(project), answer()
    with existing_session(project) as session:
        kept = store.kept(session) if session else []
    rows = [{name: say(f"keys.column.{name}") for name in ("purpose", "key", "seals", "state")}]
    for purpose, key_ids in ring.purposes().items():
        for key_id in key_ids:
            ring.find(purpose, key_id)  # damaged, or readable by others: said here, not when it is needed
            made = sum(one.purpose == purpose and one.key_id == key_id for one in kept)
            state = say("keys.newest") if key_id == key_ids[-1] else say("keys.older")
            seals = "–" if purpose == AUDIT else str(made)
            rows.append({"purpose": purpose, "key": key_id, "seals": seals, "state": state})
    if len(rows) == 1:
        console.print(say("keys.none", folder=ring.folder))
    else:
        for line in fit_columns(rows, console.width, (("purpose", 12),), ()):
            console.print(line, soft_wrap=True)
        conversation().print(say("keys.where", folder=ring.folder))


@keys.command("rotate", help=say("keys.help.rotate"))
def rotate_key(
    context: typer.Context,
    purpose: Annotated[str, typer.Argument(help=say("keys.help.purpose"))],
    again: Annotated[bool, typer.Option("--reseal", help=say("keys.help.reseal"))] = False,
) -> None:
    """Add a newer key, or the first one; with ``--reseal`` also seal again what older keys sealed."""
    project: Project = context.obj
    ring = KeyRing.open(project)
    _require_purpose(project, ring, purpose)
    answer().print(say("keys.rotated", purpose=purpose, key=ring.rotate(purpose).key_id))
    if again:
        _reseal(project, ring, purpose)
    conversation().print(say("keys.next_rotated"))


@keys.command("reseal", help=say("keys.help.reseal_alone"))
def reseal_by_key(
    context: typer.Context, purpose: Annotated[str, typer.Argument(help=say("keys.help.purpose"))]
) -> None:
    """Seal again, by the newest key, what older ones sealed, or go on with that."""
    ring = KeyRing.open(context.obj)
    _require_purpose(context.obj, ring, purpose)
    _reseal(context.obj, ring, purpose)


def _require_purpose(project: Project, ring: KeyRing, purpose: str) -> None:
    """A key under a misspelt purpose would help nobody."""
    if not ring.key_ids(purpose) and purpose not in (AUDIT, *read_checks(project)):
        raise typer.BadParameter(say("keys.unknown", purpose=purpose), param_hint="PURPOSE")


def _reseal(project: Project, ring: KeyRing, purpose: str) -> None:
    with open_warehouse(project).session() as session:
        answer().print(say("keys.resealed", count=reseal(session, ring, purpose)))


@keys.command("verify", help=say("keys.help.verify"))
def verify_keys(context: typer.Context) -> None:
    """Open every seal of the warehouse and print the counts alone."""
    project: Project = context.obj
    with existing_session(project) as session:
        found = count_openable(session, KeyRing.open(project)) if session else []
    for one in found:
        answer().print(say("keys.verified", purpose=one.purpose, opened=one.opened, lost=one.lost, damaged=one.damaged))
    if not found:
        answer().print(say("keys.nothing_sealed"))
    if any(one.lost or one.damaged for one in found):
        conversation().print(say("keys.next_lost"))
        sys.exit(1)
