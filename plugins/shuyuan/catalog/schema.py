"""The JSON Schemas of our YAML files, made from the models, and the walk along a path of keys.

The schemas (draft 2020-12) serve editors; the same walk tells the linter which keys and values are allowed
at a place, and ``shuyuan explain`` what a key means.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, RootModel

from shuyuan.entry import Assessment, Check, CheckUsers, Demand, Department, Element, Entry, Notices, OneSource, Subject

BASE = "https://json-schema.org/draft/2020-12/schema"


class Elements(RootModel[dict[str, Element]]):
    """A file of data elements: element id → element."""


FILES: dict[str, type[BaseModel]] = {
    "catalog-entry.schema.json": Entry,
    "department.schema.json": Department,
    "elements.schema.json": Elements,
    "subject.schema.json": Subject,
    "one-source.schema.json": OneSource,
    "demand.schema.json": Demand,
    "assessment.schema.json": Assessment,
    "notices.schema.json": Notices,
    "check.schema.json": Check,
    "check-users.schema.json": CheckUsers,
}
"""Schema file in ``include/`` → its model."""

TITLES: dict[type[BaseModel], tuple[str, str]] = {
    Entry: ("目录项", "一个共享目录项：从哪里取、什么时候到、有哪些信息项、什么样才算合格"),
    Department: ("部门", "一个部门：名称、联系方式、前置机，以及它的目录项共用的默认值"),
    Elements: ("数据元", "数据元标识 → 数据元的定义"),
    Subject: ("主题对象", "一个主题对象（人、企业、不动产）：主键和各项数据元，每项取自唯一数据源"),
    OneSource: ("一数一源设置", "副本与数据源怎样比对、疑义几天内答复"),
    Assessment: ("考核办法", "月报统计到哪天、各项权重和分数线、需求几天内答复、批准的免考核"),
    Notices: ("通知设置", "什么事用什么通道通知谁、几点发；没有通道就什么都不发"),
    Check: ("核查", "一个核查：谁可以问、问什么、查哪些目录项、什么算命中、结论怎么写、保存多久"),
    CheckUsers: ("核查人员", "谁可以办核查：登录名、部门、角色；不在这里的人什么也看不到"),
    Demand: ("需求", "一个部门要另一个部门的数据：要什么、办什么事、依据什么，以及办理过程"),
    Element: ("数据元", "一个数据元：含义、类型、代码表，以及它的唯一数据源"),
}


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of ``model``. Treat it as read-only: it is shared."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    for definition in schema.get("$defs", {}).values():
        del definition["title"]
        definition.pop("description", None)
    title, description = TITLES[model]
    return {"$schema": BASE, **schema, "title": title, "description": description}


def follow(model: type[BaseModel], node: dict[str, Any], data: Any = None) -> dict[str, Any]:
    """Follow references and optional values; let ``data`` decide which variant of a union is meant."""
    while True:
        if "$ref" in node:
            node = schema_of(model)["$defs"][node["$ref"].rpartition("/")[2]]
        elif "discriminator" in node:
            chosen = data.get(node["discriminator"]["propertyName"]) if isinstance(data, dict) else None
            reference = node["discriminator"]["mapping"].get(chosen)
            if reference is None:
                return node
            node = {"$ref": reference}
        elif "anyOf" in node:
            options = [option for option in node["anyOf"] if option.get("type") != "null"]
            if len(options) != 1:
                return node
            node = {**options[0], **{key: value for key, value in node.items() if key in ("title", "description")}}
            if "$ref" not in node:
                return node
        else:
            return node


def locate_data(model: type[BaseModel], data: Any, loc: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], Any]:
    """Turn a pydantic location into the path in the file (union tags dropped) and the value that is there."""
    node, here = schema_of(model), data
    path: list[str | int] = []
    steps = list(loc)
    while steps:
        if "$ref" in node:
            node = schema_of(model)["$defs"][node["$ref"].rpartition("/")[2]]
        if "discriminator" in node and steps[0] in node["discriminator"]["mapping"]:
            steps.pop(0)
            node = follow(model, node, here)
            continue
        if "anyOf" in node:
            node = follow(model, node, here)
            continue
        step = steps.pop(0)
        path.append(step)
        node = child(node, step)
        if isinstance(here, dict) and isinstance(step, str):
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            here = None
    return tuple(path), here


def child(node: dict[str, Any], step: str | int) -> dict[str, Any]:
    """Return the schema below ``node`` for a key or a list index; empty when anything may stand there."""
    if isinstance(step, int):
        below = node.get("items", {})
    else:
        below = node.get("properties", {}).get(step) or node.get("additionalProperties")
    return below if isinstance(below, dict) else {}


def node_at(model: type[BaseModel], data: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
    """Return the (followed) schema of the place ``path`` in a file that holds ``data``."""
    node, here = follow(model, schema_of(model), data), data
    for step in path:
        below = child(node, step)
        if isinstance(here, dict):
            here = here.get(str(step))
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            here = None
        node = follow(model, below, here)
    return node


def words_of(node: dict[str, Any]) -> dict[str, str]:
    """Return the Chinese words of an enumeration: ``{"conditional": "有条件", …}``.

    They stand in the key's description as ``unconditional 无条件 | conditional 有条件``.
    """
    words = {}
    for part in str(node.get("description", "")).split("|"):
        value, _, word = part.strip().partition(" ")
        if word:
            words[value] = word.strip()
    return words
