"""What every warehouse must do, whatever its engine.

A new backend adds itself to ``BACKENDS`` here and is right when all of this passes.
"""

import json
import threading
from dataclasses import replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
import pytest

from lots import DAY_1, DAY_2, a_lot, an_entry, publish
from servers import KINDS, OPTIONS, warehouse_at
from shuyuan import ledger
from shuyuan.problems import DeliveryError, PlatformError
from shuyuan.warehouses.duckdb import DuckDBWarehouse
from shuyuan.warehouses.mysql_line import open_line


@pytest.fixture(params=[*KINDS, *OPTIONS])
def warehouse(request, tmp_path, servers):
    """An empty warehouse."""
    if request.param == "duckdb":
        return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    return warehouse_at(servers.empty(request.param))


def shared(warehouse):
    with warehouse.session() as session:
        rows = session.query("SELECT id, amount FROM share.civil_affairs__people ORDER BY id")
        return [(row["id"], None if row["amount"] is None else str(row["amount"])) for row in rows]


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
    rules = kept[0].pop("rules")
    assert (json.loads(rules) if isinstance(rules, str) else rules) == ["id.required"]
    assert kept == [{"load_no": made.load_no, "line": 3}]


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


@pytest.mark.parametrize("mode", ["replace", "append", "merge", "history"])
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
        assert session.versions(an_entry()) == [3, 4]


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


def test_concurrent_sessions_never_get_the_same_token(warehouse, tmp_path):
    """The embedded warehouse lets one session in at a time; a server lets them in together."""
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
    if isinstance(warehouse, DuckDBWarehouse):
        assert [state for _, state in order] == ["in", "out"] * 4
    assert len(order) == 8
    with warehouse.session() as session:
        assert ledger.lease_token(session, entry.id) == 4


def test_a_run_with_an_older_lease_and_a_newer_number_leaves_the_staged_rows_of_another(warehouse, tmp_path):
    """Load numbers are not given in the order of the leases: who clears away must not go by them alone."""
    if isinstance(warehouse, DuckDBWarehouse):
        pytest.skip("embedded warehouse: one session has the file alone, so nobody else stages meanwhile")
    publish(warehouse, a_lot(tmp_path, [A]))
    winner, loser = (a_lot(tmp_path, [row], load_id=row[0], day=DAY_2) for row in (B, C))
    with warehouse.session() as first, warehouse.session() as second:
        old, new = first.lease(winner.entry.id), second.lease(winner.entry.id)
        before = ledger.current_publication(second, winner.entry.id).load_no
        change = second.change(winner, second.next_load_no(), before)
        change.stage()
        first.change(loser, first.next_load_no(), before).stage()
        with second.transaction():
            second._require_lease(winner.entry.id, new)
            assert change.apply()["rows"] == 1
        with pytest.raises(PlatformError, match="P303"):
            first.publish(loser, old)


def test_a_replaced_table_can_be_rolled_back_to_the_former_publication(warehouse, tmp_path):
    entry = an_entry()
    publish(warehouse, a_lot(tmp_path, [A, B]))
    publish(warehouse, a_lot(tmp_path, [C], load_id="b", day=DAY_2))
    with warehouse.session() as session:
        assert session.roll_back(entry, session.lease(entry.id), datetime(2026, 11, 21, 2)) == 1
        assert ledger.current_publication(session, entry.id).load_no == 1
    assert shared(warehouse) == [("a", "1.00"), ("b", "2.00")]
    with warehouse.session() as session, pytest.raises(PlatformError) as caught:
        session.roll_back(entry, session.lease(entry.id), datetime(2026, 11, 21, 3))
    assert caught.value.problem.code == "P337"
    publish(warehouse, a_lot(tmp_path, [("d", "4.00", None)], load_id="c", day=DAY_2))
    assert shared(warehouse) == [("d", "4.00")]


def test_a_roll_back_is_fenced_like_a_publication(warehouse, tmp_path):
    entry = an_entry()
    publish(warehouse, a_lot(tmp_path, [A]))
    publish(warehouse, a_lot(tmp_path, [B], load_id="b", day=DAY_2))
    with warehouse.session() as session:
        mine = session.lease(entry.id)
        session.lease(entry.id)
        with pytest.raises(PlatformError) as caught:
            session.roll_back(entry, mine, datetime(2026, 11, 21, 2))
    assert caught.value.problem.code == "P303"
    assert shared(warehouse) == [("b", "2.00")]


