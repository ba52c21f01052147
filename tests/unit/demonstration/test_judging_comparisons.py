"""Comparisons held against what was planted: every number counts, and only comparisons of current data."""

from datetime import date, datetime
from types import SimpleNamespace

import duckdb
import pytest

from shuyuan.demonstration.comparing import (
    COUNTS,
    Comparing,
    count_events,
    is_covered,
    judge_copies,
    name_corrections,
    read_golden,
    share_out,
)
from shuyuan.demonstration.demo import DONE, UNCHANGED, Line, Result
from shuyuan.demonstration.disagreements import Expected
from shuyuan.entry import Element
from shuyuan.entry.subject import Subject
from shuyuan.indicators.facts import ComparisonFact, CorrectionFact

HERE, THERE = "civil_affairs.marriages", "public_security.household_register"
LOADS = {HERE: 7, THERE: 3}
NUMBERS = {
    "copy_rows": 100,
    "matched": 90,
    "agreeing": 80,
    "differing": 6,
    "blank_here": 1,
    "blank_there": 2,
    "only_here": 9,
    "only_there": 50,
    "source_duplicates": 1,
}
KEY = (HERE, "husband_name")


def fact(**changes):
    values = {
        "run_id": "r",
        "compared_at": datetime(2026, 11, 22),
        "entry_id": HERE,
        "field": "husband_name",
        "element": "person_name",
        "kind": "attribute",
        "source_id": THERE,
        "match_key": "husband_id",
        "state": "compared",
        "reason": None,
        "copy_load_no": 7,
        "source_load_no": 3,
        "indicator": "0401",
        "score": 93.0,
    }
    return ComparisonFact(**values | NUMBERS | changes)


def planted(**changes):
    return Expected(**NUMBERS | changes)


def judge(found, expected):
    return judge_copies([found], {KEY: expected}, LOADS)


def test_the_planted_numbers_are_exact():
    (line,) = judge(fact(), planted())
    assert line.exact
    assert (line.matched, line.found, line.planted) == (90, 6, 6)
    assert Comparing((line,)).exact


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COUNTS.items() for name in names])
def test_every_number_of_its_kind_counts(kind, name):
    (line,) = judge(fact(kind=kind), planted(**{name: NUMBERS[name] + 1}))
    assert not line.exact
    assert line.wrong == {name: (NUMBERS[name], NUMBERS[name] + 1)}
    assert not Comparing((line,)).exact


def test_of_keys_the_unknown_ones_are_the_differences():
    (line,) = judge(fact(kind="reference", differing=None), planted(differing=0))
    assert (line.exact, line.found, line.planted) == (True, 9, 9)


@pytest.mark.parametrize(
    "change", [{"copy_load_no": 6}, {"source_load_no": 2}, {"state": "not_compared", "reason": "stale"}]
)
def test_an_old_comparison_and_none_are_not_exact(change):
    assert not judge(fact(**change), planted())[0].exact
    assert not is_covered([fact(**change)], [KEY], LOADS)
    assert is_covered([fact()], [KEY], LOADS)


def test_a_number_that_is_missing_is_not_a_zero():
    (line,) = judge(fact(differing=None), planted(differing=0))
    assert line.wrong == {"differing": (None, 0)}


def test_what_was_planted_and_not_found_and_what_was_found_and_not_planted_both_show():
    lost, unasked = judge_copies([fact(field="wife_name")], {KEY: planted()}, LOADS)
    assert (lost.field, lost.exact, lost.planted) == ("husband_name", False, 6)
    assert (unasked.field, unasked.exact) == ("wife_name", False)


def resource(entry_id, title, department):
    fields = {name: SimpleNamespace(title=name.upper()) for name in ("husband_id", "husband_name")}
    entry = SimpleNamespace(id=entry_id, title=title, department=entry_id.partition(".")[0], field=fields.__getitem__)
    return SimpleNamespace(entry=entry, department=SimpleNamespace(title=department))


RESOURCES = [resource(HERE, "婚姻登记", "民政局"), resource(THERE, "户籍", "公安局")]


