"""A look into an xlsx before it is parsed: is it a bomb, how many cells would it fill, where are error cells?

An xlsx is a zip of XML. A parser builds the rectangle from the first to the last cell in memory, so one cell at
the far corner of a sheet is enough to exhaust it; and error cells (``#REF!``) come out of the parser as empty.
Both are seen here by scanning the XML as it is inflated, in bounded memory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from shuyuan.formats.members import Member
from shuyuan.problems import DeliveryError, Location

MOST_CELLS = 40_000_000
MOST_BYTES = 2 * 1024**3
_PIECE = 1024**2
_OVERLAP = 256
_REFERENCE = re.compile(rb"""\sr=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ROW = re.compile(rb"""<(?:[a-z]+:)?row\b[^>]*?\sr=["']([0-9]{1,7})["']""")
_ERROR = re.compile(rb"""<(?:[a-z]+:)?c\b(?=[^>]*\st=["']e["'])[^>]*?\sr=["'][A-Z]{1,3}([0-9]{1,7})["']""")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r"""([\w:]+)=(?:"([^"]*)"|'([^']*)')""")
_MOST_DIRECTORY = 4 * 1024**2


@dataclass
class Inspection:
    """What was found: rows with error cells by the part of the archive, and which part each sheet is."""

    errors: dict[str, set[int]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def errors_of(self, sheet: str | None) -> set[int]:
        """Return the row numbers with error cells in ``sheet`` (``None``: the first one)."""
        name = sheet if sheet is not None else next(iter(self.parts), "")
        return self.errors.get(self.parts.get(name, ""), set())


def inspect_workbook(path: Path, member: Member) -> Inspection:
    """Inflate every part of the xlsx once, within limits, and look at its sheets.

    Raises:
        DeliveryError: D204 it unpacks to too much; D230 it is damaged; D232 too many cells.
    """
    inspection = Inspection()
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist()]
            if len(set(names)) != len(names) or any(info.flag_bits & 1 for info in archive.infolist()):
                raise _no_workbook(member)
            total = 0
            for info in archive.infolist():
                total += _scan(archive, info, member, inspection, total)
            inspection.parts.update(_map_sheets(archive, names))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, UnicodeDecodeError):
        raise _no_workbook(member) from None
    return inspection


def _scan(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: Member, inspection: Inspection, before: int) -> int:
    meter = member.budget.guard(member.name)
    is_sheet = info.filename.lower().startswith("xl/worksheets/") and info.filename.lower().endswith(".xml")
    columns: set[bytes] = set()
    rows = grown = 0
    rest = b""
    with archive.open(info) as stream:
        while piece := stream.read(_PIECE):
            grown += len(piece)
            meter.count(info.compress_size, len(piece))
            if before + grown > MOST_BYTES:
                raise DeliveryError("D232", location=Location(member.name), file=member.name, most=MOST_CELLS)
            if is_sheet:
                text = rest + piece
                references = _REFERENCE.findall(text)
                columns.update({letters for letters, _ in references})
                rows = max([rows, *(int(row) for row in _ROW.findall(text))])
                rows = max(rows, int(references[-1][1]) if references else 0)
                for row in _ERROR.findall(text):
                    inspection.errors.setdefault(info.filename, set()).add(int(row))
                rest = text[-_OVERLAP:]
    width = max((_column_number(letters) for letters in columns), default=0)
    if width * rows > MOST_CELLS:
        raise DeliveryError("D232", location=Location(member.name), file=member.name, most=MOST_CELLS)
    return grown


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _map_sheets(archive: zipfile.ZipFile, names: list[str]) -> dict[str, str]:
    """Sheet name → part name, in the workbook's order."""
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets = {
        relation.get("Id", ""): relation.get("Target", "")
        for relation in _tags(archive, "xl/_rels/workbook.xml.rels", _RELATION)
    }
    parts = {}
    for sheet in _tags(archive, "xl/workbook.xml", _SHEET):
        identity = next((value for key, value in sheet.items() if key.endswith(":id")), "")
        target = targets.get(identity, "")
        parts[_unescape(sheet.get("name", ""))] = target[1:] if target.startswith("/") else f"xl/{target}"
    return parts


def _tags(archive: zipfile.ZipFile, part: str, pattern: re.Pattern[str]) -> list[dict[str, str]]:
    with archive.open(part) as stream:
        text = stream.read(_MOST_DIRECTORY).decode()
    return [{key: double or single for key, double, single in _ATTRIBUTE.findall(tag)} for tag in pattern.findall(text)]


def _unescape(text: str) -> str:
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return text


def _no_workbook(member: Member) -> DeliveryError:
    return DeliveryError("D230", location=Location(member.name), file=member.name)
