"""公安: 户籍人口, the register of residents. GB18030 text with a JSON manifest."""

from __future__ import annotations

import numpy as np

from shuyuan.demonstration.chance import choose, draw
from shuyuan.demonstration.defects import (
    Table,
    break_record,
    full_width,
    insert,
    remark,
    repeat,
    spoil,
    wrong_check_digit,
)
from shuyuan.demonstration.identifiers import compact_dates, resident_check_digit
from shuyuan.demonstration.population import People, Scope


def elsewhere(identifier: str) -> str:
    """An ID of a division that never was: 99 is nobody's province."""
    digits = "990" + identifier[3:17]
    return digits + resident_check_digit(digits)


HOUSEHOLD_REGISTER_DEFECTS = (
    spoil("id_card_no.resident_id", 15, "GMSFHM", wrong_check_digit),
    repeat("key.unique", 10),
    spoil("person_name.required", 8, "XM", ""),
    spoil("person_name.person_name", 4, "XM", insert("？"), insert("\ue123"), lambda name: name[0] + "li"),
    spoil("sex.codes", 6, "XB", "3", "男"),
    spoil("ethnicity.codes", 10, "MZ", "99", "达翰尔"),
    spoil("division_code.codes", 8, "XZQH", "152725", "999999"),
    spoil("registered_on.type", 8, "LHRQ", "20210230", "2021年3月", full_width),
    spoil("birth_date.not_after.data_date", 4, "CSRQ", "20991231", "20880101"),
    remark("sex.matches_id", 6, "XB", lambda code: "2" if code == "1" else "1"),
    remark("birth_date.matches_id", 6, "CSRQ", lambda born: born[:4] + ("0102" if born[4:] != "0102" else "0103")),
    remark("id_card_no.known_region", 3, "GMSFHM", elsewhere),
    spoil("phone.phone", 8, "LXDH", "１４２００００００００", "1420000", "无"),
    spoil("record.characters", 4, "ZZ", insert("\x00"), insert("\x07"), insert("\u200b"), insert("\ufffd")),
    break_record(5),
)


def household_register(scope: Scope) -> Table:
    """Return the residents in their seats."""
    seed = scope.seed
    people = People(seed, scope.day, np.arange(scope.rows, dtype=np.int64))
    moved_in = people.birth_days + draw(seed, "moved in", people.person, 1200)
    phone = np.where(draw(seed, "has phone", people.person, 10) < 8, people.phone, "")
    return Table(
        {
            "HH": people.household_number,
            "GMSFHM": people.resident_id,
            "XM": people.name,
            "XB": people.sex,
            "MZ": people.ethnicity,
            "CSRQ": people.birth_date,
            "YHZGX": people.relation,
            "HYZK": people.marital_status,
            "XZQH": people.division_code,
            "ZZ": people.address,
            "LXDH": phone.astype(object),
            "LHRQ": compact_dates(moved_in).astype(str).astype(object),
            "PCS": choose(seed, "police station", people.household, ("乌兰派出所", "棋盘井派出所", "蒙西派出所")),
        }
    )
