"""民政: 婚姻登记 (UTF-8 with a byte-order mark), 最低生活保障对象 (GB18030, ``|`` between fields), 殡葬火化 (UTF-8)."""

from __future__ import annotations

from datetime import date

import numpy as np

from shuyuan.demonstration.chance import choose, draw
from shuyuan.demonstration.defects import (
    Table,
    break_record,
    full_width,
    insert,
    repeat,
    spoil,
    wrong_check_digit,
)
from shuyuan.demonstration.identifiers import REGION
from shuyuan.demonstration.population import People, Scope, iso_dates

_UNIX_EPOCH = date(1970, 1, 1).toordinal()

MARRIAGES_DEFECTS = (
    spoil("husband_id.resident_id", 20, "NFSFZH", wrong_check_digit),
    spoil("wife_id.resident_id", 10, "NVFSFZH", wrong_check_digit),
    repeat("key.unique", 20, "ZSBH"),
    repeat("unique.husband_id+wife_id+registered_on", 10, "NFSFZH", "NVFSFZH", "DJRQ"),
    spoil("certificate_number.pattern", 10, "ZSBH", full_width, lambda number: number.replace("-", "—")),
    spoil("business_type.one_of", 10, "YWLX", "复婚登记", "结婚登记"),
    spoil("husband_status.codes", 10, "NFHYZK", "24", "39"),
    spoil("registered_on.type", 10, "DJRQ", "2021/13/01", "2021-02-30", "2021年5月"),
    spoil("registered_on.not_after.data_date", 15, "DJRQ", "2099-01-01", "2088-08-08"),
    spoil("wife_name.required", 10, "NVFXM", ""),
    spoil("record.characters", 5, "DJJG", insert("\ufeff"), insert("\x00"), insert("\x1f")),
    break_record(8),
)

LOW_INCOME_DEFECTS = (
    spoil("id_card_no.resident_id", 20, "SFZH", wrong_check_digit),
    repeat("key.unique", 20, "JTBH", "SFZH"),
    spoil("household_number.pattern", 8, "JTBH", full_width, "DB-不详"),
    spoil("person_name.required", 10, "XM", ""),
    spoil("relation.codes", 10, "YHZGX", "00", "户主"),
    spoil("assistance_type.one_of", 10, "BZLB", "城镇低保", "农牧区低保"),
    spoil("monthly_amount.between", 15, "BZJE", "99999.00", "-100.00", "5000.01"),
    spoil("monthly_amount.type", 15, "BZJE", full_width, "八百五十", "1.2.3"),
    spoil("approved_on.type", 10, "SPRQ", "2020-13-01", "2020-02-30", full_width),
    spoil("approved_on.not_after.data_date", 10, "SPRQ", "2099-12-31"),
    spoil("record.characters", 8, "ZZ", insert("\u200b"), insert("\x07")),
    break_record(10),
)

CREMATIONS_DEFECTS = (
    spoil("id_card_no.resident_id", 20, "SZSFZH", wrong_check_digit),
    repeat("key.unique", 20, "SZSFZH"),
    spoil("person_name.required", 10, "SZXM", ""),
    spoil("death_date.type", 10, "SWRQ", "2026年3月", "2026-02-30"),
    spoil("death_date.not_after.cremation_date", 10, "HHRQ", "2001-01-01"),
    spoil("cremation_date.type", 10, "HHRQ", "不详", "2026.13.01"),
    spoil("certificate_no.pattern", 10, "HHZH", full_width, "无"),
    spoil("record.characters", 5, "BYG", insert("\u200b"), insert("\x07")),
    break_record(10),
)


