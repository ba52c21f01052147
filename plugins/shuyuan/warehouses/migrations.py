"""What a new spec needs of a table that keeps its rows, counted before anything is touched.

A replaced table is made anew by each delivery and needs nothing, unless its engine keeps versions in one table. An
optional item more and a longer text come by themselves. All else is a migration: a column of another type, one that
is gone, a required item more, another key, another mode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shuyuan.entry import Entry
from shuyuan.ledger import Connection
from shuyuan.problems import PlatformError
from shuyuan.warehouses.casts import Casts, Form
from shuyuan.warehouses.zipper import OPEN, PERIOD

OURS = ("_load_no", "_file", "_line", "_place")
BY_ITSELF = ("added", "longer")
"""What the next publication does without a migration."""


@dataclass(frozen=True)
class Stored:
    """What is kept of an entry: ``source`` to select from, and the fields' columns."""

    source: str
    forms: Mapping[str, Form]
    unfinished: bool = False
    """Whether a migration was cut off after consumers saw it and before it was tidied up."""


@dataclass(frozen=True)
class Former:
    """Under which spec the stored rows are: its digest, its mode, and itself (empty where the ledger lacks it)."""

    digest: str
    mode: str
    load_no: int
    data_date: date
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Shift:
    """One thing that changes: ``what`` is a word of ``migrate.<what>``.

    ``rows``: how many rows it concerns; ``unfit``: how many of them the new spec does not hold, by this reason.
    """

    what: str
    field: str = ""
    before: str = ""
    after: str = ""
    rows: int = 0
    unfit: int = 0


@dataclass(frozen=True)
class Migration:
    """All that changes in the table of one entry, whose ``rows`` rows are under the spec ``former``."""

    entry: Entry
    stored: Stored
    former: Former
    shifts: tuple[Shift, ...]
    rows: int

    @property
    def unfit(self) -> tuple[Shift, ...]:
        """The shifts that rows are in the way of."""
        return tuple(shift for shift in self.shifts if shift.unfit)

    def require_fit(self) -> None:
        """Raise ``PlatformError`` P343 when a row would not fit."""
        if self.unfit:
            told = ", ".join(f"{shift.field or shift.what} {shift.unfit}" for shift in self.unfit)
            raise PlatformError("P343", entry=self.entry.id, unfit=told)

    def values(self, casts: Casts, types: Mapping[str, str], place: bool) -> dict[str, str]:
        """Each column of the new table with its value, to be selected from ``stored.source``.

        ``types``: the engine's type of each field; ``place``: whether rows carry ``_place``.
        """
        then, now = self.former.mode, self.entry.load.mode
        held = self.stored.forms
        values = {
            field.name: casts.cast(_quoted(field.name), held[field.name], Form.of(field))
            if field.name in held
            else "NULL"
            for field in self.entry.fields
        }
        values = {name: f"CAST({value} AS {types[name]})" for name, value in values.items()}
        anew = now == "replace" != then
        values["_load_no"] = str(self.former.load_no) if anew else "_load_no"
        values |= {name: name for name in ("_file", "_line")}
        if place:
            values["_place"] = "row_number() OVER ()" if anew else "_place"
        if now == "history":
            day = f"DATE '{self.former.data_date.isoformat()}'"
            values |= dict(zip(PERIOD, PERIOD if then == "history" else (day, OPEN), strict=True))
        return values


def forms_of(columns: Mapping[str, str], mode: str) -> dict[str, Form]:
    """The forms of the fields' columns, of all columns with the engine's words for their types."""
    ours = (*OURS, *PERIOD) if mode == "history" else OURS
    return {name: Form.told(told) for name, told in columns.items() if name not in ours}


def find_former(session: Connection, entry_id: str) -> Former | None:
    """Return the spec of what consumers see, ``None`` before the first publication."""
    rows = session.query(
        "SELECT spec_digest AS digest, mode, load_no, data_date FROM ledger.publications"
        " WHERE entry_id = ? AND superseded_at IS NULL ORDER BY load_no DESC LIMIT 1",
        [entry_id],
    )
    if not rows:
        return None
    migrated = session.query(
        "SELECT to_digest AS digest, mode FROM ledger.migrations WHERE entry_id = ? AND load_no = ?"
        " ORDER BY migration_no DESC LIMIT 1",
        [entry_id, rows[0]["load_no"]],
    )
    told = rows[0] | (migrated[0] if migrated else {})
    specs = session.query("SELECT spec FROM ledger.specs WHERE spec_digest = ?", [told["digest"]])
    return Former(**told, spec=json.loads(specs[0]["spec"]) if specs else {})


def require_same_shape(session: Connection, entry: Entry) -> None:
    """Raise ``PlatformError`` P304 where another mode or key would take the kept rows for what they are not."""
    former = find_former(session, entry.id)
    if former is None:
        return
    then, now = tuple(former.spec.get("load", {}).get("key", ())), entry.load.key
    difference = f"load.mode: {former.mode} → {entry.load.mode}" if former.mode != entry.load.mode else ""
    if not difference and then and then != now and entry.load.mode in ("merge", "history"):
        difference = f"load.key: {' + '.join(then)} → {' + '.join(now)}"
    if difference:
        raise PlatformError("P304", entry=entry.id, difference=difference)


