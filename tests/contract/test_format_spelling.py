"""``normalise: true`` in every format: the normal form to work with, the delivered text beside it."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from files import CSV, KINDS, make_entry, read

from shuyuan.catalog.originals import keep_originals
from shuyuan.entry import Element
from shuyuan.formats.spelling import Spelling

ELEMENTS = {
    "certificate": Element(title="不动产权证号", normal_form="text"),
    "resident_id": Element(title="公民身份号码", normal_form="resident_id"),
    "person_name": Element(title="姓名", normal_form="name"),
}
FIELDS = [
    {"name": "number", "from": "证号", "title": "证号", "element": "certificate", "normalise": True},
    {"name": "id_card_no", "from": "证件号码", "title": "证件号码", "element": "resident_id", "normalise": True},
    {"name": "people", "from": "人数", "title": "人数", "type": "integer"},
    {"name": "person_name", "from": "姓名", "title": "姓名", "element": "person_name", "normalise": True},
]
HEADER = ["证号", "证件号码", "人数", "姓名"]
ROWS = [
    ["蒙（２０２０）示例旗不动产权第０００１２３４号", "15990119000101002x", "3", "买买提•艾力"],
    ["蒙(2020)示例旗 不动产权第0001235号", "159901000101001", "2", "張 三"],
    ["蒙(2020)示例旗不动产权第0001236号", "１５９９０１195001010016", "1", "李四"],
    ["　", "159901195001010024", "4", "王　五"],
]
SPELLED = [
    ("蒙(2020)示例旗不动产权第0001234号", "15990119000101002X", 3, "买买提·艾力"),
    ("蒙(2020)示例旗不动产权第0001235号", "159901190001010013", 2, "张三"),
    ("蒙(2020)示例旗不动产权第0001236号", "159901195001010016", 1, "李四"),
    (None, "159901195001010024", 4, "王五"),
]


def entry(form, **source):
    return keep_originals(make_entry(form, FIELDS, **source))


def old_id_check(digits):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_normal_form_and_original_side_by_side(tmp_path, kind):
    reading = read(entry(kind.form), tmp_path, kind.write(ROWS, HEADER), elements=ELEMENTS)
    reading.check_conservation()
    assert reading.batch.rows == len(ROWS)
    assert SPELLED[1][1] == "15990119000101001" + old_id_check("15990119000101001")
    assert reading.rows("number, id_card_no, people, person_name") == SPELLED
    originals = reading.rows("number_raw, id_card_no_raw, person_name_raw")
    assert originals == [(row[0], row[1], row[3]) for row in ROWS]


def test_a_record_that_is_no_row_is_kept_as_delivered(tmp_path):
    lines = ",".join(HEADER) + "\n" + ",".join(ROWS[0]) + ",more\n" + ",".join(ROWS[2]) + "\n"
    reading = read(entry(CSV), tmp_path, lines.encode(), elements=ELEMENTS)
    reading.check_conservation()
    assert reading.defects("_line, rule, raw") == [(2, "record.fields", ",".join(ROWS[0]) + ",more")]
    assert reading.rows("id_card_no") == [("159901195001010016",)]


def test_a_text_that_is_no_number_is_kept_with_its_neighbours_as_delivered(tmp_path):
    row = [*ROWS[0][:2], "三", ROWS[0][3]]
    reading = read(entry(CSV), tmp_path, "\n".join(map(",".join, (HEADER, row))).encode() + b"\n", elements=ELEMENTS)
    ((uncast, raw),) = reading.rows("_uncast, _raw")
    assert uncast == 1 << 2
    told = json.loads(raw)
    assert (told["people"], told["number_raw"], told["id_card_no_raw"]) == ("三", row[0], row[1])


def test_nothing_is_done_where_no_field_asks():
    plain = make_entry(CSV, [{**field, "normalise": False} for field in FIELDS])
    columns = [pa.array(["ａ"])]
    assert Spelling(plain, ELEMENTS).spread(columns) is columns


def test_each_distinct_text_is_looked_at_once(monkeypatch):
    asked = []
    monkeypatch.setattr("shuyuan.formats.spelling.FORMS", {"text": lambda text: (asked.append(text), text.strip())[1]})
    told = keep_originals(make_entry(CSV, [FIELDS[0]]))
    own, original = Spelling(told, ELEMENTS).spread([pa.array([" a", "b", " a", None, " "] * 1000)])
    assert asked == [" a", "b", " "]
    assert own.to_pylist()[:5] == ["a", "b", "a", None, None]
    assert original.to_pylist()[:5] == [" a", "b", " a", None, " "]
