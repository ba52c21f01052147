from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuyuan.sources.canonical import Unreadable, canonical_column, canonical_text
from shuyuan.sources.rows_digest import RowsDigest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0012", "0012"),
        ("", ""),
        (7, "7"),
        (10**30, "1" + "0" * 30),
        (True, "1"),
        (False, "0"),
        (Decimal("1.10"), "1.10"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-8"), "0.00000000"),
        (Decimal("-0.000000001"), "-0.000000001"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e16, "10000000000000000"),
        (1.5e-7, "0.00000015"),
        (float("nan"), "nan"),
        (date(2026, 1, 31), "2026-01-31"),
        (date(1, 1, 1), "0001-01-01"),
        (datetime(2026, 1, 31, 8, 30), "2026-01-31 08:30:00"),
        (datetime(2026, 1, 31, 8, 30, 0, 5000), "2026-01-31 08:30:00.005000"),
        (datetime(2026, 1, 31, 16, 30, tzinfo=UTC), "2026-02-01 00:30:00"),
        (time(8, 30), "08:30:00"),
        (timedelta(hours=-30, minutes=-1), "-30:01:00"),
        (timedelta(hours=838, minutes=59, seconds=59, microseconds=1), "838:59:59.000001"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_value_has_one_spelling(value, text):
    assert canonical_text(value) == text
    assert canonical_column([None, value]) == [None, text]


@pytest.mark.parametrize("value", [b"\x00", bytearray(b"x"), memoryview(b"x"), {"a": 1}, [1], object()])
def test_what_is_no_text_is_not_guessed(value):
    with pytest.raises(Unreadable):
        canonical_column(["text", value])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_itself(value):
    text = canonical_text(value)
    assert float(text) == value
    assert "e" not in text


rows = st.lists(st.tuples(st.none() | st.text(max_size=5), st.none() | st.text(max_size=5)), min_size=1, max_size=8)


def digest(batches) -> str:
    whole = RowsDigest(["a", "b"])
    for batch in batches:
        columns = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
        whole.add(pa.RecordBatch.from_arrays(columns, names=["a", "b"]))
    return whole.hexdigest()


@given(rows, st.randoms())
@settings(deadline=None)
def test_the_order_and_the_batches_do_not_matter(table, chance):
    shuffled = table[:]
    chance.shuffle(shuffled)
    assert digest([table]) == digest([[row] for row in shuffled])


@given(rows, rows)
@settings(deadline=None)
def test_other_rows_have_another_identity(one, other):
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (digest([one]) == digest([other])) == same


def test_columns_and_nulls_are_part_of_the_identity():
    assert RowsDigest(["a"]).hexdigest() != RowsDigest(["b"]).hexdigest()
    assert digest([[("", None)]]) != digest([[(None, "")]]) != digest([[("null", "")]])
