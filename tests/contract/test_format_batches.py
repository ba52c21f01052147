"""What holds for a batch as a whole, whatever it was read from."""

from __future__ import annotations

import json

import pytest
from files import (
    CSV,
    FIELDS,
    NAMES,
    ROWS,
    make_entry,
    read,
    read_csv,
    write_csv,
)

from shuyuan.problems import EntryError


def test_reading_again_gives_the_same(tmp_path):
    content = write_csv([NAMES, *ROWS, ["short"]], {})
    first = read(make_entry(CSV), tmp_path, content)
    before = (first.batch, first.rows("*"), first.defects("*"))
    again = read(make_entry(CSV), tmp_path, content)
    assert (again.batch, again.rows("*"), again.defects("*")) == before


def test_a_batch_without_defects_removes_those_of_an_earlier_try(tmp_path):
    read(make_entry(CSV), tmp_path, write_csv([NAMES, ["short"]], {}))
    assert (tmp_path / "defects.parquet").exists()
    read(make_entry(CSV), tmp_path, write_csv([NAMES, *ROWS], {}))
    assert not (tmp_path / "defects.parquet").exists()


def test_many_defects_are_numbered_after_the_rows(tmp_path):
    text = "a,b,c\n" + "1,2,3\nx\n" * 25_000
    reading = read_csv(text, tmp_path)
    assert (reading.batch.rows, reading.batch.defects, reading.batch.counted) == (25_000, 25_000, 50_000)
    assert reading.defects("_row, _line")[-1] == (49_999, 50_001)


def test_raw_texts_are_those_of_the_record(tmp_path):
    rows = [[*ROWS[0][:3], "x", *ROWS[0][4:]]]
    (raw,) = read(make_entry(CSV), tmp_path, write_csv([NAMES, *rows], {})).rows("_raw")[0]
    assert json.loads(raw) == dict(zip([field["name"] for field in FIELDS], rows[0], strict=True))


def test_typed_fields_beyond_the_bits_are_refused(tmp_path):
    fields = [{"name": f"f{number}", "title": "x", "type": "integer"} for number in range(64)]
    with pytest.raises(EntryError) as caught:
        read(make_entry(CSV, fields), tmp_path, b"x\n")
    assert caught.value.problem.code == "E292"
    fields[63]["type"] = "string"
    header = ",".join(field["name"] for field in fields)
    reading = read(make_entry(CSV, fields), tmp_path, f"{header}\n{','.join(['x'] * 64)}\n".encode())
    assert reading.rows("_uncast, f63") == [((1 << 63) - 1, "x")]
