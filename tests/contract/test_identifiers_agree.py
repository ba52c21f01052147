"""One verdict for every text, whoever is asked: the scalar check, numpy on Arrow, DuckDB's SQL, GX on pandas.

A million generated values: valid ones, near misses, garbage, nulls and Unicode; the same for numbers and dates, where
the other side is the SQL that types a delivery's cells.
"""

import random

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine

from identifier_vectors import DATES, INTEGERS, INVALID, MOMENTS, NUMBERS, VALID
from shuyuan.entry import Field
from shuyuan.formats.casting import cast
from shuyuan.identifiers import (
    CHECKS,
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    RESIDENT_CHECKS,
    RESIDENT_WEIGHTS,
    is_decimal,
    is_integer,
    read_date,
    read_datetime,
)
from shuyuan.quality.characters import judge_texts
from shuyuan.quality.conditions import question_of
from shuyuan.quality.engine import validator_of
from shuyuan.quality.expectations import IDENTIFIER_EXPECTATIONS
from shuyuan.quality.scan import Scan, session

VALUES = 100_000
"""For each of the ten checks: a million in all."""

STRANGE = list("ABCIOQXxeE+-_.?·•  ０９Ａ中〇警D()（）□\x00\t\n\u3000\ue000\ufffd𠀀𠮷")
DIGITS = "0123456789"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def residents(dice: np.random.Generator, count: int) -> list[str]:
    digits = dice.integers(0, 10, (count, 17))
    digits[:, :6] = [1, 5, 9, 9, 0, 1]
    digits[:, 6:8] = np.array([[1, 9], [2, 0], [1, 8], [2, 1]])[dice.choice(4, count, p=[0.6, 0.3, 0.05, 0.05])]
    digits[:, 10] = dice.integers(0, 2, count)
    digits[:, 12] = dice.integers(0, 4, count)
    checks = np.array(list(RESIDENT_CHECKS))[(digits * np.array(RESIDENT_WEIGHTS)).sum(axis=1) % 11]
    texts = np.char.add((digits + 48).astype(np.uint8).view("S17").ravel().astype(str), checks)
    return texts.tolist()  # type: ignore[no-any-return]


def credit_codes(dice: np.random.Generator, count: int) -> list[str]:
    places = dice.integers(0, 31, (count, 17))
    checks = (31 - (places * np.array(CREDIT_WEIGHTS)).sum(axis=1) % 31) % 31
    alphabet = np.frombuffer(CREDIT_ALPHABET.encode(), np.uint8)
    return np.ascontiguousarray(alphabet[np.column_stack([places, checks])]).view("S18").ravel().astype(str).tolist()  # type: ignore[no-any-return]


def organization_codes(dice: np.random.Generator, count: int) -> list[str]:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    places = dice.integers(0, 36, (count, 8))
    checks = (11 - places @ np.array([3, 7, 9, 10, 5, 8, 4, 2]) % 11) % 11
    return [
        "".join(alphabet[place] for place in row) + ("-" if row[0] % 2 else "") + "0123456789X"[check]
        for row, check in zip(places.tolist(), checks.tolist(), strict=True)
    ]


