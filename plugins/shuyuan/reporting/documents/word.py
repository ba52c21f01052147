"""A paper as .docx: real headings and tables, in the looks of an official letter (GB/T 9704), opened by Word and WPS.

A4, type area 156 × 225 mm, text 仿宋 16 pt on lines of 29 pt, headings 黑体 and 楷体, the title 方正小标宋 22 pt (宋体
where it is missing), page numbers ``— 1 —`` outside. The same paper gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph

from shuyuan.language import language
from shuyuan.reporting.documents.blocks import (
    Block,
    Cell,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Table,
    clean,
)

_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_STYLES = {"body": "Body Text", "plain": "Normal", "fine": "Body Text 2", "note": "Caption", "sign": "Signature"}
_LONG = 4000
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLACK = RGBColor(0, 0, 0)
_ALTERNATIVE = (
    '<w:font w:name="方正小标宋简体"><w:altName w:val="宋体"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>'
)


def make_docx(paper: Paper, made: datetime, author: str) -> bytes:
    """Return the .docx; ``made`` (naive UTC) is the only date in it."""
    document = docx.Document()
    _set_page(document)
    _set_styles(document)
    _describe(document, paper, made, author)
    _add_line(document, "Title", clean(paper.title))
    if paper.subtitle:
        _add_line(document, "Subtitle", clean(paper.subtitle))
    for block in paper.blocks:
        _add(document, block)
    file = io.BytesIO()
    document.save(file)
    return _steady(file)


def _set_page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(24)
    document.settings.odd_and_even_pages_header_footer = True
    sides = ((section.footer, WD_ALIGN_PARAGRAPH.RIGHT), (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT))
    for footer, side in sides:
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.alignment = side
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
        line.add_run("— ")
        _add_field(line, "PAGE")
        line.add_run(" —")


def _add_field(line: WordParagraph, code: str) -> None:
    """A field in its long form: WPS shows the short one only after an update."""
    for kind in ("begin", "instr", "separate", "text", "end"):
        run = line.add_run()
        if kind == "instr":
            made = OxmlElement("w:instrText")
            made.set(qn("xml:space"), "preserve")
            made.text = f" {code} "
            run._r.append(made)
        elif kind == "text":
            run.text = "1"
        else:
            made = OxmlElement("w:fldChar")
            made.set(qn("w:fldCharType"), kind)
            run._r.append(made)


def _set_styles(document: Document) -> None:
    styles: Any = document.styles
    latin = "Times New Roman"
    looks = {
        "Normal": ("仿宋", 16.0, False),
        "Body Text": ("仿宋", 16.0, False),
        "Body Text 2": ("仿宋", 12.0, False),
        "Signature": ("仿宋", 16.0, False),
        "Caption": ("仿宋", 10.5, False),
        "Title": ("方正小标宋简体", 22.0, False),
        "Subtitle": ("楷体", 14.0, False),
        "Heading 1": ("黑体", 16.0, False),
        "Heading 2": ("楷体", 16.0, False),
        "Footer": ("宋体", 14.0, False),
    }
    # the template's East Asian text is Japanese, which draws some characters otherwise
    for spoken in styles.element.iter(qn("w:lang")):
        spoken.set(qn("w:eastAsia"), "zh-CN")
    for name in looks:
        if name not in styles:
            styles.add_style(name, 1).base_style = styles["Normal"]
    for name, (font, size, bold) in looks.items():
        style: ParagraphStyle = styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.italic = latin, Pt(size), bold, False
        style.font.color.rgb = _BLACK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), font)
        form = style.paragraph_format
        form.space_before = form.space_after = Pt(0)
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(29)
        form.widow_control = True
    for name in ("Title", "Subtitle"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        styles[name].paragraph_format.space_after = Pt(14)
        for border in styles[name].element.findall(".//" + qn("w:pBdr")):
            border.getparent().remove(border)
    styles["Title"].paragraph_format.line_spacing = Pt(34)
    styles["Body Text 2"].paragraph_format.line_spacing = Pt(20)
    styles["Body Text 2"].paragraph_format.first_line_indent = Pt(24)
    styles["Caption"].paragraph_format.line_spacing = Pt(16)
    styles["Caption"].paragraph_format.space_after = Pt(8)
    styles["Signature"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    styles["Signature"].paragraph_format.right_indent = Pt(32)
    for name in ("Body Text", "Heading 1", "Heading 2"):
        styles[name].paragraph_format.first_line_indent = Pt(32)
    for name in ("Heading 1", "Heading 2"):
        styles[name].paragraph_format.keep_with_next = True


def _describe(document: Document, paper: Paper, made: datetime, author: str) -> None:
    about = document.core_properties
    about.title, about.author, about.last_modified_by = clean(paper.title, 200), clean(author, 200), ""
    about.comments, about.language = "", "en-US" if language() == "en" else "zh-CN"
    about.created = about.modified = made.replace(microsecond=0)
    about.revision = 1
    for part in document.part.package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            known = part.blob.decode("utf-8")
            part._blob = known.replace("</w:fonts>", f"{_ALTERNATIVE}</w:fonts>").encode("utf-8")


def _add(document: Document, block: Block) -> None:
    if isinstance(block, Heading):
        line = _add_line(document, f"Heading {block.level}", clean(block.text))
        line.paragraph_format.page_break_before = block.new_page or None
    elif isinstance(block, Paragraph):
        _add_line(document, _STYLES[block.look], clean(block.text, _LONG))
    elif isinstance(block, Picture):
        line = document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _put_picture(line, block)
    else:
        _add_table(document, block)


def _add_table(document: Document, block: Table) -> None:
    lines = [[column.head for column in block.columns]] if block.headed else []
    lines += [list(row) for row in block.rows]
    table = document.add_table(len(lines), len(block.columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _tighten(table._tbl.tblPr)
    for place, column in enumerate(block.columns):
        table.columns[place].width = Mm(column.width)
    # a table's own cell lookup walks the grid each time: 300 rows would take half a minute
    for number, (line, row) in enumerate(zip(lines, table.rows, strict=True)):
        head = block.headed and number == 0
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if head:
            properties.append(OxmlElement("w:tblHeader"))
        elif block.tall:
            row.height, row.height_rule = Mm(block.tall), WD_ROW_HEIGHT_RULE.AT_LEAST
        for cell, column, content in zip(row.cells, block.columns, line, strict=True):
            cell.width = Mm(column.width)
            centred = head and isinstance(content, str)
            _fill(cell, content, "center" if centred else column.align, head)
            if block.together and number < len(lines) - 1:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    _add_line(document, "Caption").paragraph_format.line_spacing = Pt(6)


def _add_line(document: Document, style: str, text: str = "") -> WordParagraph:
    """A paragraph. Given a style's name, python-docx goes through all styles of the paper each time."""
    line = document.add_paragraph(text)
    line._p.style = _style_ids()[style]
    return line


