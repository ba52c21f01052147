"""The pictures: the dot stands where the number says, there is no word in them, and they are the same each time."""

import io

import pytest
from PIL import Image

from shuyuan.reporting.documents.pictures import STRIP, TREND, draw_scale, draw_strip, draw_trend


def pixels(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def coloured(png: bytes) -> list[int]:
    """The columns of a strip in which its middle row is green."""
    image = pixels(png)
    row = [image.getpixel((x, STRIP[1] // 2)) for x in range(STRIP[0])]
    return [x for x, colour in enumerate(row) if isinstance(colour, tuple) and colour[1] > colour[0] + 40]


@pytest.mark.parametrize("value", [0.0, 37.5, 50.0, 100.0])
def test_the_dot_stands_at_its_value(value: float) -> None:
    found = coloured(draw_strip(value, None, "green"))

    assert (found[0] + found[-1]) / 2 == pytest.approx(22 + (STRIP[0] - 44) * value / 100, abs=1)


def test_no_data_draws_no_dot_and_a_last_month_draws_a_ring() -> None:
    assert draw_strip(None, None) != draw_strip(None, 50.0) != draw_strip(50.0, None)
    assert not coloured(draw_strip(None, 50.0, "green"))


def test_a_value_out_of_range_stays_in_the_picture() -> None:
    assert draw_strip(120.0, -5.0) == draw_strip(100.0, 0.0)


def test_the_same_numbers_give_the_same_bytes_and_no_text_or_date_beside_the_pixels() -> None:
    labels = [f"11-{day:02}" for day in range(1, 11)]
    values = [90.0, 91, 92, 90, 95, 99, 98, 97, 96, 95]

    made = draw_trend(values, labels)

    assert made == draw_trend(values, labels)
    assert pixels(made).size == TREND
    assert b"tEXt" not in made
    assert b"tIME" not in made
    assert draw_scale() == draw_scale()


def test_a_falling_line_falls() -> None:
    image = pixels(draw_trend([100.0, 0.0], ["11-01", "11-02"]))

    def height(x: int) -> float:
        dark = [y for y in range(TREND[1]) if sum(image.getpixel((x, y))) < 300]  # type: ignore[arg-type]
        return sum(dark) / len(dark)

    assert height(200) < height(600) < height(1000)


@pytest.mark.parametrize("values", [[], [88.0], [100.0, 100.0], [0.0, 0.0]])
def test_few_and_extreme_values_draw(values: list[float]) -> None:
    assert draw_trend(values, [f"11-{day + 1:02}" for day in range(len(values))]).startswith(b"\x89PNG")
