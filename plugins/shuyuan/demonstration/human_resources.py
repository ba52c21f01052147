"""人社: 基本养老保险, old-age insurance. JSON lines: one object a line, missing values as ``null``."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from shuyuan.demonstration.chance import Cells, choose, draw
from shuyuan.demonstration.defects import Table, break_record, full_width, insert, repeat, spoil, wrong_check_digit
from shuyuan.demonstration.population import People, Scope, iso_dates

_RETIREMENT_DAYS = 60 * 365
_UNIX_EPOCH = date(1970, 1, 1).toordinal()

SOCIAL_INSURANCE_DEFECTS = (
    spoil("id_card_no.resident_id", 20, "sfzh", wrong_check_digit, full_width),
    repeat("key.unique", 20, "sfzh"),
    spoil("person_name.required", 10, "xm", None),
    spoil("insurance_type.one_of", 10, "xz", "城职", "新农保"),
    spoil("insurance_status.one_of", 10, "cbzt", "在职", "退休"),
    spoil("pension_monthly_amount.between", 10, "yljybz", 1.5, 480_000.0),
    spoil("pension_monthly_amount.type", 10, "yljybz", "二千元", "1,850.00"),
    spoil("pension_started_on.type", 8, "qlrq", "2021-02-30", "20210301"),
    spoil("pension_started_on.not_after.data_date", 6, "qlrq", "2099-01-01"),
    spoil("record.characters", 5, "xm", insert("\x00"), insert("\u200b"), insert("\ufffd")),
    break_record(8),
)


def social_insurance(scope: Scope) -> Table:
    """Return one insured person a row. Amounts are ``float``, as JSON numbers; who draws no pension has none."""
    seed = scope.seed
    people = People(seed, scope.day, scope.different_seats("insured")[: scope.rows])
    today = scope.day.toordinal() - _UNIX_EPOCH
    pension_from = people.birth_days + _RETIREMENT_DAYS + draw(seed, "retired", people.person, 400)
    draws = pension_from < today
    hundredths = 12_000 + draw(seed, "pension", people.person, 500_000)
    contributing = choose(seed, "insured", people.person, ("参保缴费",) * 8 + ("暂停缴费", "终止"))
    kinds = ("城乡居民", "城乡居民", "城镇职工", "城镇职工", "机关事业单位")
    return Table(
        {
            "sfzh": people.resident_id,
            "xm": people.name,
            "xz": choose(seed, "insurance type", people.person, kinds),
            "cbzt": np.where(draws, "领取待遇", contributing).astype(object),
            "yljybz": _where(draws, (hundredths / 100).astype(object)),
            "qlrq": _where(draws, iso_dates(pension_from)),
        },
        points={"sfzh": people.seats},
    )


def _where(told: npt.NDArray[np.bool_], cells: Cells) -> Cells:
    """Keep the cells that are told; the others are ``None``."""
    kept = cells.copy()
    kept[~told] = None
    return kept