def test_copies_are_added_up_by_element_and_department():
    lines = judge_copies(
        [fact(), fact(field="wife_name", differing=4)],
        {KEY: planted(), (HERE, "wife_name"): planted(differing=5)},
        LOADS,
    )
    (share,) = share_out(lines, RESOURCES, {"person_name": "姓名"})
    assert (share.element, share.department, share.source) == ("姓名", "民政局", "户籍")
    assert (share.copies, share.matched, share.found, share.planted, share.exact) == (2, 180, 10, 11, False)


def correction(**changes):
    values = dict.fromkeys(CorrectionFact.__dataclass_fields__) | {
        "entry_id": HERE,
        "field": "husband_name",
        "kind": "differing",
        "source_id": THERE,
        "department": "civil_affairs",
        "rows_now": 6,
        "due_on": date(2026, 12, 4),
    }
    return CorrectionFact(**values | changes)


def test_open_corrections_have_the_names_of_people_and_the_largest_comes_first():
    closed = correction(closed_at=datetime(2026, 11, 22))
    unknown = correction(field="husband_id", kind="unknown", rows_now=9)
    first, second = name_corrections([closed, correction(), unknown], RESOURCES)
    assert (first.kind, first.rows, first.field) == ("unknown", 9, "HUSBAND_ID")
    assert (second.entry, second.source, second.department) == ("婚姻登记", "户籍", "民政局")


@pytest.fixture
def query():
    connection = duckdb.connect()

    def ask(sql, parameters=()):
        found = connection.execute(sql, list(parameters))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return ask


def test_only_the_events_of_this_time_are_counted(query):
    query("CREATE SCHEMA ledger")
    query("CREATE TABLE ledger.correction_events (action VARCHAR, happened_at TIMESTAMP)")
    query("INSERT INTO ledger.correction_events VALUES ('opened', '2026-11-21'), ('opened', '2026-11-22'),"
          " ('closed', '2026-11-22'), ('closed', '2026-11-23')")  # fmt: skip
    assert count_events(query, datetime(2026, 11, 22)) == {"opened": 1, "closed": 2}


def test_the_golden_record_is_the_most_disputed_and_masked(query):
    query("CREATE SCHEMA share")
    query("""
        CREATE TABLE share.person (resident_id VARCHAR, person_name VARCHAR, person_name__source VARCHAR,
            person_name__data_date DATE, person_name__disputed BOOLEAN, phone VARCHAR, phone__source VARCHAR,
            phone__data_date DATE, phone__disputed BOOLEAN)""")
    query(f"""
        INSERT INTO share.person VALUES
            ('159901199001010011', '甲', '{THERE}', '2026-11-22', false, '1', '{THERE}', '2026-11-22', false),
            ('159901199001010038', '丙丙', '{THERE}', '2026-11-22', true, '14200000001', '{THERE}', NULL, NULL),
            ('159901199001010046', '丁', '{THERE}', '2026-11-22', NULL, '3', '{THERE}', '2026-11-22', NULL)""")
    elements = {
        name: Element(title=title, mask=mask)
        for name, title, mask in (
            ("resident_id", "身份证号", "keep(6,4)"),
            ("person_name", "姓名", "keep(1,0)"),
            ("phone", "电话", "hide"),
        )
    }
    subject = Subject(title="人", key="resident_id", elements=("resident_id", "person_name", "phone"))
    golden = read_golden(query, "person", subject, elements, {THERE: "户籍"})
    assert (golden.view, golden.title, golden.key) == ("person", "人", "159901********0038")
    name, phone = golden.attributes
    assert (name.title, name.value, name.source, name.disputed) == ("姓名", "丙*", "户籍", True)
    assert (phone.value, phone.data_date, phone.disputed) == ("***", None, None)
    assert "丙丙" not in str(golden)


def result(comparing, state=UNCHANGED, tmp="report"):
    return Result((Line("a.b", "甲", state, 3, 3, 0, 100.0, "on_time", None, True),), tmp, 1.0, comparing)


def test_the_same_again_means_nothing_published_and_nothing_compared():
    assert result(Comparing()).same
    assert not result(Comparing(changed=1)).same
    assert not result(Comparing(), DONE).same


def test_a_comparison_that_is_not_exact_makes_the_demonstration_fail():
    assert result(Comparing(judge(fact(), planted()))).good
    assert not result(Comparing(judge(fact(), planted(matched=1)))).good
