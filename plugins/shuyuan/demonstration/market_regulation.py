"""市场监管: 市场主体, market entities. An Excel workbook, with what Excel does to identity numbers."""

from __future__ import annotations

from datetime import date

import numpy as np

from shuyuan.demonstration.chance import Cells, Numbers, choose, draw
from shuyuan.demonstration.defects import (
    Table,
    excel_rounded,
    excel_scientific,
    insert,
    repeat,
    spoil,
    wrong_check_digit,
)
from shuyuan.demonstration.identifiers import credit_codes, resident_check_digit
from shuyuan.demonstration.population import People, Scope

SHEET = "市场主体"
_KINDS = {"企业": "91", "个体工商户": "92", "农民专业合作社": "93"}
_ENDINGS = {"企业": "有限责任公司", "个体工商户": "经营部", "农民专业合作社": "专业合作社"}
_RENEWAL = 3000


def excel_number(identifier: str) -> float | str:
    """An ID typed into a number cell: a double keeps fifteen digits."""
    rounded = excel_rounded(identifier)
    if "E" in rounded:
        return rounded
    number = float(rounded)
    stored = str(int(number))
    return rounded if stored[17] == resident_check_digit(stored) else number


ENTERPRISES_DEFECTS = (
    spoil("credit_code.credit_code", 20, "TYSHXYDM", wrong_check_digit),
    repeat("key.unique", 20, "TYSHXYDM"),
    spoil(
        "legal_representative_id.resident_id",
        60,
        "FRSFZH",
        excel_scientific,
        excel_rounded,
        excel_number,
        wrong_check_digit,
    ),
    spoil("enterprise_name.required", 10, "QYMC", ""),
    spoil("entity_type.one_of", 10, "ZTLX", "公司", "个体"),
    spoil("registration_status.codes", 12, "DJZT", "8", "存续"),
    spoil("registered_capital.between", 15, "ZCZB", -1.0, 99_999_999.0),
    spoil("registered_capital.type", 10, "ZCZB", "五十万元", "50万"),
    spoil("established_on.type", 10, "CLRQ", "2015年13月", "2015.02.30"),
    spoil("established_on.not_after.approved_on", 10, "CLRQ", date(2099, 1, 1)),
    spoil("record.characters", 8, "JYCS", insert("\u200b")),
)


def enterprises(scope: Scope) -> Table:
    """Return the entities in their seats."""
    return entities(scope, np.arange(scope.rows, dtype=np.int64))


def entities(scope: Scope, seats: Numbers) -> Table:
    """Return the entities in ``seats``. Dates are ``date`` and amounts ``float``, as Excel cells hold them."""
    seed, day = scope.seed, scope.day
    since = day.toordinal() + draw(seed, "enterprise renewal", seats, _RENEWAL)
    serials = seats * 4 + since // _RENEWAL % 4
    representatives = People(seed, day, draw(seed, "representative", serials, scope.households) * 4 + serials % 2)
    types = choose(
        seed, "entity type", serials, ("企业", "企业", "个体工商户", "个体工商户", "个体工商户", "农民专业合作社")
    )
    codes = credit_codes(_of(_KINDS, types), serials)
    first, second, trade = (choose(seed, f"firm {part}", serials, words) for part, words in _WORDS.items())
    established = (date(2000, 1, 1) - date(1970, 1, 1)).days + draw(seed, "established", serials, 7000)
    organizations = np.array([f"{code[8:16]}-{code[16]}" for code in codes.tolist()], dtype=object)
    approved = np.minimum(established + draw(seed, "approved", serials, 2000), 18_200)
    return Table(
        {
            "TYSHXYDM": codes,
            "QYMC": "示例旗" + first + second + trade + _of(_ENDINGS, types),
            "ZTLX": types,
            "ZZJGDM": organizations,
            "ZZFZR": representatives.name.copy(),
            "FDDBR": representatives.name,
            "FRSFZH": representatives.resident_id,
            "ZCZB": ((1 + draw(seed, "capital", serials, 100_000)) / 10).astype(object),
            "DJZT": choose(seed, "registration status", serials, ("1",) * 16 + ("2", "4", "4", "9")),
            "CLRQ": _dates(established),
            "HZRQ": _dates(approved),
            "JYCS": representatives.address,
        },
        points={"FRSFZH": representatives.seats},
    )


_WORDS = {
    "first": tuple("恒鑫瑞达宏远泰和盛源金德广顺"),
    "second": tuple("丰隆诚信祥兴通旺荣安"),
    "trade": ("商贸", "物流", "养殖", "餐饮", "建材", "农牧业", "信息技术", "煤炭运销"),
}


def _of(table: dict[str, str], keys: Cells) -> Cells:
    return np.array([table[key] for key in keys.tolist()], dtype=object)


def _dates(days: Numbers) -> Cells:
    return days.astype("datetime64[D]").astype(object)
