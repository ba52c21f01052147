"""``shuyuan reconcile``: compare the copies with their sources now, without Airflow. One line a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shuyuan.cli.columns import fit_columns
from shuyuan.cli.console import answer
from shuyuan.language import say
from shuyuan.project import Project

if TYPE_CHECKING:
    from shuyuan.catalog import Resource
    from shuyuan.one_source import Comparison, Reconciled

_DASH = "–"
_ROOMY = 110
_SQUEEZE = (("source", 12), ("entry", 12), ("field", 10), ("state", 12), ("source", 6), ("entry", 8), ("field", 6))


def reconcile(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="没有变化的也重新比对")] = False,
) -> None:
    """把各目录项引用的信息项与唯一数据源逐项比对：有变化的才重新比对，差异发起疑义，差异消失的疑义自行关闭。"""
    from shuyuan import one_source
    from shuyuan.catalog import read_catalog

    project: Project = context.obj
    now = datetime.now(UTC)
    made = one_source.reconcile(project, now, f"shuyuan.reconcile.{now:%Y%m%dT%H%M%S.%f}", force=force)
    console = answer()
    known = {resource.entry.id: resource for resource in read_catalog(project).resources}
    for line in reconciled_lines(made, known, console.width):
        typer.echo(line)


def reconciled_lines(made: Reconciled, known: Mapping[str, Resource], width: int) -> list[str]:
    """One line a copy within ``width`` cells, under a header; then the counts.

    Narrow terminals do without the source's name: who is right follows from the element.
    """
    if not made.comparisons:
        return [say("reconcile.none")]
    names = ("entry", "field", "source", "state", "matched", "differing", "rate")
    header = {name: say(f"reconcile.{name}") for name in names}
    lines = sorted(made.comparisons, key=lambda one: (one.entry_id, one.source_id, one.kind != "reference", one.field))
    rows = [header, *(_cells(line, known) for line in lines)]
    if width < _ROOMY:
        for row in rows:
            del row["source"]
    summary = say(
        "reconcile.summary",
        lines=len(lines),
        compared=made.compared,
        unchanged=made.unchanged,
        uncompared=sum(line.state != "compared" for line in lines),
        opened=made.opened,
        closed=made.closed,
    )
    return [*fit_columns(rows, width, _SQUEEZE, ("matched", "differing", "rate")), summary]


def _cells(line: Comparison, known: Mapping[str, Resource]) -> dict[str, str]:
    compared = line.state == "compared"
    reason = "" if compared else say(f"not_compared.{line.reason}")
    differing = line.only_here if line.kind == "reference" else line.differing
    return {
        "entry": _title(known, line.entry_id),
        "field": _fields(known, line.entry_id, line.field.split("+")),
        "source": _title(known, line.source_id),
        "state": say("reconcile.compared") if compared else say("reconcile.not_compared", reason=reason),
        "matched": _count(line.matched),
        "differing": _count(differing),
        "rate": _DASH if line.score is None else f"{line.score:.2f}%",
    }


def _title(known: Mapping[str, Resource], entry_id: str) -> str:
    return known[entry_id].entry.title if entry_id in known else entry_id


def _fields(known: Mapping[str, Resource], entry_id: str, names: Sequence[str]) -> str:
    titles = {field.name: field.title for field in known[entry_id].entry.fields} if entry_id in known else {}
    return "+".join(titles.get(name, name) for name in names)


def _count(number: int | None) -> str:
    return _DASH if number is None else f"{number:,}"
