"""Answering a request: which sources can be asked, what they know, what the rules make of it.

Raw values live in the request, in a database in memory that ends with the call, and in the warehouse's statements;
what is returned has masked people and numbers only.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from shuyuan import __version__
from shuyuan.catalog.checks import check_digest
from shuyuan.catalog.dictionary import pick_elements
from shuyuan.checks.answer import Answer, CaseAnswer, SourceUsed
from shuyuan.checks.asked import Asked, open_asked
from shuyuan.checks.canonical import canonical
from shuyuan.checks.conclusions import LineMaker, conclude, lines_of_cases
from shuyuan.checks.finding import Search, find_all
from shuyuan.checks.parameters import parameters_on
from shuyuan.checks.request import Request
from shuyuan.checks.rules import Judge
from shuyuan.checks.settled import SettledFields
from shuyuan.checks.sources_used import judge_sources, read_entries
from shuyuan.entry import Check, Element, Entry, InputField
from shuyuan.masking import HIDDEN, mask_value
from shuyuan.project import Project
from shuyuan.quality.code_tables import read_names
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.tokens import verification_code
from shuyuan.warehouses import Session
from shuyuan.workdays import Calendar, local_day


def answer_request(
    project: Project,
    session: Session,
    request: Request,
    check: Check,
    now: datetime,
    as_of: Sequence[SourceUsed] | None = None,
) -> Answer:
    """Answer all cases of a request at once. ``now`` is aware; limits are those of the day the request was made on.

    ``as_of``: the sources of an earlier answer. Each is read in that same publication, and what was unavailable stays
    so; the same request then has the same answer, but for ``number``, ``verification`` and ``answered_at``.

    Raises:
        PlatformError: P425 (a publication of ``as_of`` is not kept any more), P426 (a limit is not in force), P390,
            P391, P392 (the key of verification codes).
    """
    entries = read_entries(project, check)
    elements = pick_elements(project, _elements_of(check, entries))
    asked = open_asked(request, check, elements)
    try:
        asked_on = local_day(request.asked_at)
        judge = Judge(asked, parameters_on(check, asked_on), asked_on)
        judged = judge_sources(session, check, entries, Calendar.read(project.calendar), now)
        if as_of is not None:
            judged = {used.source: used for used in as_of}
        search = Search(session, asked, entries, judge.parameters, as_of is not None, SettledFields(project))
        read = find_all(search, judged)
        makers = []
        for rule in check.rules:
            available = read[rule.source].reason is None
            tally = judge.tally(rule, entries[check.sources[rule.source].entry] if available else None)
            makers.append(LineMaker(judge, rule, tally, available))
        names = name_codes(project, [*check.case, *check.subjects], elements)
        cases = tuple(_cases(request, check, elements, names, asked, makers))
    finally:
        asked.connection.close()
    at = now.astimezone(UTC).replace(tzinfo=None)
    answer = Answer(
        request_id=request.request_id,
        check=request.check,
        spec_digest=check_digest(check),
        code_version=__version__,
        asked_on=asked_on,
        answered_at=at,
        valid_until=local_day(now) + check.retention.answer,
        number=make_number(request.check, local_day(now)),
        verification="",
        parameters=judge.parameters,
        sources=tuple(read.values()),
        cases=cases,
        department=request.department,
    )
    return replace(answer, verification=verification_code(KeyRing.open(project), request.check, canonical(answer)))


def make_number(check: str, day: date) -> str:
    """Return a new number of an answer: the check, the day, eight characters that nobody can guess."""
    return f"{check}-{day:%Y%m%d}-{base64.b32encode(secrets.token_bytes(5)).decode().lower()}"


def mask_items(
    items: Sequence[InputField],
    given: Mapping[str, str | None],
    elements: Mapping[str, Element],
    names: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    """Return the items that are filled, each as its element lets it be seen; hidden where nothing is known of it.

    What may be seen whole of a code table is shown by its name. ``names`` are those of the tables, by table and code.
    """
    shown = {}
    for item in items:
        element = elements.get(item.element)
        value = given.get(item.name)
        if value:
            seen = (mask_value(value, element.mask) if element else None) or HIDDEN
            shown[item.name] = names.get(element.codes or "", {}).get(seen, seen) if element else seen
    return shown


def name_codes(
    project: Project, items: Sequence[InputField], elements: Mapping[str, Element]
) -> dict[str, dict[str, str]]:
    """Return the names of the code tables that the items' elements use, by table and code."""
    tables = {elements[item.element].codes for item in items if item.element in elements}
    return {name: read_names(project.code_tables / f"{name}.csv") for name in tables if name}


def _cases(
    request: Request,
    check: Check,
    elements: Mapping[str, Element],
    names: Mapping[str, Mapping[str, str]],
    asked: Asked,
    makers: Sequence[LineMaker],
) -> list[CaseAnswer]:
    return [
        CaseAnswer(
            number=case.number,
            items=mask_items(check.case, case.items, elements, names),
            subjects=tuple(mask_items(check.subjects, subject, elements, names) for subject in case.subjects),
            lines=lines,
            conclusion=conclude(check, lines),
            authorization=case.authorization,
        )
        for case, lines in zip(request.cases, lines_of_cases(asked, makers), strict=True)
    ]


def _elements_of(check: Check, entries: Mapping[str, Entry]) -> set[str]:
    named = {item.element for item in check.inputs.values()}
    return named | {field.element for entry in entries.values() for field in entry.fields if field.element}
