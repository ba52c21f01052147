"""Requests about the people of ``checked_county``: its check as a file with an authorisation, and rows of a form."""

from __future__ import annotations

import json
from typing import Any

import xlsxwriter

from building import yaml_of
from checked_county import ELEMENTS, EXTRAS, SPEC, make_checked, number
from counties import County

CHECK = "family"
AUTHORIZATION = {"pattern": "SQ[0-9]{4}-[0-9]{3}", "signed": True, "valid_for": "365d"}
NUMBER, SIGNED, BY_NUMBER = "案件编号", "授权签字日期", "授权书编号"
WHO = ("civil_affairs", "李办", "2026 年度复核")


def make_asked(root: Any, monkeypatch: Any, warehouse: str | None = None, **changes: Any) -> County:
    """Build the county and write the check; ``changes`` replace whole keys of it."""
    county = make_checked(root, monkeypatch, warehouse)
    strict = {**ELEMENTS, "resident_id": ELEMENTS["resident_id"] | {"check": "resident_id", "length": 18}}
    (county.project.elements / "all.yaml").write_text(yaml_of(strict), encoding="utf-8")
    write_check(county, **changes)
    return county


def write_check(county: County, name: str = CHECK, **changes: Any) -> None:
    """Write the check as a file."""
    county.project.check_specs.mkdir(parents=True, exist_ok=True)
    rules = [{**EXTRAS, **rule} for rule in SPEC["rules"]]
    sources = {**SPEC["sources"], "declared": {**SPEC["sources"]["declared"], "use": []}}
    spec = {**SPEC, "rules": rules, "sources": sources, "authorization": AUTHORIZATION, **changes}
    (county.project.check_specs / f"{name}.yaml").write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")


def a_row(place: int = 1, case: str = "A-1", **cells: str | None) -> dict[str, str | None]:
    """One line of a form, by title; ``None`` takes a cell away."""
    row = {NUMBER: case, BY_NUMBER: "SQ2026-001", "姓名": "张三", "身份号码": number(place), SIGNED: "2026-11-01"}
    return {title: text for title, text in (row | cells).items() if text is not None}


def write_form(path: Any, rows: list[dict[str, str | None]], sheet: str = "人员", **sheets: Any) -> Any:
    """Write rows as a workbook, columns by title; ``sheets`` are further ones."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        for name, lines in {sheet: rows, **sheets}.items():
            titles = list(dict.fromkeys(title for line in lines for title in line))
            page = workbook.add_worksheet(name)
            for place, title in enumerate(titles):
                page.write_string(0, place, title)
                for at, line in enumerate(lines, 1):
                    if line.get(title) is not None:
                        page.write_string(at, place, line[title])
    return path
