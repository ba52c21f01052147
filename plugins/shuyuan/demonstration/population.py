"""The people of the demonstration: households of four in numbered seats, slowly renewed and slowly moving.

A seat holds one person at a time. From day to day about one household in 4000 is replaced by another and one in
400 moves, so that consecutive deliveries differ a little, as real ones do. Every attribute is a function of seed,
seat and day: two departments that speak of the same seat speak of the same person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from shuyuan.demonstration.chance import Cells, Numbers, choose, draw, scatter
from shuyuan.demonstration.identifiers import compact_dates, resident_ids
from shuyuan.demonstration.names import person_names

MAX_SEATS = 3_600_000
TOWNS = ("乌兰镇", "棋盘井镇", "蒙西镇", "木凯淖尔镇", "苏米图苏木", "阿尔巴斯苏木")
_BIRTHS_FROM = (date(1945, 1, 1) - date(1970, 1, 1)).days
_BIRTH_DAYS = 14_600
_PER_DAY = 249
_RENEWAL, _MOVE = 4000, 400
_FIRST_CHILD = 8036
_ETHNICITIES = ("01",) * 40 + ("03", "11", "31", "45", "10")
_OUTSIDE = 2_000_000
_BANNERS = ("150624",) * 20 + ("150602", "150621", "150622", "150623")


@dataclass(frozen=True)
class Scope:
    """What a department is asked for: how many ``rows`` of which ``day``, and how large the others' registers are.

    ``residents`` people are in the police's register, in the seats from 0 on, and ``enterprises`` in that of market
    regulation: who speaks of one of them takes a seat below.
    """

    rows: int
    seed: int
    day: date
    residents: int
    enterprises: int

    @property
    def households(self) -> int:
        """Whole households in the register of residents, at least one."""
        return max(1, self.residents // 4)

    def different_seats(self, purpose: str) -> Numbers:
        """Return a seat of the register for each of ``residents``, in no visible order, the adults first."""
        adults = self.residents // 4 * 2 + min(self.residents % 4, 2)
        grown = scatter(self.seed, f"{purpose} adults", adults, adults)
        young = scatter(self.seed, f"{purpose} children", self.residents - adults, self.residents - adults)
        return np.concatenate((grown // 2 * 4 + grown % 2, young // 2 * 4 + 2 + young % 2))


@dataclass(frozen=True)
class People:
    """The people in ``seats`` (0 to ``MAX_SEATS``) on ``day``. All columns have the length of ``seats``."""

    seed: int
    day: date
    seats: Numbers

    @cached_property
    def household(self) -> Numbers:
        """The household's seat number: four seats of a household are householder, wife, son, daughter."""
        return self.seats // 4

    @cached_property
    def role(self) -> Numbers:
        """0 householder, 1 wife, 2 son, 3 daughter."""
        return self.seats % 4

    @cached_property
    def _unit(self) -> Numbers:
        """The household that sits there on this day; another number after a renewal."""
        since = self.day.toordinal() + draw(self.seed, "renewal", self.household, _RENEWAL)
        return self.household * 4 + since // _RENEWAL % 4

    @cached_property
    def person(self) -> Numbers:
        """A number that stays with the person, whatever the day."""
        return self._unit * 4 + self.role

    @cached_property
    def _slot(self) -> Numbers:
        return (self._unit * 1_299_709 + self.seed) % (_BIRTH_DAYS * _PER_DAY)

    @cached_property
    def birth_days(self) -> Numbers:
        """Birth dates (1943 to 2016) in days since 1970-01-01."""
        within = self._slot % _PER_DAY
        shifts = (
            within * 0,
            within * 41 % 1461 - 730,
            _FIRST_CHILD + within * 97 % 2922,
            _FIRST_CHILD + within * 59 % 2922,
        )
        return _BIRTHS_FROM + self._slot // _PER_DAY + np.choose(self.role, shifts)

    @cached_property
    def resident_id(self) -> Cells:
        """Unique resident IDs: a person's place in the birth day's sequence repeats for no other person."""
        place = self._slot % _PER_DAY + np.where(self.role >= 2, _PER_DAY, 0)
        return resident_ids(self.birth_days, 2 * place + 1 + self.role % 2)

    @cached_property
    def birth_date(self) -> Cells:
        """``YYYYMMDD``."""
        return compact_dates(self.birth_days).astype(str).astype(object)

    @cached_property
    def sex(self) -> Cells:
        """GB/T 2261.1: 1 male, 2 female."""
        return np.array(["1", "2"], dtype=object)[self.role % 2]

    @cached_property
    def _mongolian(self) -> Numbers:
        return (draw(self.seed, "mongolian", self._unit, 100) < 27).astype(np.int64)

    @cached_property
    def ethnicity(self) -> Cells:
        """GB/T 3304."""
        others = choose(self.seed, "ethnicity", self._unit, _ETHNICITIES)
        cells: Cells = np.where(self._mongolian == 1, "02", others).astype(object)
        return cells

    @cached_property
    def name(self) -> Cells:
        """Names."""
        return person_names(self.seed, self.person, self._unit * 2 + (self.role == 1), self._mongolian)

    @cached_property
    def household_number(self) -> Cells:
        """Household numbers of twelve digits."""
        return np.array([f"1599{unit:08d}" for unit in self._unit.tolist()], dtype=object)

    @cached_property
    def relation(self) -> Cells:
        """GB/T 4761: 02 householder, 12 wife, 2x and 3x children."""
        return np.array(["02", "12", "22", "32"], dtype=object)[self.role]

    @cached_property
    def marital_status(self) -> Cells:
        """GB/T 2261.2."""
        parents = choose(self.seed, "parents' marriage", self._unit, ("20",) * 12 + ("21", "22", "30", "40"))
        children = choose(self.seed, "child's marriage", self.person, ("10", "10", "21"))
        cells: Cells = np.where(self.role < 2, parents, children).astype(object)
        return cells

    @cached_property
    def phone(self) -> Cells:
        """Phone numbers in the unassigned range 142."""
        numbers = draw(self.seed, "phone", self.person, 100_000_000)
        return np.array([f"142{number:08d}" for number in numbers.tolist()], dtype=object)

    @cached_property
    def _home(self) -> Numbers:
        since = self.day.toordinal() + draw(self.seed, "move", self.household, _MOVE)
        return self._unit * 1024 + since // _MOVE % 1024

    @cached_property
    def address(self) -> Cells:
        """Addresses; one household in 400 moves each day."""
        towns = choose(self.seed, "town", self._home, TOWNS).tolist()
        streets = draw(self.seed, "street", self._home, 40).tolist()
        doors = draw(self.seed, "door", self._home, 900).tolist()
        texts = [
            f"示例旗{town}第{street + 1}社区{door + 1}号"
            for town, street, door in zip(towns, streets, doors, strict=True)
        ]
        return np.array(texts, dtype=object)

    @cached_property
    def division_code(self) -> Cells:
        """Six-digit divisions that really exist, as the published list of divisions is asked whether it knows them."""
        return choose(self.seed, "division", self._unit, _BANNERS)


def outsiders(seed: int, day: date, numbers: Numbers) -> People:
    """Return people whom no register of this banner holds."""
    return People(seed, day, _OUTSIDE + numbers * 4)


def iso_dates(days: Numbers) -> Cells:
    """Return ``YYYY-MM-DD`` for days since 1970-01-01."""
    return days.astype("datetime64[D]").astype(str).astype(object)