def shaped(name: str, seed: int, count: int) -> list[str]:
    """Texts like the known valid ones: each digit and capital letter drawn anew, half of the time only."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        text = chance.choice(VALID[name])
        if chance.random() < 0.5:
            text = "".join(
                chance.choice(DIGITS) if one in DIGITS else chance.choice(LETTERS) if "A" <= one <= "Z" else one
                for one in text
            )
        found.append(text)
    return found


def spoil(texts: list[str], seed: int) -> list[str | None]:
    """Half of the texts damaged: a strange character in place of one, one too many, one too few, no text at all."""
    chance = random.Random(seed)
    found: list[str | None] = []
    for text in texts:
        kind, place, strange = chance.randrange(14), chance.randrange(len(text)), chance.choice(STRANGE)
        changes = {
            0: text[:place] + strange + text[place + 1 :],
            1: text[:place] + strange + text[place:],
            2: text[:place] + text[place + 1 :],
            3: text[:-1] + chance.choice("0123456789X"),
            4: text[:place] + text[place:][::-1],
            5: strange * chance.randrange(40),
            6: text + chance.choice(["\n", " ", "0", "X", "\x00"]),
        }
        found.append(None if kind == 7 else changes.get(kind, text))
    return found


def generate(name: str) -> list[str | None]:
    seed = sum(map(ord, name))
    dice = np.random.default_rng(seed)
    special = {"resident_id": residents, "credit_code": credit_codes, "organization_code": organization_codes}
    count = VALUES - len(VALID[name]) - len(INVALID[name])
    texts = special[name](dice, count) if name in special else shaped(name, seed, count)
    return [*VALID[name], *INVALID[name], *spoil(texts, seed)]


@pytest.fixture(scope="module")
def columns() -> dict[str, list[str | None]]:
    """A column of values a check."""
    return {name: generate(name) for name in CHECKS}


@pytest.fixture(scope="module")
def expected(columns) -> dict[str, list[bool | None]]:
    """The verdicts of the scalar checks."""
    verdicts = {
        name: [None if text is None else CHECKS[name].is_valid(text) for text in texts]
        for name, texts in columns.items()
    }
    for name, found in verdicts.items():
        assert found.count(True) > 0.1 * VALUES, name
        assert found.count(False) > 0.1 * VALUES, name
    return verdicts


@pytest.fixture(scope="module")
def parquet(columns, tmp_path_factory):
    path = tmp_path_factory.mktemp("identifiers") / "batch.parquet"
    arrays = {name: pa.array(texts, pa.string()) for name, texts in columns.items()}
    pq.write_table(pa.table({"_row": range(VALUES), **arrays}), path, row_group_size=40_000)
    return path


def bad_rows(verdicts: list[bool | None]) -> set[int]:
    return {row for row, verdict in enumerate(verdicts) if verdict is False}


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.judge is not None])
def test_numpy_on_arrow_agrees(name, columns, expected):
    check, texts, verdicts = CHECKS[name], columns[name], expected[name]
    assert judge_texts(check, pa.array(texts, pa.string())).to_pylist() == verdicts
    pieces = pa.chunked_array([texts[: VALUES // 3], texts[VALUES // 3 :]], pa.large_string())
    assert judge_texts(check, pieces).to_pylist() == verdicts
    assert judge_texts(check, pa.array(["x", *texts, "y"], pa.string()).slice(1, VALUES)).to_pylist() == verdicts
    for width in check.widths:
        fitting = [text for text in texts if text and len(text) == width and text.isascii()]
        matrix = np.frombuffer("".join(fitting).encode(), np.uint8).reshape(-1, width)
        assert check.judge(matrix).tolist() == [check.is_valid(text) for text in fitting]


def test_the_sql_of_the_scan_agrees(parquet, expected):
    with session(parquet, parquet.parent) as connection:
        scan = Scan(connection, parquet)
        questions = {
            name: question_of(f"column_values.{name}", {"column": name}, scan.types) for name in IDENTIFIER_EXPECTATIONS
        }
        scan.ask(questions.values())
        for name, question in questions.items():
            answer, wrong = scan.answers[question], bad_rows(expected[name])
            rows = connection.execute(f"SELECT _row FROM bad WHERE _bad_{scan.bits[question]}").fetchall()
            assert {row for (row,) in rows} == wrong, name
            assert answer.unexpected == len(wrong)
            assert answer.evaluated == VALUES - expected[name].count(None)


def test_great_expectations_on_pandas_agrees(parquet, expected):
    validator = validator_of(PandasExecutionEngine(), pd.read_parquet(parquet))
    form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["_row"], "exclude_unexpected_values": True}
    runtime = {"result_format": {**form, "return_unexpected_index_query": False}, "catch_exceptions": False}
    asked = [kind(column=name).configuration for name, kind in IDENTIFIER_EXPECTATIONS.items()]
    for result in validator.graph_validate(asked, runtime):
        name = result.expectation_config.kwargs["column"]
        rows = {row for key in result.result["unexpected_index_list"] for row in key["_row"]}
        assert rows == bad_rows(expected[name]), name
        assert result.result["missing_count"] == expected[name].count(None)


def sql_of(kind: str, form: str | None, texts: list[str | None]) -> list[object]:
    """What the cells of a delivery become."""
    field = Field.model_validate({"name": "cell", "title": "格", "type": kind, **({"format": form} if form else {})})
    with duckdb.connect() as connection:
        connection.register("cells", pa.table({"place": range(len(texts)), "t": pa.array(texts, pa.string())}))
        rows = connection.execute(f"SELECT {cast(field, 't')} FROM cells ORDER BY place").fetchall()
    return [value for (value,) in rows]


def written_like(examples: list[str], seed: int, count: int = 20_000) -> list[str]:
    """The examples themselves, and texts made of them by changing a few characters."""
    chance = random.Random(seed)
    signs = [*"00112345678999", *"-+. /:,eE%_年Xn", "９", "٣", "\n", ""]
    found = list(examples)
    for _ in range(count):
        text = list(chance.choice(examples) or "0")
        for _ in range(chance.randrange(4)):
            text[chance.randrange(len(text))] = chance.choice(signs)
        found.append("".join(text))
    return found


@pytest.mark.parametrize(("precision", "scale"), sorted({(precision, scale) for _, precision, scale, _ in NUMBERS}))
def test_decimals_are_what_the_sql_of_formats_takes(precision, scale):
    texts = written_like([text for text, *_ in NUMBERS], precision * 100 + scale)
    values = sql_of(f"decimal({precision},{scale})", None, texts)
    judged = [is_decimal(text, precision, scale) for text in texts]
    assert [text for text, value, good in zip(texts, values, judged, strict=True) if (value is not None) != good] == []
    assert any(judged)


def test_integers_are_what_the_sql_of_formats_takes():
    texts = written_like([text for text, _ in INTEGERS], 18)
    values = sql_of("integer", None, texts)
    assert [text for text, value in zip(texts, values, strict=True) if (value is not None) != is_integer(text)] == []


@pytest.mark.parametrize("form", sorted({form for _, form, _ in DATES}))
def test_dates_are_what_the_sql_of_formats_takes(form):
    texts = written_like([text for text, *_ in DATES], len(form))
    values = sql_of("date", form, texts)
    pairs = [(text, value, read_date(text, form)) for text, value in zip(texts, values, strict=True)]
    assert [pair for pair in pairs if pair[1] != pair[2]] == []
    assert any(found for *_, found in pairs) or "." in form


@pytest.mark.parametrize("form", sorted({form for _, form, _ in MOMENTS}))
def test_moments_are_what_the_sql_of_formats_takes(form):
    texts = written_like([text for text, *_ in MOMENTS], len(form))
    values = sql_of("datetime", form, texts)
    pairs = [(text, value, read_datetime(text, form)) for text, value in zip(texts, values, strict=True)]
    assert [pair for pair in pairs if pair[1] != pair[2]] == []
    assert any(found for *_, found in pairs)
