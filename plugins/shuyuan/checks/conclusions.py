"""From tallies to lines, from lines to the conclusion of a case.

What could not be looked up is never "nothing found": its line is ``unavailable``, and as long as the rule could have
changed the conclusion (it is no ``note``), the case does not pass. A line says no more than its rule needs: the sum of
somebody's money stands in it only when the rule is met and its words say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shuyuan.checks.answer import Conclusion, Line, LineState
from shuyuan.checks.asked import Asked
from shuyuan.checks.finding import LOOKED_UP, NOT_ASKED
from shuyuan.checks.rules import Judge, Tally
from shuyuan.entry import Check, CheckRule
from shuyuan.entry.check import PLACEHOLDERS


class LineMaker:
    """Makes the lines of one rule. Equal lines are one object: ten thousand households differ in few of them."""

    def __init__(self, judge: Judge, rule: CheckRule, tally: Tally, available: bool) -> None:
        self.judge, self.rule, self.tally, self.available = judge, rule, tally, available
        self._made: dict[tuple[object, ...], Line] = {}

    def lines(self, kase: int, first: int, persons: int) -> Iterator[Line]:
        """Yield the case's lines: one of its own, or one a person the rule is for and that was asked about."""
        units = [(None, kase)] if self.tally.of_case else [(place, first + place) for place in range(persons)]
        for place, unit in units:
            if unit in self.tally.asked and self.tally.status.get(unit, NOT_ASKED) != NOT_ASKED:
                yield self._line(place, unit)

    def _line(self, place: int | None, unit: int) -> Line:
        tally, rule = self.tally, self.rule
        if not self.available or tally.status[unit] != LOOKED_UP:
            return self._make(place, "unavailable", None, tally.facts)
        found, (count, total) = tally.found.get(unit, 0), tally.counted.get(unit, (0, None))
        if not self.judge.is_met(rule, count, total):
            return self._make(place, "clear", found, tally.facts)
        facts = {**tally.facts, "count": str(count)}
        if "{sum}" in rule.words:
            facts["sum"] = str(total)
        return self._make(place, "met", found, {name: facts[name] for name in PLACEHOLDERS[rule.test] if name in facts})

    def _make(self, place: int | None, state: LineState, found: int | None, facts: Mapping[str, str]) -> Line:
        known = (place, state, found, *facts.values())
        if known not in self._made:
            self._made[known] = Line(self.rule.id, place, state, found, facts)
        return self._made[known]


def lines_of_cases(asked: Asked, makers: Iterable[LineMaker]) -> Iterator[tuple[Line, ...]]:
    """Yield the lines of each case, in the order of the rules."""
    kept, ends = tuple(makers), [*asked.first[1:], asked.persons]
    for kase, (first, end) in enumerate(zip(asked.first, ends, strict=True)):
        yield tuple(line for maker in kept for line in maker.lines(kase, first, end - first))


def conclude(check: Check, lines: Iterable[Line]) -> Conclusion:
    """Return the conclusion of a case: the gravest that its lines lead to."""
    verdicts = {rule.id: rule.then for rule in check.rules}
    said = {(line.state, verdicts[line.rule]) for line in lines if line.state != "clear"}
    if ("met", "fail") in said:
        return "fail"
    return "review" if said - {("met", "note"), ("unavailable", "note")} else "pass"
