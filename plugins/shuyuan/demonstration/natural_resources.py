"""自然资源: 不动产登记, real-estate titles. A zip with one UTF-8 file a registry office."""

from __future__ import annotations

from datetime import date

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
from shuyuan.demonstration.identifiers import REGION
from shuyuan.demonstration.population import People, Scope, iso_dates

OFFICES = ("乌兰镇", "棋盘井镇", "蒙西镇")


def blank_inside(number: str) -> str:
    """A blank before the serial, as some certificates have been printed."""
    return number.replace("第", " 第")


REAL_ESTATE_DEFECTS = (
    spoil(
        "unit_code.real_estate_unit",
        15,
        "BDCDYH",
        lambda code: code[:-1],
        full_width,
        lambda code: code[:12] + "QQ" + code[14:],
    ),
    spoil(
        "certificate_number.certificate_number",
        15,
        "BDCQZH",
        lambda text: text.replace("不动产权第", ""),
        full_width,
    ),
    remark(
        "certificate_number.spelling",
        30,
        "BDCQZH",
        lambda text: text.replace("(", "（").replace(")", "）"),
        blank_inside,
    ),
    repeat("key.unique", 20, "BDCQZH"),
    spoil("holder_id.resident_id", 20, "QLRZJH", wrong_check_digit),
    spoil("holder_name.required", 8, "QLRMC", ""),
    spoil("use.codes", 12, "YT", "99", "住宅"),
    spoil("area.between", 10, "MJ", "0.00", "1000000.00"),
    spoil("area.type", 10, "MJ", lambda area: f"{area}平方米", full_width),
    spoil("mortgaged.type", 8, "SFDY", "Y", "不详"),
    spoil("seized.type", 4, "SFCF", "已查封"),
    spoil("co_ownership.one_of", 8, "GYFS", "共有"),
    spoil("registered_on.type", 8, "DJSJ", "2019/06/31", "二〇一九年"),
    spoil("registered_on.not_after.data_date", 6, "DJSJ", "2099-06-01"),
    spoil("record.characters", 5, "ZL", insert("\x00"), insert("\u200b")),
    break_record(6),
)


def real_estate_titles(scope: Scope) -> Table:
    """Return titles, held by adults of registered households; common property names both spouses."""
    seed, day = scope.seed, scope.day
    titles = np.arange(scope.rows, dtype=np.int64)
    holders = People(seed, day, draw(seed, "title holder", titles, scope.households) * 4 + titles % 2)
    spouses = People(seed, day, holders.seats // 4 * 4 + 1 - titles % 2)
    ownership = choose(seed, "ownership", titles, ("单独所有", "单独所有", "共同共有", "按份共有"))
    on_title = np.where(ownership == "单独所有", holders.name, holders.name + "、" + spouses.name)
    registered = (date(2016, 1, 1) - date(1970, 1, 1)).days + draw(seed, "title date", titles, 1400)
    years = registered.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    parcels, floors = draw(seed, "parcel", titles, 90_000), draw(seed, "floor", titles, 3000)
    units = [
        f"{REGION}001{parcel % 40 + 1:03d}GB{parcel + 1:05d}F{floor + 1:04d}{serial % 10_000:04d}"
        for serial, parcel, floor in zip(titles.tolist(), parcels.tolist(), floors.tolist(), strict=True)
    ]
    numbers = [
        f"蒙({year})示例旗不动产权第{serial + 1:07d}号"
        for serial, year in zip(titles.tolist(), years.tolist(), strict=True)
    ]
    area = (3000 + draw(seed, "area", titles, 15_000)).tolist()
    return Table(
        {
            "BDCDYH": np.array(units, dtype=object),
            "BDCQZH": np.array(numbers, dtype=object),
            "QLRMC": holders.name,
            "QLRZJH": holders.resident_id,
            "ZZQLR": on_title.astype(object),
            "GYFS": ownership,
            "YT": choose(seed, "use", titles, ("11", "11", "11", "12", "31", "60", "27")),
            "MJ": np.array([f"{hundredths / 100:.2f}" for hundredths in area], dtype=object),
            "ZL": holders.address,
            "DJSJ": iso_dates(registered),
            "SFDY": choose(seed, "mortgage", titles, ("否", "否", "否", "是")),
            "SFCF": choose(seed, "seizure", titles, ("否",) * 39 + ("是",)),
        },
        points={"QLRZJH": holders.seats},
    )
