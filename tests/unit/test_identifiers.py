"""Resident IDs and credit codes: the published examples, known wrong ones, and four forms that must agree.

The only IDs written out are the two examples that the standard itself prints and those of the fixture region
159901, which no one can have.
"""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shuyuan.identifiers import (
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    RESIDENT_CHECKS,
    RESIDENT_WEIGHTS,
    are_credit_codes,
    are_resident_ids,
    is_credit_code,
    is_resident_id,
)
from shuyuan.quality.characters import judge_credit_codes, judge_resident_ids

STANDARD_EXAMPLES = ["11010519491231002X", "440524188001010014"]
RESIDENTS = ["159901195001010016", "159901195001010024", "159901198906150041", "159901200002290033"]
NOT_RESIDENTS = [
    "15990119500101001",
    "1599011950010100160",
    "",
    "159901195001010017",
    "159901195013010016",
    "15990119500101001x",
    "15990119500101A016",
    "T59901195001010016",
    "15990119500101001６",
    "１５９９０１１９５００１０１００１６",
    " 59901195001010016",
    "+59901195001010016",
    "1599011950010100 6",
    "1.59901195001E+17",
    "159901195001010000",
    "159901195001010016\n",
    "1_9901195001010016",
    "0x9901195001010016",
    "15990119500101001\x00",
    "张三",
    "159901199302290035",
    "159901190002290030",
]
CREDITS = [
    "91350100M000100Y43",
    "91110000600037341L",
    "11150624MA0N00016E",
    "12150624MA0N000246",
    "51150624MA0N00040T",
    "91150624MA0N00067E",
    "92150624MA0N000756",
    "93150624MA0N00083X",
    "N1150624MA0N00091H",
]
NOT_CREDITS = [
    "91110000600037341N",
    "A1110000600037341L",
    "91350100M000100I43",
    "91350100M000100O43",
    "91350100M000100S43",
    "91350100M000100V43",
    "91350100M000100Z43",
    "91350100m000100y43",
    "12345",
    "",
    "91310101MA1FPX1235",
    "９1350100M000100Y43",
    "91350100M000100Y4",
    "91350100M000100Y433",
    "91350100M000100Y4 ",
]


def with_check(seventeen: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, RESIDENT_WEIGHTS, strict=True))
    return seventeen + RESIDENT_CHECKS[total % 11]


@pytest.mark.parametrize("text", RESIDENTS)
def test_resident_ids_are_known(text):
    assert is_resident_id(text)


@pytest.mark.parametrize("text", NOT_RESIDENTS)
def test_other_texts_are_no_resident_ids(text):
    assert not is_resident_id(text)


@pytest.mark.parametrize("text", STANDARD_EXAMPLES)
def test_the_check_characters_of_the_standard_s_own_examples(text):
    assert with_check(text[:17]) == text


def test_a_birth_year_before_1900_is_refused_though_the_check_character_is_right():
    assert is_resident_id(STANDARD_EXAMPLES[0])
    assert not is_resident_id(STANDARD_EXAMPLES[1])


@pytest.mark.parametrize(
    ("birth", "real"),
    [
        ("19000228", True),
        ("19000229", False),
        ("20000229", True),
        ("19960229", True),
        ("20230229", False),
        ("20991231", True),
        ("21000101", False),
        ("18991231", False),
        ("19500431", False),
        ("19500430", True),
        ("19501301", False),
        ("19500100", False),
    ],
)
def test_the_birth_date_must_be_a_real_one(birth, real):
    assert is_resident_id(with_check(f"159901{birth}001")) is real


@pytest.mark.parametrize("text", CREDITS)
def test_credit_codes_are_known(text):
    assert is_credit_code(text)


@pytest.mark.parametrize("text", NOT_CREDITS)
def test_other_texts_are_no_credit_codes(text):
    assert not is_credit_code(text)


def test_each_single_wrong_character_of_a_credit_code_is_found():
    right = CREDITS[0]
    for place in range(18):
        for character in CREDIT_ALPHABET.replace(right[place], ""):
            assert not is_credit_code(right[:place] + character + right[place + 1 :])


