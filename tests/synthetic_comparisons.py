"""Comparisons of a made-up catalog with its sources: what the tests of the 一数一源 page draw.

``compare(ledger, resources)`` writes a line a copy and working day, some of which could not be compared, with
differences and 疑义 of every kind. Nothing in it is a person: masked values are stars with a letter.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shuyuan.catalog import Resource
from shuyuan.catalog.links import find_links
from shuyuan.entry import Element
from synthetic_ledger import TODAY, Ledger, make_resource

PEOPLE, COMPANIES = "public_security.residents", "market_regulation.companies"
UNITS, INSURED = "natural_resources.real_estate", "social_security.insured"
ELEMENTS = {
    name: Element(title=title, source=source, corrections=asked)
    for name, title, source, asked in (
        ("resident_id", "公民身份号码", PEOPLE, "holder"),
        ("person_name", "姓名", PEOPLE, "holder"),
        ("sex", "性别", PEOPLE, "holder"),
        ("ethnicity", "民族", PEOPLE, "holder"),
        ("household_address", "户籍地址", PEOPLE, "source"),
        ("credit_code", "统一社会信用代码", COMPANIES, "holder"),
        ("enterprise_name", "企业名称", COMPANIES, "holder"),
        ("legal_representative", "法定代表人", COMPANIES, "source"),
        ("unit_code", "不动产单元代码", UNITS, "holder"),
        ("location", "坐落", UNITS, "holder"),
        ("insurance_status", "参保状态", INSURED, "holder"),
        ("plate_number", "机动车号牌号码", "public_security.vehicles", "holder"),
    )
}
DEPARTMENTS = {
    "civil_affairs": "鄂托克旗民政局",
    "education": "鄂托克旗教育体育局",
    "housing_fund": "鄂尔多斯市住房公积金中心鄂托克旗管理部",
    "market_regulation": "鄂托克旗市场监督管理局",
    "medical_insurance": "鄂托克旗医疗保障局",
    "natural_resources": "鄂托克旗自然资源局",
    "public_security": "鄂托克旗公安局",
    "social_security": "鄂托克旗人力资源和社会保障局",
}
# entry, title, key, items: name, title, element ("*" marks its authority), match_by
ENTRIES: tuple[tuple[str, str, str, tuple[tuple[str, ...], ...]], ...] = (
    (PEOPLE, "户籍人口信息", "id_card_no", (
        ("id_card_no", "公民身份号码", "*resident_id"), ("person_name", "姓名", "*person_name"),
        ("sex", "性别", "*sex"), ("ethnicity", "民族", "*ethnicity"), ("address", "户籍地址", "*household_address"))),
    ("public_security.vehicles", "机动车登记信息", "plate_number", (
        ("plate_number", "号牌号码", "*plate_number"), ("owner_id", "所有人证件号码", "resident_id"),
        ("owner_name", "所有人", "person_name"))),
    (COMPANIES, "企业登记信息", "credit_code", (
        ("credit_code", "统一社会信用代码", "*credit_code"), ("company_name", "企业名称", "*enterprise_name"),
        ("legal_person", "法定代表人", "*legal_representative"))),
    (UNITS, "不动产登记信息", "unit_code", (
        ("unit_code", "不动产单元代码", "*unit_code"), ("location", "坐落", "*location"),
        ("owner_id", "权利人证件号码", "resident_id"), ("owner_name", "权利人", "person_name"))),
    (INSURED, "社会保险参保信息", "id_card_no", (
        ("id_card_no", "证件号码", "resident_id"), ("person_name", "姓名", "person_name"), ("sex", "性别", "sex"),
        ("status", "参保状态", "*insurance_status"), ("employer_code", "单位信用代码", "credit_code"),
        ("employer_name", "单位名称", "enterprise_name"))),
    ("civil_affairs.low_income_households", "最低生活保障对象信息", "id_card_no", (
        ("id_card_no", "身份证件号码", "resident_id"), ("person_name", "姓名", "person_name"),
        ("sex", "性别", "sex"), ("ethnicity", "民族", "ethnicity"), ("address", "户籍地址", "household_address"))),
    ("civil_affairs.marriages", "婚姻登记信息", "certificate", (
        ("certificate", "结婚证字号"), ("husband_id", "男方证件号码", "resident_id"),
        ("husband_name", "男方姓名", "person_name", "husband_id"), ("wife_id", "女方证件号码", "resident_id"),
        ("wife_name", "女方姓名", "person_name", "wife_id"))),
    ("education.students", "在校学生信息", "student_no", (
        ("student_no", "学籍号"), ("id_card_no", "证件号码", "resident_id"), ("person_name", "姓名", "person_name"),
        ("sex", "性别", "sex"), ("ethnicity", "民族", "ethnicity"))),
    ("housing_fund.accounts", "住房公积金缴存信息", "account", (
        ("account", "个人账号"), ("id_card_no", "证件号码", "resident_id"), ("person_name", "姓名", "person_name"),
        ("employer_code", "单位信用代码", "credit_code"), ("employer_name", "单位名称", "enterprise_name"),
        ("legal_person", "单位法定代表人", "legal_representative"), ("house", "所购房屋", "unit_code"),
        ("location", "房屋坐落", "location"))),
    ("medical_insurance.members", "基本医疗保险参保信息", "id_card_no", (
        ("id_card_no", "证件号码", "resident_id"), ("person_name", "姓名", "person_name"),
        ("ethnicity", "民族", "ethnicity"))),
)  # fmt: skip
RATES = {
    ("housing_fund.accounts", "employer_name"): 0.034, ("civil_affairs.low_income_households", "address"): 0.012,
    ("civil_affairs.low_income_households", "person_name"): 0.0021, (INSURED, "employer_name"): 0.0064,
    ("civil_affairs.marriages", "wife_name"): 0.00004, ("public_security.vehicles", "owner_name"): 0.0007,
    ("housing_fund.accounts", "legal_person"): 0.0088,
}  # fmt: skip
NOT_COMPARED = {
    "medical_insurance.members": "copy_never_published", "education.students": "stale",
    "natural_resources.real_estate": "blocked",
}  # fmt: skip


def catalog(suffix: str = "") -> list[Resource]:
    """Ten entries of eight departments, four of which are sources. ``suffix`` is put behind every title."""
    return [copy_holder(entry_id, (title + suffix)[:50], key, items, suffix) for entry_id, title, key, items in ENTRIES]


def copy_holder(
    entry_id: str, title: str, key: str, items: Sequence[tuple[str, ...]], suffix: str = "", **changes: Any
) -> Resource:
    """One entry of ``ENTRIES``."""
    fields = []
    for name, named, *rest in items:
        field: dict[str, Any] = {"name": name, "title": named + suffix, "type": "string"}
        if rest:
            field |= {"element": rest[0].removeprefix("*"), "authoritative": rest[0].startswith("*")}
        if rest[1:]:
            field["match_by"] = rest[1:]
        fields.append(field)
    department = DEPARTMENTS.get(entry_id.partition(".")[0], entry_id.partition(".")[0]) + suffix
    return make_resource(
        entry_id, title, department=department, elements=ELEMENTS, fields=fields, key=(key,), quality={}, **changes
    )


def compare(
    ledger: Ledger,
    resources: Sequence[Resource],
    days: int = 30,
    rows: int = 48_112,
    reasons: Mapping[str, str] = NOT_COMPARED,
    rates: Mapping[tuple[str, str], float] = RATES,
) -> None:
    """Write the comparisons of ``days`` days up to ``TODAY``, and what follows from the last of them."""
    chance = random.Random(401)
    by_id = {resource.entry.id: resource.entry for resource in resources}
    lines, differences, requests, events = [], [], [], []
    for resource in resources:
        links, _ = find_links(resource.entry, resource.elements, by_id.get)
        volume = max(rows - len(lines) * 7, 0)
        for link in links:
            reason = reasons.get(resource.entry.id)
            for back in reversed(range(days)):
                day = TODAY - timedelta(days=back)
                if day.weekday() >= 5:
                    continue
                at = datetime(day.year, day.month, day.day, 2, 10)
                broken = reason if back < 9 else None
                shared = {
                    "run_id": f"reconcile__{day}", "compared_at": at, "entry_id": resource.entry.id,
                    "source_id": link.source_id, "match_key": link.key_name, "link_digest": "0" * 64,
                    "state": "not_compared" if broken else "compared", "reason": broken,
                    "copy_load_no": 100 - back, "source_load_no": 200 - back,
                }  # fmt: skip
                unknown = 0 if rates is not RATES or link.source_id != COMPANIES else 40 + back
                lines.append(shared | _reference(link, volume, unknown, bool(broken), chance))
                for one in link.copied:
                    rate = rates.get((resource.entry.id, one.field), 0.0)
                    lines.append(shared | _attribute(one, volume - unknown, rate, bool(broken), chance))
    ledger.insert("comparisons", lines)
    for line in [line for line in lines if line["compared_at"].date() == TODAY and line["state"] == "compared"]:
        found = {"differing": line["differing"] or 0, "unknown": line["only_here"] or 0}
        found["duplicate"] = line["source_duplicates"] or 0
        for kind, number in found.items():
            if number:
                differences += _differences(line, kind, min(number, 30))
                asked = ELEMENTS[line["element"].partition("+")[0]].corrections == "source" or kind == "duplicate"
                requests.append(_request(line, kind, number, asked, len(requests)))
    for request in requests:
        events.append(
            {"correction_id": request["correction_id"], "step": 1, "happened_at": request["opened_at"],
             "action": "opened", "who": "system", "note": None, "rows_then": request["rows_first"]}
        )  # fmt: skip
    ledger.insert("discrepancies", differences)
    ledger.insert("corrections", requests)
    ledger.insert("correction_events", events)


def _reference(link: Any, rows: int, unknown: int, broken: bool, chance: random.Random) -> dict[str, Any]:
    named = {"field": link.key_name, "element": "+".join(link.key_elements), "kind": "reference", "indicator": "0402"}
    if broken:
        return named | dict.fromkeys(NUMBERS)
    matched = max(rows - unknown, 0)
    duplicates = 6 if link.source_id == COMPANIES else 0
    return named | dict.fromkeys(NUMBERS) | {
        "copy_rows": rows, "matched": matched, "only_here": unknown, "only_there": chance.randint(0, rows // 9),
        "source_duplicates": duplicates, "score": 100 * matched / (matched + unknown) if matched + unknown else None,
    }  # fmt: skip


def _attribute(one: Any, rows: int, rate: float, broken: bool, chance: random.Random) -> dict[str, Any]:
    named = {"field": one.field, "element": one.element, "kind": "attribute", "indicator": "0401"}
    if broken:
        return named | dict.fromkeys(NUMBERS)
    blank = chance.randint(0, rows // 300)
    differing = max(round((rows - blank) * rate), 1 if rate and rows else 0)
    agreeing = max(rows - blank - differing, 0)
    return named | dict.fromkeys(NUMBERS) | {
        "copy_rows": rows, "matched": rows, "agreeing": agreeing, "differing": differing, "blank_here": blank,
        "blank_there": 0, "score": 100 * agreeing / (agreeing + differing) if agreeing + differing else None,
    }  # fmt: skip


NUMBERS = (
    "copy_rows", "matched", "agreeing", "differing", "blank_here", "blank_there", "only_here", "only_there",
    "source_duplicates", "score",
)  # fmt: skip


def _differences(line: Mapping[str, Any], kind: str, number: int) -> list[dict[str, Any]]:
    made = []
    for place in range(number):
        token = hashlib.sha256(f"{line['entry_id']}{line['field']}{kind}{place}".encode()).hexdigest()
        values = ("甲*", "乙*") if kind == "differing" else (None, None)
        made.append(
            {"entry_id": line["entry_id"], "field": line["field"], "element": line["element"], "kind": kind,
             "source_id": line["source_id"], "token": token, "copy_value": values[0], "source_value": values[1],
             "first_seen": line["compared_at"] - timedelta(days=place % 17), "last_seen": line["compared_at"],
             "cleared_at": None, "times": 1, "correction_id": None}
        )  # fmt: skip
    return made


def _request(line: Mapping[str, Any], kind: str, rows: int, of_source: bool, number: int) -> dict[str, Any]:
    """Every fourth is answered, every third overdue, every fifth closed."""
    opened = line["compared_at"] - timedelta(days=21 if number % 3 == 0 else 4)
    asked = line["source_id"] if of_source else line["entry_id"]
    state = ("corrected", "explained")[number // 4 % 2] if number % 4 == 1 else "open"
    closed = line["compared_at"] - timedelta(days=1) if number % 5 == 4 else None
    answered = None if state == "open" else opened + timedelta(days=2)
    return {
        "correction_id": f"YY2026-{number + 1:06}", "entry_id": line["entry_id"], "field": line["field"],
        "element": line["element"], "kind": kind, "source_id": line["source_id"],
        "department": asked.partition(".")[0], "rows_first": rows + 3 * (number % 3), "rows_now": 0 if closed else rows,
        "opened_at": opened, "due_on": (opened + timedelta(days=14)).date(), "state": "corrected" if closed else state,
        "answered_at": answered, "answered_by": None if answered is None else "信息中心经办人",
        "answer": None if answered is None else "已逐条核对原始档案，系录入时漏字，下次交付更正", "closed_at": closed,
        "reopened": number % 2,
    }  # fmt: skip
