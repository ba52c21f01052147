"""What every warehouse must do, whatever its engine.

A new backend adds itself to ``BACKENDS`` here and is right when all of this passes.
"""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuyuan import ledger
from shuyuan.entry import Entry
from shuyuan.problems import DeliveryError, PlatformError
from shuyuan.warehouses import Lot
from shuyuan.warehouses.duckdb import DuckDBWarehouse

BACKENDS = {"duckdb": lambda folder: DuckDBWarehouse(folder / "warehouse.duckdb")}
DAY_1, DAY_2 = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture(params=list(BACKENDS))
def warehouse(request, tmp_path):
    return BACKENDS[request.param](tmp_path)


def an_entry(mode="replace", **extra) -> Entry:
    fields = [
        {"name": "id", "title": "编号", "required": "true"},
        {"name": "amount", "title": "金额", "type": "decimal(10,2)"},
        {"name": "born_on", "title": "出生日期", "type": "date"},
        *extra.pop("more_fields", []),
    ]
    return Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": "civil_affairs.people",
            "code": "307010101/000012",
            "title": "人员",
            "summary": "测试",
            "sharing": {"type": "unconditional"},
            "source": {"type": "database", "connection": "c", "table": "t"},
            "update": {"cycle": "daily"},
            "load": {"mode": mode, "key": ["id"]},
            "fields": fields,
        }
    )


def a_lot(folder: Path, rows, *, entry=None, load_id="a", day=DAY_1, rejected=()) -> Lot:
    """A batch of ``(id, amount, born_on)`` rows, of which the ``_row`` numbers in ``rejected`` failed a rule."""
    entry = entry or an_entry()
    folder = folder / f"run-{load_id}-{len(rows)}-{day}"
    folder.mkdir(exist_ok=True)
    types = {"id": pa.string(), "amount": pa.decimal128(10, 2), "born_on": pa.date32(), "note": pa.string()}
    columns = {
        "_row": pa.array(range(len(rows)), pa.int64()),
        "_file": pa.array([0] * len(rows), pa.int16()),
        "_line": pa.array(range(2, len(rows) + 2), pa.int64()),
    }
    for position, field in enumerate(entry.fields):
        columns[field.name] = pa.array([row[position] for row in rows]).cast(types[field.name])
    pq.write_table(pa.table(columns), folder / "batch.parquet")
    rejected_path = None
    if rejected:
        rejected_path = folder / "rejected.parquet"
        table = {
            "_row": pa.array(rejected, pa.int64()),
            "_file": pa.array([0] * len(rejected), pa.int16()),
            "_line": pa.array([row + 2 for row in rejected], pa.int64()),
            "rules": pa.array([["id.required"]] * len(rejected)),
            "record": pa.array(["{}"] * len(rejected)),
        }
        pq.write_table(pa.table(table), rejected_path)
    return Lot(
        entry=entry,
        load_id=load_id,
        delivery_id=f"delivery-{load_id}",
        run_id=f"run-{load_id}",
        spec_digest="spec",
        data_date=day,
        batch_path=folder / "batch.parquet",
        rejected_path=rejected_path,
        accepted=len(rows) - len(rejected),
        rejected=len(rejected),
        score=99.0,
        now=datetime(2026, 11, 20, 1, 0),
    )


def publish(warehouse, lot):
    with warehouse.session() as session:
        return session.publish(lot, session.lease(lot.entry.id))


def shared(warehouse):
    with warehouse.session() as session:
        rows = session.query("SELECT id, amount::VARCHAR AS amount FROM share.civil_affairs__people ORDER BY id")
        return [(row["id"], row["amount"]) for row in rows]


A, B, C = ("a", "1.00", None), ("b", "2.00", date(2000, 2, 29)), ("c", "3.00", None)


def test_first_publication_is_all_new(warehouse, tmp_path):
    made = publish(warehouse, a_lot(tmp_path, [A, B]))
    assert (made.rows, made.added, made.updated, made.removed) == (2, 2, 0, 0)
    assert shared(warehouse) == [("a", "1.00"), ("b", "2.00")]


def test_replace_counts_new_changed_and_removed(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A, B]))
    made = publish(warehouse, a_lot(tmp_path, [("a", "9.00", None), C], load_id="b", day=DAY_2))
    assert (made.rows, made.added, made.updated, made.removed) == (2, 1, 1, 1)
    assert shared(warehouse) == [("a", "9.00"), ("c", "3.00")]


