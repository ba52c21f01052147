"""``shuyuan plan``: what this checkout changes, for whom, against what the ledger last ran."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from shuyuan.catalog import Catalog, read_catalog
from shuyuan.catalog.changes import Change, Spec
from shuyuan.catalog.differences import Checkout, compare_catalogs
from shuyuan.cli.console import answer, conversation
from shuyuan.language import say
from shuyuan.project import Project


def plan(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help=say("plan.check"))] = False,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help=say("plan.format"))] = "text",
) -> None:
    """对照台账里上次运行的规格，列出这份目录改了什么、影响谁、会不会造成中断。"""
    project: Project = context.obj
    if not project.specs.is_dir():
        raise typer.BadParameter(say("cli.not_a_project", path=project.root))
    catalog = read_catalog(project)
    ran = last_run(project)
    known = [spec_of(row) for row in ran if row["spec"] is not None]
    unrecorded = sorted(str(row["entry_id"]) for row in ran if row["spec"] is None)
    now = checkout_of(catalog)
    # What ran before specs were kept is neither new nor comparable.
    specs = {name: spec for name, spec in now.specs.items() if name not in unrecorded}
    changes = compare_catalogs(known, Checkout(specs, now.elements, now.broken)) if ran else ()
    titles = {name: department.title for name, department in catalog.departments.items()}
    if form == "json":
        _print_json(changes, titles, ran, unrecorded)
    else:
        _print_text(changes, titles, ran, unrecorded, sum(spec.active for spec in now.specs.values()))
    raise typer.Exit(1 if check and any(change.breaking for change in changes) else 0)


def last_run(project: Project) -> list[dict[str, Any]]:
    """Return what each entry last ran (``ledger.last_specs``), the newest first; nothing where no warehouse is yet."""
    from shuyuan import ledger
    from shuyuan.warehouses import open_warehouse

    warehouse = open_warehouse(project)
    path = getattr(warehouse, "path", None)
    if isinstance(path, Path) and not path.is_file():
        return []
    with warehouse.session() as session:
        rows = ledger.last_specs(session)
    return sorted(rows, key=lambda row: row["started_at"], reverse=True)


def spec_of(row: Mapping[str, Any]) -> Spec:
    """Return the spec that a line of ``ledger.last_specs`` keeps."""
    return Spec(row["entry_id"], row["spec_digest"], json.loads(row["spec"]), json.loads(row["elements"]))


def checkout_of(catalog: Catalog) -> Checkout:
    """Return the catalog at hand as it is compared."""
    specs = {resource.entry.id: Spec.of(resource) for resource in catalog.resources}
    elements = {name: one.model_dump(mode="json", by_alias=True) for name, one in catalog.elements.items()}
    return Checkout(specs, elements, frozenset(draft.id for draft in catalog.drafts if not draft.usable))


def _whom(change: Change, titles: Mapping[str, str]) -> list[str]:
    named = [titles.get(one, one) for one in change.departments]
    return [*named, say("plan.consumers")] if change.consumers and not change.of_element else named


def _print_json(
    changes: Sequence[Change], titles: Mapping[str, str], ran: Sequence[Mapping[str, Any]], unrecorded: Sequence[str]
) -> None:
    newest: datetime | None = ran[0]["started_at"] if ran else None
    told = [
        {
            "change": change.what,
            "entry": None if change.of_element else change.subject,
            "element": change.subject if change.of_element else None,
            "key": change.key,
            "breaking": change.breaking,
            "departments": list(change.departments),
            "titles": [titles.get(one, one) for one in change.departments],
            "consumers": change.consumers,
            "facts": dict(change.facts),
            "message": change.message,
            "next": change.next_step,
        }
        for change in changes
    ]
    whole = {
        "last_run": f"{newest.isoformat()}+00:00" if newest else None,
        "breaking": sum(change.breaking for change in changes),
        "unrecorded": list(unrecorded),
        "changes": told,
    }
    typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))


def _print_text(
    changes: Sequence[Change],
    titles: Mapping[str, str],
    ran: Sequence[Mapping[str, Any]],
    unrecorded: Sequence[str],
    active: int,
) -> None:
    console = answer()
    if not ran:
        console.print(say("plan.never", count=active))
        conversation().print(say("plan.next_fine"))
        return
    if unrecorded:
        entries = say("hint.separator").join(unrecorded)
        console.print(say("plan.unrecorded", count=len(unrecorded), entries=entries), soft_wrap=True)
    if not changes:
        console.print(say("plan.same", count=len(ran) - len(unrecorded)))
        return
    for breaking, heading, style in ((True, "heading_breaking", "bold red"), (False, "heading_fine", "bold")):
        chosen = [change for change in changes if change.breaking is breaking]
        if not chosen:
            continue
        console.print(say(f"plan.{heading}", count=len(chosen)), style=style)
        subject = ""
        for change in chosen:
            if change.subject != subject:
                subject = change.subject
                name = say("plan.element", name=subject) if change.of_element else subject
                console.print(Text(f"\n  {name}", "bold"))
            console.print(Text(f"    {'✕' if breaking else '·'} {change.message}"), soft_wrap=True)
            whom = say("hint.separator").join(_whom(change, titles))
            console.print(Text(f"      {say('plan.reaches', whom=whom)}"), soft_wrap=True)
            console.print(Text(f"      {say('plan.do', next=change.next_step)}"), soft_wrap=True)
        console.print()
    conversation().print(say("plan.next_breaking" if changes[0].breaking else "plan.next_fine"))
