import pytest

from shuyuan.masking import mask_value


@pytest.mark.parametrize(
    ("value", "mask", "shown"),
    [
        ("159901199001010014", "none", "159901199001010014"),
        ("159901199001010014", "keep(1,2)", "1***************14"),
        ("159901199001010014", "keep(6, 4)", "159901********0014"),
        ("159901199001010014", "keep(0,0)", "******************"),
        ("159901199001010014", "hide", "***"),
        ("", "hide", "***"),
        ("", "keep(1,1)", ""),
        ("张三", "keep(1,0)", "张*"),
        ("欧阳娜娜", "keep(2,0)", "欧阳**"),
        ("张", "keep(1,0)", "*"),
        ("13800001234", "keep(3,4)", "138****1234"),
        ("1234567", "keep(3,4)", "*******"),
        ("123", "keep(3,4)", "***"),
        ("𠮷野", "keep(1,0)", "𠮷*"),
        (None, "hide", None),
        (None, "keep(1,1)", None),
    ],
)
def test_a_value_is_shown_as_its_mask_says(value, mask, shown):
    assert mask_value(value, mask) == shown


@pytest.mark.parametrize("mask", ["", "keep", "keep(1)", "keep(-1,2)", "keep(1,2))", "NONE", "keep(１,2)"])
def test_an_unknown_mask_shows_nothing(mask):
    with pytest.raises(ValueError, match="mask must be") as caught:
        mask_value("159901199001010014", mask)
    assert "159901" not in str(caught.value)


def test_a_hidden_value_does_not_tell_its_length():
    assert mask_value("a", "hide") == mask_value("a" * 100, "hide")