def test_a_null_that_stays_null_is_no_change(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A, B]))
    made = publish(warehouse, a_lot(tmp_path, [A, B], load_id="b", day=DAY_2))
    assert (made.added, made.updated, made.removed) == (0, 0, 0)


def test_rejected_rows_go_to_their_own_table_with_line_and_rules(warehouse, tmp_path):
    made = publish(warehouse, a_lot(tmp_path, [A, B, C], rejected=[1]))
    assert shared(warehouse) == [("a", "1.00"), ("c", "3.00")]
    with warehouse.session() as session:
        kept = session.query("SELECT load_no, line, rules FROM rejected.civil_affairs__people")
    assert kept == [{"load_no": made.load_no, "line": 3, "rules": ["id.required"]}]


def test_every_row_leads_to_its_publication(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A]))
    with warehouse.session() as session:
        found = session.query(
            "SELECT p.run_id, p.delivery_id, p.spec_digest FROM share.civil_affairs__people s"
            " JOIN ledger.publications p ON p.load_no = s._load_no"
        )
    assert found == [{"run_id": "run-a", "delivery_id": "delivery-a", "spec_digest": "spec"}]


def test_append_keeps_what_was_there(warehouse, tmp_path):
    entry = an_entry("append")
    publish(warehouse, a_lot(tmp_path, [A], entry=entry))
    made = publish(warehouse, a_lot(tmp_path, [B], entry=entry, load_id="b", day=DAY_2))
    assert (made.rows, made.added) == (2, 1)
    assert shared(warehouse) == [("a", "1.00"), ("b", "2.00")]


def test_merge_updates_by_key_and_keeps_the_absent(warehouse, tmp_path):
    entry = an_entry("merge")
    publish(warehouse, a_lot(tmp_path, [A, B], entry=entry))
    lot = a_lot(tmp_path, [("a", "1.00", None), ("b", "5.00", None), C], entry=entry, load_id="b", day=DAY_2)
    made = publish(warehouse, lot)
    assert (made.rows, made.added, made.updated, made.removed) == (3, 1, 1, 0)
    assert shared(warehouse) == [("a", "1.00"), ("b", "5.00"), ("c", "3.00")]


def test_an_unchanged_row_keeps_its_load_number_in_a_merge(warehouse, tmp_path):
    entry = an_entry("merge")
    first = publish(warehouse, a_lot(tmp_path, [A, B], entry=entry))
    publish(warehouse, a_lot(tmp_path, [A, ("b", "5.00", None)], entry=entry, load_id="b", day=DAY_2))
    with warehouse.session() as session:
        rows = session.query("SELECT _load_no FROM share.civil_affairs__people WHERE id = 'a'")
    assert rows == [{"_load_no": first.load_no}]


def test_older_data_never_replaces_newer(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A, B], day=DAY_2))
    with pytest.raises(DeliveryError) as caught:
        publish(warehouse, a_lot(tmp_path, [C], load_id="b", day=DAY_1))
    assert caught.value.problem.code == "D606"
    assert shared(warehouse) == [("a", "1.00"), ("b", "2.00")]


@pytest.mark.parametrize("mode", ["replace", "append", "merge"])
def test_a_fenced_run_changes_nothing(warehouse, tmp_path, mode):
    entry = an_entry(mode)
    publish(warehouse, a_lot(tmp_path, [A], entry=entry))
    with warehouse.session() as session:
        mine = session.lease(entry.id)
        session.lease(entry.id)  # a later run takes over
        with pytest.raises(PlatformError) as caught:
            session.publish(a_lot(tmp_path, [B, C], entry=entry, load_id="b", day=DAY_2), mine)
    assert caught.value.problem.code == "P303"
    assert shared(warehouse) == [("a", "1.00")]
    with warehouse.session() as session:
        assert len(session.query("SELECT * FROM ledger.publications")) == 1


def test_rows_that_do_not_add_up_are_not_published(warehouse, tmp_path):
    lot = replace(a_lot(tmp_path, [A, B]), accepted=3)
    with pytest.raises(PlatformError) as caught:
        publish(warehouse, lot)
    assert caught.value.problem.code == "P305"


