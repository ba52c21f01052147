"""``include/subjects/*.yaml``: a subject (人、企业、不动产) whose golden view takes each element from its authority."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Identifier, Line, Model


class Subject(Model):
    """One subject. Its file name is its id and the name of its view in ``share``."""

    kind: Annotated[Literal["Subject"], Key(title="文件类型", description="主题对象文件固定写 Subject")] = "Subject"
    title: Annotated[Line, Key(title="名称", description="主题对象的中文名称，如 人")]
    key: Annotated[
        Identifier,
        Key(title="主键数据元", description="用哪个数据元认定是同一个对象，如 resident_id；以它的数据源的行为准"),
    ]
    elements: Annotated[
        tuple[Identifier, ...],
        Key(title="数据元", description="视图里的各项，每项取自它的唯一数据源", min_length=1, max_length=100),
    ]
