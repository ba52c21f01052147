"""What the demonstration tells of 一数一源: disagreements found and planted, open 疑义, one golden record."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from shuyuan.cli.columns import fit_columns
from shuyuan.demonstration.comparing import Asked, Comparing, Golden, Share
from shuyuan.language import say

SHOWN = 5
ROOMY = 100
"""Narrower terminals do without the sources' names and the number of copies."""

_DASH = "–"
_ASKED = {"differing": "correction", "unknown": "correction_unknown", "duplicate": "correction_duplicate"}
_SAYS = {True: "disputed", False: "agreed", None: "uncompared"}
_SQUEEZE = (("source", 12), ("department", 12), ("element", 10), ("value", 12), ("source", 8), ("department", 8))


def print_comparing(console: Console, made: Comparing) -> None:
    """Print the three parts, each line within the console; nothing where nothing was compared."""
    if not made.copies:
        return
    for line in comparing_lines(made, console.width):
        console.print(line, soft_wrap=True)


def comparing_lines(made: Comparing, width: int) -> Iterator[Text]:
    """Yield the lines: the disagreements, what is wrong with them, the requests, the record."""
    yield Text()
    found, planted = (sum(getattr(share, name) for share in made.shares) for name in ("found", "planted"))
    title = say("demo.copies_title", copies=len(made.copies), found=f"{found:,}", planted=f"{planted:,}")
    yield Text(title, "bold")
    yield from _share_lines(made.shares, width)
    for line in made.copies:
        where = {"entry": line.entry_id, "field": line.field, "source": line.source_id or _DASH}
        if not line.compared:
            yield Text(say("demo.uncompared", **where), "red")
        for name, (got, wanted) in line.wrong.items() if line.compared else ():
            yield Text(say("demo.mismatched", name=name, found=got, planted=wanted, **where), "red")
    yield Text()
    counts = {"open": len(made.open), "opened": made.opened, "closed": made.closed}
    yield Text(say("demo.corrections_title", **counts), "bold")
    for asked in made.open[:SHOWN]:
        yield Text(f"  {_sentence(asked)}")
    if len(made.open) > SHOWN:
        yield Text("  " + say("demo.corrections_more", count=len(made.open) - SHOWN), "dim")
    if made.golden is not None:
        yield Text()
        yield from _golden_lines(made.golden, width)
    yield Text()


def _share_lines(shares: tuple[Share, ...], width: int) -> Iterator[Text]:
    names = ("element", "department", "source", "copies", "matched", "found", "expected", "planted")
    rows = [{name: say(f"demo.{name}") for name in names}]
    for share in shares:
        rows.append(
            {
                "element": share.element,
                "department": share.department,
                "source": share.source,
                "copies": str(share.copies),
                "matched": f"{share.matched:,}",
                "found": f"{share.found:,}",
                "expected": f"{share.planted:,}",
                "planted": say("demo.yes" if share.exact else "demo.no"),
            }
        )
    if width < ROOMY:
        rows = [{name: text for name, text in row.items() if name not in ("source", "copies")} for row in rows]
    lines = fit_columns(rows, width, _SQUEEZE, ("copies", "matched", "found", "expected"))
    yield Text(lines[0], "bold")
    for share, line in zip(shares, lines[1:], strict=True):
        yield Text(line, "" if share.exact else "bold red")


def _sentence(asked: Asked) -> str:
    facts = {"title": asked.entry, "field": asked.field, "source": asked.source, "department": asked.department}
    return say(f"demo.{_ASKED[asked.kind]}", rows=f"{asked.rows:,}", due=asked.due_on, **facts)


def _golden_lines(golden: Golden, width: int) -> Iterator[Text]:
    title = say("demo.golden_title", view=golden.view, title=golden.title, key=golden.key)
    yield Text(title, "bold")
    names = ("attribute", "value", "source", "data_date", "copies_say")
    rows = [{name: say(f"demo.{name}") for name in names}]
    for attribute in golden.attributes:
        rows.append(
            {
                "attribute": attribute.title,
                "value": attribute.value or _DASH,
                "source": attribute.source,
                "data_date": str(attribute.data_date or _DASH),
                "copies_say": say(f"demo.says.{_SAYS[attribute.disputed]}"),
            }
        )
    lines = fit_columns(rows, width, _SQUEEZE)
    yield Text(lines[0], "bold")
    for attribute, line in zip(golden.attributes, lines[1:], strict=True):
        yield Text(line, "yellow" if attribute.disputed else "")
