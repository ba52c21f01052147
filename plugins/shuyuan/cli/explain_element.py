"""``shuyuan explain element NAME``: one data element, its authority, and each copy with its last comparison."""

from __future__ import annotations

from difflib import get_close_matches

import typer
from rich.console import Console
from rich.table import Table

from shuyuan.catalog import Catalog, read_catalog
from shuyuan.catalog.schema import Elements, node_at, words_of
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.elements import outcome_of
from shuyuan.cli.ledger_session import existing_session
from shuyuan.entry import Element, Field
from shuyuan.language import language, say
from shuyuan.ledger import latest_comparisons
from shuyuan.one_source.copies import Copy, Lines, find_copies
from shuyuan.one_source.titles import Titles
from shuyuan.project import Project
from shuyuan.reporting import figures
from shuyuan.reporting.entry_page import item_type

FACTS = ("meaning", "standard", "type", "check", "pattern", "codes", "mask", "normal_form", "level")
ENUMERATED = ("check", "normal_form", "level")


def explain_element(project: Project, name: str) -> None:
    """Print all about one element. An unknown name is wrong usage; the nearest one is offered."""
    catalog = read_catalog(project)
    element = catalog.elements.get(name)
    if element is None:
        near = get_close_matches(name, catalog.elements, 1, 0.5)
        hint = say("hint.nearest", nearest=near[0]) if near else ""
        raise typer.BadParameter(say("explain.no_element", name=name) + hint)
    with existing_session(project) as session:
        lines = latest_comparisons(session) if session else {}
    console = answer()
    console.print(f"{name}  {element.title}", style="bold")
    for key in FACTS:
        value = getattr(element, key)
        if value is not None:
            console.print(_fact(key, _type(element) if key == "type" else _worded(key, str(value))))
    _print_authority(console, catalog, name, element)
    copies = find_copies(catalog)[name]
    if copies:
        console.print(_fact("corrections", say(f"explain.asks.{element.corrections}")))
    console.print()
    console.print(say("explain.copies" if copies else "explain.no_copies", count=len(copies)))
    if copies:
        console.print(copies_table(copies, Titles.of(catalog), lines, narrow=console.width < 110))
    conversation().print(say("explain.next_element"))


def copies_table(copies: tuple[Copy, ...], titles: Titles, lines: Lines, narrow: bool) -> Table:
    """Return a line a copy: where, how it is matched, how the last comparison went."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1 if narrow else 2, 0, 0))
    columns = (
        ("where", "match", "last", "rate") if narrow else ("entry", "field", "department", "match", "last", "rate")
    )
    for name in columns:
        right = name == "rate"
        table.add_column(say(f"explain.copy.{name}"), justify="right" if right else "left", overflow="fold")
    for copy in copies:
        line = lines.get(copy.line)
        item = titles.item(copy.entry_id, copy.field)
        cells = {
            "where": f"{copy.entry_id}.{copy.field}\n{titles.entry(copy.entry_id)}·{item}",
            "entry": copy.entry_id,
            "field": f"{copy.field} {item}",
            "department": titles.department_of(copy.entry_id),
            "match": _match(copy, titles),
            "last": figures.iso_day(figures.local(line.compared_at).date()) if line else figures.NONE,
            "rate": outcome_of(copy, lines),
        }
        if line and line.reason:
            cells["rate"] += f"\n{say(f'not_compared.{line.reason}')}"
        table.add_row(*(cells[name] for name in columns))
    return table


def _match(copy: Copy, titles: Titles) -> str:
    if not copy.match:
        return say("elements.unmatched")
    if copy.is_key:
        return say("explain.copy.is_key")
    return titles.item(copy.entry_id, "+".join(copy.match))


def _print_authority(console: Console, catalog: Catalog, name: str, element: Element) -> None:
    titles = Titles.of(catalog)
    if element.source is None:
        console.print(_fact("source", say("explain.no_source")))
        return
    entry = titles.entries.get(element.source)
    fields = [one.name for one in entry.fields if one.element == name and one.authoritative] if entry else []
    where = ".".join([element.source, *fields[:1]])
    console.print(
        _fact(
            "source",
            say(
                "explain.authority",
                where=where,
                title=titles.entry(element.source),
                department=titles.department_of(element.source),
            ),
        )
    )


def _fact(key: str, value: str) -> str:
    label = key if language() == "en" else _node(key).get("title", key)
    return say("explain.fact", label=label, value=value)


def _type(element: Element) -> str:
    """The type with its length, as the report writes it."""
    return item_type(Field(name="x", title=element.title, type=element.type, length=element.length))


def _worded(key: str, value: str) -> str:
    """An enumerated value with its meaning beside it."""
    if language() == "en" or key not in ENUMERATED:
        return value
    meaning = words_of(_node(key)).get(value, "")
    return f"{value} {meaning}".rstrip()


def _node(key: str) -> dict[str, str]:
    node: dict[str, str] = node_at(Elements, {}, ("x", key))
    return node
