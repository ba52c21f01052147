"""One cell of a request: is it what its data element says, and how is it written canonically?

Forms are filled in by people, so blanks around a value, full-width digits and a small ``x`` are put right by the
element's normal form, a code may be given by its name, and a date in one of ``DAYS``. Everything else is a fault,
told by the name of the rule: the value is in no message.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shuyuan.entry import Check, Element
from shuyuan.entry.fields import Field
from shuyuan.identifiers import CHECKS, is_decimal, is_integer, read_date, read_datetime
from shuyuan.normal_forms import normalise
from shuyuan.project import Project

DAYS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y/%-m/%-d", "%Y年%m月%d日", "%Y年%-m月%-d日")
_MIDNIGHT = "T00:00:00"
LONGEST = 1000
"""Characters of any value, where its element sets no limit."""

_CASE_NUMBER = re.compile(r"[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿()（）〔〕\[\]_./·-]{0,63}")
_PERSONAL = re.compile(r"(?<![0-9])([0-9]{17}[0-9Xx]|[0-9]{15}|1[3-9][0-9]{9})(?![0-9])")
_TRUE, _FALSE = ("true", "是"), ("false", "否")


@dataclass(frozen=True)
class Items:
    """What the items of a check ask: the elements by item name, and the codes by item name (name → code)."""

    elements: Mapping[str, Element]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, check: Check, elements: Mapping[str, Element]) -> Items:
        """Read the code tables of the check's items. ``elements`` by their own name."""
        found = {name: elements[one.element] for name, one in check.inputs.items()}
        tables = {name: one.codes for name, one in found.items() if one.codes}
        return cls(found, {name: _read_codes(project, table) for name, table in tables.items() if table})

    def read(self, name: str, text: str) -> tuple[str | None, str | None]:
        """Return the canonical value of an item and the rule that it breaks; one of the two is ``None``.

        Rules: characters length type pattern codes, and the identifier rules of ``identifiers.CHECKS``.
        """
        element = self.elements[name]
        value = _settle(text, element)
        if has_controls(value):
            return None, "characters"
        if name in self.codes:
            code = self.codes[name].get(value)
            return (code, None) if code is not None else (None, "codes")
        if element.type != "string":
            typed = _type(value, element)
            return (typed, None) if typed is not None else (None, "type")
        if len(value) > (element.length or LONGEST):
            return None, "length"
        if element.pattern and not re.fullmatch(element.pattern, value, re.ASCII):
            return None, "pattern"
        if element.check and not CHECKS[element.check].is_valid(value):
            return None, element.check
        return value, None


def read_day(text: str) -> date | None:
    """Return the day that a cell says in one of ``DAYS`` (or as a spreadsheet's date), ``None`` when it says none."""
    said = text.strip().removesuffix(_MIDNIGHT).removesuffix(" 00:00:00")
    return next((day for form in DAYS if (day := read_date(said, form)) is not None), None)


def is_case_number(text: str) -> bool:
    """Whether a text can be a case's number: short, plain, and no person's number is in it."""
    return bool(_CASE_NUMBER.fullmatch(text)) and not has_personal_number(text)


def has_personal_number(text: str) -> bool:
    """Whether a resident ID or a mobile number is written in a text."""
    return bool(_PERSONAL.search(unicodedata.normalize("NFKC", text)))


def has_controls(text: str) -> bool:
    """Whether a text has characters that no hand writes: controls, invisible and unassigned ones."""
    return any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in text)


def _settle(text: str, element: Element) -> str:
    """Take away what is no part of the value. A name keeps its characters: only the comparison knows no variants."""
    stripped = text.strip()
    return stripped if element.normal_form in ("exact", "name") else normalise(stripped, element.normal_form)


def _type(value: str, element: Element) -> str | None:
    field_ = Field(name="value", title="value", type=element.type)
    if field_.decimal:
        return value if is_decimal(value, *field_.decimal) else None
    if field_.kind == "integer":
        return value if is_integer(value) else None
    if field_.kind == "date":
        day = read_day(value)
        return day.isoformat() if day else None
    if field_.kind == "datetime":
        moment = read_datetime(value.replace("T", " "))
        return moment.isoformat(" ") if moment else None
    return "true" if value in _TRUE else "false" if value in _FALSE else None


def _read_codes(project: Project, table: str) -> dict[str, str]:
    """Name → code and code → code, of the codes of now; a name that two codes share stands for none."""
    with (project.code_tables / f"{table}.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if not row.get("valid_to")]
    names = [row["name"] for row in rows]
    once = {row["name"]: row["code"] for row in rows if names.count(row["name"]) == 1} if len(names) < 1000 else {}
    return once | {row["code"]: row["code"] for row in rows}
