"""What departments answer to correction requests: judged, then written, all of a list or nothing of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from shuyuan.entry import OneSource
from shuyuan.ledger import Connection
from shuyuan.masking import HIDDEN
from shuyuan.one_source.corrections.records import read_requests, write_step
from shuyuan.one_source.corrections.steps import Action, Event, Request, is_repeated
from shuyuan.problems import DeliveryError, Location, Problem
from shuyuan.workdays import Calendar, local_day

LONGEST_NAME, LONGEST_NOTE = 100, 1000
_PERSONAL = re.compile(r"(?<![0-9])([0-9]{17}[0-9Xx]|[0-9]{15}|1[3-9][0-9]{9})(?![0-9])")


@dataclass(frozen=True)
class Answer:
    """One answer: ``who`` says what and why (``note``).

    ``reopened`` is how often the request had been reopened when the department saw it, where that is known;
    ``location`` is the line of the workbook that it stands in.
    """

    correction_id: str
    action: Action
    who: str
    note: str
    reopened: int | None = None
    location: Location | None = None


@dataclass(frozen=True)
class Taken:
    """What became of a list of answers, by request number: ``settled`` ones needed no answer any more."""

    written: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()


class AnswerError(DeliveryError):
    """Answers that cannot be taken; ``problems`` has every fault. Nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        Exception.__init__(self, problems)
        self.problem = problems[0]
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return AnswerError, (self.problems,)


def answer(
    session: Connection,
    correction_id: str,
    action: Action,
    who: str,
    note: str,
    now: datetime,
    settings: OneSource,
    calendar: Calendar,
) -> bool:
    """Write one answer (``corrected``, ``explained``, ``referred`` to the source's department); say whether it is new.

    Runs inside the caller's transaction.

    Raises:
        AnswerError: D511 unknown number; D512 closed already; D513, D514 no name, no reason; D515 cannot be referred;
            D516 a personal number in the text; D518 too long.
    """
    given = Answer(correction_id, action, who, note)
    taken = take_answers(session, [given], now, settings, calendar)
    if taken.settled:
        raise AnswerError([Problem("D512", {"id": taken.settled[0]})])
    return bool(taken.written)


def take_answers(
    session: Connection,
    answers: Sequence[Answer],
    now: datetime,
    settings: OneSource,
    calendar: Calendar,
    faults: Sequence[Problem] = (),
) -> Taken:
    """Write a list of answers; the same list again changes nothing. ``faults`` were found when it was read.

    Answers to requests that closed meanwhile are left out (``Taken.settled``). Runs inside the caller's transaction.

    Raises:
        AnswerError: every fault of the list, as ``answer``, D517 (an answer to an earlier time) and D519 (two
            different answers to one request). Nothing is written.
    """
    requests = read_requests(session)
    answers = [tidy(one) for one in answers]
    refuse_faults(answers, requests, faults)
    due = calendar.due_after(local_day(now), settings.answer_within)
    written, repeated, settled = [], [], []
    for one in {one.correction_id: one for one in answers}.values():
        request = requests[one.correction_id]
        if is_repeated(request, one.action, one.who, one.note, one.reopened):
            repeated.append(one.correction_id)
        elif request.closed_at:
            settled.append(one.correction_id)
        else:
            _write(session, request, one, now, due)
            written.append(one.correction_id)
    return Taken(tuple(written), tuple(repeated), tuple(settled))


def refuse_faults(answers: Sequence[Answer], requests: dict[str, Request], faults: Sequence[Problem] = ()) -> None:
    """Raise ``AnswerError`` with every fault of tidied answers, and those found before, in the order of the list."""
    problems = [*faults, *(problem for one in answers for problem in judge(one, requests)), *_contradictions(answers)]
    if problems:
        raise AnswerError(sorted(problems, key=lambda one: (one.location and one.location.line) or 0))


def tidy(given: Answer) -> Answer:
    """Return the answer as it is kept: number in capitals and half-width, blanks (and line ends) as single spaces."""
    number = "".join(unicodedata.normalize("NFKC", given.correction_id).upper().split())
    who, note = (" ".join(text.split()) for text in (given.who, given.note))
    return Answer(number, given.action, who, note, given.reopened, given.location)


def judge(given: Answer, requests: dict[str, Request]) -> Iterator[Problem]:
    """Yield what is wrong with an answer. Facts never repeat what somebody wrote."""
    request = requests.get(given.correction_id)
    facts = {"id": _shown(given.correction_id)}
    if request is None:
        # Any well-formed number is as near to the next: only a misshapen one tells which was meant.
        misshapen = not re.fullmatch(r"YY[0-9]{4}-[0-9]{6}", given.correction_id)
        near = get_close_matches(given.correction_id, requests, 1, 0.9) if misshapen else []
        yield Problem("D511", facts, given.location, nearest=near[0] if near else None)
    if not given.who:
        yield Problem("D513", facts, given.location)
    if not given.note:
        yield Problem("D514", facts, given.location)
    if len(given.who) > LONGEST_NAME or len(given.note) > LONGEST_NOTE:
        yield Problem("D518", {**facts, "name": LONGEST_NAME, "note": LONGEST_NOTE}, given.location)
    if _is_personal(given.who) or _is_personal(given.note):
        yield Problem("D516", facts, given.location)
    if request is None or is_repeated(request, given.action, given.who, given.note, given.reopened):
        return
    if given.reopened is not None and given.reopened != request.reopened:
        yield Problem("D517", facts, given.location)
    elif given.action == "referred" and not request.closed_at and request.department == request.source_department:
        yield Problem("D515", facts, given.location)


def _contradictions(answers: Sequence[Answer]) -> Iterator[Problem]:
    first: dict[str, Answer] = {}
    for one in answers:
        before = first.setdefault(one.correction_id, one)
        if (before.action, before.who, before.note) != (one.action, one.who, one.note):
            yield Problem("D519", {"id": _shown(one.correction_id)}, one.location)


def _is_personal(text: str) -> bool:
    """Whether a resident ID or a phone number stands in the text."""
    return _PERSONAL.search(unicodedata.normalize("NFKC", text)) is not None


def _shown(number: str) -> str:
    """A number as it was given, unless something else slipped into its place."""
    return number if re.fullmatch(r"[A-Z0-9-]{1,20}", number) and not _is_personal(number) else HIDDEN


def _write(session: Connection, request: Request, given: Answer, now: datetime, due: object) -> None:
    if given.action == "referred":
        change: dict[str, object] = {
            "state": "open",
            "department": request.source_department,
            "due_on": due,
            "answered_at": None,
            "answered_by": None,
            "answer": None,
        }
    else:
        change = {"state": given.action, "answered_at": now, "answered_by": given.who, "answer": given.note}
    kind = "referred" if given.action == "referred" else "answered"
    write_step(session, request, now, Event(kind, given.who, given.note, request.rows), change)
