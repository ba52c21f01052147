"""How one lot becomes rows of ``store`` and the view of ``share`` in DuckDB, by load mode."""

from __future__ import annotations

from collections.abc import Mapping

from shuyuan.entry import Entry, Field
from shuyuan.ledger import Connection, kept_publications
from shuyuan.problems import PlatformError
from shuyuan.warehouses import Lot
from shuyuan.warehouses.zipper import (
    OPEN,
    PERIOD_COLUMNS,
    Typed,
    Zipper,
    deleted,
    history_view,
    remove_absent,
    same_key,
)

KEEP_VERSIONS = 2
_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "date": "DATE", "datetime": "TIMESTAMP", "boolean": "BOOLEAN"}


class Change:
    """One lot on its way into one table. ``before`` is the load number that consumers see now."""

    def __init__(self, session: Typed, lot: Lot, load_no: int, before: int | None) -> None:
        self.session, self.lot, self.load_no, self.before = session, lot, load_no, before
        self.entry = lot.entry
        self.replaces = self.entry.load.mode == "replace"
        self.zips = self.entry.load.mode == "history"
        self.table = self._version(load_no) if self.replaces else f"store.{quoted(self.entry.table)}"

    def _version(self, load_no: int) -> str:
        return f"store.{quoted(f'{self.entry.table}@{load_no}')}"

    def stage(self) -> None:
        """Put the rows where nobody reads them yet (replace), or make sure that the table fits."""
        if self.replaces:
            self._drop_versions(keep=1)
            self.session.execute(f"CREATE TABLE {self.table} AS {self._rows()}", self._files())
            self._expect(self._count(self.table))
        else:
            columns = ", ".join(f"{quoted(field.name)} {column_type(field)}" for field in self.entry.fields)
            ours = "_load_no BIGINT, _file SMALLINT, _line BIGINT" + (f", {PERIOD_COLUMNS}" if self.zips else "")
            self.session.execute(f"CREATE TABLE IF NOT EXISTS {self.table} ({columns}, {ours})")
            self._fit_columns()

    def apply(self) -> dict[str, int]:
        """Change what consumers read, inside the caller's transaction; return rows, added, updated, removed."""
        if self.replaces:
            counts = self._compare()
        elif self.entry.load.mode == "append":
            self.session.execute(f"INSERT INTO {self.table} BY NAME {self._rows()}", self._files())
            self._expect(self._count(self.table, f"_load_no = {self.load_no}"))
            counts = {"added": self.lot.accepted, "updated": 0, "removed": 0}
        else:
            counts = self._zip() if self.zips else self._merge()
            counts["removed"] += self._remove_absent()
        show_table(self.session, self.entry, self.table)
        return {"rows": self._count(self.table, f"valid_to = {OPEN}" if self.zips else "true")} | counts

    def collect_garbage(self) -> None:
        """Drop versions that nobody can return to any more."""
        if self.replaces:
            self._drop_versions(keep=KEEP_VERSIONS)

    def _rows(self) -> str:
        columns = ", ".join(quoted(field.name) for field in self.entry.fields)
        without = "" if not self.lot.rejected_path else " WHERE _row NOT IN (SELECT _row FROM read_parquet(?))"
        return f"SELECT {columns}, {self.load_no}::BIGINT AS _load_no, _file, _line FROM read_parquet(?){without}"

    def _files(self) -> list[str]:
        return [str(path) for path in (self.lot.batch_path, self.lot.rejected_path) if path]

    def _count(self, table: str, where: str = "true") -> int:
        return int(self.session.query(f"SELECT count(*) AS rows FROM {table} WHERE {where}")[0]["rows"])

    def _expect(self, found: int) -> None:
        if found != self.lot.accepted:
            raise PlatformError("P305", expected=self.lot.accepted, found=found)

    def _same_key(self) -> str:
        return " AND ".join(
            f"new.{quoted(name)} IS NOT DISTINCT FROM old.{quoted(name)}" for name in self.entry.load.key
        )

    def _compare(self) -> dict[str, int]:
        if self.before is None or not self._exists(self._version(self.before)):
            return {"added": self.lot.accepted, "updated": 0, "removed": 0}
        shared = self._columns(self._version(self.before))
        compared = [field.name for field in self.entry.fields if field.name not in self.entry.load.key]
        new = ", ".join(f"new.{quoted(name)}" for name in compared) or "0"
        old = ", ".join(f"old.{quoted(name)}" if name in shared else "NULL" for name in compared) or "0"
        key = quoted(self.entry.load.key[0])
        rows = self.session.query(
            f"SELECT count(*) FILTER (old._load_no IS NULL) AS added,"
            f" count(*) FILTER (new._load_no IS NULL) AS removed,"
            f" count(*) FILTER (new._load_no IS NOT NULL AND old._load_no IS NOT NULL"
            f" AND row({new}) IS DISTINCT FROM row({old})) AS updated"
            f" FROM {self.table} new FULL JOIN {self._version(self.before)} old"
            f" ON {self._same_key()}"
            if all(name in shared for name in self.entry.load.key)
            else f"SELECT (SELECT count({key}) FROM {self.table}) AS added, 0 AS updated,"
            f" (SELECT count(*) FROM {self._version(self.before)}) AS removed"
        )
        return {name: int(value) for name, value in rows[0].items()}

    def update_joined(self, table: str, changes: Mapping[str, str], on: str, where: str) -> None:
        """See ``zipper.Joined``."""
        pairs = ", ".join(f"{quoted(name)} = {value}" for name, value in changes.items())
        self.session.execute(f"UPDATE {table} AS known SET {pairs} FROM arriving fresh WHERE {on} AND {where}")

    def delete_joined(self, table: str, on: str, where: str) -> None:
        """See ``zipper.Joined``."""
        self.session.execute(f"DELETE FROM {table} AS known USING arriving fresh WHERE {on} AND {where}")

    def _zip(self) -> dict[str, int]:
        names = [quoted(field.name) for field in self.entry.fields]
        self._take_in()
        columns = [*names, "_load_no", "_file", "_line"]
        differs, day = self._differs("fresh", "known"), self.lot.data_date
        zipper = Zipper(self.session, self, self.entry, self.table, "arriving", day, differs, columns)
        counts = zipper.apply()
        self.session.execute("DROP TABLE arriving")
        show_history(self.session, self.entry)
        return counts

    def _remove_absent(self) -> int:
        if self.lot.keys_path is None:
            return 0
        columns = ", ".join(map(quoted, self.entry.load.key))
        self.session.execute(
            f"CREATE OR REPLACE TEMP TABLE source_keys AS SELECT DISTINCT {columns} FROM read_parquet(?)",
            [str(self.lot.keys_path)],
        )
        gone = remove_absent(self.session, self.entry, self.table, "source_keys", self.lot.data_date)
        self.session.execute("DROP TABLE source_keys")
        return gone

    def _take_in(self) -> None:
        self.session.execute(f"CREATE OR REPLACE TEMP TABLE arriving AS {self._rows()}", self._files())
        self._expect(self._count("arriving"))

    def _differs(self, new: str, old: str) -> str:
        names = [quoted(field.name) for field in self.entry.fields if field.name not in self.entry.load.key]
        rows = [f"row({', '.join(f'{side}.{name}' for name in names) or '0'})" for side in (new, old)]
        return " IS DISTINCT FROM ".join(rows)

    def _merge(self) -> dict[str, int]:
        names = [field.name for field in self.entry.fields]
        rest = [name for name in names if name not in self.entry.load.key]
        self._take_in()
        on, differs, gone = same_key(self.entry), self._differs("fresh", "known"), self._deleted()
        counted = self.session.query(
            f"SELECT count(*) FILTER (known._load_no IS NULL AND NOT ({gone})) AS added,"
            f" count(*) FILTER (known._load_no IS NOT NULL AND NOT ({gone}) AND {differs}) AS updated,"
            f" count(*) FILTER (known._load_no IS NOT NULL AND {gone}) AS removed"
            f" FROM arriving fresh LEFT JOIN {self.table} known ON {on}"
        )[0]
        ours = ["_load_no", "_file", "_line"]
        changes = ", ".join(f"{quoted(name)} = fresh.{quoted(name)}" for name in [*rest, *ours])
        columns = ", ".join(quoted(name) for name in [*names, *ours])
        values = ", ".join(f"fresh.{quoted(name)}" for name in [*names, *ours])
        self.session.execute(
            f"MERGE INTO {self.table} known USING arriving fresh ON {on}"
            f" WHEN MATCHED AND {gone} THEN DELETE"
            f" WHEN MATCHED AND {differs} THEN UPDATE SET {changes}"
            f" WHEN NOT MATCHED AND NOT ({gone}) THEN INSERT ({columns}) VALUES ({values})"
        )
        self.session.execute("DROP TABLE arriving")
        return {name: int(number) for name, number in counted.items()}

    def _deleted(self) -> str:
        return deleted(self.entry, self.session.text_type)

    def _fit_columns(self) -> None:
        there = self._columns(self.table)
        for field in self.entry.fields:
            wanted = column_type(field)
            if field.name not in there:
                if field.required:
                    raise PlatformError("P304", entry=self.entry.id, difference=f"+ {field.name}")
                self.session.execute(f"ALTER TABLE {self.table} ADD COLUMN {quoted(field.name)} {wanted}")
            elif there[field.name] != wanted:
                difference = f"{field.name}: {there[field.name]} → {wanted}"
                raise PlatformError("P304", entry=self.entry.id, difference=difference)

    def _exists(self, table: str) -> bool:
        name = table.partition(".")[2].strip('"')
        return bool(
            self.session.query(
                "SELECT 1 AS there FROM duckdb_tables() WHERE schema_name = 'store' AND table_name = ?", [name]
            )
        )

    def _columns(self, table: str) -> dict[str, str]:
        return {row["column_name"]: row["column_type"] for row in self.session.query(f"DESCRIBE {table}")}

    def _drop_versions(self, keep: int) -> None:
        """Drop leftovers of killed runs and versions older than the last ``keep`` publications."""
        published = kept_publications(self.session, self.entry.id, keep)
        kept = {f"{self.entry.table}@{load_no}" for load_no in published}
        there = self.session.query(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store' AND regexp_full_match(table_name, ?)",
            [f"{self.entry.table}@[0-9]+"],
        )
        for row in there:
            if row["table_name"] not in kept:
                self.session.execute(f"DROP TABLE store.{quoted(row['table_name'])}")


