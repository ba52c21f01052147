"""``shuyuan show``: one entry as it is, or resolved with where each value came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from shuyuan.catalog import load_resource
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.explaining import spell
from shuyuan.catalog.resources import Draft, Surroundings
from shuyuan.cli.console import answer, conversation
from shuyuan.language import say
from shuyuan.project import Project


def show(
    context: typer.Context,
    entry_id: Annotated[str, typer.Argument(help=say("show.id"), metavar="ID")],
    resolved: Annotated[bool, typer.Option("--resolved", help=say("show.resolved"))] = False,
) -> None:
    """查看一个目录项；--resolved 列出逐级继承之后的每个值，以及它从哪里来。"""
    project: Project = context.obj
    resource = load_resource(project, entry_id)
    console = answer()
    if not resolved:
        console.print(Text(resource.path.read_text(encoding="utf-8-sig").rstrip()), soft_wrap=True)
        conversation().print(say("show.next", id=entry_id))
        return
    draft = Draft(project, resource.path, Surroundings(project))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(say("show.key"), no_wrap=True)
    table.add_column(say("show.value"), overflow="fold")
    table.add_column(say("show.origin"), overflow="fold")
    for path, value in leaves(resource.entry.model_dump(by_alias=True)):
        if value is not None:
            table.add_row(spell(path), _written(draft, path, value), origin(draft, path))
    console.print(table)
    conversation().print(say("show.digest", digest=resource.digest))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value of a tree with its path; a list of plain values is one value."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list | tuple) and any(isinstance(one, dict) for one in value):
        for at, one in enumerate(value):
            yield from leaves(one, (*path, at))
    else:
        yield path, value


def origin(draft: Draft, path: tuple[str | int, ...]) -> str:
    """Say where the value at ``path`` comes from: a file, line and column, an element, or the model's default.

    Files are named below ``include/catalog_specs``.
    """
    if len(path) > 1 and path[0] == "fields" and isinstance(path[1], int) and path[1] >= len(draft.data["fields"]):
        return say("show.original")
    for document, prefix in draft.sources:
        if document.text and document.has((*prefix, *path)):
            at = document.locate((*prefix, *path))
            if document is draft.document:
                return say("show.own", line=at.line, column=at.column)
            return str(at).removeprefix(f"{label(draft.project, draft.project.specs)}/")
    if len(path) == 3 and path[0] == "fields" and isinstance(path[1], int):
        element = draft.data["fields"][path[1]].get("element")
        if element and path[2] in ("type", "length", "pattern", "codes", "check", "mask", "standard"):
            return say("show.element", element=element)
    return say("show.default")


def span(value: timedelta) -> str:
    """Write a span as the catalog does: ``2h``, ``90s``."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _written(draft: Draft, path: tuple[str | int, ...], value: Any) -> str:
    """Return the value as its author wrote it, else as the model has it."""
    here: Any = draft.data
    for step in path:
        if isinstance(here, dict):
            here = here.get(str(step))
        else:
            here = here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None
    if isinstance(here, str):
        return here
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(one) for one in value) + "]"
    if isinstance(value, timedelta):
        return span(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
