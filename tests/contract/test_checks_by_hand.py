"""A thousand random households, dirty on both sides: the platform concludes what loops over dictionaries conclude."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from checked_county import (
    ELEMENTS,
    FIELDS,
    HOMES,
    MARRIAGES,
    PENSIONS,
    REGISTER,
    VEHICLES,
    a_check,
    a_person,
    ask,
    make_checked,
    number,
    publish_all,
)
from naive_answers import NaiveCase
from servers import KINDS
from shuyuan.checks.request import Case

TODAY = date(2026, 11, 20)
PEOPLE = 2_400
WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789X"}
FORMS = {name: element.get("normal_form", "exact") for name, element in ELEMENTS.items()}
OF_FIELD = {
    (entry, field["name"]): field["element"]
    for entry, fields in FIELDS.items()
    for field in fields
    if "element" in field
}


def spelled(dice, text):
    """The same value, written in another way now and then."""
    ways = [str, str, str, str.lower, lambda t: f" {t}", lambda t: t[:6] + t[8:17], lambda t: t.translate(WIDE)]
    return dice.choice(ways)(text)


def person_number(place):
    return number(place, 700101 + place // 1000)


def now_and_then(dice, share, value):
    return value if dice.random() < share else None


def make_rows(dice):
    """Rows of all sources about ``PEOPLE`` people, with nulls, repeats and odd spellings."""

    def someone():
        return now_and_then(dice, 0.95, spelled(dice, person_number(dice.randrange(PEOPLE))))

    def day(years):
        return now_and_then(dice, 0.9, TODAY - timedelta(days=dice.randrange(365 * years)))

    names = ["张三", "李四", "買買提•艾力", "买买提·艾力", "王 五", None]
    register = [
        (spelled(dice, person_number(place)), dice.choice(names), now_and_then(dice, 0.9, f"H{place // 3}"),
         dice.choice(["01", "02", "99", None]))
        for place in range(PEOPLE) if dice.random() < 0.9
    ]  # fmt: skip
    marriages = [(f"m{n}", someone(), someone(), dice.choice(["结婚", "离婚", None]), day(4)) for n in range(900)]
    plates = [f"蒙K-{n:05}" for n in range(700)]
    vehicles = [
        (plate, someone(), dice.choice(["正常", "注销", None]), dice.choice([2, 4, 5, 7, 9, 10, None]))
        for plate in plates
    ]
    homes = [
        (f"c{n}", now_and_then(dice, 0.9, f"U{dice.randrange(800)}"), someone(), day(3),
         dice.choice([Decimal("20.49"), Decimal("20.50"), Decimal("88.00"), None]), dice.choice([True, False, None]))
        for n in range(1600)
    ]  # fmt: skip
    amounts = [Decimal("800.25"), Decimal("1000.00"), Decimal("1600.50"), Decimal("1600.51"), None]
    pensions = [(f"p{n}", someone(), dice.choice(amounts)) for n in range(900)]
    return {REGISTER: register, MARRIAGES: marriages, VEHICLES: vehicles, HOMES: homes, PENSIONS: pensions}


def make_cases(dice, count, rows):
    """Households of one to four people, some of whom nobody knows, some of whom say which car is theirs."""
    cases, owned = [], [(plate, owner) for plate, owner, *_ in rows[VEHICLES] if owner]
    for place in range(count):
        first = dice.randrange(PEOPLE)
        people = []
        for step in range(dice.choice([1, 1, 2, 3, 4])):
            known = spelled(dice, person_number((first + step) % (PEOPLE + 90)))
            role, plate = dice.choice(["本人", "家属", None]), now_and_then(dice, 0.3, f"蒙k{dice.randrange(900):05}")
            if dice.random() < 0.1:
                plate, known = dice.choice(owned)
            name = dice.choice(["张三", "李四", "买买提·艾力", "王五"])
            people.append(a_person(0, id_no=known, name=name, role=role, plate=plate))
        cases.append(Case(f"case-{place}", {"home": now_and_then(dice, 0.5, f"U{dice.randrange(900)}")}, tuple(people)))
    return cases


def by_hand(rows, cases, missing=frozenset()):
    tables = {
        entry: [dict(zip([field["name"] for field in FIELDS[entry]], row, strict=True)) for row in lines]
        for entry, lines in rows.items()
    }
    naive = NaiveCase(a_check(), tables, set(missing), FORMS, OF_FIELD, TODAY)
    return [naive.judge(case.items, case.subjects) for case in cases]


def told(answer):
    return [
        ([(line.rule, line.subject, line.state, line.found, dict(line.facts)) for line in case.lines], case.conclusion)
        for case in answer.cases
    ]


def compare(county, rows, cases, missing=frozenset()):
    answer = ask(county, cases)
    expected, found = by_hand(rows, cases, missing), told(answer)
    for case, mine, theirs in zip(cases, found, expected, strict=True):
        assert mine == theirs, case.number
    return found


def test_a_thousand_random_households(tmp_path, monkeypatch):
    dice = random.Random(20261120)
    county = make_checked(tmp_path, monkeypatch)
    rows = make_rows(dice)
    cases = make_cases(dice, 1000, rows)
    publish_all(county, rows)
    found = compare(county, rows, cases)
    conclusions = Counter(conclusion for _, conclusion in found)
    assert all(conclusions[one] >= 5 for one in ("pass", "fail", "review")), conclusions
    states = Counter((line[0], line[2]) for lines, _ in found for line in lines)
    for rule in a_check().rules:
        assert min(states[rule.id, "met"], states[rule.id, "clear"]) >= 10, rule.id
    assert states["member", "unavailable"] >= 10


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "duckdb"])
def test_two_hundred_on_a_server(tmp_path, monkeypatch, servers, kind):
    dice = random.Random(7)
    county = make_checked(tmp_path, monkeypatch, servers.empty(kind))
    rows = make_rows(dice)
    cases = make_cases(dice, 200, rows)
    publish_all(county, rows)
    compare(county, rows, cases)


def test_sources_that_cannot_be_asked(tmp_path, monkeypatch):
    """The register is suspended, and with it goes what is found through it; the homes are too old."""
    dice = random.Random(3)
    county = make_checked(tmp_path, monkeypatch, register={"status": "suspended"})
    rows = make_rows(dice)
    cases = make_cases(dice, 200, rows)
    for entry in FIELDS:
        county.publish(entry, rows[entry], TODAY - timedelta(days=31 if entry == HOMES else 30))
    found = compare(county, rows, cases, {"register", "household", "homes"})
    states = Counter(line[2] for lines, _ in found for line in lines if line[0] in ("member", "homes"))
    assert states.keys() == {"unavailable"}
    assert Counter(conclusion for _, conclusion in found)["pass"] == 0
