"""A request comes in: who asks may ask, everything in it is right, and only then is it kept, sealed.

All faults are told at once, by row, column and rule; then nothing was stored. ``register`` is the one way in, for the
command line, a page and an inbox alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shuyuan.catalog.checks import read_checks
from shuyuan.catalog.dictionary import pick_elements
from shuyuan.checks import requests_kept
from shuyuan.checks.auditing import UNKNOWN, Desk
from shuyuan.checks.case_files import count_people, read_cases
from shuyuan.checks.refusals import Denied, RequestError
from shuyuan.checks.request import Case, Request
from shuyuan.checks.request_files import AUTHORIZATION, NUMBER, Rows, read_given
from shuyuan.checks.request_items import Items, has_controls, has_personal_number
from shuyuan.entry import Check
from shuyuan.problems import Problem, Term
from shuyuan.project import Project
from shuyuan.vault.keys import KeyRing
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import local_day

_RANDOM_BITS = 130
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
LONGEST_NAME, LONGEST_PURPOSE = 100, 200


@dataclass(frozen=True)
class Registered:
    """A request that was taken: its opaque number, how many cases and people."""

    request_id: str
    cases: int
    subjects: int


@dataclass(frozen=True)
class Asker:
    """Who asks, for which department, and what for."""

    department: str
    who: str
    purpose: str


def register(
    project: Project,
    check_id: str,
    source: Path | Rows,
    department: str,
    who: str,
    purpose: str,
    now: datetime,
    *,
    case: str | None = None,
    authorization: str | None = None,
) -> Registered:
    """Take a request and return its number. ``now`` is aware.

    ``source`` is an xlsx or JSON file or rows by column (``request_files``). ``case`` and ``authorization`` stand for
    the two columns of a file about one case that has none.

    Raises:
        Denied: P430, the department may not run this check, or there is none such, or its purpose has ended.
        RequestError: every fault of the file: D701–D719; of who asks: P435; P431 too many people today.
        DeliveryError: D204, D230, D232, a file that cannot be read.
        PlatformError: the vault's, with nothing kept.
    """
    asker = Asker(department, " ".join(who.split()), " ".join(purpose.split()))
    _judge_asker(asker)
    check = read_checks(project).get(check_id)
    desk = Desk(project, KeyRing.open(project), asker.who, department, check_id if check else UNKNOWN, now)
    if check is None or not may_ask(check, department, now):
        desk.note_refusal()
        raise Denied
    try:
        cases = read_request(project, check, source, now, case=case, authorization=authorization)
        return _keep(desk, check, _request(check_id, asker, cases, now))
    except RequestError:
        desk.note_refusal()
        raise


def may_ask(check: Check, department: str, now: datetime) -> bool:
    """Whether a department may run a check as of ``now`` (aware)."""
    ends = check.retention.purpose_ends
    return department in check.may_run.departments and (ends is None or local_day(now) <= ends)


def read_request(
    project: Project,
    check: Check,
    source: Path | Rows,
    now: datetime,
    *,
    case: str | None = None,
    authorization: str | None = None,
) -> tuple[Case, ...]:
    """Read and judge the cases of a request; see ``register``."""
    filled = {NUMBER: case, AUTHORIZATION: authorization if check.authorization else None}
    known = {name: value for name, value in filled.items() if value}
    given = read_given(source, check, frozenset(known))
    if given.problems and not given.people:
        raise RequestError(given.problems)
    elements = pick_elements(project, {one.element for one in check.inputs.values()})
    items = Items.of(project, check, elements)
    cases, problems = read_cases(given, check, items, known, local_day(now))
    if given.problems or problems:
        raise RequestError([*given.problems, *problems])
    return cases


def new_request_id() -> str:
    """26 characters of a to z and 2 to 7: 130 random bits, which say nothing and cannot be guessed."""
    number = secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_RANDOM_BITS // 5))


def _judge_asker(asker: Asker) -> None:
    limits = (("who", asker.who, LONGEST_NAME), ("purpose", asker.purpose, LONGEST_PURPOSE))
    problems = [
        Problem("P435", {"what": Term(f"request.asked.{name}"), "most": most})
        for name, text, most in limits
        if not text or len(text) > most or has_controls(text) or has_personal_number(text)
    ]
    if problems:
        raise RequestError(problems)


def _request(check_id: str, asker: Asker, cases: Sequence[Case], now: datetime) -> Request:
    return Request(
        new_request_id(),
        check_id,
        asker.department,
        asker.who,
        now.astimezone(UTC).replace(tzinfo=None),
        asker.purpose,
        tuple(cases),
    )


def _keep(desk: Desk, check: Check, request: Request) -> Registered:
    """Write the audit, seal the request, count the day's people: one transaction, in which others wait for the audit.

    So of two requests at once that are over the limit only together, one is refused.
    """
    subjects = count_people(request.cases)
    with open_warehouse(desk.project).session() as session:
        with session.transaction():
            head = desk.append(session, desk.records_of_cases(request, check.key, "registered"))
            asked = requests_kept.count_subjects(session, request.check, request.asked_by, local_day(request.asked_at))
            if asked + subjects > check.subjects_a_day:
                raise RequestError([Problem("P431", {"asked": asked, "count": subjects, "most": check.subjects_a_day})])
            requests_kept.keep(session, desk.ring, request, check)
        desk.anchor(head)
    return Registered(request.request_id, len(request.cases), subjects)
