"""``shuyuan explain``: what a problem code, a key of an entry or a data element means, whose turn it is, what to do."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from rich.table import Table

from shuyuan.catalog.reference import all_keys, key_node, placeholders_shown
from shuyuan.catalog.schema import words_of
from shuyuan.cli.console import answer
from shuyuan.language import say, sentences


def explain(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help=say("explain.subject"), metavar="CODE|KEY|element")],
    name: Annotated[str | None, typer.Argument(help=say("explain.name"), metavar="NAME")] = None,
) -> None:
    """解释一个问题代码（如 D401）、目录项里的一个键（如 source.sftp）或一个数据元（element resident_id）。"""
    if name is not None:
        if subject != "element":
            raise typer.BadParameter(say("explain.too_many", name=name))
        from shuyuan.cli.explain_element import explain_element

        explain_element(context.obj, name)
        return
    code = subject.upper()
    if re.fullmatch(r"[EDP][0-9]{3}", code):
        _explain_code(code)
        return
    found = key_node(subject)
    if found is None:
        near = get_close_matches(subject, all_keys(), 1, 0.5)
        hint = say("hint.nearest", nearest=near[0]) if near else ""
        raise typer.BadParameter(say("explain.unknown", subject=subject) + hint)
    _explain_key(subject, *found)


def _explain_code(code: str) -> None:
    if code not in sentences():
        near = get_close_matches(code, [key for key in sentences() if re.fullmatch(r"[EDP][0-9]{3}", key)], 1, 0.5)
        hint = say("hint.nearest", nearest=near[0]) if near else ""
        raise typer.BadParameter(say("explain.unknown", subject=code) + hint)
    console = answer()
    turn = "warning" if code.startswith("E9") else code[0]
    console.print(f"{code}  {placeholders_shown(say(code))}", style="bold")
    console.print(f"{say('explain.turn')}{say(f'turn.{turn}')}")
    if next_step := say(code, "next"):
        console.print(f"{say('explain.next')}{placeholders_shown(next_step)}")


def _explain_key(key: str, node: dict[str, Any], required: bool) -> None:
    console = answer()
    console.print(f"{key}  {node.get('title', '')}", style="bold")
    values = node.get("enum") or ([node["const"]] if "const" in node else [])
    if (description := node.get("description")) and not values:
        console.print(str(description))
    console.print(say("explain.required" if required else "explain.optional"))
    if "default" in node and node["default"] not in (None, [], {}):
        console.print(say("explain.default", value=node["default"]))
    words = words_of(node)
    if values:
        shown = [f"{value} {words[value]}" if value in words else str(value) for value in values]
        console.print(say("explain.values", values=say("hint.separator").join(shown)))
    properties = node.get("properties", {})
    if properties:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("key", "title", "meaning"):
            table.add_column(say(f"explain.{name}"), no_wrap=name == "key", overflow="fold")
        for name, below in properties.items():
            mark = "*" if name in node.get("required", ()) else ""
            table.add_row(f"{name}{mark}", str(below.get("title", "")), str(below.get("description", "")))
        console.print()
        console.print(table)
        console.print(say("explain.star"))
