"""Correction requests in the ledger: opened, answered, referred, refuted, closed by themselves, reopened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from shuyuan.entry import OneSource
from shuyuan.ledger import insert
from shuyuan.one_source.corrections import (
    Answer,
    AnswerError,
    Group,
    Settled,
    answer,
    close_unlinked,
    list_corrections,
    settle,
    take_answers,
)
from shuyuan.warehouses.duckdb import DuckDBWarehouse
from shuyuan.workdays import Calendar, local_day

NOW = datetime(2026, 11, 20, 1, 0)
TODAY = date(2026, 11, 20)
SETTINGS, CALENDAR = OneSource(), Calendar({})
NAMES = Group(
    "civil_affairs.low_income_households",
    "person_name",
    "person_name",
    "differing",
    "public_security.household_register",
    "civil_affairs",
    3,
    NOW,
)
UNKNOWN = replace(NAMES, field="id_card_no", element="resident_id", kind="unknown", rows=2)
TWICE = replace(UNKNOWN, kind="duplicate", department="public_security", rows=1)
FIRST = "YY2026-000001"


@pytest.fixture
def session(tmp_path):
    with DuckDBWarehouse(tmp_path / "w.duckdb").session() as session:
        yield session


def later(days=0, hours=0):
    return NOW + timedelta(days=days, hours=hours)


def compare(session, *groups, at=NOW):
    with session.transaction():
        return settle(session, groups, at, SETTINGS, CALENDAR)


def say_that(session, action, note="已核对户口簿", at=NOW, who="巴特尔", number=FIRST):
    with session.transaction():
        return answer(session, number, action, who, note, at, SETTINGS, CALENDAR)


def listed(session, at=NOW, **asked):
    return list_corrections(session, local_day(at), **asked)


def one(session, at=NOW):
    (line,) = listed(session, at, all=True)
    return line


def events(session, number=FIRST):
    sql = (
        "SELECT step, action, who, note, rows_then FROM ledger.correction_events WHERE correction_id = ? ORDER BY step"
    )
    rows = session.query(sql, [number])
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["action"], row["who"], row["note"], row["rows_then"]) for row in rows]


def deliver(session, entry_id, at):
    number = session.query("SELECT count(*) + 1 AS next FROM ledger.publications")[0]["next"]
    line = {"load_no": number, "load_id": str(number), "entry_id": entry_id, "run_id": "r", "delivery_id": "d"}
    counts = dict.fromkeys(("rows", "added", "updated", "removed", "accepted", "rejected", "token"), 0)
    said = {"spec_digest": "", "spec_version": "", "data_date": TODAY, "mode": "replace", "published_at": at}
    insert(session, "publications", line | counts | said)


def refused(session, *given):
    with pytest.raises(AnswerError) as caught, session.transaction():
        answer(session, *given, NOW, SETTINGS, CALENDAR)
    return [problem.code for problem in caught.value.problems]


def test_differences_open_one_request_each(session):
    assert compare(session, NAMES, UNKNOWN, TWICE, replace(NAMES, field="sex", rows=0)) == Settled(opened=3)
    assert [(line.correction_id, line.field, line.kind, line.department) for line in listed(session)] == [
        (FIRST, "person_name", "differing", "civil_affairs"),
        ("YY2026-000002", "id_card_no", "unknown", "civil_affairs"),
        ("YY2026-000003", "id_card_no", "duplicate", "public_security"),
    ]
    line = listed(session)[0]
    assert (line.rows_first, line.rows_now, line.due_on, line.days, line.shown) == (3, 3, date(2026, 12, 4), 10, "open")
    assert events(session) == [("opened", "system", None, 3)]


def test_comparing_again_changes_nothing(session):
    compare(session, NAMES)
    before = session.query("SELECT * FROM ledger.corrections"), events(session)
    assert compare(session, NAMES, at=later(1)) == Settled()
    assert (session.query("SELECT * FROM ledger.corrections"), events(session)) == before


@pytest.mark.filterwarnings("ignore:no holiday calendar for 2027")
def test_numbers_count_by_local_year_and_are_never_given_twice(session):
    compare(session, NAMES, at=datetime(2026, 12, 31, 15, 59))
    compare(session, replace(NAMES, rows=0), at=datetime(2026, 12, 31, 15, 59))
    compare(session, UNKNOWN, at=datetime(2026, 12, 31, 15, 59))
    compare(session, TWICE, at=datetime(2026, 12, 31, 16, 0))  # midnight has passed in Asia/Shanghai
    numbers = [line.correction_id for line in listed(session, all=True)]
    assert sorted(numbers) == [FIRST, "YY2026-000002", "YY2027-000001"]


def test_listed_differences_get_the_request_s_number(session):
    line = {"element": "person_name", "first_seen": NOW, "last_seen": NOW, "times": 1}
    for token, group in (("a", NAMES), ("b", NAMES), ("c", UNKNOWN)):
        same = {"entry_id": group.entry_id, "field": group.field, "kind": group.kind, "source_id": group.source_id}
        insert(session, "discrepancies", {**line, **same, "token": token})
    compare(session, NAMES)
    found = session.query("SELECT token, correction_id FROM ledger.discrepancies ORDER BY token")
    assert [row["correction_id"] for row in found] == [FIRST, FIRST, None]


def test_growth_is_noted_and_the_due_day_stays(session):
    compare(session, NAMES)
    assert compare(session, replace(NAMES, rows=9), at=later(1)) == Settled()
    assert compare(session, replace(NAMES, rows=13), at=later(2)) == Settled(grown=1)
    assert compare(session, replace(NAMES, rows=14), at=later(3)) == Settled()
    assert [event[0] for event in events(session)] == ["opened", "grown"]
    assert (one(session).rows_first, one(session).rows_now, one(session).due_on) == (3, 14, date(2026, 12, 4))


def test_it_closes_by_itself_and_comes_back_as_the_same_request(session):
    compare(session, NAMES)
    gone = replace(NAMES, rows=0, newest=None)
    assert compare(session, gone, at=later(3)) == Settled(closed=1)
    assert compare(session, gone, at=later(4)) == Settled()
    line = one(session)
    assert (line.state, line.shown, line.closed_at, line.rows_now) == ("corrected", "corrected", later(3), 0)
    assert listed(session) == []
    assert compare(session, replace(NAMES, rows=1), at=later(20)) == Settled(reopened=1)
    line = one(session, later(20))
    assert (line.correction_id, line.state, line.closed_at, line.reopened) == (FIRST, "open", None, 1)
    assert (line.rows_first, line.rows_now, line.due_on) == (3, 1, date(2026, 12, 24))
    assert events(session) == [
        ("opened", "system", None, 3),
        ("closed", "system", "gone", 0),
        ("reopened", "system", "returned", 1),
    ]


def test_overdue_is_open_after_the_due_day(session):
    compare(session, NAMES)
    friday, saturday, monday = (datetime(2026, 12, day, 1) for day in (4, 5, 7))
    assert [(one(session, at).shown, one(session, at).days) for at in (friday, saturday, monday)] == [
        ("open", 0),
        ("overdue", 0),
        ("overdue", -1),
    ]
    say_that(session, "explained", at=monday)
    assert (one(session, monday).shown, one(session, monday).days) == ("explained", None)


def test_the_most_urgent_comes_first(session):
    compare(session, NAMES, UNKNOWN)
    compare(session, TWICE, at=later(7))
    say_that(session, "corrected")
    order = [(line.correction_id, line.shown) for line in listed(session, datetime(2026, 12, 7, 1))]
    assert order == [("YY2026-000002", "overdue"), ("YY2026-000003", "open"), (FIRST, "corrected")]


def test_a_department_sees_its_own(session):
    compare(session, NAMES, TWICE)
    assert [line.kind for line in listed(session, department="public_security")] == ["duplicate"]
    assert listed(session, department="no_such") == []


def test_a_claim_waits_for_the_next_delivery(session):
    deliver(session, NAMES.entry_id, NOW - timedelta(days=1))
    compare(session, NAMES)
    assert say_that(session, "corrected", at=later(hours=1))
    deliver(session, NAMES.source_id, later(hours=2))  # the source's delivery cannot show what the holder corrected
    assert compare(session, NAMES, at=later(hours=3)) == Settled()
    assert (one(session).state, one(session).answered_by, one(session).answer) == (
        "corrected",
        "巴特尔",
        "已核对户口簿",
    )
    deliver(session, NAMES.entry_id, later(days=1))
    assert compare(session, NAMES, at=later(days=1, hours=1)) == Settled(reopened=1)
    line = one(session, later(1))
    assert (line.state, line.reopened, line.answered_at, line.answer) == ("open", 1, None, None)
    assert line.due_on == date(2026, 12, 4)  # ten working days after a Saturday
    assert events(session)[-1] == ("reopened", "system", "not_corrected", 3)


def test_a_claim_does_not_put_a_request_to_sleep_for_ever(session):
    deliver(session, NAMES.entry_id, NOW - timedelta(days=1))
    compare(session, NAMES)
    say_that(session, "corrected")
    assert compare(session, NAMES, at=datetime(2026, 12, 4, 1)) == Settled()
    assert compare(session, NAMES, at=datetime(2026, 12, 5, 1)) == Settled(reopened=1)


def test_a_true_claim_is_closed(session):
    compare(session, NAMES)
    say_that(session, "corrected")
    assert compare(session, replace(NAMES, rows=0), at=later(1)) == Settled(closed=1)
    line = one(session)
    assert (line.state, line.answered_by, line.closed_at) == ("corrected", "巴特尔", later(1))


def test_an_explanation_holds_until_a_new_difference(session):
    compare(session, NAMES)
    say_that(session, "explained", "同音字，两边各有依据", at=later(hours=1))
    assert compare(session, replace(NAMES, rows=2), at=later(1)) == Settled()
    assert (one(session).state, one(session).rows_now) == ("explained", 2)
    assert listed(session) == []
    assert compare(session, replace(NAMES, newest=later(2)), at=later(2)) == Settled(reopened=1)
    assert events(session)[-1] == ("reopened", "system", "new", 3)


def test_an_explained_difference_that_goes_is_closed(session):
    compare(session, NAMES)
    say_that(session, "explained")
    assert compare(session, replace(NAMES, rows=0), at=later(1)) == Settled(closed=1)
    assert one(session).state == "corrected"


def test_referred_to_the_source_s_department(session):
    compare(session, NAMES)
    assert say_that(session, "referred", "本局底册与身份证一致", at=later(3))
    line = one(session, later(3))
    assert (line.department, line.state, line.referral) == ("public_security", "open", "本局底册与身份证一致")
    assert line.due_on == date(2026, 12, 7), "ten working days from the Monday on which it was referred"
    assert compare(session, NAMES, at=later(4)) == Settled()
    assert one(session).department == "public_security"
    assert refused(session, FIRST, "referred", "乌云", "请再核") == ["D515"]
    assert say_that(session, "explained", "户口簿为准", who="乌云", at=later(5))
    assert one(session).state == "explained"
    # What differs anew is asked of whom the element names, not of whom it was handed to.
    assert compare(session, replace(NAMES, newest=later(6)), at=later(6)) == Settled(reopened=1)
    assert (one(session).department, one(session).referral) == ("civil_affairs", None)


def test_a_referred_claim_is_shown_by_the_source_s_delivery(session):
    compare(session, NAMES)
    say_that(session, "referred", at=later(1))
    say_that(session, "corrected", "已变更登记", who="乌云", at=later(2))
    deliver(session, NAMES.source_id, NOW)
    deliver(session, NAMES.entry_id, later(3))
    assert compare(session, NAMES, at=later(3)) == Settled()
    deliver(session, NAMES.source_id, later(4))
    assert compare(session, NAMES, at=later(4)) == Settled(reopened=1)
    assert one(session).department == "public_security"


def test_duplicates_at_the_source_cannot_be_referred_to_it(session):
    compare(session, TWICE)
    assert refused(session, FIRST, "referred", "乌云", "请核") == ["D515"]


def test_the_same_answer_again_changes_nothing(session):
    compare(session, NAMES)
    assert say_that(session, "corrected")
    before = session.query("SELECT * FROM ledger.corrections"), events(session)
    assert not say_that(session, "corrected", "  已核对\n户口簿 ".replace("\n", ""), at=later(1))
    assert (session.query("SELECT * FROM ledger.corrections"), events(session)) == before
    assert say_that(session, "explained", at=later(1))
    assert one(session).state == "explained"


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (("YY2026-000009", "corrected", "巴特尔", "已改"), ["D511"]),
        ((FIRST, "corrected", " ", "已改"), ["D513"]),
        ((FIRST, "corrected", "巴特尔", "　 "), ["D514"]),
        ((FIRST, "corrected", "", ""), ["D513", "D514"]),
        ((FIRST, "corrected", "巴" * 101, "已改"), ["D518"]),
        ((FIRST, "corrected", "巴特尔", "改" * 1001), ["D518"]),
        ((FIRST, "corrected", "巴特尔", "159901199003070012 已改"), ["D516"]),
        ((FIRST, "corrected", "巴特尔", "身份证15990119900307002x"), ["D516"]),
        ((FIRST, "corrected", "巴特尔", "旧号159901900307001，已改"), ["D516"]),
        ((FIRST, "corrected", "巴特尔１３８００１３８０００", "已改"), ["D516"]),
    ],
)
def test_answers_that_are_refused(session, given, codes):
    compare(session, NAMES)
    assert refused(session, *given) == codes
    assert (one(session).state, len(events(session))) == ("open", 1)


def test_longest_answer_and_harmless_numbers_are_taken(session):
    compare(session, NAMES)
    note = "文号〔2026〕12号，登记号20261120000000123，" + "改" * 960
    assert say_that(session, "corrected", note, who="巴" * 100)
    assert one(session).answer == note


def test_no_refusal_repeats_what_was_written(session):
    compare(session, NAMES)
    for number in ("159901199003070012", "张三", FIRST):
        with pytest.raises(AnswerError) as caught:
            answer(session, number, "corrected", "李四13800138000", "159901199003070012", NOW, SETTINGS, CALENDAR)
        said = f"{caught.value!s}{caught.value!r}{caught.value.problems}"
        assert not [word for word in ("159901", "张三", "李四", "138001") if word in said]


def test_a_closed_request_needs_no_answer(session):
    compare(session, NAMES)
    say_that(session, "corrected")
    compare(session, replace(NAMES, rows=0), at=later(1))
    assert refused(session, FIRST, "explained", "巴特尔", "另一个说法") == ["D512"]
    assert not say_that(session, "corrected"), "what was said before it closed is known"


def test_a_number_is_read_as_people_type_it(session):
    compare(session, NAMES)
    assert say_that(session, "corrected", number=" ｙｙ2026－000001 ")


def test_the_nearest_number_is_offered(session):
    compare(session, NAMES)
    with pytest.raises(AnswerError) as caught:
        answer(session, "YY2026-00001", "corrected", "巴特尔", "已改", NOW, SETTINGS, CALENDAR)
    assert caught.value.problem.nearest == FIRST
    with pytest.raises(AnswerError) as caught:
        answer(session, "YY2026-000002", "corrected", "巴特尔", "已改", NOW, SETTINGS, CALENDAR)
    assert caught.value.problem.nearest is None, "one well-formed number is as near as another"


def test_a_list_is_taken_whole_or_not_at_all(session):
    compare(session, NAMES, UNKNOWN)
    good = Answer(FIRST, "corrected", "巴特尔", "已改")
    other = Answer("YY2026-000002", "explained", "巴特尔", "新生儿，尚未落户")
    with pytest.raises(AnswerError) as caught, session.transaction():
        take_answers(
            session, [good, replace(other, note=""), Answer("x", "corrected", "", "y")], NOW, SETTINGS, CALENDAR
        )
    assert [problem.code for problem in caught.value.problems] == ["D514", "D511", "D513"]
    assert [line.state for line in listed(session)] == ["open", "open"]
    with session.transaction():
        taken = take_answers(session, [good, other, good], NOW, SETTINGS, CALENDAR)
    assert (taken.written, taken.repeated, taken.settled) == ((FIRST, "YY2026-000002"), (), ())
    with session.transaction():
        again = take_answers(session, [good, other], later(1), SETTINGS, CALENDAR)
    assert (again.written, again.repeated) == ((), (FIRST, "YY2026-000002"))


def test_two_answers_to_one_request_contradict(session):
    compare(session, NAMES)
    given = [Answer(FIRST, "corrected", "巴特尔", "已改"), Answer(FIRST, "explained", "巴特尔", "已改")]
    with pytest.raises(AnswerError) as caught:
        take_answers(session, given, NOW, SETTINGS, CALENDAR)
    assert [problem.code for problem in caught.value.problems] == ["D519"]


def test_an_answer_to_an_earlier_time(session):
    compare(session, NAMES)
    old = Answer(FIRST, "corrected", "巴特尔", "已改", reopened=0)
    with session.transaction():
        take_answers(session, [old], NOW, SETTINGS, CALENDAR)
    compare(session, replace(NAMES, rows=0), at=later(1))
    compare(session, NAMES, at=later(2))
    assert take_answers(session, [old], later(3), SETTINGS, CALENDAR).repeated == (FIRST,)
    with pytest.raises(AnswerError) as caught:
        take_answers(session, [replace(old, note="另一个说法")], later(3), SETTINGS, CALENDAR)
    assert caught.value.problem.code == "D517"
    with session.transaction():
        assert take_answers(session, [replace(old, reopened=1)], later(3), SETTINGS, CALENDAR).written == (FIRST,)


def test_requests_of_copies_that_are_compared_no_longer(session):
    compare(session, NAMES, UNKNOWN)
    with session.transaction():
        assert close_unlinked(session, {UNKNOWN.key}, later(1)) == 1
    assert [line.correction_id for line in listed(session)] == ["YY2026-000002"]
    assert events(session)[-1] == ("closed", "system", "unlinked", 0)
    closed = next(line for line in listed(session, all=True) if line.correction_id == FIRST)
    assert (closed.shown, closed.closed_at) == ("explained", later(1))


def test_a_failed_transaction_leaves_no_trace(session):
    with pytest.raises(AttributeError), session.transaction():
        settle(session, [NAMES, None], NOW, SETTINGS, CALENDAR)
    assert listed(session, all=True) == []
    assert session.query("SELECT * FROM ledger.correction_events") == []