HOSTILE = (
    "'; DROP TABLE x; --",
    'a"b',
    "a,b",
    "line\nbreak",
    "tab\t",
    "NULL",
    "\\N",
    "",
    " padded ",
    "䶮𬭎㛃𠮷",
    "％全角１２",
    "nan",
    "{json: 1}",
    "\\",
)


def test_every_text_comes_out_as_it_went_in(warehouse, tmp_path):
    entry = an_entry(more_fields=[{"name": "note", "title": "备注"}])
    rows = [(f"k{number:02d}", "0.01", None, text) for number, text in enumerate(HOSTILE)]
    publish(warehouse, a_lot(tmp_path, rows, entry=entry))
    with warehouse.session() as session:
        kept = session.query("SELECT note FROM share.civil_affairs__people ORDER BY id")
        snapshot = session.snapshot(entry, tmp_path / "share")
    assert [row["note"] for row in kept] == list(HOSTILE)
    assert sorted(pq.read_table(snapshot.path)["note"].to_pylist()) == sorted(HOSTILE)


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_keys_that_differ_only_by_case_width_or_blanks_are_different(warehouse, tmp_path, mode):
    keys, entry = ["x1", "X1", "x１", "x1 ", " x1"], an_entry(mode)
    publish(warehouse, a_lot(tmp_path, [(key, "1.00", None) for key in keys], entry=entry))
    again = a_lot(tmp_path, [(key, "2.00", None) for key in keys], entry=entry, load_id="b", day=DAY_2)
    made = publish(warehouse, again)
    assert (made.added, made.updated, made.removed, made.rows) == (0, 5, 0, 5)
    assert len(shared(warehouse)) == 5


def test_extreme_numbers_and_dates_survive(warehouse, tmp_path):
    rows = [("a", "99999999.99", date(1900, 1, 1)), ("b", "-99999999.99", date(9999, 12, 31)), ("c", "0.00", None)]
    publish(warehouse, a_lot(tmp_path, rows))
    with warehouse.session() as session:
        kept = session.query("SELECT id, amount, born_on FROM share.civil_affairs__people ORDER BY id")
        snapshot = session.snapshot(an_entry(), tmp_path / "share")
    assert [(row["id"], str(row["amount"]), row["born_on"]) for row in kept] == rows
    table = pq.read_table(snapshot.path).sort_by("id")
    assert [str(amount) for amount in table["amount"].to_pylist()] == [row[1] for row in rows]
    assert table["born_on"].to_pylist() == [row[2] for row in rows]


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


NOTED = [{"name": "note", "title": "备注"}]
GONE = {"deleted_when": {"field": "note", "values": ["D", "注销's"]}}


def test_a_deleted_row_takes_its_key_out_of_a_merge(warehouse, tmp_path):
    entry = an_entry("merge", more_fields=NOTED, load=GONE)
    publish(warehouse, a_lot(tmp_path, [(*A, None), (*B, "d"), (*C, "x")], entry=entry))
    rows = [("a", None, None, "D"), ("c", None, None, "注销's"), ("e", "5.00", None, "D"), ("f", "6.00", None, None)]
    made = publish(warehouse, a_lot(tmp_path, rows, entry=entry, load_id="b", day=DAY_2))
    assert (made.rows, made.added, made.updated, made.removed) == (2, 1, 0, 2)
    assert shared(warehouse) == [("b", "2.00"), ("f", "6.00")]


def histories(warehouse):
    sql = "SELECT id, amount, valid_from, valid_to FROM history.civil_affairs__people ORDER BY id, valid_from"
    with warehouse.session() as session:
        return [
            (row["id"], str(row["amount"]), row["valid_from"].day, row["valid_to"].isoformat()[5:])
            for row in session.query(sql)
        ]


NOW = "12-31"


