"""``shuyuan declare``: the center takes down, on a department's behalf, that a period has brought no change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from shuyuan.cli.console import answer, conversation
from shuyuan.language import say
from shuyuan.project import Project


def declare(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help=say("declare.entry"))],
    day: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help=say("declare.date"))],
    who: Annotated[str, typer.Option("--who", metavar="NAME", help=say("declare.who"))],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help=say("declare.why"))],
) -> None:
    """登记无变化申报：这一期没有变化，不再送数。应到时间加宽限之前登记的算按时，之后的算迟到。"""
    from shuyuan.catalog import load_resource
    from shuyuan.freshness.declaring import declare as take_down
    from shuyuan.freshness.declaring import local_minute
    from shuyuan.warehouses import open_warehouse
    from shuyuan.workdays import Calendar

    project: Project = context.obj
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter(say("declare.bad_date", value=day)) from None
    who, why = " ".join(who.split()), " ".join(why.split())
    if not who or not why:
        raise typer.BadParameter(say("declare.blank"))
    resource = load_resource(project, entry)
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_warehouse(project).session() as session:
        made = take_down(session, resource.entry, wanted, who[:100], why, Calendar.read(project.calendar), now)
    facts = {"title": resource.entry.title, "day": made.data_date, "who": made.who}
    facts |= {"due": local_minute(made.due_at), "moment": local_minute(made.declared_at)}
    answer().print(say(f"declare.{'done' if made.state == 'no_change' else made.state}", **facts))
    conversation().print(say("declare.next"))
