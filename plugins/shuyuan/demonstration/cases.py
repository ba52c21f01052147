"""Cases whose answers are known: families and a property among the demonstration's people, chosen by what they have.

What each case must come to is counted here with dictionaries over the rows as they were delivered and let pass; it
shares the limits with the product's rules and nothing else. Which people it falls on depends on the date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain

from shuyuan.catalog import read_catalog
from shuyuan.demonstration.disagreements import Record, accepted_rows
from shuyuan.project import Project

LOW_INCOME, REAL_ESTATE = "low_income", "real_estate"
REGISTER = "public_security.household_register"
READ = (
    REGISTER, "civil_affairs.marriages", "civil_affairs.low_income_households", "civil_affairs.cremations",
    "human_resources.social_insurance", "natural_resources.real_estate_titles", "market_regulation.enterprises",
    "taxation.taxpayers", "traffic_police.vehicles",
)  # fmt: skip
_SMALL_PLATES, _GONE, _WORKING = {"07", "08", "14", "17", "24"}, set("BEMP"), set("CDF")
_HOMES, _SHOPS = {"10", "11", "12", "13"}, {"30", "31", "32", "33", "34", "35", "60"}
_MARRIED = {"结婚", "补领结婚证"}
_PENSION, _RECENT = Decimal(1600), 365
_NOT_CONNECTED = frozenset({"tax_paid", "online_contract", "objection", "preliminary_notice"})
_FAMILIES: Mapping[str, tuple[frozenset[str], str]] = {
    "clean": (frozenset(), "pass"),
    "certificate": (frozenset(), "review"),
    "spouse": (frozenset({"undeclared_spouse", "undeclared_member"}), "review"),
    "car": (frozenset({"car"}), "fail"),
    "homes": (frozenset({"homes"}), "fail"),
    "died": (frozenset({"died"}), "review"),
    "business": (frozenset({"business"}), "review"),
}
"""Kind → the rules that must find something, and the conclusion. A certificate's register is not connected yet."""

Item = dict[str, str | None]


@dataclass(frozen=True)
class Planted:
    """One case: what is handed in (``rows`` by item), and what must come of it.

    ``met`` are the rules that must find something, ``undecided`` those that decide but cannot be looked up.
    """

    check: str
    number: str
    kind: str
    rows: tuple[Item, ...]
    conclusion: str
    met: frozenset[str]
    undecided: frozenset[str] = frozenset()


class _Known:
    """The delivered rows by person, as dictionaries."""

    def __init__(self, tables: Mapping[str, Sequence[Record]]) -> None:
        def by(entry: str, *keys: str) -> dict[str, list[Record]]:
            found = defaultdict(list)
            for row in tables[entry]:
                for value in {row[key] for key in keys}:
                    found[value or ""].append(row)
            return found

        self.residents = {row["id_card_no"] or "": row for row in tables[REGISTER]}
        self.households = by(REGISTER, "household_number")
        self.marriages = by("civil_affairs.marriages", "husband_id", "wife_id")
        self.allowances = by("civil_affairs.low_income_households", "id_card_no")
        self.dead = by("civil_affairs.cremations", "id_card_no")
        self.insured = by("human_resources.social_insurance", "id_card_no")
        self.titles = by("natural_resources.real_estate_titles", "holder_id")
        self.units = by("natural_resources.real_estate_titles", "unit_code")
        self.firms = by("market_regulation.enterprises", "legal_representative_id")
        self.taxed = by("taxation.taxpayers", "legal_representative_id")
        self.vehicles = by("traffic_police.vehicles", "owner_id")

    def partners(self, person: str) -> set[str]:
        """Whom the newest registration of a marriage names beside the person."""
        rows = self.marriages.get(person, [])
        newest = max((row["registered_on"] or "" for row in rows), default="")
        last = [row for row in rows if row["registered_on"] == newest and row["business_type"] in _MARRIED]
        return {one or "" for row in last for one in (row["husband_id"], row["wife_id"])} - {person}


def plant_cases(project: Project, day: date, rows: int | None = None, corrected: bool = False) -> tuple[Planted, ...]:
    """Choose the cases for one data date; the arguments are those of ``deliver``.

    A kind that none of the demonstration's people is of (in very small ones) is left out.
    """
    entries = {one.entry.id: one.entry for one in read_catalog(project).resources}
    known = _Known({name: list(accepted_rows(entries[name], rows, 1, day, corrected)) for name in READ})
    return (*_plant_families(known, day), *_plant_properties(known))


def _plant_families(known: _Known, day: date) -> Iterator[Planted]:
    """The first family of each kind, no family twice. A family is the four people of a household."""
    wanted = dict(_FAMILIES)
    for members in known.households.values():
        people = [row["id_card_no"] or "" for row in members]
        receives = {row["household_number"] for person in people for row in known.allowances.get(person, ())}
        if len(people) != 4 or len(receives) > 1:
            continue
        household = next(iter(receives), None)
        whole = family_rules(known, people, household, day)
        for kind, (met, conclusion) in wanted.items():
            declared = [people[0], *people[2:]] if kind == "spouse" else people
            found = family_rules(known, declared, household, day)
            # Whose wife is not declared must be blameless else; whose death is found must be a recipient.
            fits = found == met and (kind != "spouse" or not whole) and (kind != "died" or household is not None)
            if fits:
                yield _family(known, kind, declared, household, conclusion, met)
                del wanted[kind]
                break
        if not wanted:
            return


