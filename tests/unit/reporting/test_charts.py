import re

import pytest

from shuyuan.reporting import charts


def coordinates(svg):
    return [float(number) for number in re.findall(r'(?:cx|cy|x|y)="(-?[0-9.]+)"', svg)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (90, 100, 2)), ([97.2], (90, 100, 2)), ([88.3, 99], (85, 100, 5)), ([12], (0, 100, 25)), ([0], (0, 100, 25))],
)
def test_the_axis_shows_every_value(values, expected):
    assert charts.axis(values) == expected


@pytest.mark.parametrize("places", [[50, 50], [0, 0, 0], [90, 91, 92], [10, 60], [100]])
def test_labels_are_moved_apart_inside_the_frame(places):
    moved = charts.spread(places, 15, 0, 100)
    assert all(b - a >= 15 - 1e-9 for a, b in zip(sorted(moved), sorted(moved)[1:], strict=False))
    assert min(moved) >= 0
    assert max(moved) <= 100
    assert [moved[i] for i in sorted(range(len(places)), key=places.__getitem__)] == sorted(moved)


def test_days_without_data_are_drawn_thin():
    dots = [charts.Dot(place, 95, "") for place in (0, 1, 5, 6)]
    svg = charts.line_chart([charts.Line("a", "blue", dots, "95")], ["d"] * 7, "t")
    assert svg.count('class="line gap l-blue"') == 1
    assert svg.count('class="line l-blue"') == 1


def test_one_day_is_one_dot_and_no_line():
    svg = charts.line_chart([charts.Line("a", "blue", [charts.Dot(29, 95, "hover")], "95")], ["d"] * 30, "t")
    assert 'class="line' not in svg
    assert svg.count('class="f-blue"') == 1
    assert "<title>hover</title>" in svg


def test_every_coordinate_lies_in_the_drawing():
    rows = [charts.DotRow("某部门" * 9, "h", 0.0, 100.0), charts.DotRow("b", "h", None, None)]
    for svg in (charts.dot_plot(rows, "t"), charts.sparkline([0, 100, 50], "t", 0, 100, "blue")):
        assert min(coordinates(svg)) >= 0
        assert max(coordinates(svg)) <= 460


def test_text_is_escaped_everywhere():
    evil = "\"><script>&'"
    lines = [charts.Line(evil, "blue", [charts.Dot(0, 50, evil)], evil)]
    drawn = [
        charts.line_chart(lines, [evil], evil),
        charts.dot_plot([charts.DotRow(evil, evil, 50, 40, evil)], evil),
        charts.sparkline([1], evil, 0, 1, "red"),
        charts.mark("late", evil),
    ]
    for svg in drawn:
        assert "<script" not in svg
        assert "&lt;script" in svg


@pytest.mark.parametrize(
    ("text", "cut"),
    [("民政局", "民政局"), ("人力资源局", "人力资…"), ("abcdefgh", "abcdefgh"), ("abcdefghi", "abcdefg…")],
)
def test_names_are_cut_by_their_width(text, cut):
    assert charts.shorten(text, 8) == cut


def test_a_flat_or_single_sparkline_does_not_divide_by_zero():
    assert "nan" not in charts.sparkline([5], "t", 5, 5, "blue")
    assert "<circle" in charts.sparkline([5, 5], "t", 5, 5, "blue")
    assert "<circle" not in charts.sparkline([], "t", 0, 1, "blue")
