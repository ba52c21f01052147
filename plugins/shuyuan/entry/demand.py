"""One demand (需求): ``include/demand_specs/<asking department>/<id>.yaml``, who asked for which data and how it went.

The steps follow 政务信息资源共享管理暂行办法 (国发〔2016〕51号): the provider answers within a limit, and gives reasons
when it refuses. A file is never rewritten: a step is one more line at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Day, EntryId, Identifier, Line, Model, Text

Step = Literal["file", "agree", "refuse", "supplement", "resubmit", "withdraw", "supplied"]
Use = Literal["basis", "reference", "verification", "collaboration"]

FOLLOWING: Mapping[Step, tuple[Step, ...]] = {
    "file": ("agree", "refuse", "supplement", "withdraw"),
    "supplement": ("resubmit", "withdraw"),
    "resubmit": ("agree", "refuse", "supplement", "withdraw"),
    "agree": ("supplied", "withdraw"),
    "refuse": (),
    "withdraw": (),
    "supplied": (),
}
"""Step → the steps that may come next."""

REASONED: tuple[Step, ...] = ("refuse", "supplement")
"""The steps that need a reason."""


class DemandStep(Model):
    """One step of a demand."""

    step: Annotated[
        Step,
        Key(
            title="步骤",
            description="file 申请 | agree 同意 | refuse 不同意 | supplement 要求补正 | resubmit 已补正 | "
            "withdraw 撤回 | supplied 已供给",
        ),
    ]
    on: Annotated[Day, Key(title="日期", alias="date", description="如 2026-11-02")]
    by: Annotated[Line, Key(title="经办", description="哪个部门哪个科室办的")]
    why: Annotated[Line | None, Key(title="理由", description="不同意、要求补正时必填")] = None


class Demand(Model):
    """One demand of one department for another's data."""

    kind: Annotated[Literal["Demand"], Key(title="文件类型", description="需求固定写 Demand")]
    id: Annotated[EntryId, Key(title="标识", description="= 目录名.文件名；目录名是提出需求的部门")]
    title: Annotated[Text, Key(title="需求名称", description="如：低保核查用机动车信息", min_length=2, max_length=50)]
    provider: Annotated[Identifier, Key(title="提供部门", description="include/catalog_specs 下的目录名")]
    entry: Annotated[EntryId | None, Key(title="目录项", description="想要哪个目录项；目录里还没有就不写")] = None
    fields: Annotated[tuple[Line, ...], Key(title="信息项", description="要哪些信息项；有目录项时写英文名")] = ()
    purpose: Annotated[Line, Key(title="用途", description="办什么事用")]
    use: Annotated[
        Use,
        Key(
            title="使用方式",
            description="basis 行政依据 | reference 工作参考 | verification 数据校核 | collaboration 业务协同",
        ),
    ]
    legal_basis: Annotated[Line, Key(title="依据", description="哪部法律、法规或文件")]
    until: Annotated[Day | None, Key(title="使用期限", description="用到哪天为止；长期使用不写")] = None
    steps: Annotated[
        tuple[DemandStep, ...],
        Key(title="办理过程", description="按先后，写在文件最后；第一步总是 file", min_length=1),
    ]

    @property
    def department(self) -> str:
        """The folder name of the department that asks."""
        return self.id.partition(".")[0]
