"""``include/one_source.yaml``: how copies are compared with their sources, and how corrections are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Model, Text


class OneSource(Model):
    """The center's own settings of 一数一源. All have defaults; the file may be missing."""

    kind: Annotated[Literal["OneSource"], Key(title="文件类型", description="固定写 OneSource")] = "OneSource"
    answer_within: Annotated[
        int, Key(title="答复期限（工作日）", description="部门收到疑义后几个工作日内核实，含调休", ge=1, le=250)
    ] = 10
    listed: Annotated[
        int, Key(title="差异清单上限", description="每个信息项至多列出多少条差异；数目总是全的", ge=0, le=1_000_000)
    ] = 1000
    memory: Annotated[
        Text,
        Key(title="比对用内存上限", description="如 512MB、2GB；超出的写临时文件", pattern=r"^[1-9][0-9]*(MB|GB)$"),
    ] = "512MB"
