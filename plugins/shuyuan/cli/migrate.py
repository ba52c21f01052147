"""``shuyuan migrate``: what shared tables must change to serve their entries, and the change itself once confirmed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shuyuan.language import say
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.catalog import Resource
    from shuyuan.warehouses.migrations import Migration


def migrate(
    context: typer.Context,
    entries: Annotated[list[str] | None, typer.Argument(help=say("migrate.entry_arg"), metavar="[ENTRY]...")] = None,
    yes: Annotated[bool, typer.Option("--yes", help=say("migrate.yes"))] = False,
) -> None:
    """列出共享表随目录项要做的改动（转换、增删的列，主键，入库方式，不合新规格的行数），确认后逐个完成并记入台账。"""
    from shuyuan.catalog import load_resource, read_catalog
    from shuyuan.pipeline import utc_now
    from shuyuan.pipeline.migrating import find_migrations
    from shuyuan.pipeline.migrating import migrate as migrate_entry

    project: Project = context.obj
    if entries:
        resources = [load_resource(project, entry) for entry in dict.fromkeys(entries)]
    else:
        resources = list(read_catalog(project).resources)
    found = find_migrations(project, resources)
    for resource, migration in found:
        _print(resource, migration)
    if not found:
        typer.echo(say("migrate.nothing"))
        return
    # An entry whose rows do not fit is refused before anything is asked or done.
    for _, migration in found:
        migration.require_fit()
    asked = yes or (sys.stdin.isatty() and typer.confirm(say("migrate.ask", count=len(found))))
    if not asked:
        typer.echo(say("migrate.not_asked"), err=True)
        raise typer.Exit(1)
    for resource, _ in found:
        done = migrate_entry(project, resource, utc_now())
        if done is not None:
            facts = {"id": resource.entry.id, "title": resource.entry.title, "number": done.number}
            typer.echo(say("migrate.done", **facts, rows=f"{done.migration.rows:,}"))
    typer.echo(say("migrate.next"), err=True)


def _print(resource: Resource, migration: Migration) -> None:
    entry = resource.entry
    typer.echo(say("migrate.heading", id=entry.id, title=entry.title, rows=f"{migration.rows:,}"))
    titles = {field.name: field.title for field in entry.fields}
    for shift in migration.shifts:
        name = f"{titles[shift.field]}（{shift.field}）" if shift.field in titles else shift.field
        told = say(f"migrate.{shift.what}", field=name, before=shift.before, after=shift.after, rows=f"{shift.rows:,}")
        typer.echo(f"  {'✕' if shift.unfit else '·'} {told}")
        if shift.unfit:
            typer.echo(f"      {say('migrate.unfit', unfit=f'{shift.unfit:,}')}")