def spoiled(texts: np.ndarray, dice: np.random.Generator) -> list[str | None]:
    """Half of the texts damaged: a letter, a sign, a blank, a full-width digit, one too many, too few, none at all."""
    strange = list("ABCDEXxeE+-_. ０９Ａ中\x00\t𠀀")
    found: list[str | None] = []
    for text, kind, place in zip(
        texts.tolist(), dice.integers(0, 12, len(texts)), dice.integers(0, 18, len(texts)), strict=True
    ):
        character = strange[dice.integers(0, len(strange))]
        changes = {
            0: text[:place] + character + text[place + 1 :],
            1: text[:place] + character + text[place:],
            2: text[:place] + text[place + 1 :],
            3: text[:17] + "X",
            4: None,
            5: character * 18,
        }
        found.append(changes.get(kind, text))
    return found


def generated_residents(dice: np.random.Generator, count: int) -> np.ndarray:
    digits = dice.integers(0, 10, (count, 17))
    digits[:, :6] = [1, 5, 9, 9, 0, 1]
    digits[:, 6:8] = np.array([[1, 9], [2, 0], [1, 8], [2, 1]])[dice.choice(4, count, p=[0.6, 0.3, 0.05, 0.05])]
    digits[:, 10] = dice.integers(0, 2, count)
    digits[:, 12] = dice.integers(0, 4, count)
    checks = np.array(list(RESIDENT_CHECKS))[(digits * np.array(RESIDENT_WEIGHTS)).sum(axis=1) % 11]
    return np.char.add((digits + 48).astype(np.uint8).view("S17").ravel().astype(str), checks)


def generated_credits(dice: np.random.Generator, count: int) -> np.ndarray:
    places = dice.integers(0, 31, (count, 17))
    checks = (31 - (places * np.array(CREDIT_WEIGHTS)).sum(axis=1) % 31) % 31
    alphabet = np.frombuffer(CREDIT_ALPHABET.encode(), np.uint8)
    return np.ascontiguousarray(alphabet[np.column_stack([places, checks])]).view("S18").ravel().astype(str)


@pytest.mark.parametrize("kind", ["resident", "credit"])
def test_scalar_numpy_duckdb_and_pandas_agree_on_100_000_texts(kind):
    scalar, vector, judge, generate = {
        "resident": (is_resident_id, are_resident_ids, judge_resident_ids, generated_residents),
        "credit": (is_credit_code, are_credit_codes, judge_credit_codes, generated_credits),
    }[kind]
    dice = np.random.default_rng(11643)
    texts = spoiled(generate(dice, 100_000), dice)
    expected = [None if text is None else scalar(text) for text in texts]
    assert 20_000 < expected.count(True) < 80_000

    assert judge(pa.array(texts, pa.string())).to_pylist() == expected
    assert judge(pa.chunked_array([texts[:70_000], texts[70_000:]], pa.large_string())).to_pylist() == expected
    assert judge(pa.array(["x", *texts, "y"], pa.string()).slice(1, len(texts))).to_pylist() == expected

    series = pd.Series(texts, dtype="str")
    assert judge(pa.array(series, from_pandas=True)).to_pylist() == expected

    eighteen = [text for text in texts if text and len(text) == 18 and text.isascii()]
    matrix = np.frombuffer("".join(eighteen).encode(), np.uint8).reshape(-1, 18)
    assert vector(matrix).tolist() == [scalar(text) for text in eighteen]

    with duckdb.connect() as connection:
        connection.create_function("judge", judge, ["VARCHAR"], "BOOLEAN", type="arrow")
        connection.register("texts", pa.table({"place": range(len(texts)), "text": pa.array(texts, pa.string())}))
        answers = connection.execute("SELECT judge(text) FROM texts ORDER BY place").fetchall()
    assert [answer for (answer,) in answers] == expected


def test_no_text_at_all():
    assert judge_resident_ids(pa.array([], pa.string())).to_pylist() == []
    assert judge_credit_codes(pa.array([None, None], pa.string())).to_pylist() == [None, None]


def test_a_matrix_of_another_width_is_refused():
    with pytest.raises(ValueError, match="shape"):
        are_resident_ids(np.zeros((2, 17), np.uint8))
