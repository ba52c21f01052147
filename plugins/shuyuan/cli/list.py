"""``shuyuan list``: the entries of the catalog, one line each."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from shuyuan.catalog import Resource, read_catalog
from shuyuan.catalog.schema import node_at, words_of
from shuyuan.cli.console import answer, conversation
from shuyuan.entry import Entry
from shuyuan.language import language, say
from shuyuan.project import Project

WIDE = 110
"""Columns of a terminal from which on everything fits; a narrower one leaves out what the id tells too."""

COLUMNS = ("id", "title", "department", "status", "cycle", "source", "fields", "rules")


def list_entries(
    context: typer.Context,
    department: Annotated[str | None, typer.Option("--department", help=say("list.department"))] = None,
) -> None:
    """列出目录项：标识、名称、部门、状态、周期、来源、信息项数、规则数。"""
    project: Project = context.obj
    catalog = read_catalog(project)
    chosen = [
        resource
        for resource in catalog.resources
        if department is None or department in (resource.entry.department, resource.department.title)
    ]
    console = answer()
    shown = (
        COLUMNS if console.width >= WIDE else tuple(name for name in COLUMNS if name not in ("department", "source"))
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in shown:
        right = name in ("fields", "rules")
        table.add_column(
            say(f"list.{name}"),
            justify="right" if right else "left",
            overflow="fold" if name == "title" else "ellipsis",
            no_wrap=name != "title",
        )
    for resource in chosen:
        row = _row(resource)
        table.add_row(*(row[name] for name in shown))
    console.print(table)
    broken = sum(not draft.usable for draft in catalog.drafts)
    conversation().print(say("list.broken" if broken else "list.total", count=len(chosen), broken=broken))


def _row(resource: Resource) -> dict[str, str]:
    entry = resource.entry
    quality = entry.quality
    rules = len(quality.rules) + len(quality.suites) + len(quality.expectations)
    return {
        "id": entry.id,
        "title": entry.title,
        "department": resource.department.title,
        "status": word("status", entry.status),
        "cycle": word("update.cycle", entry.update.cycle),
        "source": entry.source.type,
        "fields": str(len(entry.fields)),
        "rules": str(rules),
    }


def word(key: str, value: str) -> str:
    """Return the Chinese word of an enumerated value, the value itself in English."""
    if language() == "en":
        return value
    return words_of(node_at(Entry, {}, tuple(key.split(".")))).get(value, value)
