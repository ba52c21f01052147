"""The edges of the tests: limits, days, nulls, whom a rule is for."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from checked_county import (
    HOMES,
    PENSIONS,
    REGISTER,
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
from shuyuan.checks.parameters import parameters_on
from shuyuan.problems import PlatformError

TODAY = date(2026, 11, 20)


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_checked(tmp_path, monkeypatch)


def test_the_newest_parameter_that_has_begun_counts():
    check = a_check()
    assert parameters_on(check, date(2026, 6, 30))["pension"] == "1500"
    assert parameters_on(check, date(2026, 7, 1))["pension"] == "1600.50"
    assert parameters_on(check, date(2027, 1, 1))["pension"] == "9000"
    assert parameters_on(check, date(2025, 12, 31)) == {}


def test_there_is_no_answer_without_a_limit(county):
    publish_all(county, {})
    later = [{"name": "pension", "value": "1", "from": "2027-01-01", "basis": "演示"}]
    with pytest.raises(PlatformError, match="P426"):
        ask_one(county, a_person(1), check=only_rules("pension", parameters=later))


def test_a_lower_limit_in_a_condition_is_needed_too(county):
    publish_all(county, {})
    later = [{"name": "cars", "value": "1", "from": "2027-01-01", "basis": "演示"}]
    with pytest.raises(PlatformError, match="P426"):
        ask_one(county, a_person(1), check=only_rules("car", parameters=later))


@pytest.mark.parametrize(("amounts", "state"), [(["1600.50"], "clear"), (["1600.51"], "met"), (["800.25"] * 2, "clear"),
                                                (["800.25", "800.26"], "met"), ([None], "clear")])  # fmt: skip
def test_a_sum_must_be_over_its_limit(county, amounts, state):
    rows = [(f"p{n}", number(n % 2 + 1), None if one is None else Decimal(one)) for n, one in enumerate(amounts)]
    publish_all(county, {PENSIONS: rows})
    case = ask_one(county, a_person(1), a_person(2), check=only_rules("pension"))
    assert line_of(case, "pension", None).state == state


def test_a_home_that_two_own_is_one_home(county):
    def home(certificate, unit, place, area="88.00"):
        return certificate, unit, number(place), None, Decimal(area), None

    publish_all(county, {HOMES: [home("c1", "U1", 1), home("c2", "U1", 2), home("c3", "U2", 1, "20.49")]})
    couple = a_person(1), a_person(2)
    one = line_of(ask_one(county, *couple, check=only_rules("homes")), "homes", None)
    assert (one.state, one.found, one.facts) == ("clear", 3, {"limit": "1"})
    publish_all(county, {HOMES: [home("c1", "U1", 1), home("c2", "U1", 2), home("c3", "U2", 1, "20.50")]})
    two = line_of(ask_one(county, *couple, check=only_rules("homes")), "homes", None)
    assert (two.state, two.facts) == ("met", {"count": "2", "limit": "1"})


@pytest.mark.parametrize(("days", "state"), [(364, "met"), (365, "met"), (366, "clear"), (-3, "met")])
def test_a_day_within_counts(county, days, state):
    publish_all(county, {HOMES: [("c1", "U1", number(1), TODAY - timedelta(days=days), None, None)]})
    line = line_of(ask_one(county, a_person(1), check=only_rules("bought")), "bought")
    assert line.state == state
    assert line.facts["days"] == "365"


@pytest.mark.parametrize(("name", "state"), [("張三", "clear"), ("张 三", "clear"), ("李四", "met"), (None, "clear")])
def test_a_name_is_compared_in_its_normal_form(county, name, state):
    publish_all(county, {REGISTER: [(number(1), name, "H1", "01")]})
    assert line_of(ask_one(county, a_person(1), check=only_rules("named")), "named").state == state


@pytest.mark.parametrize(("status", "seats", "state"), [("正常", 5, "met"), (None, 5, "met"), ("注销", 5, "clear"),
    ("正常", 4, "clear"), ("正常", 9, "met"), ("正常", 10, "clear"), ("正常", None, "clear")])  # fmt: skip
def test_a_null_is_in_no_list_and_within_no_limit(county, status, seats, state):
    publish_all(county, {VEHICLES: [("P", number(1), status, seats)]})
    assert line_of(ask_one(county, a_person(1), check=only_rules("car")), "car").state == state


def test_a_rule_is_only_for_whom_it_names(county):
    publish_all(county, {PENSIONS: [("p1", number(1), Decimal(2000)), ("p2", number(2), Decimal(2000))]})
    people = a_person(1, role="本人"), a_person(2, role="家属"), a_person(3)
    case = ask_one(county, *people, check=only_rules("own_pension", "helper"))
    assert [(line.rule, line.subject) for line in case.lines] == [("own_pension", 0), ("helper", 2)]


def test_a_person_named_twice_in_a_row_is_one_person_outside(county):
    rows = [(number(1), "张三", "H1", "01"), (number(2), "李四", "H1", "02"), (number(2).lower(), "李四", "H1", "02"),
            (number(3), "寄住", "H1", "99")]  # fmt: skip
    publish_all(county, {REGISTER: rows})
    line = line_of(ask_one(county, a_person(1), check=only_rules("member")), "member")
    assert (line.found, line.facts) == (4, {"count": "1"})


def test_a_quoted_value_is_a_value(county):
    publish_all(county, {VEHICLES: [("P", number(1), "'; DROP TABLE people; --", 5)]})
    rules = [{"id": "odd", "source": "vehicles", "then": "note",
              "exists": {"where": [{"field": "status", "in": ["'; DROP TABLE people; --"]}]}}]  # fmt: skip
    assert line_of(ask_one(county, a_person(1), check=a_check(rules=rules)), "odd").state == "met"
