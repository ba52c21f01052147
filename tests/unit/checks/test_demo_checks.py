"""The checks that come with the project: what each rule is for is found, and what is like it is not."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from checked_county import ask, number
from counties import County
from shuyuan.catalog import load_resource, read_checks
from shuyuan.checks.request import Case
from shuyuan.project import Project

ROOT = Path(__file__).parents[3]
REGISTER, MARRIAGES = "public_security.household_register", "civil_affairs.marriages"
CREMATIONS, VEHICLES = "civil_affairs.cremations", "traffic_police.vehicles"
HOMES, ENTERPRISES = "natural_resources.real_estate_titles", "market_regulation.enterprises"
PENSIONS, TAXPAYERS = "human_resources.social_insurance", "taxation.taxpayers"
ALLOWANCES = "civil_affairs.low_income_households"
Rows = tuple[str, dict[str, Any]]
LONG_AGO, LATELY = date(2015, 1, 1), date(2026, 8, 1)
UNIT = "159901001001GB00001F00010001"
CODE = "91159901MA0N00001X"


def registered(person: int, home: str, **more: Any) -> Rows:
    return REGISTER, {"id_card_no": number(person), "person_name": f"甲{person}", "household_number": home, **more}


def wed(husband: int, wife: int, business: str = "结婚", day: date = LONG_AGO) -> Rows:
    ids = {"husband_id": number(husband), "wife_id": number(wife)}
    name = f"{business}-{husband}-{wife}-{day}"
    return MARRIAGES, {"certificate_number": name, "business_type": business, "registered_on": day, **ids}


def car(owner: int, **more: Any) -> Rows:
    usual = {"plate_number": f"蒙K{owner:05}", "plate_type": "02", "vehicle_use": "A", "vehicle_status": "A"}
    return VEHICLES, {**usual, "owner_id": number(owner), **more}


def home(holder: int, unit: str, **more: Any) -> Rows:
    usual = {"certificate_number": f"{unit}-{holder}", "use": "11", "registered_on": LONG_AGO}
    flags = {"seized": False, "mortgaged": False}
    return HOMES, {**usual, **flags, "unit_code": unit, "holder_id": number(holder), **more}


def firm(code: str, person: int, status: str = "1", **more: Any) -> Rows:
    usual = {"enterprise_name": f"企业{code}", "established_on": LONG_AGO}
    whose = {"legal_representative_id": number(person), "registration_status": status}
    return ENTERPRISES, {"credit_code": code, **usual, **whose, **more}


def pension(person: int, amount: str | None, status: str = "领取待遇", kind: str = "城乡居民") -> Rows:
    paid = Decimal(amount) if amount else None
    said = {"insurance_status": status, "insurance_type": kind, "pension_monthly_amount": paid}
    return PENSIONS, {"id_card_no": number(person), **said}


def taxpayer(code: str, person: int, status: str = "正常") -> Rows:
    return TAXPAYERS, {"credit_code": code, "legal_representative_id": number(person), "taxpayer_status": status}


def aided(person: int, household: str) -> Rows:
    return ALLOWANCES, {"household_number": household, "id_card_no": number(person)}


def died(person: int) -> Rows:
    return CREMATIONS, {"id_card_no": number(person), "certificate_no": f"HH{person}"}


def county_of(root: Path, monkeypatch: pytest.MonkeyPatch, *rows: Rows) -> County:
    """The project's own catalog and checks, with these rows published and every other table empty."""
    monkeypatch.setenv("SHUYUAN_VAR", str(root / "var"))
    for name in ("SHUYUAN_WAREHOUSE", "SHUYUAN_TOKEN_KEY", "SHUYUAN_KEYS_FILE", "SHUYUAN_CIPHER"):
        monkeypatch.delenv(name, raising=False)
    for folder in ("include", "expectations"):
        shutil.copytree(ROOT / folder, root / folder)
    county = County(Project(root))
    for entry_id in (REGISTER, MARRIAGES, CREMATIONS, VEHICLES, HOMES, ENTERPRISES, PENSIONS, TAXPAYERS, ALLOWANCES):
        fields = load_resource(county.project, entry_id).entry.fields
        mine = [row for named, row in rows if named == entry_id]
        county.publish(entry_id, [[row.get(one.name) for one in fields] for row in mine])
    return county


def met(county: County, check: str, cases: Mapping[str, Case]) -> dict[str, tuple[str, set[str]]]:
    """Ask, and return conclusion and rules that are met, by case."""
    spec = read_checks(county.project)[check]
    answer = ask(county, list(cases.values()), spec)
    assert [case.number for case in answer.cases] == list(cases)
    return {
        case.number: (case.conclusion, {line.rule for line in case.lines if line.state == "met"})
        for case in answer.cases
    }


