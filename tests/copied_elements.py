"""A project in which one department's entry copies from another's, and ledgers in which they were compared.

Nothing in it is a person; resident IDs would be of region 159901.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from building import department_text, entry_text, make_project
from shuyuan.entry import OneSource
from shuyuan.ledger import Connection, insert
from shuyuan.one_source.corrections import Group, answer, settle
from shuyuan.project import Project
from shuyuan.workdays import Calendar

HOLDER, SOURCE = "civil_affairs.low_income_households", "public_security.household_register"
OPENED = datetime(2026, 11, 20, 1, 0)
TODAY = datetime(2026, 12, 7, 1, 0)
"""The Monday after the requests of ``OPENED`` were due; naive UTC."""

ELEMENTS = f"""
resident_id:
  title: 公民身份号码
  meaning: 公安机关编制的终身代码
  standard: GB 11643-1999
  length: 18
  check: resident_id
  mask: keep(1,2)
  level: L3
  source: {SOURCE}
  normal_form: resident_id
person_name: {{title: 姓名, length: 50, mask: "keep(1,0)", level: L3, source: {SOURCE}, normal_form: name}}
resident_address: {{title: 住址, level: L3, source: {SOURCE}, corrections: source}}
birth_date: {{title: 出生日期, type: date, source: {SOURCE}}}
remark: {{title: 备注}}
"""


def copying_project(root: Path) -> Project:
    """The low-income households (民政局) copy ID, name and address from the household register (公安局)."""
    mine = [
        {"name": "id_card_no", "title": "身份证件号码", "element": "resident_id", "required": True},
        {"name": "person_name", "title": "姓名", "element": "person_name"},
        {"name": "address", "title": "家庭住址", "element": "resident_address"},
    ]
    theirs = [
        {
            "name": "id_card_no",
            "title": "公民身份号码",
            "element": "resident_id",
            "authoritative": True,
            "required": True,
        },
        {"name": "person_name", "title": "姓名", "element": "person_name", "authoritative": True},
        {"name": "address", "title": "住址", "element": "resident_address", "authoritative": True},
        {"name": "birth_date", "title": "出生日期", "element": "birth_date", "authoritative": True},
    ]
    entries = {
        HOLDER: entry_text(fields=mine),
        SOURCE: entry_text(
            id=SOURCE, title="户籍人口基本信息", code="100000/000001", source={"path": "/register.csv"}, fields=theirs
        ),
    }
    departments = {"public_security": department_text(title="鄂托克旗公安局")}
    return make_project(root, entries, departments=departments, elements=ELEMENTS)


def group(field: str, kind: str = "differing", rows: int = 3, **changes: Any) -> Group:
    """A group of differences of the holder."""
    element = {"id_card_no": "resident_id", "address": "resident_address"}.get(field, field)
    found = Group(HOLDER, field, element, kind, SOURCE, "civil_affairs", rows, OPENED)
    return replace(found, **changes)


def fill_corrections(session: Connection) -> None:
    """Requests of every state: overdue, open (referred), corrected by its word, explained, closed by itself."""
    settings, calendar = OneSource(), Calendar({})
    first = [group("person_name", rows=312), group("id_card_no", "unknown", 41), group("address", rows=7)]
    twice = group("id_card_no", "duplicate", 2, department="public_security")
    settle(session, [*first, twice], OPENED, settings, calendar)
    late = OPENED + timedelta(days=12)
    settle(session, [group("birth_date", rows=12), group("sex", rows=1)], late, settings, calendar)
    settle(session, [group("sex", rows=0)], late + timedelta(days=1), settings, calendar)
    for number, action, who, note in (
        (2, "referred", "巴特尔", "本局底册与身份证一致"),
        (3, "explained", "乌云", "一处为户籍地址，一处为居住地址"),
        (4, "corrected", "乌云", "重复户已合并"),
    ):
        answer(session, f"YY2026-{number:06}", action, who, note, late, settings, calendar)


def fill_comparisons(session: Connection) -> None:
    """Two comparisons of the copies; the second, the newest, could not compare the address."""
    for run, (at, differing, unknown) in enumerate([(OPENED, 900, 9), (TODAY, 312, 41)]):
        for field, element, kind in (
            ("id_card_no", "resident_id", "reference"),
            ("person_name", "person_name", "attribute"),
            ("address", "resident_address", "attribute"),
        ):
            line: dict[str, Any] = {"run_id": f"reconcile-{run}", "compared_at": at, "entry_id": HOLDER, "field": field}
            line |= {"element": element, "kind": kind, "source_id": SOURCE, "match_key": "id_card_no"}
            line |= {"link_digest": "0" * 64, "indicator": "0402" if kind == "reference" else "0401"}
            if field == "address" and run:
                line |= {"state": "not_compared", "reason": "stale"}
            else:
                line |= {"state": "compared", "copy_rows": 10_000, "matched": 10_000 - unknown, "only_here": unknown}
                if kind == "attribute":
                    line |= {"differing": differing, "agreeing": 9_000 - differing}
            insert(session, "comparisons", line)
