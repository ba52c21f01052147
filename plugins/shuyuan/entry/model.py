"""The catalog entry: the one truth that schema, validation, documentation, DAG and table are made from.

The keys follow the national compilation guide for government information resource catalogs
(政务信息资源目录编制指南, 发改高技〔2017〕1272号); ``docs/catalog-entry.md`` maps them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from shuyuan.entry.fields import Field
from shuyuan.entry.rules import Quality
from shuyuan.entry.source import Source
from shuyuan.entry.values import ClockTime, Day, EntryId, Flag, Identifier, Line, Model, Span, Text

Status = Literal["draft", "confirmed", "published", "suspended", "retired"]
Cycle = Literal["realtime", "daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "irregular", "other"]


class Owner(Model):
    """Who answers for the entry inside its department."""

    office: Annotated[Line | None, Key(title="内设机构", description="部门里负责这项资源的科室")] = None
    steward: Annotated[Line | None, Key(title="负责人", description="平台账号；告警与整改单发给他")] = None


class Sharing(Model):
    """共享属性。"""

    type: Annotated[
        Literal["unconditional", "conditional", "none"],
        Key(title="共享类型", description="unconditional 无条件 | conditional 有条件 | none 不予"),
    ]
    condition: Annotated[Line | None, Key(title="共享条件", description="有条件共享时必填：谁、为什么事、怎么用")] = (
        None
    )
    basis: Annotated[
        Line | None, Key(title="不予共享依据", description="不予共享时必填：法律、行政法规或国务院政策")
    ] = None
    channel: Annotated[
        Literal["platform", "mail", "media"],
        Key(title="共享方式分类", description="platform 共享平台 | mail 邮件 | media 介质"),
    ] = "platform"
    method: Annotated[
        tuple[Literal["database", "file", "api"], ...],
        Key(title="共享方式类型", description="database 数据库 | file 文件 | api 服务接口", min_length=1),
    ] = ("database",)


class Opening(Model):
    """开放属性。"""

    type: Annotated[
        Literal["unconditional", "conditional", "none"],
        Key(title="开放类型", description="unconditional 无条件 | conditional 有条件 | none 不予"),
    ] = "none"
    condition: Annotated[Line | None, Key(title="开放条件", description="有条件开放时必填")] = None


class SourceSystem(Model):
    """所属信息系统。"""

    name: Annotated[Line, Key(title="系统名称", description="数据出自哪个业务系统")]
    level: Annotated[
        Literal["own", "national", "provincial", "municipal", "county"] | None,
        Key(
            title="系统分级",
            description="own 自建自用 | national 国直 | provincial 省直 | municipal 市直 | county 县直",
        ),
    ] = None


class Update(Model):
    """When a delivery is due. Times are Asia/Shanghai."""

    cycle: Annotated[
        Cycle,
        Key(
            title="更新周期",
            description="realtime 实时 | daily 每日 | weekly 每周 | monthly 每月 | quarterly 每季度 | "
            "half_yearly 每半年 | yearly 每年 | irregular 不定时 | other 其他",
        ),
    ]
    note: Annotated[Line | None, Key(title="更新周期说明", description="更新周期为 other（其他）时必填")] = None
    due: Annotated[ClockTime, Key(title="应到时间", description='北京时间，加引号，如 "08:30"')] = "08:30"
    day: Annotated[
        int, Key(title="应到日", description="每周的星期几（1–7）或每月、每季、每年首月的几号", ge=1, le=31)
    ] = 1
    calendar: Annotated[
        Literal["workday", "everyday"],
        Key(title="日历", description="workday 工作日 | everyday 每天"),
    ] = "everyday"
    grace: Annotated[
        Span, Key(title="宽限", description="过了应到时间再等多久算迟到，如 2h", validate_default=True)
    ] = "2h"  # type: ignore[assignment]
    wait: Annotated[Span, Key(title="最长等待", description="超过即记缺报，如 12h", validate_default=True)] = "12h"  # type: ignore[assignment]
    data_lag_days: Annotated[
        int, Key(title="数据日期滞后（天）", description="数据日期 = 应到日 − 滞后", ge=0, le=400)
    ] = 0


class DeletedWhen(Model):
    """Which delivered rows say that their key is gone."""

    field: Annotated[Identifier, Key(title="删除标志", description="哪个信息项是删除标志")]
    values: Annotated[
        tuple[Text, ...], Key(title="删除标志值", description="取这些值的行表示该主键已删除", min_length=1)
    ]


class Load(Model):
    """How rows become the shared table."""

    mode: Annotated[
        Literal["replace", "append", "merge", "history"],
        Key(
            title="入库方式",
            description="replace 全量替换 | append 追加 | merge 按主键合并 | history 拉链，保留每个主键的历次状态",
        ),
    ]
    key: Annotated[
        tuple[Identifier, ...],
        Key(title="主键", description="能认出一行的信息项英文名，每个都要必填", min_length=1),
    ]
    physical_delete: Annotated[Flag, Key(title="是否物理删除", description="来源里的记录会不会被真正删掉")] = False
    deleted_when: Annotated[
        DeletedWhen | None,
        Key(title="逻辑删除", description="merge、history 可用：什么样的行表示删除，该主键从共享表移出"),
    ] = None
    absent: Annotated[
        Literal["keep", "close"],
        Key(title="未送来的记录", description="history 可用：keep 仍然有效（增量送数） | close 视为失效（全量送数）"),
    ] = "keep"


class Change(Model):
    """One line of the entry's history."""

    version: Annotated[Text, Key(title="版本", description="改成了哪个版本")]
    date: Annotated[Day, Key(title="日期", description="如 2026-09-01")]
    by: Annotated[Line, Key(title="经办", description="谁改的")]
    change: Annotated[Line, Key(title="内容", description="改了什么")]
    approval: Annotated[Line | None, Key(title="文号", description="批准文号")] = None