def test_a_history_keeps_every_state_and_shares_the_current_one(warehouse, tmp_path):
    entry = an_entry("history", more_fields=NOTED, load=GONE)
    made = publish(warehouse, a_lot(tmp_path, [(*A, None), (*B, None)], entry=entry))
    assert (made.rows, made.added, made.updated, made.removed) == (2, 2, 0, 0)
    rows = [("a", "9.00", None, None), ("b", "2.00", None, "D"), (*C, None)]
    made = publish(warehouse, a_lot(tmp_path, rows, entry=entry, load_id="b", day=DAY_2))
    assert (made.rows, made.added, made.updated, made.removed) == (2, 1, 1, 1)
    kept = [
        ("a", "1.00", 20, "11-21"),
        ("a", "9.00", 21, NOW),
        ("b", "2.00", 20, "11-21"),
        ("c", "3.00", 21, NOW),
    ]
    assert histories(warehouse) == kept
    assert shared(warehouse) == [("a", "9.00"), ("c", "3.00")]

    again = publish(warehouse, a_lot(tmp_path, rows, entry=entry, load_id="b2", day=DAY_2))
    assert (again.rows, again.added, again.updated, again.removed) == (2, 0, 0, 0)
    assert histories(warehouse) == kept, "the same rows again change nothing"


def test_a_history_corrected_on_the_same_day_has_no_state_that_never_held(warehouse, tmp_path):
    entry = an_entry("history")
    publish(warehouse, a_lot(tmp_path, [A], entry=entry))
    publish(warehouse, a_lot(tmp_path, [("a", "8.00", None), C], entry=entry, load_id="b", day=DAY_2))
    publish(warehouse, a_lot(tmp_path, [("a", "9.00", None)], entry=entry, load_id="c", day=DAY_2))
    assert histories(warehouse) == [("a", "1.00", 20, "11-21"), ("a", "9.00", 21, NOW), ("c", "3.00", 21, NOW)]


def test_a_history_of_full_deliveries_closes_what_is_absent(warehouse, tmp_path):
    entry = an_entry("history", load={"absent": "close"})
    publish(warehouse, a_lot(tmp_path, [A, B], entry=entry))
    made = publish(warehouse, a_lot(tmp_path, [A, C], entry=entry, load_id="b", day=DAY_2))
    assert (made.rows, made.added, made.updated, made.removed) == (2, 1, 0, 1)
    publish(warehouse, a_lot(tmp_path, [A], entry=entry, load_id="c", day=DAY_2))
    assert histories(warehouse) == [("a", "1.00", 20, NOW), ("b", "2.00", 20, "11-21")]
    with warehouse.session() as session:
        snapshot = session.snapshot(entry, tmp_path / "share")
    assert pq.read_table(snapshot.path).column_names == ["id", "amount", "born_on", "_load_no"]
    assert snapshot.rows == 1


def test_a_history_takes_a_new_optional_item(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A], entry=an_entry("history")))
    wider = an_entry("history", more_fields=NOTED)
    publish(warehouse, a_lot(tmp_path, [(*A, "x")], entry=wider, load_id="b", day=DAY_2))
    with warehouse.session() as session:
        rows = session.query("SELECT id, note, valid_from FROM history.civil_affairs__people ORDER BY valid_from")
    assert rows == [
        {"id": "a", "note": None, "valid_from": DAY_1},
        {"id": "a", "note": "x", "valid_from": DAY_2},
    ]


COMMENTS = {
    "DuckDBSession": "SELECT comment AS told FROM duckdb_columns() WHERE schema_name = 'share' AND column_name = 'id'",
    "MySQLSession": "SELECT column_comment AS told FROM information_schema.columns WHERE table_schema = 'store'"
    " AND table_name = 'civil_affairs__people' AND column_name = 'id'",
    "PostgreSQLSession": "SELECT col_description('share.civil_affairs__people'::regclass, 1) AS told",
}


def test_columns_carry_their_chinese_titles(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [A]))
    with warehouse.session() as session:
        assert session.query(COMMENTS[type(session).__name__]) == [{"told": "编号"}]


def test_a_roll_back_and_its_line_in_the_ledger_are_one(warehouse, tmp_path):
    entry = an_entry()
    publish(warehouse, a_lot(tmp_path, [A]))
    publish(warehouse, a_lot(tmp_path, [B], load_id="b", day=DAY_2))

    def fail(load_no):
        raise ValueError(load_no)

    with warehouse.session() as session, pytest.raises(ValueError, match="1"):
        session.roll_back(entry, session.lease(entry.id), datetime(2026, 11, 21, 2), fail)
    assert shared(warehouse) == [("b", "2.00")]
    with warehouse.session() as session:
        assert ledger.current_publication(session, entry.id).load_no == 2


