"""Forbidden characters are found exactly, and the 25 code points of GB 18030-2022 moved exactly."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from shuyuan.formats.characters import find_forbidden, is_clean
from shuyuan.formats.texts import fix_gb18030, read_text

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff\ufffd]")
NEAR = "\x1f\x20\x7e\x7f\x80\x9f\xa0\u200a\u200b\u200f\u2010\u205f\u2060\u2061\ufefe\ufeff\ufffc\ufffd\uff0c，东𠮷"


@given(text=st.text(st.sampled_from(NEAR) | st.characters(exclude_categories=("Cs",))))
def test_the_vectorised_search_finds_what_a_pattern_finds(text):
    expected = [len(text[: found.start()].encode()) for found in FORBIDDEN.finditer(text)]
    assert find_forbidden(text.encode()).tolist() == expected
    assert is_clean(text) == (not expected)


def test_a_delimiter_may_be_a_control_character():
    assert find_forbidden(b"a\x01b\x02", b"\x01").tolist() == [3]
    assert find_forbidden(b"").tolist() == []


def test_only_the_25_codes_are_moved():
    codes = [bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in (*range(0x40, 0x7F), *range(0x80, 0xFF))]
    texts = [code.decode("gb18030").encode() for code in codes]
    moved = [text for text in texts if fix_gb18030(text) != text]
    assert len(moved) == 25
    assert all("\ue000" <= text.decode() <= "\uf8ff" for text in moved)
    assert not any("\ue000" <= fix_gb18030(text).decode() <= "\uf8ff" for text in moved)


@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1), size=st.integers(1, 5))
def test_decoding_does_not_depend_on_the_pieces(text, size):
    for encoding in ("utf-8", "utf-16"):
        octets = ("\ufeff" + text).encode(encoding.replace("utf-16", "utf-16-le"))
        pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
        assert b"".join(read_text(pieces, encoding, "f")).decode() == text
    octets = ("啊" + text).encode("gb18030")
    pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
    assert b"".join(read_text(pieces, "gb18030", "f")).decode() == fix_gb18030(("啊" + text).encode()).decode()
