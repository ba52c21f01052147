"""Every format against the same promises: what is read is exact, what is not is a defect or stops the file."""

from __future__ import annotations

import json

import pytest
from files import (
    CANARY,
    DELIMITED,
    FIELDS,
    KINDS,
    NAMES,
    ROWS,
    TYPED,
    Kind,
    attempt,
    make_entry,
    pack_gzip,
    pack_zip,
    read,
    text_fields,
    write_csv,
)

from shuyuan.problems import DeliveryError, Problem

COLUMNS = "id_card_no, person_name, amount::VARCHAR, people, day, valid"
NAMED = [kind for kind in KINDS if kind.form.get("header", True)]
TABULAR = [kind for kind in NAMED if kind.form["type"] != "jsonl"]


def each(kinds: list[Kind]):
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name)


@pytest.fixture
def refused(tmp_path):
    """Reading must raise the code, leave no batch behind and tell nobody a personal value."""

    def check(code: str, entry, *files) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            read(entry, tmp_path, *files)
        error = caught.value
        assert error.problem.code == code, str(error)
        texts = [str(error), repr(error), repr(error.problem), error.problem.next_step]
        assert not any(CANARY in text for text in texts)
        assert error.__cause__ is None
        assert error.problem.next_step
        assert "{" not in str(error)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["raw"]
        return error

    return check


@each(KINDS)
@pytest.mark.parametrize("packing", ["none", "gz", "zip"])
def test_reads_exactly_what_was_written(kind, packing, tmp_path):
    content = kind.write(ROWS)
    name = f"people{kind.ending}"
    packed = {"none": content, "gz": pack_gzip(content), "zip": pack_zip((name, content))}[packing]
    reading = read(make_entry(kind.form, unpack=packing), tmp_path, (f"d.{packing}", packed))
    assert reading.rows(COLUMNS) == TYPED
    assert reading.rows("DISTINCT _uncast, _raw, _file") == [(0, None, 0)]
    assert reading.batch.files == (f"d.zip!{name}" if packing == "zip" else f"d.{packing}",)
    reading.check_conservation()


@each(KINDS)
def test_lines_are_those_of_the_source(kind, tmp_path):
    reading = read(make_entry(kind.form), tmp_path, kind.write(ROWS))
    first = 2 if kind in TABULAR and kind.form["type"] != "parquet" else 1
    assert reading.rows("_line") == [(line,) for line in range(first, first + len(ROWS))]


@each(KINDS)
def test_several_files_and_members_are_one_batch(kind, tmp_path):
    first = pack_zip((f"甲{kind.ending}", kind.write(ROWS[:1])), (f"b{kind.ending}", kind.write(ROWS[1:3])))
    second = pack_zip((f"c{kind.ending}", kind.write(ROWS[3:])))
    reading = read(make_entry(kind.form, unpack="zip"), tmp_path, ("1.zip", first), ("2.zip", second))
    assert reading.rows(COLUMNS) == TYPED
    assert reading.rows("_file") == [(0,), (1,), (1,), (2,)]
    assert reading.batch.files == (f"1.zip!甲{kind.ending}", f"1.zip!b{kind.ending}", f"2.zip!c{kind.ending}")
    reading.check_conservation()


@each(NAMED)
def test_columns_are_matched_by_name(kind, tmp_path):
    turned = [row[::-1] for row in ROWS]
    reading = read(make_entry(kind.form), tmp_path, kind.write(turned, NAMES[::-1]))
    assert reading.rows(COLUMNS) == TYPED


@each(NAMED)
def test_missing_column_stops_the_file(kind, refused):
    error = refused("D220", make_entry(kind.form), kind.write([row[:-1] for row in ROWS], NAMES[:-1]))
    assert error.problem.facts["missing"] == "有效"


@each(NAMED)
def test_extra_column_stops_the_file(kind, refused):
    error = refused("D220", make_entry(kind.form), kind.write([[*row, "x"] for row in ROWS], [*NAMES, "备注"]))
    assert error.problem.facts["extra"] == "备注"


@each(NAMED)
def test_renamed_column_gets_a_hint(kind, refused):
    error = refused("D220", make_entry(kind.form), kind.write(ROWS, ["证件号码 ", *NAMES[1:]]))
    assert "证件号码" in error.problem.facts["hint"]


@each(TABULAR)
def test_duplicate_column_stops_the_file(kind, refused):
    refused("D221", make_entry(kind.form), kind.write([[*row, "x"] for row in ROWS], [*NAMES, "姓名"]))


@each(TABULAR)
def test_a_file_without_its_header_tells_no_values(kind, refused):
    refused("D223", make_entry(kind.form), kind.write(ROWS[1:], ROWS[0]))


@each(TABULAR)
def test_header_only_is_a_batch_of_no_rows(kind, tmp_path):
    reading = read(make_entry(kind.form), tmp_path, kind.write([]))
    assert (reading.batch.rows, reading.batch.counted) == (0, 0)
    assert reading.rows() == []


@each(KINDS)
@pytest.mark.parametrize("packing", ["none", "gz", "zip"])
def test_empty_file_stops(kind, packing, refused):
    packed = {"none": b"", "gz": pack_gzip(b""), "zip": pack_zip(("a", b""))}[packing]
    refused("D201", make_entry(kind.form, unpack=packing), packed)


INVISIBLE = ["\0", "\x08", "\x1b", "\x7f", "\x85", "\u200b", "\u200f", "\u2060", "\ufeff", "\ufffd"]


