"""Golden views: each attribute from its authority, with its source, its data date and whether a copy disagrees."""

from datetime import date
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from counties import ALLOWANCES, RESIDENTS, allowances_text, make_county, residents_text

ZHANG, LI, WANG, ZHAO = "159901195001010016", "159901195001010024", "159901198906150041", "159901200002290033"
BORN, FIRST, SECOND = date(1950, 1, 1), date(2026, 11, 19), date(2026, 11, 20)


@pytest.fixture
def county(tmp_path, monkeypatch):
    made = make_county(tmp_path, monkeypatch)
    made.subject()
    return made


@pytest.fixture
def published(county):
    county.publish(RESIDENTS, [(ZHANG, "张三", BORN), (LI, "李四", None)], FIRST)
    county.publish(ALLOWANCES, [(LI, "李肆", BORN, Decimal("500.00")), (ZHAO, "赵六", BORN, Decimal(1))], SECOND)
    county.reconcile()
    return county


def persons(county):
    return {row["resident_id"]: row for row in county.query("FROM share.person ORDER BY resident_id")}


def columns_of(row, element):
    return tuple(row[f"{element}{suffix}"] for suffix in ("", "__source", "__data_date", "__disputed"))


def copied(county):
    path = county.project.shared / "person.parquet"
    return {row["resident_id"]: row for row in pq.read_table(path).to_pylist()}


def test_each_attribute_comes_from_its_authority(published):
    rows = persons(published)
    assert rows.keys() == {ZHANG, LI}, "the key's authority says who there is"
    assert columns_of(rows[ZHANG], "person_name") == ("张三", RESIDENTS, FIRST, False)
    assert columns_of(rows[LI], "person_name") == ("李四", RESIDENTS, FIRST, True)
    assert columns_of(rows[LI], "allowance") == (Decimal("500.00"), ALLOWANCES, SECOND, None)
    assert columns_of(rows[ZHANG], "allowance") == (None, ALLOWANCES, SECOND, None)
    assert columns_of(rows[LI], "birth_date") == (None, RESIDENTS, FIRST, False), "a blank is no disagreement"


def test_consumers_read_a_copy(published):
    assert copied(published) == persons(published)


def test_the_data_date_is_that_of_what_is_published_now(published):
    published.publish(RESIDENTS, [(ZHANG, "张三", BORN)], SECOND)
    assert columns_of(persons(published)[ZHANG], "person_name")[:3] == ("张三", RESIDENTS, SECOND)


def test_the_copy_follows_loads_and_disputes_and_rests_otherwise(published):
    path = published.project.shared / "person.parquet"
    first = path.stat().st_mtime_ns
    published.reconcile()
    assert path.stat().st_mtime_ns == first
    published.publish(ALLOWANCES, [(LI, "李四", BORN, Decimal(1))], SECOND)
    published.reconcile()
    assert columns_of(copied(published)[LI], "person_name")[3] is False
    assert columns_of(copied(published)[LI], "allowance")[0] == Decimal("1.00")


def test_nothing_published_yet(county):
    county.reconcile()
    assert persons(county) == {}
    assert pq.read_schema(county.project.shared / "person.parquet").names[:2] == ["resident_id", "person_name"]


def test_an_authority_that_was_never_published_gives_nulls(county):
    county.publish(RESIDENTS, [(ZHANG, "张三", BORN)], FIRST)
    county.reconcile()
    row = persons(county)[ZHANG]
    assert columns_of(row, "allowance") == (None, None, None, None)
    assert columns_of(row, "person_name") == ("张三", RESIDENTS, FIRST, None), "no copy was compared"


def test_a_copy_that_is_not_compared_tells_nothing(published):
    published.write(RESIDENTS, residents_text(update={"cycle": "daily", "due": "08:30", "calendar": "everyday"}))
    published.now = published.now.replace(day=25)
    published.reconcile()
    assert {row["person_name__disputed"] for row in persons(published).values()} == {None}
    assert {row["person_name__disputed"] for row in copied(published).values()} == {None}


def test_a_key_that_its_authority_repeats_has_one_row_and_no_attributes(county):
    county.publish(RESIDENTS, [(ZHANG, "张三", BORN), (ZHANG, "张山", BORN), (LI, "李四", BORN)], FIRST)
    county.publish(ALLOWANCES, [(ZHANG, "张三", BORN, Decimal(1)), (ZHANG, "张三", BORN, Decimal(2))], FIRST)
    county.reconcile()
    rows = county.query("FROM share.person ORDER BY resident_id")
    assert [(row["resident_id"], row["person_name"], row["allowance"]) for row in rows] == [
        (ZHANG, None, None),
        (LI, "李四", None),
    ]


def test_a_broken_subject_keeps_its_view_and_hides_nothing_else(published):
    published.subject("citizen", elements=["person_name"])
    path = published.project.subjects / "person.yaml"
    path.write_text("kind: [\n", encoding="utf-8")
    published.reconcile()
    assert persons(published).keys() == {ZHANG, LI}
    assert (published.project.shared / "person.parquet").exists()
    assert len(published.query("FROM share.citizen")) == 2


def test_a_removed_subject_loses_its_view_and_its_copy(published):
    (published.project.subjects / "person.yaml").unlink()
    published.reconcile()
    views = published.query("SELECT view_name FROM duckdb_views() WHERE schema_name = 'share' AND NOT internal")
    assert "person" not in {row["view_name"] for row in views}
    assert not (published.project.shared / "person.parquet").exists()
    assert (published.project.shared / "public_security__residents.parquet").exists()


def test_a_changed_subject_is_defined_anew(published):
    published.subject(elements=["birth_date"], title="自然人")
    published.reconcile()
    assert list(persons(published)[ZHANG]) == [
        "resident_id",
        "birth_date",
        "birth_date__source",
        "birth_date__data_date",
        "birth_date__disputed",
    ]
    assert "birth_date" in copied(published)[ZHANG]


def test_a_broken_authority_leaves_the_view_as_it_is(published):
    before = persons(published)
    published.write(ALLOWANCES, "kind: [\n")
    published.reconcile()
    assert persons(published) == before


def test_an_element_that_is_named_twice_or_is_the_key_is_shown_once(published):
    published.subject(elements=["birth_date", "resident_id", "birth_date"])
    published.reconcile()
    assert [name for name in persons(published)[ZHANG] if "__" not in name] == ["resident_id", "birth_date"]


def test_an_element_of_another_key_gives_nulls(county):
    county.write(ALLOWANCES, allowances_text(load={"mode": "replace", "key": ["name"]}).replace(
        'title: "姓名", element', 'title: "姓名", required: true, element'))  # fmt: skip
    county.publish(RESIDENTS, [(ZHANG, "张三", BORN)], FIRST)
    county.publish(ALLOWANCES, [(ZHANG, "张三", BORN, Decimal(1))], FIRST)
    county.reconcile()
    assert columns_of(persons(county)[ZHANG], "allowance") == (None, None, None, None)
