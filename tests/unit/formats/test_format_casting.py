"""The grammars of values: a table of texts for each type, through the same SQL that a batch is typed with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from shuyuan.entry import Field
from shuyuan.formats.casting import cast, select_typed, type_name
from shuyuan.problems import EntryError


def make_field(kind: str, form: str | None = None) -> Field:
    return Field.model_validate({"name": "f", "title": "f", "type": kind, "format": form})


def cast_text(text: str, kind: str, form: str | None = None):
    field = make_field(kind, form)
    ((value,),) = duckdb.execute(f"SELECT {cast(field, 't')} FROM (SELECT ?::VARCHAR AS t)", [text]).fetchall()
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-0", 0), ("007", 7), ("-12", -12), ("999999999999999999", 10**18 - 1), ("000000000000000001", 1)],
)
def test_integers(text, value):
    assert cast_text(text, "integer") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "1_000",
        "1,000",
        "0x1F",
        "１",
        "٣",
        "۳",
        "१",
        "1000000000000000000",
        "--1",
        "NaN",
    ],
)
def test_no_integers(text):
    assert cast_text(text, "integer") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1.00"),
        ("1.5", "1.50"),
        ("-0.01", "-0.01"),
        ("-0", "0.00"),
        ("00012.30", "12.30"),
        ("99999999.99", "99999999.99"),
    ],
)
def test_decimals(text, value):
    assert cast_text(text, "decimal(10,2)") == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "1.005",
        "100000000",
        "000000001.0",
        "1,234.50",
        "１２",
        "1.5E3",
        "1e2",
        ".5",
        "1.",
        "+1",
        " 1",
        "1 ",
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "1_0",
        "1 000",
        "￥1",
        "1元",
        "1.2.3",
        "--1",
        "−1",
        "1。5",
        "",
        "-",
    ],
)
def test_no_decimals(text):
    assert cast_text(text, "decimal(10,2)") is None


def test_decimals_at_the_edges_of_their_type():
    assert cast_text("9" * 38, "decimal(38,0)") == Decimal("9" * 38)
    assert cast_text("9" * 39, "decimal(38,0)") is None
    assert cast_text("1.0", "decimal(5,0)") is None
    assert cast_text("0.1234", "decimal(4,4)") == Decimal("0.1234")
    assert cast_text("1.0000", "decimal(4,4)") is None
    assert type_name(make_field("decimal(18, 2)")) == "DECIMAL(18,2)"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2024-02-29", None),
        ("20240229", "%Y%m%d"),
        ("2024/02/29", "%Y/%m/%d"),
        ("2024年02月29日", "%Y年%m月%d日"),
        ("2024.02.29", "%Y.%m.%d"),
        ("2024年2月29日", "%Y年%-m月%-d日"),
        ("29/02/2024", "%d/%m/%Y"),
        ("24-02-29", "%y-%m-%d"),
        ("2024-02-29 00:00:00", "%Y-%m-%d %H:%M:%S"),
    ],
)
def test_dates(text, form):
    assert cast_text(text, "date", form) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("20230229", "%Y%m%d"),
        ("240229", "%Y%m%d"),
        ("45351", "%Y%m%d"),
        ("2024229", "%Y%m%d"),
        ("2024022９", "%Y%m%d"),
        ("2023-2-30", None),
        ("2023-2-3", None),
        ("2023-02-29", None),
        ("0000-00-00", None),
        ("2024-00-10", None),
        ("2024-13-01", None),
        ("infinity", None),
        ("-infinity", None),
        ("epoch", None),
        ("today", None),
        ("10000-01-01", None),
        ("-001-01-01", None),
        ("2024-02-29 ", None),
        (" 2024-02-29", None),
        ("2024-02-29T00:00:00", None),
        ("2024/02/29", None),
        ("20240229", None),
        ("2024-02-29 (BC)", None),
        ("2024-2-29", "%Y-%m-%d"),
        ("2024年2月29日", "%Y年%m月%d日"),
        ("2024年02月9日", "%Y年%-m月%-d日"),
        ("02/29/2024", "%d/%m/%Y"),
        ("2024-02-29 08:00:00", "%Y-%m-%d %H:%M:%S"),
        ("民国113年02月29日", "%Y年%m月%d日"),
        ("二〇二四年二月", None),
    ],
)
def test_no_dates(text, form):
    assert cast_text(text, "date", form) is None


def test_moments():
    assert cast_text("2024-02-29 08:30:15", "datetime") == datetime(2024, 2, 29, 8, 30, 15)
    assert cast_text("2024-02-29 08:30:15.120000", "datetime") == datetime(2024, 2, 29, 8, 30, 15, 120000)
    assert cast_text("2024-02-29 08:30:15.12", "datetime") is None
    assert cast_text("2024-02-30 08:30:15.120000", "datetime") is None
    assert cast_text("20240229083015", "datetime", "%Y%m%d%H%M%S") == datetime(2024, 2, 29, 8, 30, 15)
    assert cast_text("2024-02-29 08:30:15.123456", "datetime", "%Y-%m-%d %H:%M:%S.%f").microsecond == 123456
    wrong = ["2024-02-29", "2024-02-29 24:00:00", "2024-02-29 08:30:60", "2024-02-29T08:30:15", "2024-02-29 8:30:15"]
    wrong += ["2024-02-29 08:30:15.5", "2024-02-29 08:30:15+08", "infinity", "2023-02-29 00:00:00", "2024-02-29 08:30"]
    assert {cast_text(text, "datetime") for text in wrong} == {None}


def test_truths():
    assert [cast_text(text, "boolean") for text in ("true", "false", "TRUE", "1", "t")] == [
        True,
        False,
        None,
        None,
        None,
    ]
    assert [cast_text(text, "boolean", "是/否") for text in ("是", "否", "是 ", "true")] == [True, False, None, None]
    assert [cast_text(text, "boolean", "Y'/N") for text in ("Y'", "N")] == [True, False]


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("date", "%Y-%m"),
        ("date", "%Y-%m-%d %p"),
        ("date", "yyyy-MM-dd"),
        ("date", "%Y-%m-%d %"),
        ("datetime", "%H:%M:%S"),
        ("boolean", "是"),
        ("boolean", "是/是"),
        ("boolean", "是/否/未知"),
        ("boolean", "/否"),
    ],
)
def test_formats_that_say_nothing(kind, form):
    with pytest.raises(EntryError) as caught:
        cast(make_field(kind, form), "t")
    assert caught.value.problem.code == "E291"


def test_names_are_quoted():
    field = Field.model_validate({"name": "select", "title": "x", "type": "integer"})
    rows = duckdb.sql(select_typed([field], "(SELECT 0 _row, 0 _file, 1 _line, 'x' t0)")).fetchall()
    assert rows == [(0, 0, 1, 1, '{"select":"x"}', None)]