@cache
def _style_ids() -> dict[str, str | None]:
    """The ids of the styles by name, the same in every paper; the default one is not named in a paragraph."""
    document = docx.Document()
    _set_styles(document)
    styles: Any = document.styles
    normal = styles.default(WD_STYLE_TYPE.PARAGRAPH)
    return {one.name: None if one == normal else one.style_id for one in styles if one.type == WD_STYLE_TYPE.PARAGRAPH}


def _fill(cell: _Cell, content: Cell, align: str, head: bool) -> None:
    """Write into a new cell. A county's papers have 50,000: their paragraphs and runs are copies of one of each."""
    line = cell.paragraphs[0]
    form, mould = _moulds(align, head)
    line._p.append(deepcopy(form))
    if isinstance(content, Picture):
        _put_picture(line, content)
        return
    for number, part in enumerate(content.split("\n")):
        if number:
            line.add_run().add_break()
        text = clean(part)
        run = deepcopy(mould)
        line._p.append(run)
        if text:
            run.add_t(text)


@cache
def _moulds(align: str, head: bool) -> tuple[Any, Any]:
    """The properties of a cell's paragraph, and an empty run of it."""
    made: Any = OxmlElement("w:p")
    line = WordParagraph(made, None)  # type: ignore[arg-type]
    line.alignment = _ALIGN[align]
    line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    run = line.add_run()
    run.font.size, run.font.bold = Pt(10.5), head
    if head:
        run.font.name = "Times New Roman"
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "黑体")
    return made.pPr, run._r


def _put_picture(line: WordParagraph, picture: Picture) -> None:
    line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    shape = line.add_run().add_picture(io.BytesIO(picture.png), width=Mm(picture.width))
    shape._inline.docPr.set("descr", clean(picture.alt))
    for side in ("distT", "distB", "distL", "distR"):
        shape._inline.set(side, "0")  # without them LibreOffice keeps 3 mm beside the picture


def _tighten(properties: Any) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", 20), ("left", 45), ("bottom", 20), ("right", 45)):
        made = OxmlElement(f"w:{side}")
        made.set(qn("w:w"), str(width))
        made.set(qn("w:type"), "dxa")
        margins.append(made)
    look = properties.find(qn("w:tblLook"))
    if look is None:
        properties.append(margins)
    else:
        look.addprevious(margins)


def _steady(file: io.BytesIO) -> bytes:
    """The same package with the same bytes: the zip's clock is that of Word's own files."""
    steady = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            about = zipfile.ZipInfo(name, _EPOCH)
            about.compress_type, about.create_system = zipfile.ZIP_DEFLATED, 0
            new.writestr(about, old.read(name))
    return steady.getvalue()