def marriages(scope: Scope) -> Table:
    """Return one registration a household, for the first ``scope.rows`` households.

    Numbers stay from day to day, so that a delivery merged over an earlier one leaves nothing of it behind.
    """
    seed, day = scope.seed, scope.day
    couples = np.arange(scope.rows, dtype=np.int64)
    husbands, wives = People(seed, day, couples * 4), People(seed, day, couples * 4 + 1)
    wedding = date(2008, 1, 1).toordinal() - _UNIX_EPOCH + draw(seed, "wedding", couples, 4300)
    years = wedding.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    kinds = choose(seed, "marriage business", couples, ("结婚",) * 8 + ("离婚", "补领结婚证"))
    letters = np.where(kinds == "离婚", "L", np.where(kinds == "结婚", "J", "BJ"))
    numbers = [
        f"{letter}{REGION}-{year}-{number:06d}"
        for letter, year, number in zip(letters.tolist(), years.tolist(), (couples % 1_000_000).tolist(), strict=True)
    ]
    remarks = ("", "", "", '补领，原因："遗失"', "双方自愿,材料齐全", "原证破损\n已收回")
    return Table(
        {
            "ZSBH": np.array(numbers, dtype=object),
            "YWLX": kinds,
            "NFSFZH": husbands.resident_id,
            "NFXM": husbands.name,
            "NFHYZK": choose(seed, "husband before", husbands.person, ("10", "10", "10", "30", "40")),
            "NVFSFZH": wives.resident_id,
            "NVFXM": wives.name,
            "NVFHYZK": choose(seed, "wife before", wives.person, ("10", "10", "10", "30", "40")),
            "DJRQ": iso_dates(wedding),
            "DJJG": choose(seed, "registrar", couples, ("示例旗民政局婚姻登记处", "棋盘井镇婚姻登记点")),
            "BZ": choose(seed, "remark", couples, remarks),
        },
        points={"NFSFZH": husbands.seats, "NVFSFZH": wives.seats},
    )


def low_income_households(scope: Scope) -> Table:
    """Return the members of the first households, who receive the allowance."""
    seed = scope.seed
    people = People(seed, scope.day, np.arange(scope.rows, dtype=np.int64))
    phone = np.where(draw(seed, "gave phone", people.person, 20) < 19, people.phone, "")
    cents = (45_000 + draw(seed, "allowance", people.household, 60_000)).tolist()
    approved = (date(2012, 1, 1) - date(1970, 1, 1)).days + draw(seed, "approved", people.household, 2900)
    return Table(
        {
            "JTBH": np.array([f"DB{REGION}{household:07d}" for household in people.household.tolist()], dtype=object),
            "SFZH": people.resident_id,
            "XM": people.name,
            "YHZGX": people.relation,
            "BZLB": choose(seed, "assistance", people.household, ("城市低保", "农村低保", "农村低保")),
            "BZJE": np.array([f"{amount / 100:.2f}" for amount in cents], dtype=object),
            "SPRQ": iso_dates(approved),
            "XZQH": people.division_code,
            "ZZ": people.address,
            "LXDH": phone.astype(object),
        },
        points={"SFZH": people.seats},
    )


def cremations(scope: Scope) -> Table:
    """Return the latest cremations. A new one takes the row of the oldest: the other rows stay as they are.

    The register still holds most of these people: the household's book is brought to the police weeks later.
    """
    seed, rows = scope.seed, scope.rows
    a_day = max(1, rows // 300)
    last = scope.day.toordinal() * a_day
    numbers = last - (last - np.arange(rows, dtype=np.int64)) % rows
    dead = People(seed, scope.day, scope.different_seats("deceased")[numbers % scope.residents])
    died = numbers // a_day - _UNIX_EPOCH - 5
    cremated = died + 1 + draw(seed, "cremated", numbers, 4)
    years = cremated.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    certificates = [
        f"HH{REGION}-{year}-{number % 100_000:05d}"
        for year, number in zip(years.tolist(), numbers.tolist(), strict=True)
    ]
    return Table(
        {
            "SZSFZH": dead.resident_id,
            "SZXM": dead.name,
            "SWRQ": iso_dates(died),
            "HHRQ": iso_dates(cremated),
            "BYG": choose(seed, "funeral home", numbers, ("示例旗殡仪馆", "棋盘井殡仪馆")),
            "HHZH": np.array(certificates, dtype=object),
        },
        points={"SZSFZH": dead.seats},
    )