@pytest.mark.parametrize(
    ("kind", "character"),
    # XML 1.0 has no control characters, so a workbook cannot hold them.
    [(kind, one) for kind in KINDS for one in INVISIBLE if kind.name != "excel" or one > " "],
    ids=lambda value: value.name if isinstance(value, Kind) else ascii(value),
)
def test_invisible_characters_make_a_defect(kind, character, tmp_path):
    rows = [list(row) for row in ROWS]
    rows[1][1] = f"张{character}三"
    reading = read(make_entry(kind.form), tmp_path, kind.write(rows))
    assert reading.rows(COLUMNS) == [TYPED[0], *TYPED[2:]]
    line = 3 if kind in TABULAR and kind.form["type"] != "parquet" else 2
    assert reading.defects() == [(line, "record.characters")]
    assert reading.batch.counted == len(ROWS)
    reading.check_conservation()


@each(KINDS)
def test_words_like_na_and_null_are_text(kind, tmp_path):
    words = ["NA", "null", "None", "nan", "N/A", "NULL", "-", "#N/A", "\\N", "True", "1e5"]
    entry = make_entry(kind.form, text_fields("a", "b"))
    reading = read(entry, tmp_path, kind.write([[word, "x"] for word in words], ["a", "b"]))
    assert [word for (word,) in reading.rows("a")] == words


@each(KINDS)
def test_declared_null_words(kind, tmp_path):
    entry = make_entry({**kind.form, "null": ["NULL", "无"]}, text_fields("a", "b"))
    reading = read(entry, tmp_path, kind.write([["NULL", "无 "], ["无", "null"], ["", "x"]], ["a", "b"]))
    assert reading.rows() == [(None, "无 "), (None, "null"), (None, "x")]


WRONG = {
    "amount": [
        "1,234.50", "１２３４", "1.5E3", "NaN", "inf", "+1", " 1", "1 ", "1.", ".5", "1.005", "123456789", "1_0", "¥1",
    ],
    "people": ["1.0", "٣", "１２", "1e3", "+5", "0x1F", "1234567890123456789", "1_000", " 7", "7　", "三", "--1"],
    "day": [
        "20230229", "2023-02-29", "2023-2-3", "240229", "45351", "02/03/2024", "2024/02/29", "0000-00-00", "2024-13-01",
        "2024-02-29 00:00:00", "民国113年2月29日", "２０２４-02-29", "infinity", "epoch", "10000-01-01", "2024-02-29 ",
    ],
    "valid": ["true", "1", "Y", "是 ", "对"],
}  # fmt: skip


@each(KINDS)
def test_what_is_not_written_as_declared_is_no_value(kind, tmp_path):
    cases = [(name, text) for name, texts in WRONG.items() for text in texts]
    order = [field["name"] for field in FIELDS]
    if kind.form.get("quote") == "" and kind.form.get("delimiter", ",") == ",":
        cases = [(name, text) for name, text in cases if "," not in text]
    rows = []
    for name, text in cases:
        row = list(ROWS[0])
        row[order.index(name)] = text
        rows.append(row)
    reading = read(make_entry(kind.form), tmp_path, kind.write(rows))
    found = reading.rows(f"_uncast, {', '.join(order)}, _raw")
    for (name, text), row in zip(cases, found, strict=True):
        place = order.index(name)
        assert row[0] == 1 << place, (name, text)
        assert row[1 + place] is None
        assert json.loads(row[-1])[name] == text
    reading.check_conservation()


@each(DELIMITED)
def test_short_and_long_lines_are_defects(kind, tmp_path):
    form = kind.form
    table = [NAMES, ROWS[0], ROWS[1][:-1], [*ROWS[2], "x"], ["x"], ROWS[3]]
    rows = write_csv(table if form.get("header", True) else table[1:], form)
    reading = read(make_entry(form), tmp_path, rows)
    first = 3 if form.get("header", True) else 2
    assert reading.rows(COLUMNS) == [TYPED[0], TYPED[3]]
    assert reading.defects() == [(first + offset, "record.fields") for offset in range(3)]
    reading.check_conservation()


@each(KINDS)
def test_a_file_cut_anywhere_is_never_taken_for_another(kind, tmp_path):
    """Without a manifest, a cut at a line end cannot be seen; any other cut makes a defect or stops the file."""
    content = kind.write(ROWS)
    entry = make_entry(kind.form)
    for cut in range(1, len(content) - 2, max(1, len(content) // 40)):
        workdir = tmp_path / str(cut)
        workdir.mkdir()
        reading = attempt(entry, workdir, content[:cut])
        if isinstance(reading, Problem):
            assert CANARY not in str(reading)
            continue
        whole = [row for row in reading.rows(COLUMNS) if row in TYPED]
        assert len(reading.rows()) - len(whole) <= 1, "at most the last row is a stump"


@each(KINDS)
@pytest.mark.parametrize(
    "wrong", [b"PK\x03\x04junk", b"\x1f\x8b\x08junk", b"7z\xbc\xaf\x27\x1cxx", b"Rar!\x1a\x07\x00"]
)
def test_compressed_bytes_where_none_are_declared(kind, wrong, refused):
    excel = kind.form["type"] == "excel"
    refused("D230" if excel else "D202", make_entry(kind.form), wrong)


@each(KINDS)
def test_garbage_is_refused(kind, refused):
    code = {"excel": "D230", "parquet": "D240"}.get(kind.form["type"])
    garbage = bytes(range(128, 256)) * 40 + CANARY.encode("gbk")
    if code:
        refused(code, make_entry(kind.form), garbage)
    else:
        refused("D212" if kind.form.get("encoding") == "utf-16" else "D210", make_entry(kind.form), garbage)