def person(place: int, **more: str | None) -> dict[str, str | None]:
    return {"person_name": f"甲{place}", "id_card_no": number(place), "relation": None, **more}


def family(number_: str, *people: int, household: str | None = None, **more: str) -> Case:
    subjects = tuple(person(one, **more) for one in people)
    return Case(number_, {"allowance_household": household}, subjects)


LOW_INCOME: dict[str, tuple[list[Rows], dict[str, Any], str, set[str]]] = {
    "nothing": ([], {}, "pass", set()),
    "name": ([], {"person_name": "乙"}, "review", {"name_differs"}),
    "member": ([registered(902, "H{}")], {}, "review", {"undeclared_member"}),
    "lodger": ([registered(903, "H{}", relation="99")], {}, "pass", set()),
    "spouse": ([wed(0, 904)], {}, "review", {"undeclared_spouse"}),
    "husband": ([wed(905, 0)], {}, "review", {"undeclared_spouse"}),
    "divorced": ([wed(0, 906), wed(0, 906, "离婚", LATELY)], {}, "pass", set()),
    "reissued": ([wed(0, 907), wed(0, 907, "补领离婚证", LATELY)], {}, "review", {"divorce_reissued"}),
    "dead": ([died(0)], {}, "review", {"died"}),
    "car": ([car(0)], {}, "fail", {"car"}),
    "scrapped": ([car(0, vehicle_status="M")], {}, "pass", set()),
    "motorcycle": ([car(0, plate_type="07")], {}, "pass", set()),
    "unknown_use": ([car(0, vehicle_use=None)], {}, "fail", {"car"}),
    "taxi": ([car(0, vehicle_use="D")], {}, "review", {"working_vehicle"}),
    "one_home": ([home(0, "one")], {}, "pass", set()),
    "two_homes": ([home(0, "two-a"), home(0, "two-b")], {}, "fail", {"homes"}),
    "new_home": ([home(0, "new", registered_on=LATELY)], {}, "review", {"home_bought"}),
    "shop": ([home(0, "shop", use="31")], {}, "review", {"shop"}),
    "business": ([firm("91A", 0)], {}, "review", {"business"}),
    "closed": ([firm("91B", 0, "4"), taxpayer("91B", 0, "注销")], {}, "pass", set()),
    "taxpayer": ([taxpayer("91C", 0)], {}, "review", {"taxpayer"}),
    "pension": ([pension(0, "1600.01")], {}, "review", {"pension"}),
    "small_pension": ([pension(0, "1600")], {}, "pass", set()),
    "employed": ([pension(0, None, "参保缴费", "城镇职工")], {}, "review", {"employed"}),
    "resident_scheme": ([pension(0, None, "参保缴费")], {}, "pass", set()),
    "receiving": ([aided(0, "DB1")], {}, "review", {"already_receiving"}),
    "review": ([aided(0, "DB2")], {"household": "DB2"}, "pass", set()),
    "twice": ([aided(0, "DB2")], {"household": "DB3"}, "review", {"other_household"}),
}  # fmt: skip
"""Case → the rows about its person (0), what else the request says, the conclusion, the rules that are met."""


def about(place: int, rows: list[Rows]) -> list[Rows]:
    """The rows, with person 0 and household ``{}`` being those of ``place``."""
    nobody = number(0)
    return [
        (entry, {key: number(place) if value == nobody else f"H{place}" if value == "H{}" else value
                 for key, value in row.items()} | ({"certificate_number": f"{row['certificate_number']}/{place}"}
                                                   if "certificate_number" in row else {}))
        for entry, row in rows
    ]  # fmt: skip


def test_low_income_finds_what_it_is_for(tmp_path, monkeypatch):
    rows: list[Rows] = []
    cases, expected = {}, {}
    for place, (name, (planted, said, conclusion, rules)) in enumerate(LOW_INCOME.items(), 1):
        rows += [registered(place, f"H{place}"), *about(place, planted)]
        cases[name], expected[name] = family(name, place, **said), (conclusion, rules)
    # a couple: what is theirs together counts once, and adds up
    rows += [registered(101, "H101"), registered(102, "H101"), wed(101, 102), home(101, "ours"), home(102, "ours")]
    rows += [pension(101, "900"), pension(102, "900")]
    cases["couple"], expected["couple"] = family("couple", 101, 102), ("review", {"pension"})
    cases["stranger"], expected["stranger"] = family("stranger", 103), ("review", {"not_registered"})
    county = county_of(tmp_path, monkeypatch, *rows)
    assert met(county, "low_income", cases) == expected


