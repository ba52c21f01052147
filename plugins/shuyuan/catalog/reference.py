"""What is generated from the models and the message table: JSON Schemas and two reference pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shuyuan.catalog.schema import FILES, follow, schema_of, words_of
from shuyuan.entry import Check, CheckUsers, Demand, Department, Element, Entry, Notices, OneSource, Subject
from shuyuan.language import sentences
from shuyuan.project import Project

_GUIDE = {
    "category": "1 信息资源分类",
    "title": "2 信息资源名称",
    "code": "3 信息资源代码",
    "department.title": "4 信息资源提供方",
    "department.credit_code": "5 信息资源提供方代码",
    "summary": "6 信息资源摘要",
    "source.format.type": "7 信息资源格式",
    "fields": "8 信息项信息",
    "sharing.type": "9 共享类型",
    "sharing.condition": "10 共享条件",
    "sharing.basis": "10 不予共享依据",
    "sharing.channel": "11 共享方式分类",
    "sharing.method": "11 共享方式类型",
    "opening.type": "12 是否向社会开放",
    "opening.condition": "12 开放条件",
    "update.cycle": "13 更新周期",
    "published_on": "14 发布日期",
    "related": "15 关联资源代码",
}
"""Our key → core metadata of the compilation guide (政务信息资源目录编制指南, 发改高技〔2017〕1272号)."""

_TURNS = {"E": "数据工程师", "D": "部门", "P": "大数据中心"}


_PREFIXES: dict[type[BaseModel], str] = {
    Entry: "",
    Department: "department.",
    Element: "element.",
    Subject: "subject.",
    OneSource: "one_source.",
    Demand: "demand.",
    Notices: "notices.",
    Check: "check.",
    CheckUsers: "check_users.",
}
"""Model → what stands before its keys where keys of several files are spoken of."""


def generated_files(project: Project) -> dict[Path, str]:
    """Return every generated file and its text; the pages only where the project keeps a ``docs`` folder."""
    files = {
        project.root / "include" / name: json.dumps(schema_of(model), ensure_ascii=False, indent=2) + "\n"
        for name, model in FILES.items()
    }
    docs = project.root / "docs"
    if docs.is_dir():
        files[docs / "catalog-entry.md"] = entry_page()
        files[docs / "problems.md"] = problems_page()
    return files


def problems_page() -> str:
    """Return the page of all problem codes, in both languages."""
    lines = [
        "# 问题代码",
        "",
        "由消息表生成（`shuyuan schema`），请勿手改。E 目录项不对，D 交来的数据不对，P 平台的问题；E9 只是提醒。",
        "",
    ]
    for letter, turn in _TURNS.items():
        lines += [f"## {letter}：该{turn}处理", "", "| 代码 | 意思 | 怎么办 | In English |", "|---|---|---|---|"]
        for code, texts in sorted(sentences().items()):
            if re.fullmatch(rf"{letter}[0-9]{{3}}", code):
                english = ". ".join(texts[part] for part in ("en", "en_next") if texts.get(part))
                cells = (texts["zh"], texts.get("zh_next", ""), english)
                lines.append(f"| {code} | " + " | ".join(_cell(cell) for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def entry_page() -> str:
    """Return the reference of every key of entries, departments and elements."""
    lines = [
        "# 目录项参考",
        "",
        "由模型生成（`shuyuan schema`），请勿手改。一个目录项一个文件：`include/catalog_specs/<部门>/<资源>.yaml`，",
        "第一行写 `# yaml-language-server: $schema=../../catalog-entry.schema.json`，编辑器就会给出中文提示。",
        "键是英文，值和说明用中文；标量一律按文本读取，像数字、日期、真假的文本要加引号。带 * 的键必填。",
        "值逐级继承：`_defaults.yaml` → `_department.yaml` 的 `defaults` → 目录项；",
        "信息项没写的类型、长度、代码表等随数据元。",
        "",
        "## 与编制指南的对应",
        "",
        "| 键 | 《政务信息资源目录编制指南》元数据 |",
        "|---|---|",
        *(f"| `{key}` | {item} |" for key, item in _GUIDE.items()),
        "",
    ]
    pages: tuple[tuple[str, type[BaseModel]], ...] = (
        ("目录项", Entry),
        ("部门 `_department.yaml`", Department),
        ("数据元 `include/elements/*.yaml`", Element),
        ("主题对象 `include/subjects/*.yaml`", Subject),
        ("一数一源设置 `include/one_source.yaml`", OneSource),
        ("需求 `include/demand_specs/<部门>/*.yaml`", Demand),
        ("通知设置 `include/notices.yaml`", Notices),
        ("核查 `include/check_specs/*.yaml`", Check),
        ("核查人员 `include/check_users.yaml`", CheckUsers),
    )
    for heading, model in pages:
        lines += [f"## {heading}", ""]
        for name, node in sections(model):
            lines += [f"### `{name}`", ""] if name else []
            lines += ["| 键 | 名称 | 说明 | 取值与默认 |", "|---|---|---|---|"]
            for key, below in node["properties"].items():
                star = "*" if key in node.get("required", ()) else ""
                cells = (f"`{key}`{star}", below.get("title", ""), _meaning(below), _values(model, below))
                lines.append("| " + " | ".join(_cell(str(cell)) for cell in cells) + " |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def sections(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every mapping that a file of ``model`` may hold: its dotted name and schema, the whole first.

    A variant of a union is named by what chooses it: ``source.sftp``, ``quality.rules.between``.
    """
    yield from _sections(model, "", follow(model, schema_of(model)))


