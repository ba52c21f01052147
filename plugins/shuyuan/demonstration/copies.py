"""Planted disagreements: copies that say something else than their source, in known rows.

They lie in rows that carry no defect and whose source row carries none, so that the checks let both pass and only
the comparison finds them. Three kinds: a value that differs; a spelling of the same value, which must not count as
differing; a key that the source does not know. Which rows they are depends on the seed and not on the day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shuyuan.demonstration.chance import scatter
from shuyuan.demonstration.defects import Table
from shuyuan.demonstration.identifiers import credit_codes
from shuyuan.demonstration.population import Scope, outsiders
from shuyuan.demonstration.spellings import (
    abbreviated_firm,
    blank_after_place,
    blank_before_door,
    bulleted,
    cut_name,
    earlier_address,
    earlier_firm,
    earlier_name,
    earlier_phone,
    earlier_status,
    full_width_digits,
    middle_dotted,
    sound_alike,
    spaced,
    traditional,
    vague_address,
)

REGISTER = "public_security.household_register"
ENTERPRISES = "market_regulation.enterprises"
_FOREIGN_SERIALS = 40_000_000
_OTHER_NAMES = (sound_alike, earlier_name, cut_name)
_SAME_NAMES = (traditional, bulleted, spaced, middle_dotted)

Way = Callable[[str], str]


@dataclass(frozen=True)
class Slip:
    """``per_10000`` rows say ``column`` in one of the ``ways``, found at the source by the key in ``key``.

    ``kind``: ``value`` (corrected when the department corrects its copy), ``spelling``, or ``stranger``: the key
    itself becomes one that the source lacks, and ``column`` what belongs to it.
    """

    kind: Literal["value", "spelling", "stranger"]
    key: str
    column: str
    per_10000: int
    ways: tuple[Way, ...] = ()
    source: str = REGISTER

    def cases(self, rows: int) -> int:
        """How many rows of ``rows`` are meant; at least one."""
        return max(1, rows * self.per_10000 // 10_000)


def _names(key: str, column: str, per_10000: int) -> tuple[Slip, ...]:
    return (
        Slip("value", key, column, per_10000, _OTHER_NAMES),
        Slip("spelling", key, column, 40, _SAME_NAMES),
        Slip("stranger", key, column, 30),
    )


SLIPS: Mapping[str, tuple[Slip, ...]] = {
    "civil_affairs.low_income_households": (
        *_names("SFZH", "XM", 60),
        Slip("value", "SFZH", "ZZ", 120, (earlier_address, vague_address)),
        Slip("spelling", "SFZH", "ZZ", 80, (full_width_digits, blank_before_door)),
        Slip("value", "SFZH", "LXDH", 150, (earlier_phone,)),
    ),
    "civil_affairs.marriages": (*_names("NFSFZH", "NFXM", 40), *_names("NVFSFZH", "NVFXM", 50)),
    "civil_affairs.cremations": _names("SZSFZH", "SZXM", 200),
    "human_resources.social_insurance": _names("sfzh", "xm", 50),
    "natural_resources.real_estate_titles": _names("QLRZJH", "QLRMC", 45),
    "traffic_police.vehicles": _names("SFZMHM", "SYR", 35),
    ENTERPRISES: _names("FRSFZH", "FDDBR", 55),
    "taxation.taxpayers": (
        Slip("value", "NSRSBH", "NSRMC", 90, (earlier_firm, abbreviated_firm), ENTERPRISES),
        Slip("spelling", "NSRSBH", "NSRMC", 60, (blank_after_place,), ENTERPRISES),
        Slip("value", "NSRSBH", "FDDBR", 60, (earlier_name, sound_alike), ENTERPRISES),
        Slip("spelling", "NSRSBH", "FDDBR", 40, _SAME_NAMES, ENTERPRISES),
        Slip("value", "NSRSBH", "DJZT", 200, (earlier_status,), ENTERPRISES),
        Slip("stranger", "NSRSBH", "NSRMC", 40, source=ENTERPRISES),
    ),
}
"""Entry → what its copies get wrong. No row gets two."""


def plant_slips(
    table: Table,
    entry_id: str,
    scope: Scope,
    spoilt: Collection[int],
    sources: Mapping[str, Sequence[bool]],
    corrected: bool,
) -> None:
    """Change copies in ``table`` in place; ``spoilt`` are its rows with a defect.

    ``sources`` says of each source, row by row, whether that row is without defect. ``corrected`` leaves the
    values that differ as they were and changes nothing else: the rest of the delivery stays the same.
    """
    used = set(spoilt)
    for number, slip in enumerate(SLIPS.get(entry_id, ())):
        left = slip.cases(len(table))
        good, points = sources[slip.source], table.points[slip.key].tolist()
        cells = table.columns[slip.column]
        for position in scatter(scope.seed, f"{entry_id} slips {number}", len(table), len(table)).tolist():
            there = points[position]
            if position in used or there >= len(good) or not good[there]:
                continue
            said = _say(slip, table, position, left)
            if said == cells[position]:
                continue
            used.add(position)
            if slip.kind == "stranger":
                _replace_key(slip, table, position, scope, number * 10_000 + left)
            elif slip.kind == "spelling" or not corrected:
                cells[position] = said
            left -= 1
            if not left:
                break


def _say(slip: Slip, table: Table, position: int, case: int) -> str | None:
    if slip.kind == "stranger":
        return None
    said: str = slip.ways[case % len(slip.ways)](table.columns[slip.column][position])
    return said


def _replace_key(slip: Slip, table: Table, position: int, scope: Scope, number: int) -> None:
    """Put a person or a firm of elsewhere into the row."""
    if slip.source == ENTERPRISES:
        code = credit_codes(np.array(["91"], dtype=object), np.array([_FOREIGN_SERIALS + number]))[0]
        table.columns[slip.key][position] = code
        return
    stranger = outsiders(scope.seed, scope.day, np.array([number]))
    table.columns[slip.key][position] = stranger.resident_id[0]
    table.columns[slip.column][position] = stranger.name[0]
