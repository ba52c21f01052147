"""``shuyuan request``: checks (核查) asked for on the command line: hand in, answer, look, fetch the reports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from shuyuan.checks.refusals import Denied
from shuyuan.cli.columns import fit_columns
from shuyuan.cli.console import answer, conversation
from shuyuan.cli.ledger_session import existing_session
from shuyuan.language import say
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.workdays import LOCAL

ASK = "ask"
_NUMBERS = ("cases", "subjects")


class Verbs(TyperGroup):
    """``request <check>`` is ``request ask <check>``: the first word is a verb of this group, or a check."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; any other word is the check to ask for."""
        return super().resolve_command(ctx, args if args and args[0] in self.commands else [ASK, *args])


request = typer.Typer(cls=Verbs, add_completion=False, no_args_is_help=True, help=say("request.intro"))
Department = Annotated[str, typer.Option("--department", help=say("request.help.department"), metavar="ID")]
By = Annotated[str, typer.Option("--by", help=say("request.help.by"), metavar="NAME")]
Number = Annotated[str, typer.Argument(metavar="ID", help=say("request.help.id"))]


@request.command(ASK, help=say("request.help.ask"))
def ask(
    context: typer.Context,
    check: Annotated[str, typer.Argument(metavar="CHECK", help=say("request.help.check"))],
    file: Annotated[
        Path, typer.Option("--file", help=say("request.help.file"), metavar="FILE", exists=True, dir_okay=False)
    ],
    department: Department,
    who: By,
    purpose: Annotated[str, typer.Option("--purpose", help=say("request.help.purpose"), metavar="TEXT")],
    case: Annotated[str | None, typer.Option("--case", help=say("request.help.case"), metavar="TEXT")] = None,
    authorization: Annotated[
        str | None, typer.Option("--authorization", help=say("request.help.authorization"), metavar="TEXT")
    ] = None,
    here: Annotated[bool, typer.Option("--run", help=say("request.help.run_here"))] = False,
    trigger: Annotated[bool, typer.Option("--trigger", help=say("request.help.trigger"))] = False,
) -> None:
    """Register a request; answer it here, or have Airflow answer it, where asked to."""
    from shuyuan.checks.registering import register

    project: Project = context.obj
    if here and trigger:
        raise typer.BadParameter(say("request.either"))
    now = datetime.now(UTC)
    made = register(project, check, file, department, who, purpose, now, case=case, authorization=authorization)
    facts = {"id": made.request_id, "cases": made.cases, "subjects": made.subjects}
    answer().print(say("request.registered", **facts))
    if here:
        _run(project, made.request_id)
    elif trigger:
        _trigger(project, check, made.request_id)
    else:
        conversation().print(say("request.next_registered", **facts))


@request.command("run", help=say("request.help.run"))
def run(
    context: typer.Context,
    number: Number,
    trigger: Annotated[bool, typer.Option("--trigger", help=say("request.help.trigger"))] = False,
) -> None:
    """Answer a registered request."""
    project: Project = context.obj
    if not trigger:
        _run(project, number)
        return
    from shuyuan.checks import requests_kept

    with existing_session(project) as session:
        kept = requests_kept.find(session, number) if session else None
    if kept is None:
        raise Denied
    _trigger(project, kept.check, number)


@request.command("list", help=say("request.help.list"))
def list_requests(context: typer.Context, department: Department) -> None:
    """List a department's requests, the newest first."""
    from shuyuan.checks import requests_kept

    project: Project = context.obj
    with existing_session(project) as session:
        found = requests_kept.list_requests(session, department) if session else []
    if not found:
        answer().print(say("request.none"))
        return
    names = ("id", "check", "by", "asked", *_NUMBERS, "state")
    rows = [{name: say(f"request.head.{name}") for name in names}]
    rows += [
        {
            "id": one.request_id,
            "check": one.check,
            "by": one.asked_by,
            "asked": _minute(one.asked_at),
            "cases": f"{one.cases:,}",
            "subjects": f"{one.subjects:,}",
            "state": say(f"request.state.{one.state}") + (f" {one.problem_code}" if one.problem_code else ""),
        }
        for one in found
    ]
    console = answer()
    for line in fit_columns(rows, console.width, (("by", 6), ("check", 8)), _NUMBERS):
        console.print(line, soft_wrap=True)