def _sections(model: type[BaseModel], name: str, node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "discriminator" in node:
        for tag, reference in node["discriminator"]["mapping"].items():
            yield from _sections(model, f"{name}.{tag}", follow(model, {"$ref": reference}))
        return
    if not node.get("properties"):
        return
    yield name, node
    for key, below in node["properties"].items():
        inner = follow(model, below)
        for each in ("items", "additionalProperties"):
            inner = follow(model, inner[each]) if isinstance(inner.get(each), dict) else inner
        yield from _sections(model, f"{name}.{key}".lstrip("."), inner)


def key_node(key: str) -> tuple[dict[str, Any], bool] | None:
    """Return the schema of a key such as ``update.cycle`` or ``source.sftp`` and whether it is required."""
    plain = re.sub(r"\[[0-9]*\]", "", key)
    for model, prefix in _PREFIXES.items():
        known = dict(sections(model))
        if not plain.startswith(prefix):
            continue
        name = plain.removeprefix(prefix)
        above, _, last = name.rpartition(".")
        parent = known.get(above)
        required = bool(parent and last in parent.get("required", ()))
        own = parent["properties"].get(last) if parent else None
        if name in known:
            chosen: dict[str, Any] = next(
                (one for one in known[name]["properties"].values() if one.get("const") == last), {}
            )
            said = own or {"title": words_of(chosen).get(last, last)}
            return {**known[name], **{k: said[k] for k in ("title", "description") if k in said}}, required
        if own is not None:
            return {**follow(model, own), **{k: v for k, v in own.items() if k != "$ref"}}, required
    return None


def all_keys() -> list[str]:
    """Return every key that ``key_node`` knows."""
    keys = []
    for model, prefix in _PREFIXES.items():
        for name, node in sections(model):
            dotted = f"{prefix}{name}".rstrip(".")
            keys += [dotted] if name else []
            keys += [f"{dotted}.{key}".lstrip(".") for key in node["properties"]]
    return sorted(set(keys))


def placeholders_shown(sentence: str) -> str:
    """Return a sentence with unfilled facts as ``⟨fact⟩``, for pages that explain it in general."""
    return re.sub(r"\{([a-z_]+)\}", r"⟨\1⟩", sentence)


def _meaning(node: dict[str, Any]) -> str:
    words = words_of(node)
    return "" if words and _choices(node) else str(node.get("description", ""))


def _choices(node: dict[str, Any]) -> list[Any]:
    inner = next((one for one in node.get("anyOf", ()) if one.get("type") != "null"), node)
    inner = inner.get("items", inner) if isinstance(inner.get("items", inner), dict) else inner
    return inner.get("enum") or ([inner["const"]] if "const" in inner else [])


def _values(model: type[BaseModel], node: dict[str, Any]) -> str:
    words = words_of(node)
    choices = dict.fromkeys(str(one) for one in _choices(follow(model, node) if "$ref" in node else node))
    parts = [f"`{value}` {words.get(value, '')}".strip() for value in choices]
    default = node.get("default")
    if default not in (None, [], {}, "") and not isinstance(default, dict):
        parts.append(f"默认 `{json.dumps(default, ensure_ascii=False) if not isinstance(default, str) else default}`")
    return "；".join(parts)


def _cell(text: str) -> str:
    return placeholders_shown(text.replace("{{", "{").replace("}}", "}")).replace("|", "\\|").replace("\n", " ").strip()
