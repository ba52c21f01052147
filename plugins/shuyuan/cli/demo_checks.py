"""What the demonstration tells of 核查: each planted case, the conclusion it must come to and the one it came to."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from shuyuan.cli.columns import fit_columns
from shuyuan.demonstration.checking import CheckedCase
from shuyuan.language import say


def print_checks(console: Console, cases: Sequence[CheckedCase]) -> None:
    """Print one line a case; nothing where none was handed in."""
    if not cases:
        return
    exact = sum(case.exact for case in cases)
    console.print(Text(say("demo.checks_title", count=len(cases), exact=exact), "bold"))
    names = ("check", "kind", "conclusion", "expected", "planted")
    rows = [{name: say(f"demo.{name}") for name in names}]
    rows += [
        {
            "check": case.check,
            "kind": say(f"demo.case.{case.kind}"),
            "conclusion": case.found or "–",
            "expected": case.planted,
            "planted": say("demo.yes" if case.exact else "demo.no"),
        }
        for case in cases
    ]
    header, *told = fit_columns(rows, console.width, (("check", 8), ("kind", 16)))
    console.print(Text(f"  {header}", "dim"), soft_wrap=True)
    for case, line in zip(cases, told, strict=True):
        console.print(Text(f"  {line}", "" if case.exact else "bold red"), soft_wrap=True)
        if case.wrong:
            console.print(Text("    " + say("demo.wrong_rules", rules=", ".join(case.wrong)), "red"), soft_wrap=True)
    console.print()
