"""Problems in words: what is wrong, whose turn it is, until when, and what consumers still have meanwhile.

A problem is a spell of the ledger (missing, blocked, failed, a rule not met) or a 疑义. The 问题台账 shows all of them,
a department's page its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from markupsafe import Markup

from shuyuan.entry.assessment import RectifyDays
from shuyuan.indicators.facts import CorrectionFact
from shuyuan.indicators.problems import ProblemFact
from shuyuan.indicators.standing import Standings
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.agreement import Agreement
from shuyuan.reporting.attention import CODES, kind_of, problem_sentence, what_stays, whose_turn
from shuyuan.reporting.corrections import is_overdue, left_of, what_of
from shuyuan.reporting.rule_sentences import rule_sentence
from shuyuan.workdays import local_day


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem with its dates. ``department`` is the folder of who must act; empty: we ourselves."""

    fact: ProblemFact | CorrectionFact
    kind: str
    code: str
    department: str
    since: date
    last: date
    due: date
    closed: date | None
    answered: date | None
    rows: int | None

    @property
    def entry_id(self) -> str:
        """The entry it is about."""
        return self.fact.entry_id

    def age(self, today: date) -> int:
        """Days from the first day seen up to the end, or to today."""
        return ((self.closed or today) - self.since).days


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One problem in words. ``state``: ``open``, ``overdue`` or ``closed``."""

    problem: Problem
    kind: str
    entry: str
    department: str
    what: str
    rows: str
    turn: str
    left: str
    state: str
    word: str
    mark: Markup
    handled: str
    usable: str


@dataclass(frozen=True)
class ProblemBook:
    """All problems that were open in the period; the most urgent first, then the closed ones, the last first."""

    agreement: Agreement
    open: tuple[Problem, ...]
    closed: tuple[Problem, ...]

    @property
    def today(self) -> date:
        """The report's local day."""
        return self.agreement.facts.today

    @cached_property
    def open_of(self) -> Mapping[str, Sequence[Problem]]:
        """The open problems by the department that must act; those of nobody are ours, under an empty name."""
        grouped: dict[str, list[Problem]] = defaultdict(list)
        for one in self.open:
            grouped[one.department].append(one)
        return dict(grouped)

    @cached_property
    def about(self) -> Mapping[str, Sequence[Problem]]:
        """The open problems by the entry that they are about."""
        grouped: dict[str, list[Problem]] = defaultdict(list)
        for one in self.open:
            grouped[one.entry_id].append(one)
        return dict(grouped)

    def is_overdue(self, one: Problem) -> bool:
        """Whether its day has passed; a 疑义 that was answered in time is not."""
        if isinstance(one.fact, CorrectionFact):
            return is_overdue(one.fact, self.today)
        return one.closed is None and self.today > one.due

    def lines(self, problems: Iterable[Problem]) -> list[ProblemLine]:
        """Return the problems in words."""
        return [self._line(one) for one in problems]

    def _line(self, one: Problem) -> ProblemLine:
        copies = self.agreement.copies
        resource = copies.resources[one.entry_id]
        state = "closed" if one.closed else "overdue" if self.is_overdue(one) else "open"
        word = say(f"report_problem.{state}")
        known = self.agreement.facts.of(one.entry_id)
        settled = one.closed or (isinstance(one.fact, CorrectionFact) and one.fact.state != "open")
        return ProblemLine(
            problem=one,
            kind=say("report.attention.kind_D5") if isinstance(one.fact, CorrectionFact) else kind_of(one.code),
            entry=resource.entry.title,
            department=resource.department.title,
            what=self._what(one),
            rows=_rows(one),
            turn=copies.departments.get(one.department, one.department) if one.department else whose_turn(one.code, ""),
            left="" if settled else left_of(one.due, self.today, self.agreement.calendar),
            state=state,
            word=word,
            mark=charts.mark("corrected" if one.closed else state, word),
            handled=_handled(one),
            usable=what_stays(known),
        )

    def _what(self, one: Problem) -> str:
        fact, resources = one.fact, self.agreement.copies.resources
        if isinstance(fact, CorrectionFact):
            return what_of(fact, resources)
        if fact.kind == "rule":
            return rule_sentence(resources[fact.entry_id].entry, fact.what)
        if fact.kind == "missing":
            due = figures.spoken_moment(fact.last_seen)
            key = "missing_closed" if one.closed else "missing_row" if fact.times > 1 else "missing"
            return say(f"report_problem.{key}", due=due, count=fact.times)
        return problem_sentence(fact.code, fact.what) or say(f"report.outcome.{fact.kind}")


