"""What is handed in is read by its titles, judged by its elements, and every fault is told without a value."""

import json
import zipfile

import pytest

from asked_checks import AUTHORIZATION, NUMBER, SIGNED, a_row, make_asked, write_form
from checked_county import number
from shuyuan.catalog.checks import read_checks
from shuyuan.catalog.dictionary import pick_elements
from shuyuan.checks.refusals import MOST_TOLD, RequestError
from shuyuan.checks.registering import read_request
from shuyuan.checks.request_items import Items
from shuyuan.checks.request_template import write_template
from shuyuan.problems import DeliveryError


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_asked(tmp_path / "center", monkeypatch)


def read(county, source, **filled):
    return read_request(county.project, read_checks(county.project)["family"], source, county.now, **filled)


def faults(county, source, **filled):
    with pytest.raises(RequestError) as caught:
        read(county, source, **filled)
    return [(one.code, one.location.line, str(one.facts.get("column", ""))) for one in caught.value.problems]


def test_lines_of_one_case_number_are_one_case(county):
    one, other = read(county, [a_row(1), a_row(2, **{"姓名": "李四"}), a_row(3, "A-2", **{"不动产单元": "U1"})])
    assert (one.number, len(one.subjects), one.items, one.authorization) == ("A-1", 2, {"home": None}, "SQ2026-001")
    assert one.subjects[1] == {"name": "李四", "id_no": number(2), "role": None, "plate": None}
    assert (other.items, str(other.signed_on[0])) == ({"home": "U1"}, "2026-11-01")


def test_people_write_numbers_and_days_in_their_ways(county):
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in number(1))
    for text in (f" {number(1)} ", wide, number(1).lower(), number(1)[:6] + number(1)[8:17]):
        for day in ("2026-11-01", "20261101", "2026/11/1", "2026年11月1日", "2026-11-01T00:00:00"):
            (case,) = read(county, [a_row(1, **{"身份号码": text, SIGNED: day})])
            assert (case.subjects[0]["id_no"], str(case.signed_on[0])) == (number(1), "2026-11-01")


def test_every_fault_is_told_at_once_and_none_with_a_value(county):
    rows = [
        a_row(1, **{"身份号码": number(1)[:-1] + "0"}),
        a_row(2, **{"姓名": None}),
        a_row(3, **{SIGNED: None}),
        a_row(4, **{SIGNED: "2026-11-30"}),
        a_row(5, **{SIGNED: "2025-01-01"}),
        a_row(6, **{"授权书编号": "SQ-甲"}),
        a_row(7, "A-2", **{"授权书编号": "SQ-甲"}),
        a_row(8, number(8)),
        a_row(9, "A-3"),
        a_row(9, "A-3"),
        a_row(10, "A-4", **{"姓名": "张\u200b三", "手机": "13800000000"}),
    ]
    found = faults(county, rows)
    assert found[0] == ("D703", 11, "6"), "the columns first"
    assert sorted(found[1:]) == [
        ("D704", 1, "身份号码"),
        ("D704", 8, NUMBER),
        ("D704", 11, "姓名"),
        ("D705", 2, "姓名"),
        ("D706", 6, "授权书编号"),
        ("D707", 10, "身份号码"),
        ("D708", 7, "授权书编号"),
        ("D709", 3, SIGNED),
        ("D710", 4, SIGNED),
        ("D714", 5, SIGNED),
    ]
    with pytest.raises(RequestError) as caught:
        read(county, rows)
    told = str(caught.value)
    assert not any(value in told for row in rows for key, value in row.items() if value and key not in (NUMBER, SIGNED))
    assert number(8) not in told


def test_a_workbook_has_its_columns_in_any_order_below_a_title(county, tmp_path):
    path = write_form(tmp_path / "a.xlsx", [dict(reversed(a_row(1).items())), a_row(2)])
    (case,) = read(county, path)
    assert [one["id_no"] for one in case.subjects] == [number(1), number(2)]
    assert faults(county, write_form(tmp_path / "b.xlsx", [a_row(1), a_row(1)])) == [("D707", 3, "身份号码")]


