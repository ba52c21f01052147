"""Record borders: however a text is cut into pieces, the same records are found on the same lines."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuyuan.formats.records import LONGEST_RECORD, RecordFinder
from shuyuan.problems import DeliveryError


def find(text: str, pieces: int = 1, delimiter: str = ",", quote: str = '"'):
    finder = RecordFinder("f", delimiter, quote)
    octets = text.encode()
    size = max(1, -(-len(octets) // pieces))
    found = [finder.feed(octets[start : start + size]) for start in range(0, len(octets), size)] + [finder.finish()]
    result = []
    for records in found:
        if records is not None:
            for index, line in enumerate(records.lines.tolist()):
                result.append((line, records.raw(index), records.defects.get(index)))
    return result


legal = st.lists(
    st.lists(st.text('ab",\n ', max_size=4), min_size=1, max_size=3).filter(lambda row: row != [""]),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(rows=legal, pieces=st.integers(1, 30), line_end=st.sampled_from(["\n", "\r\n"]))
def test_records_do_not_depend_on_the_pieces(rows, pieces, line_end):
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows(rows)
    found = find(text.getvalue(), pieces)
    assert len(found) == len(rows)
    assert [next(csv.reader([raw], strict=True)) for _, raw, _ in found] == rows
    assert not [rule for _, _, rule in found if rule]
    lines = [1]
    for _, raw, _ in found[:-1]:
        lines.append(lines[-1] + raw.count("\n") + 1)
    assert [line for line, _, _ in found] == lines


@settings(max_examples=200, deadline=None)
@given(text=st.text('a",\n\r', max_size=40), pieces=st.integers(1, 40))
def test_broken_text_gives_the_same_answer_in_any_pieces(text, pieces):
    def answer(count):
        try:
            return find(text, count)
        except DeliveryError as error:
            return error.problem.code, error.problem.location

    whole = answer(1)
    assert answer(pieces) == whole
    if isinstance(whole, list):
        assert "".join(raw for _, raw, _ in whole) == text.replace("\r\n", "\n").replace("\n", "") or '"' in text


def test_delimiters_of_several_characters():
    text = 'a||"b||\n"||c\n"x"|"y"||1||2\n'
    assert find(text, delimiter="||") == [(1, 'a||"b||\n"||c', None), (3, '"x"|"y"||1||2', "record.quotes")]


def test_choosing_records():
    finder = RecordFinder("f", ",", '"')
    records = finder.feed(b"a\nb\r\nc\nd\n")
    assert records is not None
    assert records.join(np.ones(4, np.bool_)) == records.text
    assert records.join(np.array([True, True, False, True])) == b"a\nb\r\nd\n"
    rest = records.skip_first()
    assert ([rest.raw(index) for index in range(len(rest))], rest.lines.tolist()) == (["b", "c", "d"], [2, 3, 4])


def test_a_quoted_field_may_be_long_but_not_endless():
    finder = RecordFinder("f", ",", '"')
    assert finder.feed(b'"' + b"x" * (LONGEST_RECORD // 2)) is None
    with pytest.raises(DeliveryError) as caught:
        finder.feed(b"x\n" * LONGEST_RECORD)
    assert caught.value.problem.code == "D213"
