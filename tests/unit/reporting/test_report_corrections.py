from datetime import date, datetime

import pytest

import synthetic_comparisons as made
from shuyuan.indicators.facts import CorrectionFact, Facts, OneSourceFacts
from shuyuan.reporting.attention import list_matters
from shuyuan.reporting.copies import find_copies
from shuyuan.reporting.corrections import by_department, correction_line, is_overdue, left_of
from shuyuan.workdays import Calendar
from synthetic_ledger import NOW, TODAY

CALENDAR = Calendar({})


def fact(number=1, **changes):
    values = {
        "correction_id": f"YY2026-{number:06}", "entry_id": "education.students", "field": "person_name",
        "element": "person_name", "kind": "differing", "source_id": made.PEOPLE, "department": "education",
        "rows_first": 21, "rows_now": 3, "opened_at": datetime(2026, 11, 2, 2), "due_on": date(2026, 11, 16),
        "state": "open", "answered_at": None, "answered_by": None, "answer": None, "closed_at": None, "reopened": 0,
    }  # fmt: skip
    return CorrectionFact(**values | changes)


@pytest.fixture(scope="module")
def copies():
    return find_copies(made.catalog(), Facts(NOW))


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (date(2026, 11, 20), "今天到期"),
        (date(2026, 11, 23), "还有 1 个工作日"),
        (date(2026, 11, 30), "还有 6 个工作日"),
        (date(2026, 11, 16), "已过 4 个工作日"),
        (date(2026, 11, 13), "已过 5 个工作日"),
        (date(2026, 6, 1), "已过 172 天"),
    ],
)
def test_the_distance_counts_working_days(due, said):
    assert left_of(due, TODAY, CALENDAR) == said


def test_make_up_workdays_and_holidays_count_as_they_are_worked():
    assert left_of(date(2026, 11, 23), TODAY, Calendar({date(2026, 11, 21): True})) == "还有 2 个工作日"
    assert left_of(date(2026, 11, 19), date(2026, 11, 21), Calendar({date(2026, 11, 20): False})) == "已过 2 天"


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({}, "overdue", "逾期"),
        ({"due_on": TODAY}, "open", "待校核"),
        ({"state": "corrected"}, "corrected", "已更正"),
        ({"state": "explained"}, "explained", "已说明"),
        ({"state": "corrected", "closed_at": datetime(2026, 11, 19)}, "corrected", "已更正"),
    ],
)
def test_the_state_follows_the_day(copies, changes, state, word):
    line = correction_line(fact(**changes), copies, TODAY, CALENDAR)
    assert (line.state, line.word) == (state, word)
    assert is_overdue(fact(**changes), TODAY) == (state == "overdue")
    assert bool(line.left) == (state in ("open", "overdue")), "who answered is not pressed any more"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({}, "姓名 与数据源“户籍人口信息”不一致"),
        ({"kind": "unknown", "field": "id_card_no"}, "证件号码 在数据源“户籍人口信息”里查不到"),
        ({"kind": "duplicate", "field": "id_card_no"}, "证件号码 所指的主键在数据源“户籍人口信息”里重复"),
        ({"field": "gone", "source_id": "left.catalog"}, "gone 与数据源“left.catalog”不一致"),
    ],
)
def test_it_says_what_is_asked(copies, changes, what):
    assert correction_line(fact(**changes), copies, TODAY, CALENDAR).what == what


def test_the_answer_says_who_and_why(copies):
    given = fact(state="explained", answered_at=datetime(2026, 11, 12, 2), answered_by="经办人", answer="曾用名")
    assert correction_line(given, copies, TODAY, CALENDAR).answer == "11月12日 经办人：曾用名"
    assert correction_line(fact(referral="以户籍为准"), copies, TODAY, CALENDAR).answer == "转来核实：以户籍为准"


def test_departments_are_counted_whole_and_listed_in_part(copies, monkeypatch):
    monkeypatch.setattr("shuyuan.reporting.corrections.SHOWN", 2)
    asked = [
        fact(1), fact(2, due_on=date(2026, 11, 17)), fact(3, due_on=date(2026, 12, 1)),
        fact(4, department="public_security", due_on=date(2026, 12, 2)),
        fact(5, closed_at=datetime(2026, 11, 19), state="corrected"),
    ]  # fmt: skip
    groups = by_department(asked, copies, TODAY, CALENDAR)
    assert [(group.title, group.open, group.overdue, len(group.lines)) for group in groups] == [
        ("鄂托克旗教育体育局", 3, 2, 2),
        ("鄂托克旗公安局", 1, 0, 0),
    ]


def test_overdue_ones_need_attention_once_an_entry_and_department():
    asked = (
        fact(1), fact(2, field="sex", rows_now=8), fact(3, department="public_security"),
        fact(4, due_on=date(2026, 12, 1)), fact(5, entry_id="left.catalog"),
    )  # fmt: skip
    matters = list_matters(made.catalog(), Facts(NOW, one_source=OneSourceFacts(corrections=asked)))
    assert [(one.code, one.kind, one.turn) for one in matters] == [
        ("D502", "一数一源", "鄂托克旗教育体育局"),
        ("D502", "一数一源", "鄂托克旗公安局"),
    ]
    assert matters[0].what == "2 项疑义逾期，最早 11月16日 到期：性别 与数据源“户籍人口信息”不一致，8 行"
    assert matters[0].since == date(2026, 11, 2)
