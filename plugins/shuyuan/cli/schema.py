"""``shuyuan schema``: JSON Schemas for editors and the reference pages, made from the models and messages."""

from __future__ import annotations

from typing import Annotated

import typer

from shuyuan.catalog.reference import generated_files
from shuyuan.cli.console import answer
from shuyuan.indicators.reference import generated_page
from shuyuan.language import say
from shuyuan.project import Project


def schema(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help=say("schema.check"))] = False,
) -> None:
    """由模型生成 JSON Schema（编辑器里的提示与检查）和参考文档；--check 只核对是否一致。"""
    project: Project = context.obj
    console = answer()
    stale = []
    for path, text in {**generated_files(project), **generated_page(project)}.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        console.print(say("schema.stale" if check else "schema.written", path=path.relative_to(project.root)))
    if not stale:
        console.print(say("schema.in_step"))
    raise typer.Exit(1 if stale and check else 0)