@request.command("show", help=say("request.help.show"))
def show(context: typer.Context, number: Number, department: Department) -> None:
    """Show how far a request is, and by when it is deleted."""
    from shuyuan.checks.fetching import find_request

    kept = find_request(context.obj, number, department)
    facts = {
        "id": kept.request_id,
        "check": kept.check,
        "by": kept.asked_by,
        "asked": _minute(kept.asked_at),
        "cases": kept.cases,
        "subjects": kept.subjects,
        "state": say(f"request.state.{kept.state}"),
        "answered": _minute(kept.answered_at) if kept.answered_at else "–",
        "request_until": kept.delete_request_on,
        "answer_until": kept.delete_answer_on,
    }
    answer().print(say("request.shown", **facts).strip())
    if kept.problem_code:
        answer().print(say("request.failed_by", code=kept.problem_code))


@request.command("report", help=say("request.help.report"))
def report(
    context: typer.Context,
    number: Number,
    out: Annotated[Path, typer.Option("--out", help=say("request.help.out"), metavar="DIR", file_okay=False)],
    department: Department,
    who: By,
) -> None:
    """Write the reports of an answered request into a folder; the audit says who did."""
    from shuyuan.catalog import read_catalog
    from shuyuan.catalog.checks import read_checks
    from shuyuan.checks.fetching import fetch_answer
    from shuyuan.checks.reports import write_reports
    from shuyuan.one_source.titles import Titles

    project: Project = context.obj
    found = fetch_answer(project, number, department, who, datetime.now(UTC))
    check = read_checks(project).get(found.check)
    if check is None:
        raise PlatformError("P433", check=found.check)
    write_reports(found, check, Titles.of(read_catalog(project)), out)
    answer().print(say("request.reported", count=len(found.cases), number=found.number, out=out), soft_wrap=True)
    conversation().print(say("request.next_reported"))


@request.command("template", help=say("request.help.template"))
def template(
    context: typer.Context,
    check: Annotated[str, typer.Argument(metavar="CHECK", help=say("request.help.check"))],
    out: Annotated[Path, typer.Option("--out", help=say("request.help.template_out"), metavar="FILE.xlsx")],
) -> None:
    """Write the empty form of a check."""
    from shuyuan.catalog.checks import read_checks
    from shuyuan.catalog.dictionary import pick_elements
    from shuyuan.checks.request_items import Items
    from shuyuan.checks.request_template import write_template

    project: Project = context.obj
    found = read_checks(project).get(check)
    if found is None:
        raise Denied
    items = Items.of(project, found, pick_elements(project, {one.element for one in found.inputs.values()}))
    out.write_bytes(write_template(found, items.elements, items.codes))
    answer().print(say("request.form_written", title=found.title, out=out), soft_wrap=True)
    conversation().print(say("request.next_form", check=check))


def _run(project: Project, number: str) -> None:
    from shuyuan.checks.running import run as answer_it

    counts = answer_it(project, number, datetime.now(UTC))
    answer().print(say("request.answered", **{name.replace("pass", "passed"): count for name, count in counts.items()}))
    conversation().print(say("request.next_answered", id=number))


def _trigger(project: Project, check: str, number: str) -> None:
    from shuyuan.orchestration.client import new_run_id
    from shuyuan.orchestration.identity import check_dag_id
    from shuyuan.orchestration.local import LocalAirflow

    airflow = LocalAirflow.running(project)
    if airflow is None:
        raise PlatformError("P437", request=number)
    airflow.client.trigger(check_dag_id(check), new_run_id("request"), {"request_id": number})
    answer().print(say("request.triggered", dag=check_dag_id(check)))
    conversation().print(say("request.next_triggered", id=number))


def _minute(instant: datetime) -> str:
    return f"{instant.replace(tzinfo=UTC).astimezone(LOCAL):%Y-%m-%d %H:%M}"
