"""What a message is made of: hostile texts calmed, lengths kept, the same content known again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notice_scenes import message
from shuyuan.notices.message import FACT_LENGTH, fact


@pytest.mark.parametrize(
    ("text", "calm"),
    [
        ("户籍\r\nBcc: x", "户籍 Bcc: x"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("\u202e倒\u200b序\ufeff", "倒 序"),
        ("见 http://e.cn", "见 http：／／e.cn"),
        ("150624198001011234", "…"),
        ("证号 15062419800101123X。", "证号 …。"),
        ("电话13800138000", "电话…"),
        ("\ud800", ""),
        ("第 2026 号 20261120", "第 2026 号 20261120"),
    ],
)
def test_a_foreign_text_is_calmed(text, calm):
    assert fact(text) == calm


@given(st.text(max_size=300))
def test_a_calm_text_stays_calm(text):
    calm = fact(text)
    assert fact(calm) == calm
    assert len(calm) <= FACT_LENGTH
    assert calm.isprintable()
    calm.encode()


@given(st.integers(60, 3000), st.integers(0, 60))
def test_a_text_never_exceeds_its_bytes(most, items):
    made = message(items=items)
    assert len(made.text(most).encode()) <= most


def test_what_does_not_fit_is_counted():
    made = message(items=30)
    cut = made.text(1000)
    shown = cut.count("D410")
    assert 0 < shown < 30
    assert f"另有 {30 - shown} 个资源" in cut
    assert made.text().count("D410") == 30


def test_the_digest_is_of_what_is_said_not_of_the_day():
    made = message(items=2)
    assert replace(made, scope="2026-11-21").digest == made.digest
    assert replace(made, scope="2026-11-21").identity != made.identity
    assert replace(made, items=made.items[::-1]).digest == made.digest
    assert replace(made, items=made.items[:1]).digest != made.digest
    assert replace(made, kind="digest").digest != made.digest
