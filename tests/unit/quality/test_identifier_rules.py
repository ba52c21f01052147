"""Checks of fields, and the rules that hold an identifier against its row, its code table and chance."""

import duckdb
import pytest

from batches import make_batch, make_entry
from identifier_vectors import INVALID, VALID
from shuyuan.entry import fields as entry_fields
from shuyuan.problems import EntryError
from shuyuan.quality.conditions import question_of
from shuyuan.quality.scan import Scan, session

NAMES = entry_fields.Check.__args__
PEOPLE = [
    {"name": "id_card_no", "title": "证件号码", "check": "resident_id"},
    {"name": "sex", "title": "性别"},
    {"name": "born_on", "title": "出生日期", "type": "date"},
]
MALE, FEMALE = "159901195001010016", "159901195001010024"


@pytest.mark.parametrize("name", NAMES)
def test_each_check_rejects_what_it_refuses_and_nothing_else(judge, result_of, name):
    good, bad = VALID[name], [text for text in INVALID[name] if "\x00" not in text]
    rows = [{"number": str(place), "text": text} for place, text in enumerate([*good, *bad])] + [{"number": "x"}]
    fields = [{"name": "number", "title": "序号"}, {"name": "text", "title": "号码", "check": name}]
    verdict = judge(rows, fields=fields, key=["number"])
    result = result_of(verdict, f"text.{name}")
    assert (result.code, result.indicator, result.effect) == ("D406", "0101", "reject")
    assert (result.evaluated, result.unexpected) == (len(good) + len(bad), len(bad))
    assert set(judge.rejected()) == set(range(len(good), len(good) + len(bad)))


def test_an_unusual_spelling_of_a_certificate_number_is_counted_and_not_refused(judge, result_of):
    texts = [
        "蒙(2018)鄂托克旗不动产权第0000001号",
        "蒙(2018)鄂托克旗不动产权第00000001号",
        "蒙(2018) 鄂托克旗不动产权第0000002号",
        "鄂房权证鄂托克旗字第00123号",
    ]
    fields = [{"name": "text", "title": "证号", "check": "certificate_number"}]
    verdict = judge([{"text": text} for text in texts], fields=fields, key=["text"])
    assert verdict.rejected == 0
    result = result_of(verdict, "text.spelling")
    assert (result.code, result.effect, result.evaluated, result.unexpected) == ("D404", "count", 4, 2)


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_a_sex_that_contradicts_the_id(judge, result_of, kind):
    fields = [PEOPLE[0], {**PEOPLE[1], "type": kind}, {"name": "number", "title": "序号"}]
    codes = [1, 2, 2, 1, 0, 9, 5, 1, 2, None]
    numbers = [MALE, FEMALE, MALE, FEMALE, MALE, FEMALE, MALE, "15990119500101A016", None, MALE]
    rows = [
        {"id_card_no": number, "sex": code if code is None or kind == "integer" else str(code), "number": str(place)}
        for place, (code, number) in enumerate(zip(codes, numbers, strict=True))
    ]
    rule = {"rule": "matches_id", "field": "sex", "id": "id_card_no", "effect": "reject"}
    verdict = judge(rows, fields=fields, key=["number"], rules=[rule])
    result = result_of(verdict, "sex.matches_id")
    assert (result.code, result.indicator, result.evaluated, result.unexpected) == ("D411", "0402", 8, 2)
    broken = {row for row, record in judge.rejected().items() if "sex.matches_id" in record["rules"]}
    assert broken == {2, 3}


def test_a_birth_date_that_contradicts_the_id_is_counted(judge, result_of):
    rows = [
        {"id_card_no": MALE, "born_on": "1950-01-01"},
        {"id_card_no": FEMALE, "born_on": "1950-01-10"},
        {"id_card_no": "159901198906150041"},
        {"id_card_no": None, "born_on": "1950-01-01"},
    ]
    verdict = judge(rows, fields=PEOPLE, rules=[{"rule": "matches_id", "field": "born_on", "id": "id_card_no"}])
    result = result_of(verdict, "born_on.matches_id")
    assert (result.effect, result.evaluated, result.unexpected, verdict.rejected) == ("count", 2, 1, 0)


DIVISIONS = {"divisions": "code,name,until\n350100,福州,\n159901,不存在,\n152725,鄂托克旗,2001\n"}