def family_rules(known: _Known, people: Sequence[str], household: str | None, day: date) -> frozenset[str]:
    """The rules of the low-income check that find something for a family: those that decide, by id."""
    residents = [known.residents[person] for person in people]
    vehicles = [
        row
        for person in people
        for row in known.vehicles.get(person, ())
        if row["plate_type"] not in _SMALL_PLATES and row["vehicle_status"] not in _GONE
    ]
    titles = list(chain.from_iterable(known.titles.get(person, ()) for person in people))
    insured = list(chain.from_iterable(known.insured.get(person, ()) for person in people))
    allowances = list(chain.from_iterable(known.allowances.get(person, ()) for person in people))
    beside = {row["id_card_no"] for one in residents for row in known.households[one["household_number"] or ""]}
    pensions = sum(
        Decimal(row["pension_monthly_amount"] or 0) for row in insured if row["insurance_status"] == "领取待遇"
    )
    homes = {row["unit_code"] for row in titles if row["use"] in _HOMES}
    facts = {
        "undeclared_member": bool(beside - set(people)),
        "undeclared_spouse": any(known.partners(person) - set(people) for person in people),
        "died": any(person in known.dead for person in people),
        "car": any(_cars(row) for row in vehicles),
        "working_vehicle": any(not _cars(row) for row in vehicles),
        "homes": len(homes) > 1,
        "shop": any(row["use"] in _SHOPS for row in titles),
        "home_bought": any(
            (day - date.fromisoformat(row["registered_on"] or "0001-01-01")).days <= _RECENT for row in titles
        ),
        "business": any(row["registration_status"] == "1" for person in people for row in known.firms.get(person, ())),
        "taxpayer": any(row["taxpayer_status"] == "正常" for person in people for row in known.taxed.get(person, ())),
        "pension": pensions > _PENSION,
        "employed": any(
            row["insurance_status"] == "参保缴费" and row["insurance_type"] in ("城镇职工", "机关事业单位")
            for row in insured
        ),
        "already_receiving": household is None and bool(allowances),
        "other_household": any(row["household_number"] != household for row in allowances),
    }
    return frozenset(rule for rule, met in facts.items() if met)


def _cars(row: Record) -> bool:
    return row["vehicle_use"] not in _WORKING


def _family(
    known: _Known, kind: str, people: Sequence[str], household: str | None, conclusion: str, met: frozenset[str]
) -> Planted:
    number = f"DEMO-{kind.upper()}"
    rows: list[Item] = []
    for at, person in enumerate(people):
        certificate = f"{person}44" if kind == "certificate" and at == 0 else None
        rows.append(
            {
                "case_number": number,
                "allowance_household": household,
                "person_name": known.residents[person]["person_name"],
                "id_card_no": person,
                "relation": known.residents[person]["relation"],
                "disability_certificate": certificate,
            }
        )
    undecided = frozenset({"disability_certificate"}) if kind == "certificate" else frozenset[str]()
    return Planted(LOW_INCOME, number, kind, tuple(rows), conclusion, met, undecided)


def _plant_properties(known: _Known) -> Iterator[Planted]:
    """One unit that is seized, and one that is not: what is not connected leaves that one to the registrar."""
    buyer = next(row for row in known.residents.values() if row["id_card_no"] not in known.dead)
    wanted = {"seized": ("是", frozenset({"seized"}), "fail"), "free": ("否", frozenset[str](), "review")}
    for rows in known.units.values():
        kind = next((kind for kind, (seized, *_) in wanted.items() if rows[0]["seized"] == seized), None)
        parties = _parties(known, rows[0]) if len(rows) == 1 and kind else None
        if kind is None or parties is None or buyer["id_card_no"] in {one["id_card_no"] for one in parties}:
            continue
        _, met, conclusion = wanted.pop(kind)
        number = f"DEMO-{kind.upper()}"
        own = {name: rows[0][name] for name in ("unit_code", "certificate_number")}
        taking = {name: buyer[name] for name in ("person_name", "id_card_no")} | {"role": "受让方"}
        lines = tuple({"case_number": number, **own, **one} for one in (*parties, taking))
        yield Planted(REAL_ESTATE, number, kind, lines, conclusion, met, _NOT_CONNECTED)
        if not wanted:
            return


def _parties(known: _Known, title: Record) -> list[Item] | None:
    """The holder and the husband or wife, both registered and alive, of a unit without a mortgage; else ``None``."""
    holder = title["holder_id"] or ""
    people = [holder, *sorted(known.partners(holder))]
    fine = all(person in known.residents and person not in known.dead for person in people)
    if not fine or title["mortgaged"] != "否" or len(people) != 2:
        return None
    roles = ("转让方", "转让方配偶")
    return [
        {"role": role, "person_name": known.residents[person]["person_name"], "id_card_no": person}
        for role, person in zip(roles, people, strict=True)
    ]
