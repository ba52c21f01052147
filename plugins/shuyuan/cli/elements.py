"""``shuyuan elements``: every data element, its one authority, its copies and how often they disagree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from shuyuan.catalog import Catalog, read_catalog
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.ledger import latest_comparisons
from shuyuan.one_source.copies import Copy, Lines, Rate, find_copies, rate_of, share_of
from shuyuan.one_source.titles import Titles
from shuyuan.project import Project
from shuyuan.reporting import figures

WIDE = 156
NARROW_COLUMNS = ("element", "title", "source", "copies", "rate")
WIDE_COLUMNS = ("element", "title", "level", "source", "department", "copies", "compared", "rate", "unknown")
NUMBERS = ("copies", "compared", "rate", "unknown")


def elements(
    context: typer.Context,
    copies: Annotated[bool, typer.Option("--copies", help=say("elements.with_copies"))] = False,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help=say("elements.format"))] = "text",
) -> None:
    """列出数据元：唯一数据源、有几处副本、最近一次比对有多少不一致。"""
    project: Project = context.obj
    catalog = read_catalog(project)
    with existing_session(project) as session:
        lines = latest_comparisons(session) if session else {}
    found = find_copies(catalog)
    if output == "json":
        typer.echo(elements_json(catalog, found, lines))
        return
    console = answer()
    console.print(elements_table(catalog, found, lines, console.width >= WIDE, copies))
    sourced = sum(element.source is not None for element in catalog.elements.values())
    total = sum(map(len, found.values()))
    console.print(say("elements.total", count=len(found), sourced=sourced, copies=total))
    conversation().print(say("elements.next" if lines else "elements.next_not_compared"))


def elements_table(
    catalog: Catalog, found: Mapping[str, tuple[Copy, ...]], lines: Lines, wide: bool, with_copies: bool
) -> Table:
    """Return the table: a line an element, below it a line a copy when asked for."""
    titles = Titles.of(catalog)
    shown = WIDE_COLUMNS if wide else NARROW_COLUMNS
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2 if wide else 1, 0, 0))
    for name in shown:
        table.add_column(
            say(f"elements.column.{name}"),
            justify="right" if name in NUMBERS else "left",
            no_wrap=name in NUMBERS,
            overflow="fold",
        )
    for name, element in sorted(catalog.elements.items()):
        rate, unknown = (rate_of(found[name], lines, keys) for keys in (False, True))
        cells = {
            "element": name,
            "title": element.title,
            "level": element.level,
            "source": _place(element.source, titles, wide),
            "department": titles.department_of(element.source) if element.source else figures.NONE,
            "copies": str(len(found[name])) if found[name] else figures.NONE,
            "compared": f"{rate.compared + unknown.compared}/{len(found[name])}" if found[name] else figures.NONE,
            "rate": rate_text(rate),
            "unknown": rate_text(unknown),
        }
        table.add_row(*(cells[column] for column in shown))
        for copy in found[name] if with_copies else ():
            line = dict.fromkeys(shown, "") | {
                "element": "",
                "title": f"└ {titles.item(copy.entry_id, copy.field)}",
                "source": _place(copy.entry_id, titles, wide),
                "department": titles.department_of(copy.entry_id),
                "unknown" if copy.is_key and wide else "rate": outcome_of(copy, lines, plain=wide),
            }
            table.add_row(*(line[column] for column in shown), style="dim")
    return table


def _place(source: str | None, titles: Titles, wide: bool) -> str:
    """The source's id where there is room for it, else its title."""
    if source is None:
        return figures.NONE
    return source if wide else titles.entry(source)


def elements_json(catalog: Catalog, found: Mapping[str, tuple[Copy, ...]], lines: Lines) -> str:
    """Return all elements with their copies as JSON; a rate that is not known is null, instants are UTC."""
    made = []
    for name, element in sorted(catalog.elements.items()):
        rate, unknown = (rate_of(found[name], lines, keys) for keys in (False, True))
        made.append(
            {
                "element": name,
                "title": element.title,
                "level": element.level,
                "source": element.source,
                "mismatch_rate": _fraction(rate),
                "unknown_rate": _fraction(unknown),
                "copies": [_copy_json(copy, lines) for copy in found[name]],
            }
        )
    return json.dumps({"elements": made}, ensure_ascii=False, indent=1)


def rate_text(rate: Rate) -> str:
    """The rate as a percentage, 无法比对 when no copy could be compared, a dash when none was tried."""
    if rate.refused and not rate.compared:
        return say("elements.not_compared")
    return figures.small_share(rate.share.wrong, rate.share.counted)


def outcome_of(copy: Copy, lines: Lines, plain: bool = False) -> str:
    """How the last comparison of one copy went: a percentage, 无法比对, or a dash when there was none.

    Of a key the percentage is that of unknown rows, and says so unless ``plain``.
    """
    if not copy.match:
        return say("elements.unmatched")
    if copy.line not in lines:
        return figures.NONE
    share = share_of(lines[copy.line])
    if share is None:
        return say("elements.not_compared")
    said = figures.small_share(share.wrong, share.counted)
    return say("elements.unknown_share", share=said) if copy.is_key and share.counted and not plain else said


def _copy_json(copy: Copy, lines: Lines) -> dict[str, Any]:
    line = lines.get(copy.line)
    last = None
    if line:
        share = share_of(line)
        at = line.compared_at.replace(tzinfo=UTC).isoformat()
        counts = asdict(share) if share else {"wrong": None, "counted": None}
        last = {"compared_at": at, "state": line.state, "reason": line.reason, **counts}
    return {
        "entry": copy.entry_id,
        "field": copy.field,
        "match": list(copy.match),
        "is_key": copy.is_key,
        "last": last,
    }


def _fraction(rate: Rate) -> float | None:
    return rate.share.wrong / rate.share.counted if rate.share.counted else None