def show_table(session: Connection, entry: Entry, table: str) -> None:
    """Make the view of ``share`` show the entry's fields of ``table``; a field that it lacks is shown empty."""
    there = {row["column_name"] for row in session.query(f"DESCRIBE {table}")}
    shown = ", ".join(
        quoted(field.name) if field.name in there else f"CAST(NULL AS {column_type(field)}) AS {quoted(field.name)}"
        for field in entry.fields
    )
    view, now = f"share.{quoted(entry.table)}", f" WHERE valid_to = {OPEN}" if entry.load.mode == "history" else ""
    session.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {shown}, _load_no FROM {table}{now}")
    session.execute(f"COMMENT ON VIEW {view} IS {literal(entry.title)}")
    for field in entry.fields:
        session.execute(f"COMMENT ON COLUMN {view}.{quoted(field.name)} IS {literal(field.title)}")


def show_history(session: Connection, entry: Entry) -> None:
    """Make the view of ``history`` show all states of a zipped entry."""
    view, names = f"history.{quoted(entry.table)}", [quoted(field.name) for field in entry.fields]
    session.execute("CREATE SCHEMA IF NOT EXISTS history")
    session.execute(f"CREATE OR REPLACE VIEW {view} AS {history_view(entry, names)}")
    session.execute(f"COMMENT ON VIEW {view} IS {literal(entry.title)}")


def column_type(field: Field) -> str:
    """The DuckDB type of a field."""
    if field.decimal:
        return "DECIMAL({},{})".format(*field.decimal)
    return _TYPES[field.kind]


def quoted(name: str) -> str:
    """An identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
