"""What is said to whom and when: one message a steward and day, repeated on change or when overdue."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from notice_scenes import (
    BLOCKED,
    HOUSEHOLDS,
    MARRIAGES,
    MISSING,
    PEOPLE,
    PLATFORM,
    at,
    correction,
    rejecting,
    resource,
    scene,
    told,
)
from shuyuan.catalog.demand_replies import DemandReply
from shuyuan.entry import Demand
from shuyuan.notices.planning import plan_messages


def of_kind(kind, made, **options):
    return [message for message in plan_messages(made, **options) if message.kind == kind]


def only(kind, made):
    (message,) = of_kind(kind, made)
    return message


def keys(messages):
    return [message.recipient.key for message in messages]


def test_one_message_names_all_of_a_stewards_resources():
    resources = [resource(), resource(MARRIAGES, "婚姻登记信息")]
    message = only("daily", scene({PEOPLE: MISSING, MARRIAGES: BLOCKED}, resources=resources))
    assert (message.recipient.key, message.scope) == ("steward:mz-jzg", "2026-11-20")
    assert message.subject == "【数源】11月20日待办 2 项，其中 1 项逾期"
    text = message.text()
    assert text.index("1. 低保对象") < text.index("2. 婚姻登记信息")
    assert "D101 到达：应到 11月20日 08:30，仍未到" in text
    assert "D602 批次：阻断；交付 1,000 行，不合格 23 行" in text
    assert "仍可用：11月19日 的数据，977 行" in text
    assert "请在下一批次（11月23日 08:30）前改好" in text
    assert "详情：https://report.example.gov.cn/r/entries/civil_affairs.people.html" in text


def test_the_name_of_a_delivered_file_is_not_repeated():
    assert "张三" not in only("daily", scene({PEOPLE: BLOCKED})).text()


@pytest.mark.parametrize(
    ("owner", "settings", "key"),
    [
        ({"steward": "mz-jzg"}, {}, "steward:mz-jzg"),
        ({"steward": "somebody"}, {}, "department:civil_affairs"),
        ({}, {}, "department:civil_affairs"),
        ({}, {"departments": {}}, "center"),
    ],
)
def test_the_steward_else_the_department_else_the_center(owner, settings, key):
    made = scene({PEOPLE: MISSING}, resources=[resource(owner=owner)], settings=settings)
    message = only("daily", made)
    assert message.recipient.key == key
    assert ("责任部门：鄂托克旗民政局" in message.text()) == (key == "center")


def test_nothing_wrong_nothing_said():
    assert plan_messages(scene({}, "10:00")) == []


@pytest.mark.parametrize(("entry", "again"), [(MISSING, True), (BLOCKED, False), (rejecting(23), False)])
def test_the_same_is_said_again_only_when_overdue(entry, again):
    yesterday = replace(only("daily", scene({PEOPLE: entry})), scope="2026-11-19", day=date(2026, 11, 19))
    assert bool(of_kind("daily", scene({PEOPLE: entry}, told=[told(yesterday)]))) == again


def test_a_change_is_said():
    yesterday = replace(only("daily", scene({PEOPLE: rejecting(22)})), scope="2026-11-19", day=date(2026, 11, 19))
    assert of_kind("daily", scene({PEOPLE: rejecting(23)}, told=[told(yesterday)]))


@pytest.mark.parametrize("outcome", ["failed", "unknown", "sending"])
def test_what_may_not_have_arrived_is_no_reason_to_be_silent_on_another_day(outcome):
    yesterday = replace(only("daily", scene({PEOPLE: BLOCKED})), scope="2026-11-19", day=date(2026, 11, 19))
    assert of_kind("daily", scene({PEOPLE: BLOCKED}, told=[told(yesterday, outcome)]))


@pytest.mark.parametrize(
    ("outcome", "next_at", "again"),
    [
        ("sent", None, False),
        ("unknown", None, False),
        ("sending", None, False),
        ("failed", None, False),
        ("failed", datetime(2026, 11, 20, 2, 0), True),
        ("failed", datetime(2026, 11, 20, 2, 1), False),
    ],
)
def test_a_day_has_one_message_even_when_more_happens(outcome, next_at, again):
    before = told(only("daily", scene({PEOPLE: BLOCKED})), outcome, next_at=next_at)
    later = scene({PEOPLE: MISSING}, "10:00", told=[before])
    assert bool(of_kind("daily", later)) == again


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("09:29", False),
        ("09:30", True),
        ("19:59", True),
        ("20:00", False),
        ("2026-11-21 10:00", False),
        ("2026-10-10 10:00", True),
    ],
)
def test_not_before_time_not_at_night_not_on_days_off(now, said):
    """2026-11-21 is a Saturday, 2026-10-10 a Saturday that is worked."""
    assert bool(of_kind("daily", scene({PEOPLE: BLOCKED}, now))) == said
    assert of_kind("daily", scene({PEOPLE: BLOCKED}, now), by_the_clock=False)


def test_quiet_hours_within_a_day():
    settings = {"quiet": {"starts": "12:00", "ends": "14:00", "days_off": False}}
    said = [
        bool(of_kind("daily", scene({PEOPLE: BLOCKED}, now, settings=settings))) for now in ("11:59", "12:00", "14:00")
    ]
    assert said == [True, False, True]


def test_our_own_faults_are_told_at_once_and_only_to_ourselves():
    made = scene({PEOPLE: PLATFORM}, "2026-11-21 03:00")
    (message,) = plan_messages(made)
    assert (message.kind, message.recipient.key, message.scope) == ("fault", "center", "2026-11-21 P101")
    assert "这是平台的问题" in message.text()
    assert of_kind("daily", scene({PEOPLE: PLATFORM})) == []


def test_a_fault_that_stays_does_not_ring_at_midnight():
    first = only("fault", scene({PEOPLE: PLATFORM}, "2026-11-20 23:50"))
    assert plan_messages(scene({PEOPLE: PLATFORM}, "2026-11-21 00:05", told=[told(first)])) == []
    assert of_kind("fault", scene({PEOPLE: PLATFORM}, "2026-11-23 09:00", told=[told(first)]))


@pytest.mark.parametrize(
    ("now", "said"), [("07:59", False), ("08:00", True), ("08:29", True), ("08:30", False), ("2026-11-21 08:10", False)]
)
def test_a_reminder_comes_half_an_hour_before(now, said):
    messages = of_kind("reminder", scene({}, now))
    assert [(one.scope, one.recipient.key) for one in messages] == [("2026-11-20T08:30", "steward:mz-jzg")] * said
    if said:
        assert messages[0].subject == "【数源】到期提醒：1 个资源 08:30 应到，还没有收到"
        assert "期限：11月20日 08:30（宽限到 10:30）" in messages[0].text()


def test_what_arrived_or_is_not_promised_is_not_reminded():
    due = at("08:30").astimezone(UTC).replace(tzinfo=None)
    assert of_kind("reminder", scene({}, "08:10", arrived=frozenset({(PEOPLE, due)}))) == []
    assert of_kind("reminder", scene({}, "08:10", resources=[resource(cycle="irregular")])) == []
    assert of_kind("reminder", scene({}, "08:10", resources=[resource(status="confirmed")])) == []
    assert of_kind("reminder", scene({}, "08:10", settings={"remind_before": "0m"})) == []


def test_a_reminder_is_sent_once():
    first = told(only("reminder", scene({}, "08:00")))
    assert of_kind("reminder", scene({}, "08:15", told=[first])) == []


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2026, 11, 18), "11月18日（已过 2 个工作日）"),
        (date(2026, 11, 20), "11月20日（今天到期）"),
        (date(2026, 11, 24), "11月24日（还有 2 个工作日）"),
        (date(2026, 11, 25), None),
    ],
)
def test_corrections_that_are_due_soon(due, words):
    messages = of_kind("daily", scene({}, corrections=[correction(due=due)]))
    assert [words in one.text() for one in messages] == [True] * bool(words)


def test_the_department_that_is_asked_is_told():
    messages = of_kind("daily", scene({}, corrections=[correction("public_security")]))
    assert keys(messages) == ["center"]
    messages = of_kind("daily", scene({}, corrections=[correction()]))
    assert keys(messages) == ["steward:mz-jzg"]


def demand(state, limit):
    asked = Demand.model_validate(
        {
            "kind": "Demand",
            "id": "public_security.ask_people",
            "title": "低保对象核对",
            "provider": "civil_affairs",
            "entry": PEOPLE,
            "purpose": "户籍核对",
            "use": "verification",
            "legal_basis": "《办法》第九条",
            "steps": [{"step": "file", "on": "2026-11-06", "by": "公安局"}],
        }
    )
    return asked, DemandReply(date(2026, 11, 6), limit, None, state, None)


@pytest.mark.parametrize(
    ("state", "limit", "overdue"),
    [
        ("overdue", date(2026, 11, 18), [True]),
        ("open", date(2026, 11, 23), [False]),
        ("open", date(2026, 12, 20), []),
        ("supplement", date(2026, 11, 20), []),
    ],
)
def test_demands_that_are_due_soon(state, limit, overdue):
    messages = of_kind("daily", scene({}, demands=[demand(state, limit)]))
    assert [one.overdue for one in messages] == overdue
    assert keys(messages) == ["steward:mz-jzg"] * len(overdue)
    assert all("鄂托克旗公安局申请“低保对象核对”" in one.text() for one in messages)


def test_the_center_gets_a_digest_of_all():
    resources = [resource(), resource(HOUSEHOLDS, "户籍登记")]
    made = scene({PEOPLE: MISSING, HOUSEHOLDS: PLATFORM}, "17:30", resources=resources)
    before = told(only("daily", made), "failed")
    message = only("digest", replace(made, told=[before]))
    assert message.recipient.key == "center"
    assert message.subject == "【数源】11月20日汇总：待办 2 项，逾期 1 项"
    assert "1. 鄂托克旗民政局\n   待办 1 项，逾期 1 项" in message.text()
    assert "2. 平台自身\n   待办 1 项，逾期 0 项" in message.text()
    assert "送达 0 条，没有送出 1 条，不知是否送达 0 条" in message.text()
    assert of_kind("digest", scene({PEOPLE: MISSING}, "17:29")) == []


def test_a_day_without_anything_is_said_to_the_center_too():
    assert only("digest", scene({}, "17:30")).text().startswith("11月20日没有待办。")


def test_english(monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    message = only("daily", scene({PEOPLE: BLOCKED}))
    assert message.subject == "[shuyuan] 11-20: 1 to do"
    assert "blocked; 1,000 rows delivered, 23 rejected" in message.text()
