"""Arrow's way to canonical text and Python's are the same; rows of the wire are cut as they were packed."""

from __future__ import annotations

import struct
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymysql.err import OperationalError

from shuyuan.sources import mysql_rows, spellings
from shuyuan.sources.canonical import Unreadable, canonical_text


def column(*texts: str | None) -> pa.Array:
    return pa.array([None if text is None else text.encode() for text in texts], pa.binary())


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5))
@example([1e22, 1e-7, -0.0, 123456789.12345678, 9007199254740993.0])
@settings(deadline=None)
def test_a_float_is_spelt_as_python_would(numbers):
    expected = [canonical_text(number) for number in numbers]
    for write in (repr, "{:.17g}".format, lambda number: format(Decimal(number), "f")):
        assert spellings.real(column(*map(write, numbers))).to_pylist() == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-01-31 08:30:00", "2026-01-31 08:30:00"),
        ("2026-01-31 08:30:00.5", "2026-01-31 08:30:00.500000"),
        ("2026-01-31 08:30:00.000", "2026-01-31 08:30:00"),
        ("2026-01-31 08:30:00.000001", "2026-01-31 08:30:00.000001"),
        ("-838:59:59.10", "-838:59:59.100000"),
        ("0000-00-00 00:00:00.00", "0000-00-00 00:00:00"),
        ("infinity", "infinity"),
        (None, None),
    ],
)
def test_a_seconds_fraction_has_six_digits_or_none(told, expected):
    assert spellings.clock(column(None, "08:00:00", told)).to_pylist() == [None, "08:00:00", expected]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-01-31 08:30:00+08", "2026-01-31 08:30:00"),
        ("2026-01-31 08:30:00.25+08", "2026-01-31 08:30:00.250000"),
        ("1900-01-01 08:05:43+08:05:43", "1900-01-01 08:05:43"),
        ("-infinity", "-infinity"),
    ],
)
def test_the_sessions_offset_is_left_out(told, expected):
    assert spellings.zoned_clock(column(told, None)).to_pylist() == [expected, None]


def test_zeros_for_display_go():
    assert spellings.zero_filled(column("0042", "0", "000", "-007", None)).to_pylist() == ["42", "0", "0", "-7", None]


def test_bytes_that_are_no_text():
    with pytest.raises(Unreadable):
        spellings.text(pa.array([b"\xcb\xd5"], pa.binary()))
    with pytest.raises(Unreadable):
        spellings.binary(column("A"))
    assert spellings.binary(column(None, None)).to_pylist() == [None, None]


def packed(value: bytes | None) -> bytes:
    """A value as the text protocol has it: its length, then itself."""
    if value is None:
        return b"\xfb"
    if len(value) < 251:
        return bytes([len(value)]) + value
    if len(value) < 1 << 16:
        return b"\xfc" + struct.pack("<H", len(value)) + value
    return b"\xfd" + struct.pack("<I", len(value))[:3] + value


values = st.none() | st.binary(max_size=20) | st.sampled_from([250, 251, 252, 65_535, 65_536]).map(lambda n: b"x" * n)


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=6))
@settings(deadline=None)
def test_rows_are_cut_as_they_were_packed(rows):
    block, bounds = b"", []
    for row in rows:
        begin = len(block) + 4
        block += b"head" + b"".join(map(packed, row))
        bounds += [begin, len(block)]
    columns = mysql_rows.cut_columns(block, bounds, 3)
    assert list(zip(*(one.to_pylist() for one in columns), strict=True)) == rows


@pytest.mark.parametrize("block", [b"\x05abc", b"\xfcab", b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7fx", b"\x01a\x01b"])
def test_a_row_that_does_not_fit_is_refused(block):
    with pytest.raises(OperationalError):
        mysql_rows.cut_columns(block, [0, len(block)], 1)
