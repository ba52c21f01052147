"""Answers made by hand, for what people see of a check: no person, no warehouse, every kind of line and source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from shuyuan.catalog.checks import check_digest
from shuyuan.checks.answer import Answer, CaseAnswer, Line, SourceUsed
from shuyuan.entry.check import Check
from shuyuan.one_source.titles import Titles

SPEC: dict[str, Any] = {
    "kind": "Check",
    "title": "低保家庭经济状况核查",
    "legal_basis": "《社会救助暂行办法》第九条",
    "purpose": "仅供最低生活保障审核确认，不得他用",
    "objection": "可以向旗民政局提出，并附证明材料",
    "may_run": {"departments": ["civil_affairs"]},
    "subjects": [
        {"name": "person_name", "title": "姓名", "element": "person_name"},
        {"name": "id_card_no", "title": "公民身份号码", "element": "resident_id"},
        {"name": "relation", "title": "与户主关系", "element": "family_relation", "required": "false"},
    ],
    "key": "id_card_no",
    "sources": {
        "register": {"entry": "public_security.household_register", "by": {"id_card_no": "id_card_no"}},
        "marriages": {"entry": "civil_affairs.marriages", "by": {"husband_id": "id_card_no"}},
        "cremations": {"entry": "civil_affairs.cremations", "by": {"id_card_no": "id_card_no"}},
        "vehicles": {"entry": "traffic_police.vehicles", "by": {"owner_id": "id_card_no"}},
        "homes": {"entry": "natural_resources.real_estate_titles", "by": {"holder_id": "id_card_no"}, "within": "21d"},
        "businesses": {"entry": "market_regulation.enterprises", "by": {"representative_id": "id_card_no"}},
        "housing_fund": {
            "entry": "housing_fund.accounts",
            "planned": "住房公积金管理中心尚未接入",
            "by": {"id_card_no": "id_card_no"},
        },
        "deposits": {"entry": "finance.deposits", "planned": "接口尚未开通", "by": {"id_card_no": "id_card_no"}},
    },
    "rules": [
        {
            "id": "not_registered",
            "title": "户籍",
            "source": "register",
            "absent": {},
            "then": "review",
            "words": "没有户籍",
        },
        {
            "id": "name_differs",
            "title": "姓名与户籍一致",
            "source": "register",
            "differs": {"field": "person_name", "from": "person_name"},
            "then": "review",
            "words": "申报的姓名与户籍登记不一致",
        },
        {
            "id": "undeclared_spouse",
            "title": "配偶",
            "source": "marriages",
            "outside": {"fields": ["husband_id", "wife_id"], "among": "id_card_no"},
            "then": "review",
            "words": "最近一次婚姻登记是结婚，配偶没有申报",
            "basis": "《社会救助暂行办法》第九条",
        },
        {"id": "died", "title": "死亡", "source": "cremations", "exists": {}, "then": "review", "words": "有火化记录"},
        {
            "id": "car",
            "title": "机动车",
            "source": "vehicles",
            "count": {"over": "cars"},
            "then": "fail",
            "words": "名下有 {count} 辆机动车，超过 {limit} 辆；残疾人代步车凭残疾人证复核",
        },
        {
            "id": "homes",
            "title": "房屋",
            "source": "homes",
            "count": {"over": "homes", "per": "case", "distinct": "unit_code"},
            "then": "fail",
            "words": "全家名下有 {count} 套住宅，超过 {limit} 套",
        },
        {
            "id": "shop",
            "title": "商业用房",
            "source": "homes",
            "exists": {},
            "then": "review",
            "words": "有 {count} 处",
        },
        {
            "id": "home_bought",
            "title": "新登记的房屋",
            "source": "homes",
            "recent": {"field": "registered_on", "within": "365d"},
            "then": "review",
            "words": "{days} 天内新登记了 {count} 处不动产",
        },
        {
            "id": "business",
            "title": "市场主体",
            "source": "businesses",
            "exists": {},
            "then": "review",
            "words": "是 {count} 个存续市场主体的法定代表人，请核实是否实际经营",
        },
        {
            "id": "housing_fund",
            "title": "住房公积金",
            "source": "housing_fund",
            "exists": {},
            "then": "note",
            "words": "有账户",
        },
        {"id": "deposits", "title": "银行存款", "source": "deposits", "exists": {}, "then": "note", "words": "有账户"},
    ],
    "parameters": [
        {"name": "cars", "value": "0", "from": "2026-01-01", "basis": "演示参数，以当地文件为准"},
        {"name": "homes", "value": "1", "from": "2026-01-01", "basis": "演示参数，以当地文件为准"},
    ],
    "outcomes": {"pass": "符合", "fail": "不符合", "review": "需复核", "unavailable": "无法核查"},
    "retention": {"request": "90d", "answer": "30d"},
}
ASKED_ON = date(2026, 11, 20)
STALE = SourceUsed("homes", "natural_resources.real_estate_titles", "stale", 9, "9 made-up", date(2026, 10, 23), 97.04)


def low_income() -> Check:
    """A check about families with every kind of rule and two sources that do not exist yet."""
    return Check.model_validate(SPEC, by_alias=True, by_name=False)


def titles() -> Titles:
    """Titles of departments; of entries none is needed."""
    return Titles({}, {"civil_affairs": "鄂托克旗民政局", "natural_resources": "鄂托克旗自然资源局"})


def sources(check: Check, *unread: SourceUsed) -> tuple[SourceUsed, ...]:
    """Every source of the check as read, but for those given and those that are only planned."""
    given = {one.source: one for one in unread}
    made = []
    for name, lookup in check.sources.items():
        read = SourceUsed(name, lookup.entry, None, 12, "12 made-up 2026-11-20T00:10:00", ASKED_ON, 98.76)
        none = SourceUsed(name, lookup.entry, "never_published", None, None, None, None)
        made.append(given.get(name, none if lookup.planned else read))
    return tuple(made)


def case(check: Check, number: str, met: dict[str, int], unread: set[str], people: int = 2) -> CaseAnswer:
    """A case of masked people: rules by id with their count are met, those of ``unread`` sources are unavailable."""
    subjects = tuple(
        {"person_name": f"{name}**", "id_card_no": f"150624********{1230 + place}", "relation": "本人"}
        for place, name in enumerate("巴萨娜苏"[:people])
    )
    lines = []
    for rule in check.rules:
        for subject in (None,) if rule.per_case else range(people):
            state = "unavailable" if rule.source in unread else "clear"
            found = None if rule.source in unread else 1 if rule.id in ("not_registered", "name_differs") else 0
            facts: dict[str, str] = {}
            if rule.id in met and subject in (None, 0) and state == "clear":
                state, found = "met", met[rule.id]
                facts = {"count": str(met[rule.id]), "limit": "1", "days": "365", "sum": "0"}
            lines.append(Line(rule.id, subject, state, found, facts))
    then = {rule.id: rule.then for rule in check.rules}
    states = {(then[one.rule], one.state) for one in lines}
    blind = any(state == "unavailable" and verdict != "note" for verdict, state in states)
    conclusion = "fail" if ("fail", "met") in states else "review" if ("review", "met") in states or blind else "pass"
    return CaseAnswer(number, {}, subjects, tuple(lines), conclusion, f"DBSQ2026-00000{people}")


def answer(check: Check, *cases: CaseAnswer, used: tuple[SourceUsed, ...] | None = None) -> Answer:
    """The answer of the civil-affairs bureau's request."""
    return Answer(
        request_id="a" * 26,
        check="low_income",
        spec_digest=check_digest(check),
        code_version="0.1.0",
        asked_on=ASKED_ON,
        answered_at=datetime(2026, 11, 20, 1, 2, 3),
        valid_until=date(2026, 12, 20),
        number="low_income-20261120-k7m2qx4a",
        verification="9F3C7A01B2D4",
        parameters={"cars": "0", "homes": "1"},
        sources=used or sources(check),
        cases=cases,
        department="civil_affairs",
    )


def planned(check: Check) -> set[str]:
    """The sources that do not exist yet."""
    return {name for name, lookup in check.sources.items() if lookup.planned}


def of_one(check: Check, met: dict[str, int], *, stale: bool = False) -> Answer:
    """One household; with ``stale`` the titles of real estate are too old to be read."""
    unread = planned(check) | ({"homes"} if stale else set())
    used = sources(check, STALE) if stale else sources(check)
    return answer(check, case(check, "蒙K-DB-2026-0001", met, unread), used=used)


def of_many(check: Check, count: int) -> Answer:
    """A batch: every fifth has a car, every third something to look at."""
    made = []
    for place in range(1, count + 1):
        met = {"car": 1} if place % 5 == 0 else {"business": 2} if place % 3 == 0 else {}
        made.append(case(check, f"DB2026-{place:05d}", met, planned(check), 1 + place % 3))
    return answer(check, *made)


def signed_otherwise(one: Answer) -> Answer:
    """The same answer, said to be made by another version of the spec."""
    return replace(one, spec_digest="0" * 64)