def test_a_new_optional_item_is_added_by_itself(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A], entry=an_entry("merge")))
    wider = an_entry("merge", more_fields=[{"name": "note", "title": "备注"}])
    publish(warehouse, a_lot(tmp_path, [("b", "2.00", None, "x")], entry=wider, load_id="b", day=DAY_2))
    with warehouse.session() as session:
        rows = session.query("SELECT id, note FROM share.civil_affairs__people ORDER BY id")
    assert rows == [{"id": "a", "note": None}, {"id": "b", "note": "x"}]


def test_old_versions_are_collected_and_the_last_two_stay(warehouse, tmp_path):
    for number in range(4):
        publish(warehouse, a_lot(tmp_path, [A], load_id=str(number), day=date(2026, 11, 20 + number)))
    with warehouse.session() as session:
        tables = session.query("SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%@%'")
    assert len(tables) == 2


def test_consumers_read_a_copy_that_is_replaced_whole(warehouse, tmp_path):
    entry, copies = an_entry(), tmp_path / "share"
    publish(warehouse, a_lot(tmp_path, [A, B]))
    with warehouse.session() as session:
        session.snapshot(entry, copies)
    copy = copies / "civil_affairs__people.parquet"
    first = copy.stat().st_mtime_ns
    assert pq.read_table(copy)["id"].to_pylist() == ["a", "b"]

    with warehouse.session() as session:
        session.snapshot(entry, copies)
    assert copy.stat().st_mtime_ns == first, "up to date: nothing is written"

    publish(warehouse, a_lot(tmp_path, [C], load_id="b", day=DAY_2))
    with warehouse.session() as session:
        session.snapshot(entry, copies)
    assert pq.read_table(copy)["id"].to_pylist() == ["c"]
    assert [path.name for path in copies.iterdir()] == [copy.name]


def test_two_sessions_take_turns(warehouse, tmp_path):
    import threading

    entry, order = an_entry(), []

    def take_turn(name):
        with warehouse.session() as session:
            order.append((name, "in"))
            session.lease(entry.id)
            order.append((name, "out"))

    threads = [threading.Thread(target=take_turn, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [state for _, state in order] == ["in", "out"] * 4
    with warehouse.session() as session:
        assert ledger.lease_token(session, entry.id) == 4


DISPUTED = {"entry_id": "a.b", "field": "name", "kind": "differing", "source_id": "c.d", "element": "person_name"}
MORNING, NOON = datetime(2026, 11, 20, 1, 0), datetime(2026, 11, 20, 4, 0)


def disputes_of(folder, rows):
    path = folder / f"disputes-{len(rows)}.parquet"
    columns = {name: [row[place] for row in rows] for place, name in enumerate(("key", "copy_value", "source_value"))}
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), path)
    return path


def test_a_dispute_that_stays_keeps_the_day_it_was_first_seen(warehouse, tmp_path):
    first = disputes_of(tmp_path, [("2", "b", "B"), ("1", "a", "A")])
    then = disputes_of(tmp_path, [("2", "b", "B"), ("3", "c", "C"), ("0", "d", "D")])
    with warehouse.session() as session:
        session.replace_disputes(first, DISPUTED, MORNING)
        session.replace_disputes(first, DISPUTED | {"field": "other"}, MORNING)
        session.replace_disputes(then, DISPUTED | {"element": "renamed"}, NOON)
        listed = session.list_disputes(then, DISPUTED, 2)
        elements = session.query("SELECT DISTINCT element FROM store.disputes WHERE field = 'name'")
        session.replace_disputes(None, DISPUTED, NOON)
        left = session.query("SELECT DISTINCT field FROM store.disputes")
    assert listed == [
        {"key": "2", "first_seen": MORNING, "copy_value": "b", "source_value": "B"},
        {"key": "0", "first_seen": NOON, "copy_value": "d", "source_value": "D"},
    ]
    assert elements == [{"element": "renamed"}]
    assert left == [{"field": "other"}]


def test_views_are_defined_described_copied_and_dropped(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A, B]))
    with warehouse.session() as session:
        session.define_view("person", "SELECT id FROM share.civil_affairs__people", "人's view")
        assert session.describe_views()["person"] == "人's view"
        session.copy_view("person", "1", tmp_path / "share")
        session.define_view("person", "SELECT id, amount FROM share.civil_affairs__people", "人")
        path = session.copy_view("person", "2", tmp_path / "share")
        assert pq.read_schema(path).names == ["id", "amount"]
        session.drop_view("person")
        assert "person" not in session.describe_views()