class Entry(Model):
    """One catalog entry (目录项), resolved: defaults cascaded, elements' facts filled into its fields."""

    kind: Annotated[Literal["CatalogEntry"], Key(title="文件类型", description="目录项固定写 CatalogEntry")]
    api_version: Annotated[
        Literal["1"],
        Key(title="格式版本", description="现为 1"),
        WithJsonSchema({"enum": [1, "1"], "title": "格式版本", "description": "现为 1"}),
    ] = "1"
    id: Annotated[EntryId, Key(title="标识", description="= 目录名.文件名；DAG、数仓表、报告网址都由它推出")]
    code: Annotated[
        Text,
        Key(
            title="信息资源代码",
            description="分类码/顺序码：类 1 位、项 2 位、目 3 位、细目若干位，斜杠后 6 位",
            pattern=r"^[123][0-9]{5,}/[0-9]{6}$",
        ),
    ]
    title: Annotated[
        Text, Key(title="信息资源名称", description="2 到 50 字，全目录不重名", min_length=2, max_length=50)
    ]
    summary: Annotated[
        Text,
        Key(title="信息资源摘要", description="有什么、覆盖哪里、作什么用；至多 256 字", min_length=1, max_length=256),
    ]
    category: Annotated[
        tuple[Line, ...], Key(title="信息资源分类", description="类、项、目、细目的名称，由大到小", max_length=4)
    ] = ()
    keywords: Annotated[tuple[Line, ...], Key(title="关键词", description="供人检索的词")] = ()
    matter: Annotated[Line | None, Key(title="关联业务事项", description="产生这些数据的政务服务事项")] = None
    source_system: Annotated[SourceSystem | None, Key(title="所属信息系统", description="数据出自哪个业务系统")] = None
    related: Annotated[tuple[Text, ...], Key(title="关联资源代码", description="有关联的信息资源代码")] = ()
    published_on: Annotated[Day | None, Key(title="发布日期", description="发布时必填，如 2026-09-01")] = None
    status: Annotated[
        Status,
        Key(
            title="生命周期",
            description="draft 草稿 | confirmed 已确认 | published 已发布 | suspended 暂停 | retired 停用",
        ),
    ] = "draft"
    version: Annotated[
        Text, Key(title="版本", description="三段数字，如 1.0.0", pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")
    ] = "0.1.0"
    owner: Annotated[Owner, Key(title="责任", description="部门里谁负责")] = Owner()
    legal_basis: Annotated[Line | None, Key(title="法律依据", description="采集或共享的依据，发布时必填")] = None
    sharing: Annotated[Sharing, Key(title="共享属性", description="给不给别的部门用，怎么用")]
    opening: Annotated[Opening, Key(title="开放属性", description="给不给社会用")] = Opening()
    level: Annotated[
        Literal["L1", "L2", "L3", "L4"],
        Key(title="数据分级", description="L1 最低 | L2 较低 | L3 较高（自动脱敏） | L4 最高（自动脱敏）"),
    ] = "L2"
    classified: Annotated[Flag, Key(title="是否涉密", description="涉密资源不得进入本平台")] = False
    source: Annotated[Source, Key(title="数据来源", description="从哪里取，按 type 不同有不同的键")]
    update: Annotated[Update, Key(title="更新", description="什么时候到")]
    load: Annotated[Load, Key(title="入库", description="怎样变成共享表")]
    fields: Annotated[  # type: ignore[assignment]
        tuple[Field, ...], Key(title="信息项", description="共享表的各列", min_length=1, max_length=200)
    ]
    quality: Annotated[Quality, Key(title="质量", description="什么样才算合格")] = Quality()
    history: Annotated[tuple[Change, ...], Key(title="变更记录", description="每次变更一行")] = ()

    @property
    def department(self) -> str:
        """The department's folder name, the first half of the id."""
        return self.id.partition(".")[0]

    @property
    def resource(self) -> str:
        """The entry's file name without ``.yaml``, the second half of the id."""
        return self.id.partition(".")[2]

    @property
    def table(self) -> str:
        """The table's name inside ``share``, ``rejected``: ``<department>__<resource>``."""
        return f"{self.department}__{self.resource}"

    def field(self, name: str) -> Field:
        """Return the field ``name``. Raises ``KeyError``."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Entry:
        names = [field.name for field in self.fields]
        sources = [field.source_name for field in self.fields]
        for kind, values in (("name", names), ("from", sources)):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise PydanticCustomError(
                    "field_twice", "{kind} {twice} is used twice", {"kind": kind, "twice": twice[0]}
                )
        return self


DATE_PLACEHOLDER = re.compile(r"\{date:([^{}]*)\}")


def with_date(pattern: str, data_date: date) -> str:
    """Fill ``{date:%Y%m%d}`` placeholders of a path pattern with the data date."""
    return DATE_PLACEHOLDER.sub(lambda found: data_date.strftime(found[1]), pattern)
