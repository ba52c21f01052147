"""When our own side fails while reading: a coded problem, no cell in its text, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from shuyuan.entry import Entry
from shuyuan.formats import reading
from shuyuan.formats.columns import match_columns
from shuyuan.formats.delimited import _Reading
from shuyuan.formats.pieces import Piece
from shuyuan.formats.staging import Staging
from shuyuan.problems import DeliveryError, PlatformError

CANARY = "王秘密甲"


@pytest.fixture
def entry() -> Entry:
    return Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": "a.b",
            "code": "307010101/000012",
            "title": "人员",
            "summary": "人员",
            "sharing": {"type": "unconditional"},
            "update": {"cycle": "daily"},
            "load": {"mode": "replace", "key": ["a"]},
            "source": {"type": "sftp", "connection": "c", "path": "/a", "format": {"type": "csv"}},
            "fields": [{"name": name, "title": name, "type": "string"} for name in ("a", "b", "c")],
        }
    )


def one_piece() -> Piece:
    return Piece([pa.array(["x"])] * 3, np.array([1], np.int64), [], 1)


def test_an_unforeseen_fault_tells_its_place_and_no_cell(entry, tmp_path):
    def pieces() -> Iterator[tuple[int, Piece]]:
        yield 0, one_piece()
        raise KeyError(CANARY)

    with pytest.raises(PlatformError) as caught:
        Staging(entry, tmp_path, {}).write(pieces(), [])
    assert caught.value.problem.code == "P211"
    assert caught.value.problem.facts["place"].startswith("test_format_failures.py:")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert not list(tmp_path.iterdir())


def test_an_engine_that_cannot_write(entry, tmp_path):
    with pytest.raises(PlatformError) as caught:
        Staging(entry, tmp_path / "missing", {}).write(iter([(0, one_piece())]), [])
    assert caught.value.problem.code == "P210"


def test_two_counts_that_differ_stop_the_file(entry, monkeypatch, tmp_path):
    form = entry.source.format
    state = _Reading("f.csv", entry, form)
    records = state.finder.feed(b"a,b,c\n1,2,3\n4,5,6\n")
    monkeypatch.setattr(_Reading, "_parse", lambda self, records, fit: ([pa.array(["1"])] * 3, []))
    with pytest.raises(DeliveryError) as caught:
        list(state.take(records))
    assert caught.value.problem.code == "D217"
    assert caught.value.problem.facts["counted"] == 2


def test_too_many_files(entry, monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "MOST_FILES", 1)
    monkeypatch.setattr(reading, "open_members", lambda *_: iter([_NoMember(), _NoMember()]))
    monkeypatch.setitem(reading.READERS, "csv", lambda member, entry: iter([one_piece()]))
    with pytest.raises(DeliveryError) as caught:
        list(reading._read_files(entry, None, tmp_path, []))
    assert caught.value.problem.code == "D216"


class _NoMember:
    name = "x"

    def discard_copy(self) -> None:
        """There is none."""


def test_names_of_a_foreign_header_are_shown_only_beside_known_ones(entry):
    with pytest.raises(DeliveryError) as caught:
        match_columns([CANARY, "b2", "c2"], entry, "f")
    assert caught.value.problem.code == "D223"
    assert CANARY not in str(caught.value)
    with pytest.raises(DeliveryError) as caught:
        match_columns(["a", "b", "C"], entry, "f")
    assert caught.value.problem.facts == {"file": "f", "missing": "c", "extra": "C", "hint": "c ← 'C'"}
