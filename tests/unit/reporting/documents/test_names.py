"""File names that Windows takes."""

import pytest

from shuyuan.reporting.documents.names import department_names, file_name


@pytest.mark.parametrize(
    ("part", "made"),
    [
        ("鄂托克旗民政局", "鄂托克旗民政局"),
        ("../..\\a:b", "a-b"),
        ("民政局. ", "民政局"),
        ("CON", "-CON"),
        ("com1.txt", "-com1.txt"),
        ("...", "-"),
        ("局 / 中心", "局-中心"),
        ("长" * 90, "长" * 50),
    ],
)
def test_a_part_loses_what_a_name_must_not_have(part: str, made: str) -> None:
    assert file_name(part) == made


def test_two_departments_of_one_title_get_two_names() -> None:
    assert department_names({"a": "民政局", "b": "民政局", "c": "公安局"}) == {
        "a": "民政局_a",
        "b": "民政局_b",
        "c": "公安局",
    }
