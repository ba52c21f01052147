"""A second, slow and simple reading of the deliveries: raw files, Python's own readers, one value at a time.

It shares nothing with the pipeline's readers and rules, nor with the generator, so that three independent
works have to agree on every count.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import unicodedata
import zipfile
from collections import Counter
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import python_calamine

from shuyuan.demonstration import Handover
from shuyuan.entry import Entry

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff\ufffd]")
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def read_records(handover: Handover, entry: Entry) -> list[list[str]]:
    """Return the records as text cells, the header first; ``None`` and empty cells are ``""``.

    A JSON record with other keys than the first one has as many cells as it has keys.
    """
    source = entry.source
    if source.type == "sftp" and source.format.type == "jsonl":
        told = [json.loads(line) for line in handover.data.read_text(encoding="utf-8").splitlines()]
        return [list(told[0]), *(["" if cell is None else str(cell) for cell in one.values()] for one in told)]
    if source.type == "database":
        with sqlite3.connect(handover.data) as line:
            cursor = line.execute(f"SELECT * FROM {source.table}")
            names = [column[0] for column in cursor.description]
            return [names, *([cell or "" for cell in row] for row in cursor)]
    if source.format.type == "excel":
        sheet = python_calamine.CalamineWorkbook.from_path(handover.data).get_sheet_by_name(source.format.sheet)
        rows = sheet.to_python(skip_empty_area=False)[source.format.header_row - 1 :]
        return [[_excel_text(cell) for cell in row] for row in rows]
    if source.unpack == "zip":
        with zipfile.ZipFile(handover.data) as archive:
            parts = [_split(archive.read(name).decode(source.format.encoding), source) for name in archive.namelist()]
        return [parts[0][0], *(record for part in parts for record in part[1:])]
    encoding = "utf-8-sig" if source.format.encoding == "utf-8" else source.format.encoding
    return _split(handover.data.read_bytes().decode(encoding), source)


def count_rejections(records: list[list[str]], entry: Entry, code_tables: Path, data_date: date) -> dict[str, int]:
    """Return rule id → rows that break it; a row that breaks two rules is counted twice."""
    header, *rows = records
    counts: Counter[str] = Counter()
    readable = []
    for row in rows:
        if len(row) != len(header):
            counts["record.fields"] += 1
        elif any(FORBIDDEN.search(cell) for cell in row):
            counts["record.characters"] += 1
        else:
            readable.append(dict(zip(header, row, strict=True)))
    codes = {field.codes: _read_codes(code_tables / f"{field.codes}.csv") for field in entry.fields if field.codes}
    typed = [{} for _ in readable]
    for field in entry.fields:
        for row, values in zip(readable, typed, strict=True):
            text = row[field.source_name]
            value = values[field.name] = _typed(text, field)
            broken = {
                "type": text != "" and value is None,
                "required": field.required and text == "",
                "length": field.length is not None and len(text) > field.length,
                "pattern": field.pattern is not None and text != "" and not re.fullmatch(field.pattern, text),
                "codes": field.codes is not None and text != "" and text not in codes[field.codes],
                str(field.check): field.check is not None and text != "" and not IDENTIFIERS[field.check](text),
            }
            counts.update(f"{field.name}.{rule}" for rule, found in broken.items() if found)
    _count_repeats(counts, "key.unique", typed, entry.load.key)
    for rule in entry.quality.rules:
        if rule.effect == "reject":
            _count_rule(counts, rule, typed, data_date)
    return {rule: count for rule, count in counts.items() if count}


def is_resident_id(text: str) -> bool:
    """GB 11643-1999."""
    if not re.fullmatch("[0-9]{17}[0-9X]", text):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False))
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return text[17] == "10X98765432"[total % 11]


def is_organization_code(text: str) -> bool:
    """GB 11714-1997, with its hyphen."""
    if not re.fullmatch("[0-9A-Z]{8}-[0-9X]", text):
        return False
    total = sum(int(letter, 36) * weight for letter, weight in zip(text, (3, 7, 9, 10, 5, 8, 4, 2), strict=False))
    return text[9] == "0123456789X0"[11 - total % 11]


def is_person_name(text: str) -> bool:
    """Han characters, and the interpunct between them."""
    return 2 <= len(text) <= 30 and all(
        unicodedata.name(letter, "").startswith("CJK") or letter == "·" for letter in text
    )


def is_credit_code(text: str) -> bool:
    """GB 32100-2015."""
    if len(text) != 18 or any(letter not in CREDIT for letter in text):
        return False
    total = sum(CREDIT.index(letter) * 3**power for power, letter in enumerate(text[:17]))
    return CREDIT.index(text[17]) == -total % 31


def _count_rule(counts: Counter[str], rule, typed: list[dict], data_date: date) -> None:
    if rule.rule == "unique":
        _count_repeats(counts, "unique." + "+".join(rule.fields), typed, rule.fields)
        return
    if rule.rule == "row_count":
        return
    name = f"{rule.field}.{rule.rule}"
    for values in typed:
        value = values[rule.field]
        if value is None or value == "":
            continue
        if rule.rule == "between":
            kind = type(value)
            broken = (rule.min is not None and value < kind(rule.min)) or (
                rule.max is not None and value > kind(rule.max)
            )
        elif rule.rule == "length":
            broken = not (rule.min or 0) <= len(value) <= (rule.max or 10**9)
        elif rule.rule == "pattern":
            broken = not re.fullmatch(rule.pattern, value)
        elif rule.rule == "one_of":
            broken = value not in rule.values
        else:
            limit = data_date if rule.than == "data_date" else values[rule.than]
            name = f"{rule.field}.not_after.{rule.than}"
            broken = limit is not None and value > limit
        counts[name] += broken


def _count_repeats(counts: Counter[str], rule: str, typed: list[dict], fields) -> None:
    keys = [tuple(values[field] for field in fields) for values in typed]
    often = Counter(keys)
    counts[rule] += sum(often[key] > 1 for key in keys)


def _typed(text: str, field):
    try:
        if field.kind == "date":
            if not re.fullmatch("[0-9-]+", text):
                return None
            return datetime.strptime(text, field.format or "%Y-%m-%d").date()
        if field.kind == "integer":
            return int(text) if re.fullmatch("-?[0-9]+", text) else None
        if field.kind == "decimal":
            return Decimal(text) if re.fullmatch("-?[0-9.]+", text) else None
    except (ValueError, InvalidOperation):
        return None
    if field.kind == "boolean":
        true, _, false = field.format.partition("/")
        return {true: True, false: False}.get(text)
    return text


def _split(text: str, source) -> list[list[str]]:
    quote = source.format.quote
    options = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=source.format.delimiter, **options))


def _excel_text(cell: object) -> str:
    if isinstance(cell, float):
        return str(Decimal(cell).quantize(Decimal("0.01"))) if abs(cell) < 1e15 else f"{cell:.0f}"
    return str(cell)


def _read_codes(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["code"] for row in csv.DictReader(lines) if not row["valid_to"]}


IDENTIFIERS = {
    "resident_id": is_resident_id,
    "credit_code": is_credit_code,
    "organization_code": is_organization_code,
    "person_name": is_person_name,
    "phone": re.compile("1[3-9][0-9]{9}", re.ASCII).fullmatch,
    "vin": re.compile("[0-9A-HJ-NPR-Z]{17}", re.ASCII).fullmatch,
    "plate_number": re.compile("蒙[A-Z][0-9A-Z]{5,6}", re.ASCII).fullmatch,
    "real_estate_unit": re.compile("[0-9]{12}[GJZ][A-Z][0-9]{5}[FLQW][0-9]{8}", re.ASCII).fullmatch,
    "certificate_number": re.compile(r"蒙[(（][0-9]{4}[)）]示例旗不动产权 ?第[0-9]{7}号", re.ASCII).fullmatch,
}
"""How the demonstration's departments write identifiers: narrower than the product's rules."""


def read_manifest(handover: Handover) -> dict:
    """Return the department's manifest."""
    return json.loads(handover.marker.read_text(encoding="utf-8"))
