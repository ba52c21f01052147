"""A check worked out by hand: dictionaries and loops, household by household, person by person, row by row.

Slow and plain on purpose, and nothing of ``shuyuan.checks`` in it but the spec: what the platform concludes is held
against this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from shuyuan.entry import Check
from shuyuan.normal_forms import normalise

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
Forms = Mapping[str, str]
Found = tuple[str, int | None, str, int | None, dict[str, str]]


class NaiveCase:
    """One case. ``tables``: rows by entry; ``missing``: sources that cannot be asked; ``forms``: element → normal form;
    ``elements``: (entry, field) → element."""

    def __init__(
        self,
        check: Check,
        tables: Tables,
        missing: set[str],
        forms: Forms,
        elements: Mapping[tuple[str, str], str],
        today: date,
    ) -> None:
        self.check, self.tables, self.missing, self.forms = check, tables, missing, forms
        self.elements, self.today = elements, today
        self.indexes: dict[tuple[str, tuple[str, ...]], dict[Any, list[Row]]] = {}
        self.items: Row = {}
        self.people: Sequence[Row] = ()

    def judge(self, items: Row, people: Sequence[Row]) -> tuple[list[Found], str]:
        """Return the lines of the case and its conclusion."""
        self.items, self.people = items, people
        lines: list[Found] = []
        said = set()
        for rule in self.check.rules:
            for subject, rows in self.units(rule):
                line = self.line(rule, subject, rows)
                lines.append(line)
                if rule.then != "note":
                    said.add((line[2], rule.then))
        if ("met", "fail") in said:
            return lines, "fail"
        bad = any(state == "unavailable" or (state == "met" and then == "review") for state, then in said)
        return lines, "review" if bad else "pass"

    def units(self, rule: Any) -> Iterator[tuple[int | None, list[Row] | str]]:
        """Yield whom a rule has a line for, with the rows of its source, or ``"unavailable"``."""
        of_case = self.check.sources[rule.source].of == "case"
        together = getattr(rule.condition, "per", "subject") == "case"
        if of_case or together:
            if not all(self.fits_only(self.items.get(name), values) for name, values in rule.only.items()):
                return
            got = [self.rows_of(rule.source, None)] if of_case else []
            got = got or [self.rows_of(rule.source, place) for place in range(len(self.people))]
            got = [rows for rows in got if rows != "not asked"]
            if not got:
                return
            if "unavailable" in got:
                yield None, "unavailable"
                return
            merged: dict[int, Row] = {}
            for rows in got:
                merged.update({id(row): row for row in rows})
            yield None, list(merged.values())
            return
        for place, person in enumerate(self.people):
            given = {**self.items, **person}
            if all(self.fits_only(given.get(name), values) for name, values in rule.only.items()):
                rows = self.rows_of(rule.source, place)
                if rows != "not asked":
                    yield place, rows

    @staticmethod
    def fits_only(value: str | None, values: Sequence[str]) -> bool:
        """``only`` of a rule."""
        return value in values if values else not value

    def rows_of(self, source: str, place: int | None) -> Any:
        """Return the rows that belong to a person (or, with ``None``, to the case)."""
        lookup = self.check.sources[source]
        ways = [way for way in (lookup.by, lookup.or_by) if way]
        wanted = [self.wanted(way, place) for way in ways]
        if all(one == "not asked" for one in wanted):
            return "not asked"
        if source in self.missing or all(one in ("not asked", "unavailable") for one in wanted):
            return "unavailable"
        found: dict[int, Row] = {}
        for way, options in zip(ways, wanted, strict=True):
            index = self.index(lookup.entry, tuple(way))
            for key in () if isinstance(options, str) else options:
                found.update({id(row): row for row in index.get(key, ())})
        rows = list(found.values())
        rows = [row for row in rows if all(self.fits(row, one) for one in lookup.where)]
        if lookup.newest_by:
            days = [row[lookup.newest_by] for row in rows if row[lookup.newest_by] is not None]
            newest = max(days) if days else None
            rows = [row for row in rows if row[lookup.newest_by] == newest]
        return rows

    def index(self, entry: str, fields: tuple[str, ...]) -> dict[Any, list[Row]]:
        """The rows of an entry by the normal forms of some fields, made once."""
        known = self.indexes.setdefault((entry, fields), {})
        if not known:
            for row in self.tables[entry]:
                known.setdefault(tuple(self.form(entry, name, row[name]) for name in fields), []).append(row)
        return known

    def wanted(self, way: Mapping[str, str], place: int | None) -> Any:
        """Return the keys to look for: one for a person's own items, several through another source."""
        keys: list[tuple[Any, ...]] = [()]
        for value in way.values():
            if "." in value:
                source, _, field = value.partition(".")
                of_case = self.check.sources[source].of == "case"
                rows = self.rows_of(source, None if of_case else place)
                if isinstance(rows, str):
                    return rows
                if not rows:
                    return "not asked"
                entry = self.check.sources[source].entry
                values = [self.form(entry, field, row[field]) for row in rows]
                if not any(one is not None for one in values):
                    return "unavailable"
                keys = [(*key, one) for key in keys for one in values if one is not None]
            else:
                person = self.people[place] if place is not None else {}
                given = {**self.items, **person}.get(value)
                if not given:
                    return "not asked"
                element = next(item.element for item in self.check.inputs.values() if item.name == value)
                keys = [(*key, normalise(given, self.forms.get(element, "exact"))) for key in keys]
        return set(keys)

    def form(self, entry: str, field: str, value: Any) -> str | None:
        """A value in its element's normal form."""
        if value is None or value == "":
            return None
        return normalise(str(value), self.forms.get(self.elements.get((entry, field), ""), "exact"))

    def limit(self, bound: str) -> str:
        """A number, or the newest value of a parameter that has begun."""
        begun = [one for one in self.check.parameters if one.name == bound and one.from_ <= self.today]
        return max(begun, key=lambda one: one.from_).value if begun else bound

    def fits(self, row: Row, where: Any) -> bool:
        """One condition on a row."""
        value = row[where.field]
        text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        if where.is_in and (value is None or str(text) not in where.is_in):
            return False
        if where.not_in and value is not None and str(text) in where.not_in:
            return False
        for bound, above in ((where.at_least, True), (where.at_most, False)):
            if bound is None:
                continue
            if value is None:
                return False
            limit: Any = self.limit(bound)
            limit = date.fromisoformat(limit) if isinstance(value, date) else Decimal(limit)
            if (value < limit) if above else (value > limit):
                return False
        return True

    def line(self, rule: Any, subject: int | None, rows: Any) -> Found:
        """One line."""
        facts, condition = {}, rule.condition
        if rule.test in ("count", "sum"):
            facts["limit"] = self.limit(condition.over)
        if rule.test == "recent":
            facts["days"] = str(condition.within // timedelta(days=1))
        if rows == "unavailable":
            return rule.id, subject, "unavailable", None, facts
        counting = [row for row in rows if all(self.fits(row, one) for one in condition.where)]
        entry = self.check.sources[rule.source].entry
        count, total = len(counting), Decimal(0)
        met = count > 0
        if rule.test == "absent":
            met = count == 0
        elif rule.test == "count":
            if condition.distinct:
                count = len({row[condition.distinct] for row in counting} - {None})
            met = count > Decimal(facts["limit"])
        elif rule.test == "sum":
            total = sum((row[condition.field] for row in counting if row[condition.field] is not None), Decimal(0))
            met = total > Decimal(facts["limit"])
        elif rule.test == "recent":
            days = [row[condition.field] for row in counting if row[condition.field] is not None]
            count = sum(day >= self.today - condition.within for day in days)
            met = count > 0
        elif rule.test == "differs":
            given = {**self.items, **(self.people[subject] if subject is not None else {})}[condition.from_]
            element = self.check.inputs[condition.from_].element
            mine = normalise(given, self.forms.get(element, "exact")) if given else None
            theirs = [self.form(entry, condition.field, row[condition.field]) for row in counting]
            count = sum(mine is not None and one is not None and one != mine for one in theirs)
            met = count > 0
        elif rule.test == "outside":
            element = self.check.inputs[condition.among].element
            inside = {normalise(person[condition.among], self.forms[element]) for person in self.people}
            named = {self.form(entry, name, row[name]) for row in counting for name in condition.fields}
            count = len(named - inside - {None})
            met = count > 0
        if not met:
            return rule.id, subject, "clear", len(rows), facts
        if rule.test != "absent":
            facts["count"] = str(count)
        if "{sum}" in rule.words:
            facts["sum"] = str(total)
        return rule.id, subject, "met", len(rows), facts