def test_a_database_of_another_collation_or_encoding_is_refused(servers):
    """Keys that differ by case or width would be one there, and rare characters would not fit."""
    url = servers.empty("mariadb")
    with open_line(url) as line, line.cursor() as cursor:
        cursor.execute("CREATE DATABASE store CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    with pytest.raises(PlatformError) as caught, warehouse_at(url).session():
        pass
    assert caught.value.problem.code == "P338"
    with open_line(url) as line, line.cursor() as cursor:
        cursor.execute("DROP DATABASE store")

    url = servers.get("postgresql").url
    with warehouse_at(url).session() as session:
        session.execute("DROP DATABASE IF EXISTS latin")
        session.execute("CREATE DATABASE latin ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    with pytest.raises(PlatformError) as caught, warehouse_at(url.rpartition("/")[0] + "/latin").session():
        pass
    assert caught.value.problem.code == "P338"


def test_an_accounts_own_settings_do_not_change_what_a_value_means(servers, tmp_path):
    url = servers.empty("postgresql")
    loose = {"standard_conforming_strings": "off", "DateStyle": "'SQL, DMY'", "TimeZone": "'Asia/Shanghai'"}
    try:
        with warehouse_at(url).session() as session:
            for name, value in loose.items():
                session.execute(f"ALTER ROLE CURRENT_USER SET {name} = {value}")
        entry = an_entry(more_fields=NOTED)
        publish(warehouse_at(url), a_lot(tmp_path, [(*B, "\\'; --")], entry=entry))
        with warehouse_at(url).session() as session:
            session.define_view("person", "SELECT id FROM share.civil_affairs__people", "\\' 人")
            assert session.describe_views()["person"] == "\\' 人"
            told = session.query("SELECT note, born_on FROM share.civil_affairs__people")
        assert told == [{"note": "\\'; --", "born_on": date(2000, 2, 29)}]
    finally:
        with warehouse_at(url).session() as session:
            session.execute("ALTER ROLE CURRENT_USER RESET ALL")


def test_old_versions_that_cannot_go_now_do_not_fail_a_publication(warehouse, tmp_path, monkeypatch):
    """A full disk after the commit: what is published stays published, and the next publication cleans up."""
    entry = an_entry()
    for number in range(3):
        publish(warehouse, a_lot(tmp_path, [A], load_id=str(number), day=date(2026, 11, 18 + number)))

    def refuse():
        raise OSError("no space")

    with warehouse.session() as session:
        make = session.change

        def change(*given):
            made = make(*given)
            monkeypatch.setattr(made, "collect_garbage", refuse)
            return made

        monkeypatch.setattr(session, "change", change)
        session.publish(a_lot(tmp_path, [B], load_id="b", day=DAY_2), session.lease(entry.id))
    assert shared(warehouse) == [("b", "2.00")]
    publish(warehouse, a_lot(tmp_path, [C], load_id="c", day=DAY_2))
    with warehouse.session() as session:
        assert session.versions(entry) == [4, 5]


def test_where_the_server_takes_no_local_files_it_is_said_and_warnings_still_undo(tmp_path, servers, caplog):
    warehouse = warehouse_at(servers.empty("mariadb-without-local"))
    publish(warehouse, a_lot(tmp_path, [A, B]))
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert "LOAD DATA LOCAL" in caplog.text
    batch = pa.record_batch({"number": pa.array(["1", "x"])})
    with open_line(warehouse.url) as line, line.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE store.lax (number INT)")
        with pytest.raises(pymysql.MySQLError):
            line.insert("store.lax", ["number"], [batch])
        cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES'")  # as a server would do that takes no strict mode
        with pytest.raises(PlatformError) as caught:
            line.insert("store.lax", ["number"], [batch])
        cursor.execute("SELECT count(*) FROM store.lax")
        assert cursor.fetchone() == (0,)
    assert caught.value.problem.code == "P335"
