"""The tests of a check's rules over the rows that were found, for all cases at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shuyuan.checks.asked import Asked
from shuyuan.checks.conditions import literal, rows_that_count
from shuyuan.checks.finding import LOOKED_UP, NOT_ASKED, UNDECIDED
from shuyuan.checks.parameters import limit_of
from shuyuan.entry import CheckRule, Count, Differs, Entry, Outside, Recent, Sum

_NUMBERS = ("integer", "decimal")


@dataclass(frozen=True)
class Tally:
    """How one rule fared, by unit: a person's number, or the case's where the rule looks at the case as a whole.

    ``asked``: the units that the rule is for; ``status``: see ``finding`` (a unit that is missing was not asked for);
    ``found``: rows of the source that belong to the unit; ``counted``: rows (values, people) that count, and the sum.
    ``facts`` are those that do not depend on the unit.
    """

    of_case: bool
    asked: frozenset[int]
    status: Mapping[int, int]
    found: Mapping[int, int]
    counted: Mapping[int, tuple[int, Decimal | None]]
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Judge:
    """What rules are judged with: what is asked, the limits in force, the day that counts as today."""

    asked: Asked
    parameters: Mapping[str, str]
    asked_on: date

    def tally(self, rule: CheckRule, entry: Entry | None) -> Tally:
        """Return how a rule fared; ``entry`` is that of its source, ``None`` when that could not be read."""
        lookup = self.asked.check.sources[rule.source]
        of_case = rule.per_case or lookup.of == "case"
        gathered = rule.per_case and lookup.of == "subject"
        status, found, counted = self._statuses(rule.source, gathered), {}, {}
        if entry is not None:
            rows = f"r_{rule.source}"
            if gathered:
                rows = f"(SELECT DISTINCT p._case AS _unit, r._no FROM {rows} r JOIN people p ON p._person = r._unit)"
            found = self._numbers(f"SELECT _unit, count(*) FROM {rows} GROUP BY _unit")
            sql = self._counting(rule, entry, rows, of_case)
            counted = {unit: (number, total) for unit, number, total in self._rows(sql)}
        return Tally(of_case, self._for_whom(rule, of_case), status, found, counted, self._facts(rule))

    def is_met(self, rule: CheckRule, count: int, total: Decimal | None) -> bool:
        """Whether what was counted is what the rule warns of."""
        if rule.test == "absent":
            return count == 0
        condition = rule.condition
        if isinstance(condition, Count):
            return count > Decimal(self._limit(condition.over))
        if isinstance(condition, Sum):
            return (total or Decimal(0)) > Decimal(self._limit(condition.over))
        return count > 0

    def _limit(self, bound: str) -> str:
        return limit_of(self.asked.check, bound, self.parameters)

    def _facts(self, rule: CheckRule) -> dict[str, str]:
        condition = rule.condition
        if isinstance(condition, Count | Sum):
            return {"limit": self._limit(condition.over)}
        return {"days": str(condition.within.days)} if isinstance(condition, Recent) else {}

    def _for_whom(self, rule: CheckRule, of_case: bool) -> frozenset[int]:
        table, unit = ("cases", "_case") if of_case else ("people", "_person")
        said = [
            f'"_i_{item}" IN ({", ".join(map(literal, values))})' if values else f'"_i_{item}" IS NULL'
            for item, values in rule.only.items()
        ]
        sql = f"SELECT {unit} FROM {table} WHERE {' AND '.join(said) or 'true'}"
        return frozenset(row[0] for row in self._rows(sql))

    def _statuses(self, source: str, gathered: bool) -> dict[int, int]:
        if not gathered:
            return self._numbers(f"SELECT _unit, _status FROM u_{source}")
        return self._numbers(
            f"SELECT p._case, CASE WHEN bool_or(_status = {UNDECIDED}) THEN {UNDECIDED}"
            f" WHEN bool_or(_status = {LOOKED_UP}) THEN {LOOKED_UP} ELSE {NOT_ASKED} END"
            f" FROM u_{source} u JOIN people p ON p._person = u._unit GROUP BY p._case"
        )

    def _counting(self, rule: CheckRule, entry: Entry, rows: str, of_case: bool) -> str:
        """The query that gives ``unit``, the number of what counts, and its sum where the rule adds up."""
        condition, what, total = rule.condition, "count(*)", "NULL"
        where = rows_that_count(entry, condition.where, self._limit)
        source = f"{rows} r JOIN f_{rule.source} t USING (_no)"
        asked = "cases a ON a._case = r._unit" if of_case else "people a ON a._person = r._unit"
        if isinstance(condition, Count) and condition.distinct:
            what = f'count(DISTINCT t."_n_{condition.distinct}")'
        elif isinstance(condition, Sum):
            total = f'sum(t."{condition.field}")'
        elif isinstance(condition, Recent):
            since = self.asked_on - condition.within
            where += f" AND CAST(t.\"{condition.field}\" AS DATE) >= DATE '{since.isoformat()}'"
        elif isinstance(condition, Differs):
            source += f" JOIN {asked}"
            where += f" AND {_differs(entry, condition)}"
        elif isinstance(condition, Outside):
            people = ", ".join(f't."_n_{name}"' for name in condition.fields)
            source = (
                f"(SELECT r._unit, a._case, unnest([{people}]) AS _who FROM {source} JOIN {asked} WHERE {where}) o"
                f' ANTI JOIN people p ON p._case = o._case AND p."_n_{condition.among}" = o._who'
            )
            what, where = "count(DISTINCT _who)", "_who IS NOT NULL"
        return f"SELECT _unit, {what}, {total} FROM {source} WHERE {where} GROUP BY _unit"

    def _numbers(self, sql: str) -> dict[int, int]:
        return dict(self._rows(sql))

    def _rows(self, sql: str) -> list[Any]:
        return self.asked.connection.execute(sql).fetchall()


def _differs(entry: Entry, condition: Differs) -> str:
    """Whether a row says another thing than the request; not when one of them says nothing."""
    theirs, given = f't."_n_{condition.field}"', f'a."_n_{condition.from_}"'
    both = f"{theirs} IS NOT NULL AND {given} IS NOT NULL"
    if entry.field(condition.field).kind in _NUMBERS:
        return f'{both} AND t."{condition.field}" IS DISTINCT FROM TRY_CAST({given} AS DECIMAL(24, 6))'
    return f"{both} AND {theirs} <> {given}"
