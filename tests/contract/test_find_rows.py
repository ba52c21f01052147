"""Looking rows up by key must give the same rows on all three warehouses, and nothing that was not asked for."""

from datetime import date
from decimal import Decimal

import pytest

from lots import DAY_1, DAY_2, a_lot, an_entry, publish
from servers import KINDS, warehouse_at
from shuyuan.problems import PlatformError, ShuyuanError
from shuyuan.warehouses.duckdb import DuckDBWarehouse

BORN = date(1980, 2, 3)
ROWS = [
    ("a", Decimal("1.50"), BORN),
    ("b", Decimal("2.00"), None),
    ("B", None, BORN),
    ("b ", Decimal("2.00"), date(1990, 1, 1)),
    ("d", Decimal("9.00"), date(1990, 1, 1)),
]
SETTLED = "[a-z]*"


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path, servers):
    """An empty warehouse."""
    if request.param == "duckdb":
        return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    return warehouse_at(servers.empty(request.param))


@pytest.fixture
def published(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, ROWS))
    return warehouse


def find(warehouse, fields, *ways, entry=None, load_no=None):
    with warehouse.session() as session:
        table = session.find_rows(entry or an_entry(), fields, ways, load_no)
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr), table


def test_only_the_rows_and_fields_that_were_asked_for(published):
    rows, table = find(published, ["amount", "id"], {"id": ["a", "b", "nobody"]})
    assert rows == [(Decimal("1.50"), "a"), (Decimal("2.00"), "b")]
    assert table.schema.names == ["amount", "id"]


def test_keys_are_compared_as_they_are(published):
    """No case folding, no padding, no injection."""
    assert find(published, ["id"], {"id": ["B", "A", "d ", "%", "' OR 1=1 -- ", "\\"]})[0] == [("B",)]
    assert find(published, ["id"], {"id": ["b "]})[0] == [("b ",)]


def test_a_row_that_fits_two_ways_comes_once(published):
    rows, _ = find(published, ["id"], {"id": ["a", "d"]}, {"born_on": [BORN]})
    assert rows == [("B",), ("a",), ("d",)]


def test_a_way_of_two_fields_needs_both(published):
    rows, _ = find(published, ["id"], {"id": ["a", "d", "b"], "born_on": [BORN]}, {"amount": [Decimal("9")]})
    assert rows == [("a",), ("d",)]


@pytest.mark.parametrize("ways", [(), ({"id": []},), ({"id": ["a"], "born_on": []},)])
def test_nothing_asked_is_nothing_found(published, ways):
    rows, table = find(published, ["id", "born_on"], *ways)
    assert rows == []
    assert [str(kind) for kind in table.schema.types] == ["string", "date32[day]"]


def test_many_keys_at_once(published):
    wanted = [f"nobody-{number}" for number in range(70_000)] + ["d"]
    assert find(published, ["id"], {"id": wanted}, {"id": wanted})[0] == [("d",)]


def test_spellings_that_only_a_normal_form_can_compare(published):
    with published.session() as session:
        assert sorted(session.find_spellings(an_entry(), "id", SETTLED)) == ["B", "b "]


def test_a_line_break_at_the_end_is_not_settled(warehouse, tmp_path):
    publish(warehouse, a_lot(tmp_path, [("b\n", None, None), ("c", None, None)]))
    with warehouse.session() as session:
        assert session.find_spellings(an_entry(), "id", SETTLED) == ["b\n"]


def test_the_publication_before_is_kept_and_the_one_before_that_is_not(warehouse, tmp_path):
    numbers = [
        publish(warehouse, a_lot(tmp_path, [("a", Decimal(amount), None)], load_id=str(amount))).load_no
        for amount in (1, 2, 3)
    ]
    found = [find(warehouse, ["amount"], {"id": ["a"]}, load_no=number)[0] for number in numbers[1:]]
    assert found == [[(Decimal(2),)], [(Decimal(3),)]]
    with pytest.raises(PlatformError, match="P425"):
        find(warehouse, ["amount"], {"id": ["a"]}, load_no=numbers[0])


def test_a_history_shows_every_day_it_has_seen(warehouse, tmp_path):
    entry = an_entry("history")
    first = publish(warehouse, a_lot(tmp_path, [("a", Decimal(1), None)], entry=entry)).load_no
    lot = a_lot(tmp_path, [("a", Decimal(2), None), ("c", None, None)], entry=entry, load_id="b", day=DAY_2)
    second = publish(warehouse, lot).load_no
    wanted = {"id": ["a", "c"]}
    assert find(warehouse, ["id", "amount"], wanted, entry=entry, load_no=first)[0] == [("a", Decimal(1))]
    now = [("a", Decimal(2)), ("c", None)]
    assert find(warehouse, ["id", "amount"], wanted, entry=entry, load_no=second)[0] == now
    assert find(warehouse, ["id", "amount"], wanted, entry=entry)[0] == now


def test_a_day_that_was_corrected_is_not_made_up(warehouse, tmp_path):
    entry = an_entry("history")
    first = publish(warehouse, a_lot(tmp_path, [("a", Decimal(1), None)], entry=entry)).load_no
    publish(warehouse, a_lot(tmp_path, [("a", Decimal(2), None)], entry=entry, load_id="b", day=DAY_1))
    with pytest.raises(PlatformError, match="P425"):
        find(warehouse, ["amount"], {"id": ["a"]}, entry=entry, load_no=first)


def test_appended_rows_are_those_up_to_then(warehouse, tmp_path):
    entry = an_entry("append")
    first = publish(warehouse, a_lot(tmp_path, [("a", Decimal(1), None)], entry=entry)).load_no
    publish(warehouse, a_lot(tmp_path, [("a", Decimal(2), None)], entry=entry, load_id="b", day=DAY_2))
    assert find(warehouse, ["amount"], {"id": ["a"]}, entry=entry, load_no=first)[0] == [(Decimal(1),)]
    assert len(find(warehouse, ["amount"], {"id": ["a"]}, entry=entry)[0]) == 2


def test_merged_rows_are_only_as_they_are_now(warehouse, tmp_path):
    entry = an_entry("merge")
    first = publish(warehouse, a_lot(tmp_path, [("a", Decimal(1), None)], entry=entry)).load_no
    assert find(warehouse, ["amount"], {"id": ["a"]}, entry=entry, load_no=first)[0] == [(Decimal(1),)]
    publish(warehouse, a_lot(tmp_path, [("a", Decimal(2), None)], entry=entry, load_id="b", day=DAY_2))
    with pytest.raises(PlatformError, match="P425"):
        find(warehouse, ["amount"], {"id": ["a"]}, entry=entry, load_no=first)


def test_a_table_that_is_not_there_is_a_problem_with_a_code_and_without_a_value(warehouse):
    with warehouse.session() as session, pytest.raises(ShuyuanError) as raised:
        session.find_rows(an_entry(), ["id"], [{"id": ["159901198001010010"]}])
    assert raised.value.problem.code in ("P306", "P333")
    assert "159901198001010010" not in str(raised.value)
