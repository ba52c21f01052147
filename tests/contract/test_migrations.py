"""A table that keeps its rows follows its entry: shown, counted, done in one step that consumers see whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest

from lots import DAY_2, a_lot, an_entry, publish
from servers import KINDS, warehouse_at
from shuyuan import ledger
from shuyuan.entry import Field
from shuyuan.problems import PlatformError
from shuyuan.warehouses.duckdb import DuckDBWarehouse

NOTED = [{"name": "note", "title": "备注", "length": 50}]
A, B, C = ("a", "1.00", None, "12"), ("b", "2.50", None, "x"), ("c", "3.00", None, None)
NOW = datetime(2026, 11, 21, 2)


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path, servers):
    """An empty warehouse."""
    if request.param == "duckdb":
        return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    return warehouse_at(servers.empty(request.param))


def keep(warehouse, tmp_path, rows, mode="merge", digest="old", **more):
    """Publish rows under an entry whose spec the ledger knows, as after a run."""
    entry = an_entry(mode, more_fields=NOTED, **more)
    publish(warehouse, replace(a_lot(tmp_path, rows, entry=entry), spec_digest=digest))
    note_spec(warehouse, entry, digest)
    return entry


def note_spec(warehouse, entry, digest):
    with warehouse.session() as session:
        spec = json.dumps(entry.model_dump(mode="json", by_alias=True))
        ledger.record_spec(session, digest, entry.id, "1", spec, "{}", NOW)


def evolved(mode="merge", load=None, fields=None, note=None):
    """The entry with other fields."""
    entry = an_entry(mode, more_fields=[] if note is False else [note or NOTED[0]], load=load or {})
    told = [
        Field.model_validate(field.model_dump(mode="json", by_alias=True) | (fields or {}).get(field.name, {}))
        for field in entry.fields
    ]
    return entry.model_copy(update={"fields": tuple(told)})


def find(warehouse, entry):
    with warehouse.session() as session:
        found = session.find_migration(entry)
    if found is None:
        return None
    return [(shift.what, shift.field, shift.rows, shift.unfit) for shift in found.shifts]


def migrate(warehouse, entry, digest="new"):
    def record(migration, number):
        values = {"migration_no": number, "entry_id": entry.id, "load_no": migration.former.load_no, "shifts": "[]",
                  "from_digest": migration.former.digest, "to_digest": digest, "spec_version": "1", "who": "tester",
                  "mode": entry.load.mode, "rows": migration.rows, "migrated_at": NOW}  # fmt: skip
        ledger.insert(session, "migrations", values)

    with warehouse.session() as session:
        done = session.migrate(entry, record)
    note_spec(warehouse, entry, digest)
    return done


def shown(warehouse, columns="id, amount, note"):
    with warehouse.session() as session:
        rows = session.query(f"SELECT {columns} FROM share.civil_affairs__people ORDER BY id")
    return [tuple(None if value is None else str(value) for value in row.values()) for row in rows]


@pytest.mark.parametrize("mode", ["merge", "append", "history"])
def test_a_column_is_cast_to_another_type(warehouse, tmp_path, mode):
    keep(warehouse, tmp_path, [A, ("b", "2.50", None, "-7"), C], mode)
    entry = evolved(mode, note={"name": "note", "title": "备注", "type": "integer"})
    assert find(warehouse, entry) == [("cast", "note", 2, 0)]
    migrate(warehouse, entry)
    assert shown(warehouse) == [("a", "1.00", "12"), ("b", "2.50", "-7"), ("c", "3.00", None)]
    assert find(warehouse, entry) is None
    assert migrate(warehouse, entry) is None, "again: nothing to do"
    with warehouse.session() as session:
        assert session.query("SELECT max(note) AS top FROM share.civil_affairs__people")[0]["top"] == 12
        (line,) = session.query('SELECT from_digest, to_digest, "rows", who FROM ledger.migrations')
    assert line == {"from_digest": "old", "to_digest": "new", "rows": 3, "who": "tester"}


def test_what_cannot_be_cast_is_counted_and_nothing_is_changed(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, B, C])
    before = shown(warehouse)
    entry = evolved(note={"name": "note", "title": "备注", "type": "integer"})
    assert find(warehouse, entry) == [("cast", "note", 2, 1)]
    with pytest.raises(PlatformError) as caught:
        migrate(warehouse, entry)
    assert (caught.value.problem.code, caught.value.problem.facts["unfit"]) == ("P343", "note 1")
    assert shown(warehouse) == before
    with warehouse.session() as session:
        assert session.query("SELECT * FROM ledger.migrations") == []


TEXTS = ["0", "-12", "1.5", "1.50", "1.505", "2026-02-28", "2024-02-29", "2026-02-29", "2026-01-31 08:30:00",
         "2026-01-31 08:30:00.250000", "1900-02-29", "0000-01-01", "x", " 1", "1\n", "１", "999999999999999999",
         "9999999999999999999", "", "2000-02-29", "24:00", "NaN", "1e3", "+1"]  # fmt: skip
FITTING = {
    "integer": ["-12", "0", "999999999999999999"],
    "decimal(4,2)": ["-12", "0", "1.5", "1.50"],
    "date": ["2000-02-29", "2024-02-29", "2026-02-28"],
    "datetime": ["2026-01-31 08:30:00", "2026-01-31 08:30:00.250000"],
    "boolean": ["0"],
}


@pytest.mark.parametrize("kind", FITTING)
def test_of_texts_only_those_in_their_canonical_spelling_fit(warehouse, tmp_path, kind):
    keep(warehouse, tmp_path, [(f"k{place:02}", None, None, text) for place, text in enumerate(TEXTS)])
    entry = evolved(note={"name": "note", "title": "备注", "type": kind})
    assert find(warehouse, entry) == [("cast", "note", len(TEXTS), len(TEXTS) - len(FITTING[kind]))]
    with warehouse.session() as session:
        places = ", ".join(f"'k{TEXTS.index(text):02}'" for text in FITTING[kind])
        session.execute(f'DELETE FROM store."civil_affairs__people" WHERE id NOT IN ({places})')
    assert find(warehouse, entry) == [("cast", "note", len(FITTING[kind]), 0)]
    migrate(warehouse, entry)
    assert len(shown(warehouse)) == len(FITTING[kind])
    back = evolved(note={"name": "note", "title": "备注"})
    migrate(warehouse, back, "back")
    assert len({row[2] for row in shown(warehouse)} - {None}) >= len(FITTING[kind]) - 1


def test_numbers_lose_no_digit(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, B])
    assert find(warehouse, evolved(fields={"amount": {"type": "integer"}})) == [("cast", "amount", 2, 1)]
    assert find(warehouse, evolved(fields={"amount": {"type": "decimal(2,2)"}})) == [("cast", "amount", 2, 2)]
    wider = evolved(fields={"amount": {"type": "decimal(12,3)"}})
    assert find(warehouse, wider) == [("cast", "amount", 2, 0)]
    migrate(warehouse, wider)
    assert shown(warehouse, "id, amount") == [("a", "1.000"), ("b", "2.500")]


def test_dates_and_moments_become_each_other_and_texts(warehouse, tmp_path):
    keep(warehouse, tmp_path, [("a", None, DAY_2, None)])
    for kind, told in (("datetime", "2026-11-21 00:00:00"), ("string", "2026-11-21 00:00:00")):
        migrate(warehouse, evolved(fields={"born_on": {"type": kind}}), kind)
        assert shown(warehouse, "id, born_on") == [("a", told)]
    migrate(warehouse, evolved(fields={"born_on": {"type": "datetime"}}), "again")
    migrate(warehouse, evolved(), "date")
    assert shown(warehouse, "id, born_on") == [("a", "2026-11-21")]


def test_a_removed_item_takes_its_column_along(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, B, C])
    entry = evolved(note=False)
    assert find(warehouse, entry) == [("dropped", "note", 2, 0)]
    migrate(warehouse, entry)
    assert shown(warehouse, "*")[0][:2] == ("a", "1.00")
    with warehouse.session() as session:
        assert "note" not in session.query("SELECT * FROM share.civil_affairs__people")[0]
    assert find(warehouse, entry) is None


def test_a_required_item_more_needs_rows_that_have_it(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, B])
    entry = an_entry("merge", more_fields=[*NOTED, {"name": "office", "title": "单位", "required": "true"}])
    assert find(warehouse, entry) == [("added_required", "office", 2, 2)]
    with pytest.raises(PlatformError, match="P343"):
        migrate(warehouse, entry)


def test_required_and_shorter_count_the_rows_in_the_way(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, B, C])
    required = {"name": "note", "title": "备注", "length": 1, "required": True}
    assert find(warehouse, evolved(note=required)) == [("shorter", "note", 1, 1), ("required", "note", 1, 1)]
    fine = {"name": "note", "title": "备注", "length": 2}
    assert find(warehouse, evolved(note=fine)) == [("shorter", "note", 0, 0)]
    migrate(warehouse, evolved(note=fine))
    assert find(warehouse, evolved(note=fine)) is None
    assert find(warehouse, evolved()) is None, "longer comes by itself"


def test_another_key_must_tell_rows_apart(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, ("b", "1.00", None, "12"), C])
    assert find(warehouse, evolved(load={"key": ["note"]}, fields={"note": {"required": True}})) == [
        ("required", "note", 1, 1),
        ("key", "", 0, 0),
    ]
    assert find(warehouse, evolved(load={"key": ["amount"]})) == [("key", "", 1, 1)]
    both = evolved(load={"key": ["id", "amount"]})
    with pytest.raises(PlatformError, match="P304"):
        publish(warehouse, a_lot(tmp_path, [A], entry=both, load_id="b", day=DAY_2))
    migrate(warehouse, both)
    publish(warehouse, a_lot(tmp_path, [("a", "9.00", None, "n")], entry=both, load_id="c", day=DAY_2))
    assert [row[:2] for row in shown(warehouse)] == [("a", "1.00"), ("a", "9.00"), ("b", "1.00"), ("c", "3.00")]


MODES = ("replace", "append", "merge", "history")


@pytest.mark.parametrize(("then", "now"), [(then, now) for then in MODES for now in MODES if then != now])
def test_another_mode_keeps_what_consumers_see(warehouse, tmp_path, then, now):
    keep(warehouse, tmp_path, [A, B, C], then)
    before, entry = shown(warehouse), evolved(now)
    with pytest.raises(PlatformError, match="P304"):
        publish(warehouse, a_lot(tmp_path, [A], entry=entry, load_id="b", day=DAY_2))
    assert shown(warehouse) == before
    assert ("mode", "", 3, 0) in find(warehouse, entry)
    migrate(warehouse, entry)
    assert shown(warehouse) == before
    assert find(warehouse, entry) is None
    publish(warehouse, a_lot(tmp_path, [("b", "7.00", None, "y")], entry=entry, load_id="c", day=DAY_2))
    expected = {"replace": ["b"], "append": ["a", "b", "b", "c"]}.get(now, ["a", "b", "c"])
    assert [row[0] for row in shown(warehouse)] == expected
    if now == "history":
        with warehouse.session() as session:
            rows = session.query("SELECT id FROM history.civil_affairs__people WHERE valid_to < DATE '9999-12-31'")
        assert rows == [{"id": "b"}]


def test_a_history_is_not_thrown_away(warehouse, tmp_path):
    entry = keep(warehouse, tmp_path, [A, B], "history")
    publish(warehouse, a_lot(tmp_path, [("a", "2.00", None, "12")], entry=entry, load_id="b", day=DAY_2))
    with pytest.raises(PlatformError, match="P343"):
        migrate(warehouse, evolved("merge"))
    wider = evolved("history", fields={"amount": {"type": "decimal(12,3)"}})
    migrate(warehouse, wider)
    with warehouse.session() as session:
        rows = session.query("SELECT amount, valid_from FROM history.civil_affairs__people WHERE id = 'a' ORDER BY 2")
    assert [str(row["amount"]) for row in rows] == ["1.000", "2.000"]


def test_a_replaced_table_needs_no_migration_or_casts_its_versions(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, C], "replace")
    entry = evolved("replace", note={"name": "note", "title": "备注", "type": "integer"})
    if find(warehouse, entry):  # one table for all versions
        migrate(warehouse, entry)
        assert shown(warehouse) == [("a", "1.00", "12"), ("c", "3.00", None)]
    assert find(warehouse, entry) is None


def test_a_migration_is_fenced_and_fences(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A])
    entry = evolved(note={"name": "note", "title": "备注", "type": "integer"})
    with warehouse.session() as session:
        mine = session.lease(entry.id)
    migrate(warehouse, entry)
    with warehouse.session() as session, pytest.raises(PlatformError) as caught:
        session.publish(a_lot(tmp_path, [B], load_id="b", day=DAY_2, entry=evolved()), mine)
    assert caught.value.problem.code == "P303"
    assert shown(warehouse) == [("a", "1.00", "12")]


def test_nothing_is_left_beside_the_table(warehouse, tmp_path):
    keep(warehouse, tmp_path, [A, C])
    migrate(warehouse, evolved(note={"name": "note", "title": "备注", "type": "integer"}))
    with warehouse.session() as session:
        there = session.query("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'store'")
    ours = {"disputes", "pointers", "view_notes"}
    assert sorted({row["name"] for row in there} - ours) in (
        ["civil_affairs__people"],
        ["civil_affairs__people", "civil_affairs__people@arriving"],
    )


def test_an_entry_that_was_never_published_needs_nothing(warehouse):
    assert find(warehouse, evolved()) is None