def deal(name: str, *parties: dict[str, str | None], certificate: str = f"{UNIT}-1", unit: str = UNIT) -> Case:
    return Case(name, {"unit_code": unit, "certificate_number": certificate}, parties)


def party(place: int, role: str, code: str | None = None) -> dict[str, str | None]:
    return {"role": role, "person_name": f"甲{place}", "id_card_no": number(place), "credit_code": code}


def test_real_estate_finds_what_it_is_for(tmp_path, monkeypatch):
    rows = [registered(one, f"H{one}") for one in range(1, 12)]
    rows += [home(1, UNIT), home(3, "seized", seized=True), home(4, "mortgaged", mortgaged=True)]
    rows += [home(5, "shared"), home(6, "shared"), home(7, "wed"), wed(7, 8), home(9, "firm")]
    rows += [firm(CODE, 9), firm("gone", 10, "4")]
    county = county_of(tmp_path, monkeypatch, *rows)
    buyer = party(2, "受让方")
    cases = [
        deal("clean", party(1, "转让方"), buyer),
        deal("no_unit", party(1, "转让方"), buyer, unit="none", certificate="none"),
        deal("other_certificate", party(1, "转让方"), buyer, certificate="other"),
        deal("not_owner", party(3, "转让方"), buyer),
        deal("seized", party(3, "转让方"), buyer, unit="seized", certificate="seized-3"),
        deal("mortgaged", party(4, "转让方"), buyer, unit="mortgaged", certificate="mortgaged-4"),
        deal("shared", party(5, "转让方"), buyer, unit="shared", certificate="shared-5"),
        deal("wed", party(7, "转让方"), buyer, unit="wed", certificate="wed-7"),
        deal("both", party(7, "转让方"), party(8, "转让方配偶"), buyer, unit="wed", certificate="wed-7"),
        deal("closed_firm", party(1, "转让方"), party(10, "受让方", "gone")),
        deal("other_representative", party(1, "转让方"), party(10, "受让方", CODE)),
    ]
    found = met(county, "real_estate", {case.number: case for case in cases})
    assert found == {
        "clean": ("review", set()),  # tax and contract cannot be looked up yet
        "no_unit": ("fail", {"unit_exists", "certificate_exists", "not_owner"}),
        "other_certificate": ("fail", {"certificate_exists"}),
        "not_owner": ("fail", {"not_owner", "other_holder"}),
        "seized": ("fail", {"seized"}),
        "mortgaged": ("review", {"mortgaged"}),
        "shared": ("review", {"other_holder"}),
        "wed": ("review", {"spouse"}),
        "both": ("review", set()),
        "closed_firm": ("fail", {"enterprise_status"}),
        "other_representative": ("review", {"representative"}),
    }


def test_tax_governance_finds_who_is_not_registered(tmp_path, monkeypatch):
    rows = [firm("A", 1), taxpayer("A", 1), firm("B", 1), firm("C", 1, "4"), firm("D", 1), taxpayer("D", 1, "注销")]
    rows += [firm("E", 1, established_on=date(2026, 11, 1)), firm("G", 1, "4")]
    county = county_of(tmp_path, monkeypatch, *rows)
    listed = dict.fromkeys("ABCDEF", "1") | {"G": "4"}
    cases = {
        code: Case(code, {}, ({"credit_code": code, "enterprise_name": f"企业{code}", "registration_status": status},))
        for code, status in listed.items()
    }
    assert met(county, "tax_governance", cases) == {
        "A": ("pass", set()),
        "B": ("review", {"not_taxpayer"}),
        "C": ("fail", {"status_differs", "not_taxpayer"}),  # closed since the list was made
        "D": ("review", {"taxpayer_gone"}),
        "E": ("review", {"not_taxpayer", "new"}),
        "F": ("fail", {"unknown", "not_taxpayer"}),
        "G": ("pass", set()),
    }


def test_epidemic_finds_who_else_is_to_be_told(tmp_path, monkeypatch):
    county = county_of(
        tmp_path, monkeypatch, registered(1, "H1", phone="13800000000"), registered(2, "H1"), aided(1, "DB1")
    )
    listed: dict[str, str | None] = {"person_name": "甲1", "id_card_no": number(1), "phone": "13900000000"}
    both = (listed, {"person_name": "甲2", "id_card_no": number(2), "phone": None})
    cases = {"one": Case("one", {}, (listed,)), "both": Case("both", {}, both)}
    assert met(county, "epidemic", cases) == {
        "one": ("review", {"phone_differs", "others_at_home", "needs_support"}),
        "both": ("pass", {"phone_differs", "needs_support"}),
    }
