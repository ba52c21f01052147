"""Small builders that every test may use: a valid entry's YAML with changes, and a project folder around it.

``entry_text(load={"mode": "append"})`` merges mappings key by key; a value of ``None`` drops the key.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shuyuan.project import Project

ENTRY_ID = "civil_affairs.low_income_households"
CREDIT_CODE = "11150624MA0N00016E"

ENTRY: dict[str, Any] = {
    "kind": "CatalogEntry",
    "api_version": "1",
    "id": ENTRY_ID,
    "code": "307010101/000012",
    "title": "最低生活保障对象信息",
    "summary": "全旗城乡低保家庭及成员的认定、保障金额和动态调整情况。",
    "status": "confirmed",
    "version": "1.0.0",
    "owner": {"office": "社会救助股", "steward": "mz-jzg"},
    "legal_basis": "《社会救助暂行办法》第九条",
    "sharing": {"type": "conditional", "condition": "用于救助资格核对，一案一授权"},
    "source": {
        "type": "sftp",
        "connection": "civil_affairs_frontend",
        "path": "/out/dibao_{date:%Y%m%d}.csv",
        "format": {"type": "csv", "encoding": "utf-8"},
    },
    "update": {"cycle": "daily", "due": "08:30", "calendar": "workday"},
    "load": {"mode": "replace", "key": ["id_card_no"]},
    "fields": [
        {
            "name": "id_card_no",
            "from": "SFZH",
            "title": "身份证件号码",
            "type": "string",
            "required": True,
            "length": 18,
        },
        {"name": "person_name", "from": "XM", "title": "姓名", "type": "string", "required": True},
        {"name": "monthly_amount", "from": "BZJE", "title": "月保障金额", "type": "decimal(10,2)", "unit": "元"},
        {"name": "approved_on", "from": "SPRQ", "title": "审批日期", "type": "date", "format": "%Y-%m-%d"},
    ],
}
"""A valid entry that needs no element, code table or suite."""

DEPARTMENT: dict[str, Any] = {
    "kind": "Department",
    "title": "鄂托克旗民政局",
    "credit_code": CREDIT_CODE,
    "contact": {"office": "社会救助股", "phone": "0477-0000000"},
}


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``changes`` merged in: mappings key by key, ``None`` drops, the rest replaces."""
    result = copy.deepcopy(dict(base))
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = changed(result[key], value)
        else:
            result[key] = value
    return result


def yaml_of(value: Any, indent: int = 0) -> str:
    """Write plain data as YAML, two spaces a level, every text quoted; rows of a list stay on one line."""
    pad = "  " * indent
    lines = []
    for key, one in value.items():
        if isinstance(one, Mapping) and one:
            lines.append(f"{pad}{key}:\n{yaml_of(one, indent + 1)}")
        elif isinstance(one, list | tuple) and one and isinstance(one[0], Mapping):
            rows = "".join(f"{pad}  - {_flow(row)}\n" for row in one)
            lines.append(f"{pad}{key}:\n{rows}")
        else:
            lines.append(f"{pad}{key}: {_flow(one)}\n")
    return "".join(lines)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def entry_text(**changes: Any) -> str:
    """Return the YAML of a valid entry with ``changes``."""
    return yaml_of(changed(ENTRY, changes))


def department_text(**changes: Any) -> str:
    """Return the YAML of a valid department with ``changes``."""
    return yaml_of(changed(DEPARTMENT, changes))


def make_project(
    root: Path,
    entries: Mapping[str, str] | None = None,
    *,
    departments: Mapping[str, str] | None = None,
    defaults: str | None = None,
    elements: str | None = None,
    code_tables: Mapping[str, str] | None = None,
    suites: Mapping[str, Any] | None = None,
) -> Project:
    """Write a project folder below ``root`` and return it.

    ``entries`` maps entry ids to YAML text (one valid entry when ``None``); every department folder gets a
    valid ``_department.yaml`` unless ``departments`` (folder → text) says otherwise.
    """
    project = Project(root.resolve())
    for folder in (project.specs, project.elements, project.code_tables, project.calendar, project.expectations):
        folder.mkdir(parents=True, exist_ok=True)
    for entry_id, text in ({ENTRY_ID: entry_text()} if entries is None else entries).items():
        folder, _, name = entry_id.partition(".")
        (project.specs / folder).mkdir(exist_ok=True)
        (project.specs / folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    written = {path.name: department_text() for path in project.specs.iterdir() if path.is_dir()}
    for folder, text in {**written, **(departments or {})}.items():
        (project.specs / folder).mkdir(exist_ok=True)
        (project.specs / folder / "_department.yaml").write_text(text, encoding="utf-8")
    if defaults is not None:
        (project.specs / "_defaults.yaml").write_text(defaults, encoding="utf-8")
    if elements is not None:
        (project.elements / "all.yaml").write_text(elements, encoding="utf-8")
    for name, text in (code_tables or {}).items():
        (project.code_tables / f"{name}.csv").write_text(text, encoding="utf-8")
    for name, suite in (suites or {}).items():
        (project.expectations / f"{name}.json").write_text(json.dumps(suite, ensure_ascii=False), encoding="utf-8")
    return project
