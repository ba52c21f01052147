"""The .docx: what Word, WPS and LibreOffice need of it, the looks of an official letter, the same bytes each time."""

from datetime import datetime
from xml.etree import ElementTree

import pytest
from specimen import WORD, document_of, empty, hostile, text_of, unpack, whole

from shuyuan.reporting.documents.blocks import Column, Heading, Paper, Paragraph, Picture, Table, clean
from shuyuan.reporting.documents.bulletin import write_bulletin
from shuyuan.reporting.documents.pictures import draw_strip
from shuyuan.reporting.documents.word import make_docx
from shuyuan.reporting.report import Report

MADE = datetime(2026, 11, 20, 8, 30)
PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


def make(report: Report) -> bytes:
    return make_docx(write_bulletin(report), MADE, "大数据中心")


def style_of(line: ElementTree.Element) -> str | None:
    found = line.find(f"{WORD}pPr/{WORD}pStyle")
    return None if found is None else found.get(f"{WORD}val")


def test_the_same_report_gives_the_same_bytes_without_the_clock_of_the_machine() -> None:
    package = make(whole())

    assert package == make(whole())
    core = unpack(package)["docProps/core.xml"].decode()
    assert core.count("2026-11-20T08:30:00Z") == 2
    assert "python-docx" not in core


def test_the_page_is_that_of_an_official_letter() -> None:
    section = document_of(make(whole())).find(f"{WORD}body/{WORD}sectPr")
    assert section is not None
    size, margins = section.find(f"{WORD}pgSz"), section.find(f"{WORD}pgMar")
    assert size is not None
    assert margins is not None

    def millimetres(element: ElementTree.Element, name: str) -> int:
        return round(int(element.get(f"{WORD}{name}", "0")) / 1440 * 25.4)

    assert (millimetres(size, "w"), millimetres(size, "h")) == (210, 297)
    assert [millimetres(margins, side) for side in ("top", "bottom", "left", "right")] == [37, 35, 28, 26]


def test_headings_are_headings_and_the_fonts_are_those_of_the_standard() -> None:
    package = make(whole())
    lines = list(document_of(package).iter(f"{WORD}p"))
    headings = ["".join(one.itertext()) for one in lines if style_of(one) == "Heading1"]
    styles = unpack(package)["word/styles.xml"].decode()

    assert headings[:3] == ["一、总体情况", "二、共享排行", "三、更新时效"]
    assert [style_of(one) for one in lines].count("Title") == 1
    for font in ("仿宋", "黑体", "楷体", "方正小标宋简体"):
        assert f'w:eastAsia="{font}"' in styles
    assert 'w:eastAsia="zh-CN"' in styles
    assert '<w:altName w:val="宋体"/>' in unpack(package)["word/fontTable.xml"].decode()


def test_every_headed_table_repeats_its_head_and_keeps_its_rows_whole() -> None:
    tables = list(document_of(make(whole())).iter(f"{WORD}tbl"))

    assert len(tables) == 5
    for table in tables:
        rows = table.findall(f"{WORD}tr")
        heads = [row.find(f"{WORD}trPr/{WORD}tblHeader") is not None for row in rows]
        assert heads == [True] + [False] * (len(rows) - 1)
        assert all(row.find(f"{WORD}trPr/{WORD}cantSplit") is not None for row in rows)
        widths = [int(one.get(f"{WORD}w", "0")) for one in table.findall(f"{WORD}tblGrid/{WORD}gridCol")]
        assert sum(widths) <= 156 / 25.4 * 1440 + len(widths)


def test_page_numbers_stand_outside_on_odd_and_even_pages() -> None:
    parts = unpack(make(whole()))
    footers = [parts[name].decode() for name in sorted(parts) if name.startswith("word/footer")]

    assert len(footers) == 2
    assert all(" PAGE " in footer and "— " in footer for footer in footers)
    assert sorted("right" if 'w:jc w:val="right"' in footer else "left" for footer in footers) == ["left", "right"]
    assert "evenAndOddHeaders" in parts["word/settings.xml"].decode()


def test_every_picture_says_what_it_shows() -> None:
    package = make(whole())
    described = [one.get("descr") for one in document_of(package).iter(f"{PICTURE}docPr")]

    ranked = sum(one.rank is not None for one in whole().standings.departments)
    assert len(described) == 1 + 1 + ranked
    assert any("本月 98.9" in (text or "") for text in described)
    assert all(described)


def test_pictures_of_two_papers_do_not_mix() -> None:
    paper = Paper("x", "t", "", [Picture(draw_strip(10, None), "一", 20), Picture(draw_strip(90, None), "二", 20)])

    pictures = [content for name, content in unpack(make_docx(paper, MADE, "")).items() if name.endswith(".png")]

    assert len(set(pictures)) == 2


def test_hostile_titles_are_shown_as_text_and_break_nothing() -> None:
    package = make(hostile())

    assert "<script>alert(1)</script>" in text_of(package)
    raw = unpack(package)["word/document.xml"].decode()
    assert "<script>" not in raw
    assert "\u202e" not in raw
    assert "很长" * 250 not in raw


def test_an_empty_ledger_gives_a_whole_paper() -> None:
    text = text_of(make(empty()))

    assert "本期没有可以统计的内容" in text
    assert "附录三" in text


def test_a_line_break_in_a_cell_is_a_break_and_rows_to_write_in_are_tall() -> None:
    table = Table([Column("", 40), Column("", 60)], [["一\n二", ""]], tall=12, headed=False)
    body = document_of(make_docx(Paper("x", "t", "s", [Heading("h", 2), Paragraph("p"), table]), MADE, ""))

    assert len(list(body.iter(f"{WORD}br"))) == 1
    height = next(body.iter(f"{WORD}trHeight"))
    assert height.get(f"{WORD}hRule") == "atLeast"
    assert next(body.iter(f"{WORD}tblHeader"), None) is None


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a\x00b\x0bc", "a b c"),
        ("\ud800x\ufffe", "x"),
        ("\u202eabc\u2069", "abc"),
        ("عربى 数据", "عربى 数据"),
        ("一" * 500, "一" * 399 + "…"),
        ("一" * 400, "一" * 400),
        ("  a \n b\u2028c ", "a b c"),
        ("", ""),
    ],
)
def test_clean(text: str, made: str) -> None:
    assert clean(text) == made


def test_the_appendix_begins_a_page_without_an_empty_one_before_it() -> None:
    lines = list(document_of(make(empty())).iter(f"{WORD}p"))

    begun = ["".join(one.itertext()) for one in lines if one.find(f"{WORD}pPr/{WORD}pageBreakBefore") is not None]

    assert begun == ["附录一 白名单"]
    assert not [one for line in lines for one in line.iter(f"{WORD}br")]
