"""Which rows belong to whom: spellings, second hops, blanks, and fields that are named like our own columns."""

from datetime import date
from decimal import Decimal

import pytest

from checked_county import (
    HOMES,
    MARRIAGES,
    PENSIONS,
    REGISTER,
    SPEC,
    VEHICLES,
    a_check,
    a_person,
    ask_one,
    line_of,
    make_checked,
    number,
    only_rules,
    publish_all,
)
from shuyuan.warehouses.duckdb import DuckDBSession


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_checked(tmp_path, monkeypatch)


OLD = number(1)[:6] + number(1)[8:17]
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in number(1))


@pytest.mark.parametrize("held", [number(1), OLD, WIDE, f" {number(1)}", number(1).lower()])
@pytest.mark.parametrize("asked", [number(1), OLD, f"{number(1)} "])
def test_a_key_is_found_however_either_side_writes_it(county, held, asked):
    publish_all(county, {VEHICLES: [("P1", held, "正常", 5), ("P2", number(2), "正常", 5)]})
    line = line_of(ask_one(county, a_person(1, id_no=asked), check=only_rules("car")), "car")
    assert (line.state, line.found) == ("met", 1)


def test_a_publication_is_looked_through_once(county, monkeypatch):
    """What is clean stays clean; what is not, and what is new, is looked through again."""
    looked = []
    look = DuckDBSession.find_spellings

    def note(self, entry, field, *rest):
        looked.append(field)
        return look(self, entry, field, *rest)

    monkeypatch.setattr(DuckDBSession, "find_spellings", note)
    check = a_check(sources={"vehicles": SPEC["sources"]["vehicles"]}, rules=[SPEC["rules"][4]])

    def answer(place):
        looked.clear()
        return line_of(ask_one(county, a_person(place), check=check), "car").state, len(looked)

    publish_all(county, {VEHICLES: [("P1", number(1), "正常", 5)]})
    assert [answer(1), answer(2)] == [("met", 1), ("clear", 0)]
    publish_all(county, {VEHICLES: [("P1", OLD, "正常", 5)]})
    assert [answer(1), answer(1)] == [("met", 1), ("met", 1)]
    kept = (county.project.var / "checks" / "settled.json").read_text(encoding="utf-8")
    assert number(1) not in kept
    (county.project.var / "checks" / "settled.json").write_text("[", encoding="utf-8")
    publish_all(county, {VEHICLES: [("P1", number(1), "正常", 5)]})
    assert [answer(1), answer(1)] == [("met", 1), ("met", 0)]


def test_a_row_with_both_spouses_counts_once(county):
    """Husband and wife are both asked about, and one person is both in a slip of the register."""
    rows = [("m1", number(1), number(2), "结婚", date(2020, 1, 1)), ("m2", number(3), number(3), "结婚", None)]
    publish_all(county, {MARRIAGES: rows})
    case = ask_one(county, a_person(1), a_person(2), a_person(3), check=only_rules("spouse"))
    assert [(line.subject, line.state, line.found) for line in case.lines] == [
        (0, "clear", 1), (1, "clear", 1), (2, "clear", 1),
    ]  # fmt: skip


def test_only_the_newest_day_counts_and_all_of_it(county):
    rows = [
        ("m1", number(1), number(7), "结婚", date(2010, 1, 1)),
        ("m2", number(1), number(8), "离婚", date(2020, 1, 1)),
        ("m3", number(9), number(1), "离婚", date(2020, 1, 1)),
        ("m4", number(1), number(6), "结婚", None),
    ]
    publish_all(county, {MARRIAGES: rows})
    line = line_of(ask_one(county, a_person(1), check=only_rules("spouse")), "spouse")
    assert (line.state, line.found) == ("clear", 2)


def test_rows_without_a_day_count_when_none_has_one(county):
    publish_all(county, {MARRIAGES: [("m1", number(1), number(7), "结婚", None)]})
    assert line_of(ask_one(county, a_person(1), check=only_rules("spouse")), "spouse").state == "met"


def test_two_keys_of_one_way_are_of_one_row(county):
    publish_all(county, {VEHICLES: [("蒙K12345", number(1), "正常", 5), ("蒙K99999", number(2), "正常", 5)]})
    check = only_rules("no_such_car")
    mine = ask_one(county, a_person(1, plate="蒙k-12345"), a_person(2, plate="蒙K12345"), check=check)
    assert [(line.state, line.found) for line in mine.lines] == [("clear", 1), ("met", 0)]


def test_an_item_left_blank_has_no_line(county):
    """Optional items are looked up by when they are filled; what was not asked is not answered."""
    publish_all(county, {})
    case = ask_one(county, a_person(1), a_person(2, plate=" "), home="", check=only_rules("no_such_car", "seized"))
    assert (case.lines, case.conclusion) == ((), "pass")


