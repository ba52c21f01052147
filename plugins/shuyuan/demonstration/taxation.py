"""税务: 纳税人登记, taxpayers. GB18030 text, a tab between fields and no quotes."""

from __future__ import annotations

from datetime import date

import numpy as np

from shuyuan.demonstration.chance import choose, draw, scatter
from shuyuan.demonstration.defects import Table, break_record, full_width, insert, repeat, spoil, wrong_check_digit
from shuyuan.demonstration.identifiers import compact_dates
from shuyuan.demonstration.market_regulation import entities
from shuyuan.demonstration.population import Scope

_UNIX_EPOCH = date(1970, 1, 1)
_QUARTER = 90

TAXPAYERS_DEFECTS = (
    spoil("credit_code.credit_code", 20, "NSRSBH", wrong_check_digit),
    repeat("key.unique", 20, "NSRSBH"),
    spoil("legal_representative_id.resident_id", 15, "FRZJHM", wrong_check_digit, full_width),
    spoil("enterprise_name.required", 10, "NSRMC", ""),
    spoil("registration_status.codes", 10, "DJZT", "存续", "8"),
    spoil("taxpayer_status.one_of", 10, "NSRZT", "开业", "03"),
    spoil("registered_on.type", 10, "DJRQ", "2019-06-31", "20190631"),
    spoil("registered_on.not_after.data_date", 8, "DJRQ", "20990101"),
    spoil("arrears.type", 8, "QSBZ", "是", "1"),
    spoil("record.characters", 5, "NSRMC", insert("\u200b"), insert("\x07")),
    break_record(8),
)


def taxpayers(scope: Scope) -> Table:
    """Return entities of market regulation that are registered for tax, with its facts as they came over."""
    seed = scope.seed
    seats = scatter(seed, "taxpayer", scope.enterprises, scope.rows)
    firms = entities(scope, seats)
    known = firms.columns
    opened = np.array([(day - _UNIX_EPOCH).days for day in known["CLRQ"].tolist()], dtype=np.int64)
    quarter = (scope.day.toordinal() + draw(seed, "assessed", seats, _QUARTER)) // _QUARTER
    arrears = choose(seed, "arrears", seats * 4096 + quarter, ("N",) * 14 + ("Y",))
    states = choose(seed, "taxpayer status", seats, ("正常",) * 16 + ("停业", "非正常", "清算"))
    return Table(
        {
            "NSRSBH": known["TYSHXYDM"],
            "NSRMC": known["QYMC"],
            "FDDBR": known["ZZFZR"],
            "FRZJHM": known["FRSFZH"],
            "DJZT": known["DJZT"],
            "NSRZT": np.where(known["DJZT"] == "4", "注销", states).astype(object),
            "DJRQ": compact_dates(opened + draw(seed, "tax registration", seats, 60)).astype(str).astype(object),
            "QSBZ": arrears,
        },
        points={"NSRSBH": seats, "FRZJHM": firms.points["FRSFZH"]},
    )
