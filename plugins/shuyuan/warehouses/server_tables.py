"""How one lot becomes rows of ``store`` and the view of ``share`` on a server, by load mode.

What differs between servers is asked of a ``Dialect``: types, null-safe comparison, and how a replaced table's view
moves from one publication to the next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from shuyuan.entry import Entry, Field
from shuyuan.problems import PlatformError
from shuyuan.warehouses import Lot
from shuyuan.warehouses.lots import accepted_rows, source_keys
from shuyuan.warehouses.server import ServerSession
from shuyuan.warehouses.zipper import OPEN, PERIOD_COLUMNS, Zipper, deleted, remove_absent, same_key

OURS = ("_load_no", "_file", "_line", "_place")


class ServerChange(ABC):
    """One lot on its way into one table. ``before`` is the load number that consumers see now."""

    def __init__(self, session: ServerSession, lot: Lot, load_no: int, before: int | None) -> None:
        self.session, self.lot, self.load_no, self.before = session, lot, load_no, before
        self.entry = lot.entry
        self.mode = lot.entry.load.mode
        self.arriving = f"store.{quoted(f'{self.entry.table}@arriving')}"
        self.keys = f"store.{quoted(f'{self.entry.table}@keys')}"

    # ── what an engine gives ────────────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def column_type(self, field: Field) -> str:
        """The engine's type of a field."""

    def comment(self, field: Field) -> str:
        """What a column's definition says of it, where it can."""
        return ""

    @abstractmethod
    def same(self, left: str, right: str) -> str:
        """A comparison in which null equals null."""

    @abstractmethod
    def bulk_load(self, table: str, columns: Sequence[str], batches: Iterator[pa.RecordBatch]) -> int:
        """Load batches into ``columns`` of ``table``, strictly, and return how many rows the server took."""

    @abstractmethod
    def prepare_replace(self) -> str:
        """Make the place for this lot's version and return the table to load into."""

    @abstractmethod
    def version(self, load_no: int) -> str | None:
        """The rows of one publication, to select from; ``None`` when they are gone."""

    @abstractmethod
    def prepare_table(self) -> str:
        """Make (or widen) the table of an appended or merged entry and its view; return its name."""

    @abstractmethod
    def index_keys(self, table: str) -> None:
        """Prepare loaded rows (of an appended, merged or zipped lot) or keys for being looked up by key."""

    @abstractmethod
    def update_joined(self, table: str, changes: Mapping[str, str], on: str, where: str) -> None:
        """See ``zipper.Joined``."""

    @abstractmethod
    def delete_joined(self, table: str, on: str, where: str) -> None:
        """See ``zipper.Joined``."""

    # ── what is the same everywhere ─────────────────────────────────────────────────────────────────────────
    def stage(self) -> None:
        """Put the rows where nobody reads them yet, and count what came in."""
        table = self.prepare_replace() if self.mode == "replace" else self._prepare_arriving()
        columns = [*(field.name for field in self.entry.fields), *OURS]
        loaded = self.bulk_load(table, columns, accepted_rows(self.lot, self.load_no))
        if self.mode != "replace":
            self.index_keys(self.arriving)
        if self.lot.keys_path:
            self._stage_keys()
        where = f"_load_no = {self.load_no}" if self.mode == "replace" else "1 = 1"
        for found in (loaded, self.count(table, where)):
            if found != self.lot.accepted:
                raise PlatformError("P305", expected=self.lot.accepted, found=found)

    def apply(self) -> dict[str, int]:
        """Change what consumers read, inside the caller's transaction; return rows, added, updated, removed."""
        if self.mode == "replace":
            counts = self._compare() | {"rows": self.lot.accepted}
            self.session.show(self.entry, self.load_no)
            return counts
        table = f"store.{quoted(self.entry.table)}"
        names = [*(quoted(field.name) for field in self.entry.fields), *OURS]
        columns = ", ".join(names)
        if self.mode == "history":
            differs = self._differs([field.name for field in self.entry.fields])
            zipper = Zipper(self.session, self, self.entry, table, self.arriving, self.lot.data_date, differs, names)
            counts = zipper.apply()
            counts["removed"] += self._remove_absent(table)
            return counts | {"rows": self.count(table, f"valid_to = {OPEN}")}
        if self.mode == "append":
            self.session.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {self.arriving}")
            counts = {"added": self.lot.accepted, "updated": 0, "removed": 0}
        else:
            counts = self._merge(table, columns)
            counts["removed"] += self._remove_absent(table)
        return counts | {"rows": self.count(table)}

    def collect_garbage(self) -> None:
        """Drop the staged rows of an appended or merged lot; a backend adds its old versions."""
        if self.mode != "replace":
            self.session.execute(f"DROP TABLE IF EXISTS {self.arriving}")
            self.session.execute(f"DROP TABLE IF EXISTS {self.keys}")

    def columns_of(self, entry: Entry) -> str:
        """The columns of a table, as its definition has them."""
        fields = [f"{quoted(field.name)} {self.column_type(field)}{self.comment(field)}" for field in entry.fields]
        return ", ".join([*fields, "_load_no BIGINT NOT NULL", "_file SMALLINT", "_line BIGINT", "_place BIGINT"])

    def columns_kept(self) -> str:
        """The columns of the table that an appended, merged or zipped entry keeps."""
        return self.columns_of(self.entry) + (f", {PERIOD_COLUMNS}" if self.mode == "history" else "")

    def count(self, table: str, where: str = "1 = 1") -> int:
        """Count the rows of a table."""
        return int(self.session.query(f"SELECT count(*) AS found FROM {table} WHERE {where}")[0]["found"])

    def _prepare_arriving(self) -> str:
        self.prepare_table()
        self.session.execute(f"DROP TABLE IF EXISTS {self.arriving}")
        self.session.execute(f"CREATE TABLE {self.arriving} ({self.columns_of(self.entry)})")
        return self.arriving

    def _stage_keys(self) -> None:
        names = self.entry.load.key
        columns = ", ".join(f"{quoted(name)} {self.column_type(self.entry.field(name))}" for name in names)
        self.session.execute(f"DROP TABLE IF EXISTS {self.keys}")
        self.session.execute(f"CREATE TABLE {self.keys} ({columns})")
        self.bulk_load(self.keys, names, source_keys(self.lot))
        self.index_keys(self.keys)

    def _remove_absent(self, table: str) -> int:
        if self.lot.keys_path is None:
            return 0
        return remove_absent(self.session, self.entry, table, self.keys, self.lot.data_date)

    def _differs(self, known: Sequence[str]) -> str:
        """Whether a row's other fields changed; a field that was not there before counts as empty."""
        rest = [field.name for field in self.entry.fields if field.name not in self.entry.load.key]
        same = [
            self.same(f"fresh.{quoted(name)}", f"known.{quoted(name)}" if name in known else "NULL") for name in rest
        ]
        return f"NOT ({' AND '.join(same)})" if same else "1 = 0"

    def _compare(self) -> dict[str, int]:
        former = self.version(self.before) if self.before is not None else None
        if former is None:
            return {"added": self.lot.accepted, "updated": 0, "removed": 0}
        fresh, on = self.version(self.load_no), same_key(self.entry)
        here, there = f"FROM {fresh} fresh", f"FROM {former} known"
        names = [field.name for field in self.entry.fields]
        query = (
            f"SELECT (SELECT count(*) {here} WHERE NOT EXISTS (SELECT 1 {there} WHERE {on})) AS added,"
            f" (SELECT count(*) {there} WHERE NOT EXISTS (SELECT 1 {here} WHERE {on})) AS removed,"
            f" (SELECT count(*) {here} JOIN {former} known ON {on} WHERE {self._differs(names)})"
            " AS updated"
        )
        return {name: int(number) for name, number in self.session.query(query)[0].items()}

    def _merge(self, table: str, columns: str) -> dict[str, int]:
        on, names = same_key(self.entry), [field.name for field in self.entry.fields]
        differs = self._differs(names)
        gone = deleted(self.entry, self.session.text_type)
        both = f"{self.arriving} fresh JOIN {table} known ON {on}"
        updated, removed = self.count(both, f"NOT ({gone}) AND {differs}"), self.count(both, gone)
        before = self.count(table)
        changed = [name for name in names if name not in self.entry.load.key] + list(OURS)
        self.delete_joined(table, on, gone)
        self.update_joined(table, {name: f"fresh.{quoted(name)}" for name in changed}, on, differs)
        self.session.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {self.arriving} fresh"
            f" WHERE NOT ({gone}) AND NOT EXISTS (SELECT 1 FROM {table} known WHERE {on})"
        )
        added = self.count(table) - before + removed
        return {"added": added, "updated": updated, "removed": removed}


def quoted(name: str) -> str:
    """An identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
