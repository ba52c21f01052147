"""Lines as handed in → cases, with every fault: what is missing, what breaks a rule, what the authorisation lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from shuyuan.checks.request import Case
from shuyuan.checks.request_files import AUTHORIZATION, NUMBER, SIGNED, Given, Line, title_of
from shuyuan.checks.request_items import Items, is_case_number, read_day
from shuyuan.entry import Check
from shuyuan.normal_forms import normalise
from shuyuan.problems import Location, Problem, Term

Values = dict[str, str | None]


@dataclass
class _Draft:
    """A case while its lines are read: the first value of each of its own columns, and its people."""

    number: str
    place: Location
    own: dict[str, str] = field(default_factory=dict)
    people: list[Values] = field(default_factory=list)
    signed_on: list[date | None] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


def read_cases(
    given: Given, check: Check, items: Items, known: Mapping[str, str], today: date
) -> tuple[tuple[Case, ...], list[Problem]]:
    """Return the cases in the order of the file, and every fault (then the cases are of no use).

    ``known``: columns filled in for the whole file; ``today``: the local day, against which signatures are held.
    """
    return _Reader(check, items, known, today).read(given)


class _Reader:
    def __init__(self, check: Check, items: Items, known: Mapping[str, str], today: date) -> None:
        self.check, self.items, self.known, self.today = check, items, known, today
        self.case_items = [one.name for one in check.case]
        self.drafts: dict[str, _Draft] = {}
        self.problems: list[Problem] = []

    def read(self, given: Given) -> tuple[tuple[Case, ...], list[Problem]]:
        if not given.people:
            self._fault("D701", given.place)
        for line in given.cases:
            self._take_case(line)
        for line in given.people:
            draft = self._take_case(line)
            if draft is not None:
                self._take_person(draft, line)
        cases = tuple(self._finish(draft) for draft in self.drafts.values())
        if len(cases) > self.check.cases_at_most:
            most = self.check.cases_at_most
            self._fault("D711", given.place, count=len(cases), most=most)
        return cases, self.problems

    def _take_case(self, line: Line) -> _Draft | None:
        """Find or open the line's case and take over what the line says of it; two lines must not say two things."""
        number = (line.cells.get(NUMBER) or self.known.get(NUMBER) or "").strip()
        if not number:
            self._fault("D705", line.place, NUMBER)
            return None
        if not is_case_number(number):
            self._fault("D704", line.place, NUMBER, rule="case_number")
            return None
        draft = self.drafts.setdefault(number, _Draft(number, line.place))
        for name in (AUTHORIZATION, *self.case_items):
            text = line.cells.get(name) or self.known.get(name)
            if text and draft.own.setdefault(name, text) != text:
                self._fault("D706", line.place, name)
        return draft

    def _take_person(self, draft: _Draft, line: Line) -> None:
        values = {one.name: self._read(one.name, line.cells.get(one.name), line.place) for one in self.check.subjects}
        draft.people.append(values)
        draft.signed_on.append(self._signed(line))
        key = values[self.check.key]
        if key is not None:
            same = normalise(key, self.items.elements[self.check.key].normal_form)
            if same in draft.keys:
                self._fault("D707", line.place, self.check.key)
            draft.keys.add(same)

    def _finish(self, draft: _Draft) -> Case:
        items = {name: self._read(name, draft.own.get(name), draft.place) for name in self.case_items}
        if not draft.people:
            self._fault("D701", draft.place)
        authorization = self._authorization(draft)
        return Case(draft.number, items, tuple(draft.people), authorization, tuple(draft.signed_on))

    def _read(self, name: str, text: str | None, place: Location) -> str | None:
        if text is None or not text.strip():
            if self.check.inputs[name].required:
                self._fault("D705", place, name)
            return None
        value, rule = self.items.read(name, text)
        if rule is not None:
            self._fault("D704", place, name, rule=rule)
        return value

    def _authorization(self, draft: _Draft) -> str | None:
        asked = self.check.authorization
        if asked is None:
            return None
        number = draft.own.get(AUTHORIZATION, "").strip()
        if not number:
            self._fault("D705", draft.place, AUTHORIZATION)
        elif not re.fullmatch(asked.pattern, number, re.ASCII):
            self._fault("D708", draft.place, AUTHORIZATION)
        return number

    def _signed(self, line: Line) -> date | None:
        """The day on which a person signed; unsigned, of a day to come, or too long ago is a fault."""
        asked = self.check.authorization
        text = line.cells.get(SIGNED, "").strip()
        if asked is None or (not text and not asked.signed):
            return None
        if not text:
            self._fault("D709", line.place, SIGNED)
            return None
        day = read_day(text)
        if day is None:
            self._fault("D704", line.place, SIGNED, rule="type")
        elif day > self.today:
            self._fault("D710", line.place, SIGNED)
        elif day + asked.valid_for < self.today:
            self._fault("D714", line.place, SIGNED, days=asked.valid_for.days)
        return day

    def _fault(self, code: str, place: Location, column: str | None = None, **facts: object) -> None:
        told = {"column": title_of(self.check, column)} if column else {}
        if "rule" in facts:
            facts["rule"] = Term(f"request.rule.{facts['rule']}")
        self.problems.append(Problem(code, told | facts, place))


def count_people(cases: Iterable[Case]) -> int:
    """How many people are asked about, each time that one is."""
    return sum(len(case.subjects) for case in cases)
