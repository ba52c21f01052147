"""``shuyuan answer``: what a department says to a request (疑义), one by command or a whole workbook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from shuyuan.cli.console import answer as console
from shuyuan.cli.console import conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.one_source.corrections.answers import Answer, AnswerError, Taken, refuse_faults, take_answers, tidy
from shuyuan.one_source.corrections.returns import read_returned
from shuyuan.one_source.settings import read_settings
from shuyuan.problems import Problem
from shuyuan.project import Project
from shuyuan.workdays import Calendar

MOST_NAMED = 10
"""So many numbers are told one by one."""


def answer(
    context: typer.Context,
    correction: Annotated[str | None, typer.Argument(metavar="ID", help=say("answer.id"))] = None,
    said: Annotated[
        Literal["corrected", "explained", "referred"] | None, typer.Option("--as", help=say("answer.as"))
    ] = None,
    who: Annotated[str | None, typer.Option("--by", help=say("answer.by"), metavar="NAME")] = None,
    why: Annotated[str | None, typer.Option("--why", help=say("answer.why"), metavar="TEXT")] = None,
    returned: Annotated[
        Path | None,
        typer.Option("--from", help=say("answer.from"), metavar="FILE.xlsx", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """登记部门对疑义的答复：一条一条登记，或用 --from 收回部门填好的表格。"""
    project: Project = context.obj
    alone = (correction, said, who, why)
    if returned is not None:
        if any(one is not None for one in alone):
            raise typer.BadParameter(say("answer.either"))
        _take_file(project, returned)
        return
    if correction is None or said is None or who is None or why is None:
        raise typer.BadParameter(say("answer.missing"))
    _take_one(project, Answer(correction, said, who, why))


def _take_one(project: Project, given: Answer) -> None:
    taken = _take(project, [given])
    if taken.settled:
        raise AnswerError([Problem("D512", {"id": taken.settled[0]})])
    (number,) = taken.written or taken.repeated
    if taken.repeated:
        console().print(say("answer.repeated_one", id=number))
        return
    console().print(say(f"answer.written_{given.action}", id=number))
    conversation().print(say("answer.next"))


def _take_file(project: Project, path: Path) -> None:
    """Take a whole workbook, and say what became of it."""
    found = read_returned(path)
    taken = _take(project, found.answers, found.faults)
    facts = {"path": path.name, "written": len(taken.written), "repeated": len(taken.repeated)}
    console().print(say("answer.written" if taken.written else "answer.nothing_new", **facts))
    if taken.settled:
        numbers = say("hint.separator").join(taken.settled[:MOST_NAMED])
        more = "…" if len(taken.settled) > MOST_NAMED else ""
        console().print(say("answer.settled", count=len(taken.settled), ids=numbers + more))
    if found.unanswered:
        console().print(say("answer.unanswered", count=found.unanswered))
    conversation().print(say("answer.next"))


def _take(project: Project, answers: Sequence[Answer], faults: Sequence[Problem] = ()) -> Taken:
    """Write answers in one transaction; where there is no warehouse, there is no request to answer."""
    now = datetime.now(UTC).replace(tzinfo=None)
    settings, calendar = read_settings(project), Calendar.read(project.calendar)
    with existing_session(project) as session:
        if session is None:
            refuse_faults([tidy(one) for one in answers], {}, faults)
            return Taken()
        with session.transaction():
            return take_answers(session, answers, now, settings, calendar, faults)