@pytest.mark.parametrize(
    ("check", "known", "strange"),
    [
        ("resident_id", MALE, "11010519491231002X"),
        ("credit_code", "91350100M000100Y43", "91110000600037341L"),
        ("real_estate_unit", "152725001001JF00001W00000000", "159902001001JF00001W00000000"),
    ],
)
def test_a_division_that_never_was(judge, result_of, check, known, strange):
    fields = [{"name": "text", "title": "号码", "check": check}]
    rule = {"rule": "known_region", "field": "text"}
    verdict = judge([{"text": known}, {"text": strange}], fields=fields, key=["text"], codes=DIVISIONS, rules=[rule])
    result = result_of(verdict, "text.known_region")
    assert (result.code, result.indicator, result.effect) == ("D412", "0105", "count")
    assert (result.evaluated, result.unexpected, verdict.rejected) == (2, 1, 0)


def test_another_table_of_divisions_and_one_that_is_missing(judge, result_of):
    fields = [PEOPLE[0]]
    rule = {"rule": "known_region", "field": "id_card_no", "codes": "old", "effect": "reject"}
    verdict = judge([{"id_card_no": MALE}], fields=fields, codes={"old": "code\n159902\n"}, rules=[rule])
    assert verdict.rejected == 1
    with pytest.raises(EntryError, match=r"E295.*id_card_no\.known_region"):
        judge([{"id_card_no": MALE}], fields=fields, rules=[{**rule, "codes": "nowhere"}])


def test_an_identifier_without_a_division_has_no_known_region(judge):
    fields = [{"name": "text", "title": "号码", "check": "phone"}]
    with pytest.raises(EntryError, match=r"E296.*text\.known_region"):
        judge(
            [{"text": "1"}],
            fields=fields,
            key=["text"],
            codes=DIVISIONS,
            rules=[{"rule": "known_region", "field": "text"}],
        )


LONG = [{"name": "text", "title": "号码"}]
INTACT = [{"text": f"15990119500101{number:03}7"} for number in range(1, 98)]
ZEROED = [{"text": f"15990119500101{number}000"} for number in range(5)]
NOT_DAMAGED = {"rule": "not_excel_damaged", "field": "text"}


@pytest.mark.parametrize(("zeroed", "rejected"), [(2, 0), (3, 3), (5, 5)])
def test_zeros_at_the_end_are_damage_when_far_above_chance(judge, result_of, zeroed, rejected):
    rows = [*INTACT, *ZEROED[:zeroed], {"text": None}, {"text": "1000"}, {"text": "张三"}]
    verdict = judge(rows, fields=[*LONG, {"name": "n", "title": "序"}], key=["n"], rules=[NOT_DAMAGED])
    result = result_of(verdict, "text.not_excel_damaged")
    assert (result.code, result.indicator, result.effect) == ("D413", "0305", "reject")
    assert (result.evaluated, result.unexpected, verdict.rejected) == (len(rows) - 1, rejected, rejected)


def test_scientific_notation_is_damage_even_alone(judge):
    verdict = judge([*INTACT, {"text": "1.59901E+17"}], fields=LONG, key=["text"], rules=[NOT_DAMAGED])
    assert verdict.rejected == 1


def test_damage_is_found_in_a_delivery_larger_than_the_sample(judge):
    """Far above chance is judged by the whole column, also where the scan first looks at a sample of it."""
    rows = [{"text": f"1599011950{number:07}7"} for number in range(6000)]
    rows += [{"text": f"159901195001{number:03}000"} for number in range(100)]
    verdict = judge(rows, fields=LONG, key=["text"], rules=[NOT_DAMAGED])
    assert verdict.rejected == 100


def test_only_the_checks_in_use_are_made_known_to_the_database(tmp_path):
    entry = make_entry(PEOPLE, ["id_card_no"])
    make_batch(tmp_path, entry, [{"id_card_no": MALE}])
    with session(tmp_path / "batch.parquet", tmp_path) as connection:
        scan = Scan(connection, tmp_path / "batch.parquet")
        with pytest.raises(duckdb.CatalogException):
            connection.execute("SELECT resident_id('x')")
        scan.ask([question_of("column_values.resident_id", {"column": "id_card_no"}, scan.types)])
        assert connection.execute("SELECT resident_id('x')").fetchall() == [(False,)]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("SELECT credit_code('x')")
