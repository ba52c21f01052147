"""Every check by name: the texts that it passes and those that it refuses."""

from typing import get_args

import numpy as np
import pyarrow as pa
import pytest

from identifier_vectors import INVALID, VALID
from shuyuan.entry import fields
from shuyuan.identifiers import CHECKS
from shuyuan.quality.characters import judge_texts


def named(table):
    return [pytest.param(name, text, id=f"{name}-{text!r}") for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), named(VALID))
def test_valid_texts_pass(name, text):
    assert CHECKS[name].is_valid(text)


@pytest.mark.parametrize(("name", "text"), named(INVALID))
def test_invalid_texts_are_refused(name, text):
    assert not CHECKS[name].is_valid(text)


def test_every_check_that_a_field_may_declare_is_there_and_has_vectors():
    assert set(get_args(fields.Check)) <= set(CHECKS)
    assert set(VALID) == set(INVALID) == set(CHECKS)


def test_a_check_is_a_shape_or_has_a_judge():
    for name, check in CHECKS.items():
        assert check.name == name
        assert (check.pattern is None) == (check.judge is not None) == bool(check.widths)


@pytest.mark.parametrize("name", list(CHECKS))
def test_no_text_at_all_and_missing_texts(name):
    assert judge_texts(CHECKS[name], pa.array([], pa.string())).to_pylist() == []
    assert judge_texts(CHECKS[name], pa.array([None, None], pa.string())).to_pylist() == [None, None]
    texts = [None, VALID[name][0], "", None, INVALID[name][1]]
    assert judge_texts(CHECKS[name], pa.array(texts, pa.string())).to_pylist() == [None, True, False, None, False]


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.judge is not None])
def test_a_matrix_of_another_width_is_refused(name):
    with pytest.raises(ValueError, match="shape"):
        CHECKS[name].judge(np.zeros((2, 17), np.uint8))


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.judge is not None])
def test_no_byte_at_any_place_passes_but_the_right_one(name):
    """Letters must not pass a digit checksum by chance, nor any byte that some text may hold."""
    check = CHECKS[name]
    for text in VALID[name]:
        right = np.frombuffer(text.encode(), np.uint8)
        matrix = np.repeat(right[None, :], 256 * len(text), axis=0)
        places = np.repeat(np.arange(len(text)), 256)
        matrix[np.arange(len(matrix)), places] = np.tile(np.arange(256, dtype=np.uint8), len(text))
        passed = matrix[check.judge(matrix)]
        assert (passed == right).all(axis=1).sum() == len(text)
        for other in passed[~(passed == right).all(axis=1)]:
            assert check.is_valid(other.tobytes().decode("ascii")), "a text that passes in numbers passes alone, too"