def list_problems(
    problems: Iterable[ProblemFact], agreement: Agreement, standings: Standings, within: RectifyDays
) -> ProblemBook:
    """Join the ledger's spells with the 疑义 of the agreement. What the catalog has no entry for is left out.

    A missing delivery that does not count (our own outage, the white list) is no problem of the department: our own
    outages stand in the ledger of runs with a ``P`` code.
    """
    allowed = {"missing": within.missing, "blocked": within.blocked, "failed": within.blocked, "rule": within.rule}
    known, today = agreement.copies.resources, agreement.facts.today
    excused = {
        (due.entry_id, due.due_at)
        for standing in standings.entries.values()
        for due in standing.fresh.rows
        if due.state in ("excluded", "no_change")
    }
    limits: dict[tuple[date, int], date] = {}

    def due_of(fact: ProblemFact) -> date:
        asked = fact.since, allowed[fact.kind]
        if asked not in limits:
            limits[asked] = agreement.calendar.due_after(*asked)
        return limits[asked]

    found = [_asked(one) for one in agreement.facts.one_source.corrections if one.entry_id in known]
    for fact in problems:
        if fact.entry_id in known and (fact.entry_id, fact.last_seen) not in excused:
            found.append(_spell(fact, known[fact.entry_id].entry.department, due_of(fact)))
    still = [one for one in found if one.closed is None]
    ended = [one for one in found if one.closed is not None and one.closed <= today]
    return ProblemBook(
        agreement,
        tuple(sorted(still, key=_urgency)),
        tuple(sorted(ended, key=lambda one: (-(one.closed or today).toordinal(), one.entry_id, one.code, one.since))),
    )


def _urgency(one: Problem) -> tuple[object, ...]:
    """What is due first comes first; of one day what has no rows at all (missing, stopped), then the most rows."""
    return one.due, one.rows is not None, -(one.rows or 0), one.entry_id, one.code, one.since, str(one.fact)


def _spell(fact: ProblemFact, department: str, due: date) -> Problem:
    closed = local_day(fact.closed_at) if fact.closed_at else None
    return Problem(
        fact, fact.kind, fact.code, department if fact.code[:1] == "D" else "", fact.since, local_day(fact.last_seen),
        due, closed, closed, fact.rows,
    )  # fmt: skip


def _asked(fact: CorrectionFact) -> Problem:
    return Problem(
        fact, "correction", CODES.get(fact.kind, "D501"), fact.department, local_day(fact.opened_at),
        _day(fact.closed_at) or _day(fact.answered_at) or local_day(fact.opened_at), fact.due_on, _day(fact.closed_at),
        _day(fact.answered_at) or _day(fact.closed_at), fact.rows_now or fact.rows_first,
    )  # fmt: skip


def _rows(one: Problem) -> str:
    if one.rows is None:
        return figures.NONE
    evaluated = one.fact.evaluated if isinstance(one.fact, ProblemFact) else None
    count = figures.count(one.rows)
    if not evaluated:
        return count
    return say("report_problem.rows", count=count, share=figures.small_share(one.rows, evaluated))


def _handled(one: Problem) -> str:
    """Who or what ended it; of a 疑义 that is not closed, who answered."""
    fact = one.fact
    if isinstance(fact, CorrectionFact):
        if fact.answered_at is None:
            return say("report_problem.referred") if fact.referral else figures.NONE
        who, day = fact.answered_by or figures.NONE, figures.day_of(fact.answered_at)
        return say("report_problem.answered", who=who, day=day)
    if one.closed is None:
        return figures.NONE
    return say(f"report_problem.ended_{one.kind}", day=figures.day(one.closed))


def _day(instant: datetime | None) -> date | None:
    return None if instant is None else local_day(instant)
