"""A small county whose people are checked: five entries, a check that uses every test, requests about made-up people.

All resident IDs are of the fixture region 159901, which no one can have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from building import department_text, entry_text, make_project, yaml_of
from counties import County
from shuyuan.checks.answer import Answer, CaseAnswer, Line
from shuyuan.checks.answering import answer_request
from shuyuan.checks.request import Case, Request
from shuyuan.entry import Check
from shuyuan.identifiers import modern_resident_id
from shuyuan.warehouses import open_warehouse

REGISTER, MARRIAGES = "public_security.register", "civil_affairs.marriages"
VEHICLES, HOMES, PENSIONS = "traffic_police.vehicles", "natural_resources.homes", "human_resources.pensions"
ELEMENTS: dict[str, Any] = {
    "resident_id": {"title": "公民身份号码", "mask": "keep(1,2)", "level": "L3", "normal_form": "resident_id"},
    "person_name": {"title": "姓名", "mask": "keep(1,0)", "level": "L3", "normal_form": "name"},
    "household_number": {"title": "户号", "mask": "hide"},
    "plate": {"title": "号牌号码", "mask": "keep(2,1)", "normal_form": "code"},
    "unit_code": {"title": "不动产单元代码", "mask": "keep(6,0)"},
    "role": {"title": "角色"},
}
FIELDS: dict[str, list[dict[str, Any]]] = {
    REGISTER: [
        {"name": "id_card_no", "title": "身份号码", "element": "resident_id", "required": True},
        {"name": "person_name", "title": "姓名", "element": "person_name"},
        {"name": "household", "title": "户号", "element": "household_number"},
        {"name": "relation", "title": "关系"},
    ],
    MARRIAGES: [
        {"name": "number", "title": "编号", "required": True},
        {"name": "husband_id", "title": "男方", "element": "resident_id"},
        {"name": "wife_id", "title": "女方", "element": "resident_id"},
        {"name": "kind", "title": "业务类型"},
        {"name": "registered_on", "title": "登记日期", "type": "date"},
    ],
    VEHICLES: [
        {"name": "plate", "title": "号牌", "element": "plate", "required": True},
        {"name": "owner_id", "title": "所有人", "element": "resident_id"},
        {"name": "status", "title": "状态"},
        {"name": "seats", "title": "座位", "type": "integer"},
    ],
    HOMES: [
        {"name": "certificate", "title": "证号", "required": True},
        {"name": "unit_code", "title": "单元", "element": "unit_code"},
        {"name": "holder_id", "title": "权利人", "element": "resident_id"},
        {"name": "bought_on", "title": "登记日期", "type": "date"},
        {"name": "area", "title": "面积", "type": "decimal(10,2)"},
        {"name": "seized", "title": "是否查封", "type": "boolean"},
    ],
    PENSIONS: [
        {"name": "account", "title": "账号", "required": True},
        {"name": "id_card_no", "title": "身份号码", "element": "resident_id"},
        {"name": "monthly", "title": "月标准", "type": "decimal(10,2)"},
    ],
}  # fmt: skip
SPEC: dict[str, Any] = {
    "kind": "Check", "title": "家庭核查", "legal_basis": "某办法第九条", "purpose": "仅供审核", "objection": "可以异议",
    "may_run": {"departments": ["civil_affairs"]},
    "case": [{"name": "home", "title": "不动产单元", "element": "unit_code", "required": False}],
    "subjects": [
        {"name": "name", "title": "姓名", "element": "person_name"},
        {"name": "id_no", "title": "身份号码", "element": "resident_id"},
        {"name": "role", "title": "角色", "element": "role", "required": False},
        {"name": "plate", "title": "号牌", "element": "plate", "required": False},
    ],
    "key": "id_no",
    "sources": {
        "register": {"entry": REGISTER, "by": {"id_card_no": "id_no"}, "use": ["person_name", "household"]},
        "household": {
            "entry": REGISTER, "by": {"household": "register.household"}, "use": ["id_card_no", "relation"],
        },
        "marriages": {
            "entry": MARRIAGES, "by": {"husband_id": "id_no"}, "or_by": {"wife_id": "id_no"},
            "use": ["husband_id", "wife_id", "kind", "registered_on"], "newest_by": "registered_on",
        },
        "vehicles": {
            "entry": VEHICLES, "by": {"owner_id": "id_no"}, "where": [{"field": "status", "not_in": ["注销"]}],
            "use": ["status", "seats"],
        },
        "declared": {"entry": VEHICLES, "by": {"plate": "plate", "owner_id": "id_no"}, "use": ["seats"]},
        "homes": {
            "entry": HOMES, "by": {"holder_id": "id_no"}, "use": ["unit_code", "bought_on", "area"], "within": "30d",
        },
        "unit": {"entry": HOMES, "of": "case", "by": {"unit_code": "home"}, "use": ["seized", "holder_id"]},
        "pensions": {"entry": PENSIONS, "by": {"id_card_no": "id_no"}, "use": ["monthly"]},
    },
    "rules": [
        {"id": "unknown", "source": "register", "absent": {}, "then": "review"},
        {"id": "named", "source": "register", "differs": {"field": "person_name", "from": "name"}, "then": "review"},
        {"id": "member", "source": "household", "then": "review", "outside": {
            "fields": ["id_card_no"], "among": "id_no", "where": [{"field": "relation", "not_in": ["99"]}]}},
        {"id": "spouse", "source": "marriages", "then": "review", "outside": {
            "fields": ["husband_id", "wife_id"], "among": "id_no", "where": [{"field": "kind", "in": ["结婚"]}]}},
        {"id": "car", "source": "vehicles", "then": "fail", "exists": {
            "where": [{"field": "seats", "at_least": "cars", "at_most": "9"}]}},
        {"id": "no_such_car", "source": "declared", "absent": {}, "then": "note"},
        {"id": "homes", "source": "homes", "then": "fail", "count": {
            "over": "homes", "per": "case", "distinct": "unit_code",
            "where": [{"field": "area", "at_least": "20.5"}]}},
        {"id": "bought", "source": "homes", "recent": {"field": "bought_on", "within": "365d"}, "then": "review"},
        {"id": "titles", "source": "homes", "count": {"over": "2"}, "then": "note"},
        {"id": "seized", "source": "unit", "then": "fail", "exists": {
            "where": [{"field": "seized", "in": ["true"]}]}},
        {"id": "holder", "source": "unit", "then": "review", "outside": {"fields": ["holder_id"], "among": "id_no"}},
        {"id": "pension", "source": "pensions", "then": "fail", "sum": {
            "field": "monthly", "over": "pension", "per": "case"}, "words": "合计 {sum} 元"},
        {"id": "own_pension", "source": "pensions", "only": {"role": ["本人"]}, "then": "review", "sum": {
            "field": "monthly", "over": "1000"}},
        {"id": "helper", "source": "pensions", "only": {"role": []}, "then": "note", "exists": {}},
    ],
    "parameters": [
        {"name": "cars", "value": "5", "from": "2026-01-01", "basis": "演示"},
        {"name": "homes", "value": "1", "from": "2026-01-01", "basis": "演示"},
        {"name": "pension", "value": "1500", "from": "2026-01-01", "basis": "演示"},
        {"name": "pension", "value": "1600.50", "from": "2026-07-01", "basis": "演示"},
        {"name": "pension", "value": "9000", "from": "2027-01-01", "basis": "演示"},
    ],
    "outcomes": {"pass": "符合", "fail": "不符合", "review": "需复核", "unavailable": "无法核查"},
    "retention": {"request": "90d", "answer": "30d"},
}  # fmt: skip
"""One check that uses every test, both ways of finding, a second hop, filters, parameters and a case of its own."""

EXTRAS = {"title": "一条", "words": "有"}
Rows = Mapping[str, Sequence[Sequence[Any]]]


def number(place: int, born: int = 700101) -> str:
    """A resident ID of 18 digits that has a 15-digit form."""
    return modern_resident_id(f"159901{born:06d}{place % 1000:03d}")


def a_check(**changes: Any) -> Check:
    """The check; ``changes`` replace whole keys."""
    spec = {**SPEC, **changes}
    return Check.model_validate({**spec, "rules": [{**EXTRAS, **rule} for rule in spec["rules"]]})


def only_rules(*names: str, **changes: Any) -> Check:
    """The check with these of its rules."""
    return a_check(rules=[rule for rule in SPEC["rules"] if rule["id"] in names], **changes)


def make_checked(root: Any, monkeypatch: Any, warehouse: str | None = None, **entries: Mapping[str, Any]) -> County:
    """Build the project below ``root``; ``entries`` change an entry, by the last part of its id."""
    monkeypatch.setenv("SHUYUAN_VAR", str(root / "var"))
    for name in ("SHUYUAN_WAREHOUSE", "SHUYUAN_TOKEN_KEY", "SHUYUAN_KEYS_FILE", "SHUYUAN_CIPHER"):
        monkeypatch.delenv(name, raising=False)
    if warehouse:
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", warehouse)
    texts = {}
    for place, (entry_id, fields) in enumerate(FIELDS.items(), 1):
        declared = {
            "id": entry_id, "code": f"307010101/{place:06}", "title": entry_id, "status": "published",
            "published_on": "2026-01-01", "update": {"cycle": "irregular"}, "source": None, "fields": fields,
            "load": {"mode": "replace", "key": [fields[0]["name"]]},
            **entries.get(entry_id.partition(".")[2], {}),
        }  # fmt: skip
        source = {"type": "database", "connection": "some_db", "table": "t"}
        texts[entry_id] = entry_text(**declared) + "source: " + json.dumps(source) + "\n"
    folders = {entry_id.partition(".")[0] for entry_id in texts}
    departments = {folder: department_text(title=folder) for folder in folders}
    return County(make_project(root, texts, departments=departments, elements=yaml_of(ELEMENTS)))


def publish_all(county: County, rows: Rows, day: date | None = None) -> None:
    """Publish every entry, an empty one where there are no rows."""
    for entry_id in FIELDS:
        county.publish(entry_id, rows.get(entry_id, ()), day)


def a_person(place: int, **items: str | None) -> dict[str, str | None]:
    """A subject."""
    return {"name": "张三", "id_no": number(place), "role": None, "plate": None, **items}


def a_request(cases: Sequence[Case], asked_at: datetime) -> Request:
    """A request about cases."""
    return Request("r" * 26, "family", "civil_affairs", "mz-li", asked_at, "审核", tuple(cases))


def ask(
    county: County, cases: Sequence[Case], check: Check | None = None, later: timedelta = timedelta(), **options: Any
) -> Answer:
    """Answer, at the county's time."""
    request = a_request(cases, county.now.replace(tzinfo=None))
    with open_warehouse(county.project).session() as session:
        return answer_request(county.project, session, request, check or a_check(), county.now + later, **options)


def ask_one(county: County, *people: Mapping[str, str | None], check: Check | None = None, **items: Any) -> CaseAnswer:
    """Answer one case of these people."""
    return ask(county, [Case("one", items, people)], check).cases[0]


def line_of(case: CaseAnswer, rule: str, subject: int | None = 0) -> Line:
    """The one line of a rule for a subject."""
    (line,) = (line for line in case.lines if (line.rule, line.subject) == (rule, subject))
    return line
