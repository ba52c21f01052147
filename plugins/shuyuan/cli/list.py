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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(
            say(f"list.{name}"), justify="right" if name in ("fields", "rules") else "left", no_wrap=name == "id"
        )
    for resource in chosen:
        table.add_row(*_row(resource))
    answer().print(table)
    broken = sum(not draft.usable for draft in catalog.drafts)
    conversation().print(say("list.broken" if broken else "list.total", count=len(chosen), broken=broken))


def _row(resource: Resource) -> tuple[str, ...]:
    entry = resource.entry
    quality = entry.quality
    rules = len(quality.rules) + len(quality.suites) + len(quality.expectations)
    return (
        entry.id,
        entry.title,
        resource.department.title,
        word("status", entry.status),
        word("update.cycle", entry.update.cycle),
        entry.source.type,
        str(len(entry.fields)),
        str(rules),
    )


def word(key: str, value: str) -> str:
    """Return the Chinese word of an enumerated value, the value itself in English."""
    if language() == "en":
        return value
    return words_of(node_at(Entry, {}, tuple(key.split(".")))).get(value, value)