def test_a_case_may_have_a_sheet_of_its_own(county, tmp_path):
    people = [{key: one for key, one in a_row(place, f"A-{place}").items() if key != "授权书编号"} for place in (1, 2)]
    cases = [{NUMBER: f"A-{place}", "授权书编号": "SQ2026-001", "不动产单元": f"U{place}"} for place in (1, 2)]
    path = write_form(tmp_path / "a.xlsx", people, 案件=cases)
    assert [one.items["home"] for one in read(county, path)] == ["U1", "U2"]
    path = write_form(tmp_path / "b.xlsx", people[:1], 案件=cases)
    assert faults(county, path) == [("D701", 3, "")], "a case without people"


def test_one_case_may_be_named_beside_the_file(county, tmp_path):
    row = {key: one for key, one in a_row(1).items() if key not in (NUMBER, "授权书编号")}
    path = write_form(tmp_path / "a.xlsx", [row])
    (case,) = read(county, path, case="B-9", authorization="SQ2026-009")
    assert (case.number, case.authorization) == ("B-9", "SQ2026-009")
    assert [code for code, *_ in faults(county, path)] == ["D702"]


def test_a_header_that_is_missing_shows_nobodys_name(county, tmp_path):
    path = write_form(tmp_path / "a.xlsx", [{"张三": "李四", number(1): number(2)}])
    with pytest.raises(RequestError) as caught:
        read(county, path)
    assert {one.code for one in caught.value.problems} == {"D702"}
    assert "张三" not in str(caught.value)
    path = write_form(tmp_path / "b.xlsx", [a_row(1) | {"王五": "赵六"}])
    assert faults(county, path) == [("D703", 1, "F")]


def test_json_says_the_same(county, tmp_path):
    subject = {"name": "张三", "id_no": number(1), "signed_on": "2026-11-01"}
    case = {"number": "A-1", "authorization": "SQ2026-001", "home": "U1", "subjects": [subject]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    assert read(county, path) == read(county, [a_row(1, **{"不动产单元": "U1"})])
    subject["id_no"] = int(number(1))
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    assert ("D717", 1, "身份号码") in faults(county, path)


HOSTILE = {
    "empty.json": b"",
    "deep.json": b"[" * 200_000,
    "list.json": b"[1, 2]",
    "cases.json": b'{"cases": [{"subjects": "x"}]}',
    "not.xlsx": b"PK\x03\x04 and no more",
    "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512,
    "text.txt": b"a,b",
    "latin.json": b'{"cases": "\xff"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(county, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(DeliveryError):
        read(county, path)


def test_a_bomb_is_refused_before_it_is_unpacked(county, tmp_path):
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for _ in range(300):
            sheet.write(b" " * 1024**2)
    with pytest.raises(DeliveryError, match="D204"):
        read(county, path)


def test_so_many_faults_are_told_and_the_rest_counted(county):
    found = faults(county, [a_row(place, **{"姓名": None}) for place in range(1, MOST_TOLD + 8)])
    assert len(found) == MOST_TOLD + 1
    assert found[-1][0] == "D719"


def test_more_cases_than_a_request_may_have(county):
    check = read_checks(county.project)["family"].model_copy(update={"cases_at_most": 2})
    with pytest.raises(RequestError, match="D711"):
        read_request(county.project, check, [a_row(n, f"A-{n}") for n in (1, 2, 3)], county.now)


def test_without_authorisation_its_columns_are_not_asked_and_not_taken(county):
    check = read_checks(county.project)["family"].model_copy(update={"authorization": None})
    row = {NUMBER: "A-1", "姓名": "张三", "身份号码": number(1)}
    (case,) = read_request(county.project, check, [row], county.now)
    assert (case.authorization, case.signed_on) == (None, (None,))
    with pytest.raises(RequestError, match="D703"):
        read_request(county.project, check, [a_row(1)], county.now)


def test_the_empty_form_is_one_that_is_taken_once_filled(county, tmp_path):
    check = read_checks(county.project)["family"]
    items = Items.of(county.project, check, pick_elements(county.project, ["resident_id", "person_name"] + [
        one.element for one in check.inputs.values()]))  # fmt: skip
    path = tmp_path / "form.xlsx"
    path.write_bytes(write_template(check, items.elements, items.codes))
    assert faults(county, path) == [("D701", None, "")]
    assert AUTHORIZATION["signed"]
