"""How a value is shown."""

import pytest

from shuyuan.masking import HIDDEN, mask_value


@pytest.mark.parametrize(
    ("value", "mask", "shown"),
    [
        ("159901195001010016", "keep(1,2)", "1***************16"),
        ("13900000000", "keep(3, 4)", "139****0000"),
        ("张三丰", "keep(1,0)", "张**"),
        ("张", "keep(1,0)", "*"),
        ("张三", "keep(0,0)", "**"),
        ("𠮷田", "keep(1,0)", "𠮷*"),
        ("abc", "keep(1,2)", "***"),
        ("ab", "keep(5,5)", "**"),
        ("", "keep(1,1)", ""),
        ("张三丰", "none", "张三丰"),
        ("张三丰", "hide", HIDDEN),
        ("", "hide", HIDDEN),
        (None, "hide", None),
        (None, "keep(1,2)", None),
        (None, "none", None),
    ],
)
def test_masks(value, mask, shown):
    assert mask_value(value, mask) == shown


def test_a_hidden_value_does_not_tell_its_length():
    assert mask_value("短", "hide") == mask_value("长" * 50, "hide")


@pytest.mark.parametrize("mask", ["", "keep", "keep(1)", "keep(-1,2)", "keep(1,2)x", "KEEP(1,2)", "show"])
def test_an_unknown_mask_shows_nothing(mask):
    with pytest.raises(ValueError, match="mask must be") as caught:
        mask_value("159901195001010016", mask)
    assert "15990119" not in str(caught.value)
