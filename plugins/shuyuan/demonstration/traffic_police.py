"""公安交管: 机动车, vehicles, read from the table of the department's own database."""

from __future__ import annotations

from datetime import date

import numpy as np

from shuyuan.demonstration.chance import choose, draw
from shuyuan.demonstration.defects import Table, full_width, repeat, spoil, wrong_check_digit
from shuyuan.demonstration.identifiers import vehicle_numbers
from shuyuan.demonstration.population import People, Scope, iso_dates

TABLE = "VEH_INFO"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_PLATES = 24**3 * 100

VEHICLES_DEFECTS = (
    spoil("owner_id.resident_id", 20, "SFZMHM", wrong_check_digit),
    repeat("key.unique", 20, "HPHM", "HPZL"),
    spoil("plate_type.codes", 12, "HPZL", "99", "小型汽车"),
    spoil("vin.vin", 15, "CLSBDH", lambda vin: vin[:-1], full_width, lambda vin: "I" + vin[1:]),
    spoil("plate_number.plate_number", 8, "HPHM", full_width, lambda plate: plate[1:]),
    spoil("owner_name.required", 10, "SYR", None),
    spoil("seats.type", 8, "HDZK", "五", "5座"),
    spoil("seats.between", 10, "HDZK", "0", "500"),
    spoil("vehicle_status.codes", 10, "ZT", "Z", "正常"),
    spoil("first_registered_on.type", 10, "CCDJRQ", "2019-02-29", "20190301"),
    spoil("first_registered_on.not_after.data_date", 10, "CCDJRQ", "2099-03-01"),
)


def vehicles(scope: Scope) -> Table:
    """Return vehicles of registered people; plates are of the unassigned office 蒙Z."""
    seed, day = scope.seed, scope.day
    serials = np.arange(scope.rows, dtype=np.int64)
    owners = People(seed, day, draw(seed, "vehicle owner", serials, scope.households) * 4 + serials % 2)
    registered = (date(2008, 1, 1) - date(1970, 1, 1)).days + draw(seed, "first registered", serials, 4300)
    valid_until = registered + 730 + day.toordinal() // 365 * 365 - date(2018, 1, 1).toordinal() // 365 * 365
    plates = [_plate(number) for number in (serials * 611_953 % _PLATES).tolist()]
    types = ("02",) * 14 + ("01", "07", "15", "52", "52")
    return Table(
        {
            "HPHM": np.array(plates, dtype=object),
            "HPZL": choose(seed, "plate type", serials, types),
            "CLSBDH": vehicle_numbers(serials),
            "SYR": owners.name,
            "SFZMHM": owners.resident_id,
            "PPXH": choose(seed, "brand", serials, ("示例牌S100", "示例牌S200", "样板牌Y1", "样板牌Y5")),
            "SYXZ": choose(seed, "vehicle use", serials, ("A",) * 9 + ("F",)),
            "HDZK": choose(seed, "seats", serials, ("5",) * 8 + ("7", "2", "9")),
            "CCDJRQ": iso_dates(registered),
            "YXQZ": iso_dates(valid_until),
            "ZT": choose(seed, "vehicle status", serials, ("A",) * 18 + ("B", "E", "M")),
        },
        points={"SFZMHM": owners.seats},
    )


def _plate(number: int) -> str:
    """Return the plate ``number`` of ``_PLATES``: three letters and two digits after 蒙Z."""
    first, second, third = (_LETTERS[number // 100 // 24**power % 24] for power in (2, 1, 0))
    return f"蒙Z{first}{second}{number % 100:02d}{third}"