def compare(session: Connection, casts: Casts, entry: Entry, stored: Stored, former: Former) -> Migration | None:
    """Return what has to change, ``None`` when the table serves the entry as it is."""
    counting = _Counting(session, casts, entry, stored, former)
    shifts = counting.shifts()
    if all(shift.what in BY_ITSELF for shift in shifts):
        return None
    return Migration(entry, stored, former, tuple(shifts), counting.count("1 = 1"))


@dataclass(frozen=True)
class _Counting:
    """Counts what changes between what is stored and the entry."""

    session: Connection
    casts: Casts
    entry: Entry
    stored: Stored
    former: Former

    def count(self, where: str) -> int:
        """Rows of what is stored."""
        found = self.session.query(f"SELECT count(*) AS found FROM {self.stored.source} kept WHERE {where}")
        return int(found[0]["found"])

    def shifts(self) -> list[Shift]:
        """All shifts, in the order of the fields."""
        found: list[Shift] = [Shift("finish")] if self.stored.unfinished else []
        keeps = self.entry.load.mode != "replace"
        for field in self.entry.fields:
            held = self.stored.forms.get(field.name)
            if held is None:
                found += [self._added(field.name, field.required, str(Form.of(field)))]
                continue
            if held != Form.of(field):
                found.append(self._cast(field.name, held, Form.of(field)))
            if keeps:
                found += self._constraints(field.name, held, field.length, field.required)
        wanted = {field.name for field in self.entry.fields}
        if keeps or self.former.mode != "replace":
            for name, held in self.stored.forms.items():
                if name not in wanted:
                    there = self.count(f"{_quoted(name)} IS NOT NULL")
                    found.append(Shift("dropped", name, before=str(held), rows=there))
        found += self._mode()
        found += self._key([shift.field for shift in found if shift.unfit])
        return found

    def _added(self, name: str, required: bool, form: str) -> Shift:
        if required and self.entry.load.mode != "replace":
            rows = self.count("1 = 1")
            return Shift("added_required", name, after=form, rows=rows, unfit=rows)
        return Shift("added", name, after=form)

    def _cast(self, name: str, held: Form, wanted: Form) -> Shift:
        value = _quoted(name)
        rows = self.count(f"{value} IS NOT NULL")
        unfit = rows - self.count(f"{value} IS NOT NULL AND {self.casts.fits(value, held, wanted)}")
        return Shift("cast", name, str(held), str(wanted), rows, unfit)

    def _constraints(self, name: str, held: Form, length: int | None, required: bool) -> list[Shift]:
        then: Mapping[str, Any] = next((one for one in self.former.spec.get("fields", ()) if one["name"] == name), {})
        value, found = _quoted(name), []
        if length is not None and held.kind == "string" and then and then.get("length") != length:
            before = then.get("length")
            shorter = before is None or before > length
            unfit = self.count(f"char_length({value}) > {length}") if shorter else 0
            found.append(Shift("shorter" if shorter else "longer", name, str(before or "—"), str(length), unfit, unfit))
        if required and then and not then.get("required"):
            unfit = self.count(f"{value} IS NULL")
            found.append(Shift("required", name, rows=unfit, unfit=unfit))
        return found

    def _mode(self) -> list[Shift]:
        then, now = self.former.mode, self.entry.load.mode
        if then == now:
            return []
        closed = self.count(f"valid_to <> {OPEN}") if then == "history" else 0
        return [Shift("mode", "", then, now, self.count("1 = 1"), closed)]

    def _key(self, unfit: Sequence[str]) -> list[Shift]:
        """Another key: rows that would share one with another row do not fit. An appended table may repeat keys."""
        then, now = tuple(self.former.spec.get("load", {}).get("key", ())), self.entry.load.key
        changed = bool(then) and then != now
        unique_now = self.entry.load.mode in ("merge", "history")
        recast = any(self.stored.forms.get(name) != Form.of(self.entry.field(name)) for name in now)
        unique_then = self.former.mode in ("merge", "history", "replace")
        if not changed and not (unique_now and (recast or not unique_then)):
            return []
        same = 0
        if unique_now and not set(unfit) & set(now) and set(now) <= self.stored.forms.keys():
            parts = ", ".join(
                self.casts.cast(_quoted(name), self.stored.forms[name], Form.of(self.entry.field(name))) for name in now
            )
            open_rows = f"WHERE valid_to = {OPEN}" if self.former.mode == "history" else ""
            found = self.session.query(
                "SELECT coalesce(sum(many - 1), 0) AS found FROM"
                f" (SELECT count(*) AS many FROM {self.stored.source} kept {open_rows} GROUP BY {parts}) counted"
            )
            same = int(found[0]["found"])
        if not changed and not same:
            return []
        return [Shift("key", "", " + ".join(then), " + ".join(now), same, same)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