def test_who_is_not_registered_is_not_asked_about_the_household(county):
    publish_all(county, {REGISTER: [(number(9), "某", "H1", "01")]})
    case = ask_one(county, a_person(1), a_person(9), check=only_rules("member", "unknown"))
    assert [(line.rule, line.subject, line.state) for line in case.lines] == [
        ("unknown", 0, "met"), ("unknown", 1, "clear"), ("member", 1, "clear"),
    ]  # fmt: skip


def test_a_household_number_that_is_empty_leaves_the_household_undecided(county):
    publish_all(county, {REGISTER: [(number(1), "张三", None, "01"), (number(2), "李四", None, "01")]})
    case = ask_one(county, a_person(1), check=only_rules("member"))
    assert (line_of(case, "member").state, line_of(case, "member").found) == ("unavailable", None)
    assert case.conclusion == "review"


def test_household_numbers_are_not_mixed_between_cases(county):
    people = [(number(1), "张三", "H1", "01"), (number(2), "李四", "H1", "02"), (number(3), "王五", "H2", "01")]
    publish_all(county, {REGISTER: people})
    apart = ask_one(county, a_person(1), a_person(3), check=only_rules("member"))
    assert [(line.state, line.facts.get("count")) for line in apart.lines] == [("met", "1"), ("clear", None)]


def test_a_case_is_looked_up_by_its_own_items(county):
    homes = [("c1", "U1", number(9), None, None, True), ("c2", "U2", number(1), None, None, False)]
    publish_all(county, {HOMES: homes})
    seized = ask_one(county, a_person(1), home="U1", check=only_rules("seized", "holder"))
    free = ask_one(county, a_person(1), home="U2", check=only_rules("seized", "holder"))
    assert [(line.subject, line.state) for line in seized.lines] == [(None, "met"), (None, "met")]
    assert [(line.subject, line.state) for line in free.lines] == [(None, "clear"), (None, "clear")]


def test_fields_may_be_named_like_anything(tmp_path, monkeypatch):
    names = ["status", "unit", "no", "kase", "person", "who", "n_owner_id", "i_id_no", "select", "value"]
    fields = [
        {"name": "plate", "title": "号牌", "required": True},
        {"name": "owner_id", "title": "所有人", "element": "resident_id"},
        *({"name": name, "title": name} for name in names),
    ]
    county = make_checked(tmp_path, monkeypatch, vehicles={"fields": fields})
    publish_all(county, {VEHICLES: [("P", number(1), *("x" * len(names)))]})
    lookup = {"entry": VEHICLES, "by": {"owner_id": "id_no"}, "use": names}
    where = [{"field": name, "in": ["x"]} for name in names]
    rules = [
        {"id": "all", "source": "cars", "then": "fail", "exists": {"where": where}},
        {"id": "distinct", "source": "cars", "then": "fail", "count": {"over": "0", "per": "case", "distinct": "unit"}},
    ]
    case = ask_one(county, a_person(1), check=a_check(sources={"cars": lookup}, rules=rules))
    assert [line.state for line in case.lines] == ["met", "met"]


def test_only_what_is_listed_is_read(county, monkeypatch):
    publish_all(county, {})
    asked = {}
    read = DuckDBSession.find_rows

    def note(self, entry, fields, ways, load_no=None):
        asked.setdefault(entry.id, []).append(set(fields))
        return read(self, entry, fields, ways, load_no)

    monkeypatch.setattr(DuckDBSession, "find_rows", note)
    ask_one(county, a_person(1))
    assert asked[PENSIONS] == [{"id_card_no", "monthly"}]
    assert asked[REGISTER][0] == {"id_card_no", "person_name", "household"}
    for source in SPEC["sources"].values():
        listed = {*source["by"], *source.get("or_by", {}), *source["use"]}
        assert listed in asked[source["entry"]]


def test_a_number_is_found_by_its_value(tmp_path, monkeypatch):
    fields = [
        {"name": "account", "title": "账号", "required": True},
        {"name": "id_card_no", "title": "身份号码", "element": "resident_id"},
        {"name": "monthly", "title": "月标准", "type": "decimal(10,2)"},
    ]
    county = make_checked(tmp_path, monkeypatch, pensions={"fields": fields})
    publish_all(county, {PENSIONS: [("a", None, Decimal("5.50")), ("b", None, None)]})
    lookup = {"entry": PENSIONS, "by": {"monthly": "role"}, "use": ["monthly"]}
    rules = [{"id": "there", "source": "p", "then": "note", "exists": {}}]
    check = a_check(sources={"p": lookup}, rules=rules)
    case = ask_one(county, a_person(1, role="5.50"), a_person(2, role="many"), check=check)
    assert [(line.state, line.found) for line in case.lines] == [("met", 1), ("clear", 0)]
