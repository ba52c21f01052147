"""The catalog entry: the one truth that schema, validation, documentation, DAG and table are made from.

The keys follow the national compilation guide for government information resource catalogs
(政务信息资源目录编制指南, 发改高技〔2017〕1272号); ``docs/catalog-entry.md`` maps them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from shuyuan.entry.fields import Field
from shuyuan.entry.rules import Quality
from shuyuan.entry.source import Source
from shuyuan.entry.values import ClockTime, EntryId, Flag, Identifier, Line, Model, Span, Text

Status = Literal["draft", "confirmed", "published", "suspended", "retired"]
Cycle = Literal["realtime", "daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "irregular", "other"]


class Owner(Model):
    """Who answers for the entry inside its department."""

    office: Annotated[Line | None, Key(title="内设机构")] = None
    steward: Annotated[Line | None, Key(title="负责人", description="平台账号；告警与整改单发给他")] = None


class Sharing(Model):
    """共享属性。"""

    type: Annotated[Literal["unconditional", "conditional", "none"], Key(title="共享类型", description="unconditional 无条件 | conditional 有条件 | none 不予共享")]
    condition: Annotated[Line | None, Key(title="共享条件", description="有条件共享时必填")] = None
    basis: Annotated[Line | None, Key(title="不予共享依据", description="不予共享时必填：法律、行政法规或国务院政策")] = None
    channel: Annotated[Literal["platform", "mail", "media"], Key(title="共享方式分类", description="platform 共享平台 | mail 邮件 | media 介质")] = "platform"
    method: Annotated[tuple[Literal["database", "file", "api"], ...], Key(title="共享方式类型")] = ("database",)


class Opening(Model):
    """开放属性。"""

    type: Annotated[Literal["unconditional", "conditional", "none"], Key(title="开放类型")] = "none"
    condition: Annotated[Line | None, Key(title="开放条件")] = None


class SourceSystem(Model):
    """所属信息系统。"""

    name: Annotated[Line, Key(title="系统名称")]
    level: Annotated[Literal["own", "national", "provincial", "municipal", "county"] | None, Key(title="系统分级", description="自建自用/国直/省直/市直/县直")] = None


class Update(Model):
    """When a delivery is due. Times are Asia/Shanghai."""

    cycle: Annotated[Cycle, Key(title="更新周期")]
    due: Annotated[ClockTime, Key(title="应到时间")] = "08:30"
    day: Annotated[int, Key(title="应到日", description="每周的星期几（1–7）或每月、每季、每年首月的几号", ge=1, le=31)] = 1
    calendar: Annotated[Literal["workday", "everyday"], Key(title="日历", description="workday 含调休，遇休息日顺延 | everyday")] = "everyday"
    grace: Annotated[Span, Key(title="宽限", validate_default=True)] = "2h"  # type: ignore[assignment]
    wait: Annotated[Span, Key(title="最长等待", description="超过即记缺报", validate_default=True)] = "12h"  # type: ignore[assignment]
    data_lag_days: Annotated[int, Key(title="数据日期滞后（天）", description="数据日期 = 应到日 − 滞后", ge=0, le=400)] = 0


class Load(Model):
    """How rows become the shared table."""

    mode: Annotated[Literal["replace", "append", "merge"], Key(title="入库方式", description="replace 全量替换 | append 追加 | merge 按主键合并")]
    key: Annotated[tuple[Identifier, ...], Key(title="主键", min_length=1)]
    physical_delete: Annotated[Flag, Key(title="是否物理删除")] = False


class Change(Model):
    """One line of the entry's history."""

    version: Annotated[Text, Key(title="版本")]
    date: Annotated[date, Key(title="日期")]
    by: Annotated[Line, Key(title="经办")]
    change: Annotated[Line, Key(title="内容")]
    approval: Annotated[Line | None, Key(title="文号")] = None


class Entry(Model):
    """One catalog entry (目录项), resolved: defaults cascaded, elements' facts filled into its fields."""

    kind: Annotated[Literal["CatalogEntry"], Key(title="文件类型")]
    api_version: Annotated[Literal["1"], Key(title="格式版本")] = "1"
    id: Annotated[EntryId, Key(title="标识", description="= 目录名.文件名；DAG、数仓表、报告网址都由它推出")]
    code: Annotated[Text, Key(title="信息资源代码", description="分类码/顺序码，加引号", pattern=r"^[123][0-9]{5,}/[0-9]{6}$")]
    title: Annotated[Text, Key(title="信息资源名称", min_length=2, max_length=50)]
    summary: Annotated[Text, Key(title="信息资源摘要", min_length=1, max_length=256)]
    category: Annotated[tuple[Line, ...], Key(title="信息资源分类", description="类、项、目、细目的名称")] = ()
    keywords: Annotated[tuple[Line, ...], Key(title="关键词")] = ()
    matter: Annotated[Line | None, Key(title="关联业务事项")] = None
    source_system: Annotated[SourceSystem | None, Key(title="所属信息系统")] = None
    related: Annotated[tuple[Text, ...], Key(title="关联资源代码")] = ()
    published_on: Annotated[date | None, Key(title="发布日期")] = None
    status: Annotated[Status, Key(title="生命周期", description="draft → confirmed → published → suspended / retired")] = "draft"
    version: Annotated[Text, Key(title="版本", pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = "0.1.0"
    owner: Annotated[Owner, Key(title="责任")] = Owner()
    legal_basis: Annotated[Line | None, Key(title="法律依据")] = None
    sharing: Annotated[Sharing, Key(title="共享属性")]
    opening: Annotated[Opening, Key(title="开放属性")] = Opening()
    level: Annotated[Literal["L1", "L2", "L3", "L4"], Key(title="数据分级")] = "L2"
    classified: Annotated[Flag, Key(title="是否涉密", description="涉密资源不得进入本平台")] = False
    source: Annotated[Source, Key(title="数据来源")]
    update: Annotated[Update, Key(title="更新")]
    load: Annotated[Load, Key(title="入库")]
    fields: Annotated[tuple[Field, ...], Key(title="信息项", min_length=1)]  # type: ignore[assignment]
    quality: Annotated[Quality, Key(title="质量")] = Quality()
    history: Annotated[tuple[Change, ...], Key(title="变更记录")] = ()

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
                raise PydanticCustomError("field_twice", "{kind} {twice} is used twice", {"kind": kind, "twice": twice[0]})
        return self


DATE_PLACEHOLDER = re.compile(r"\{date:([^{}]*)\}")


def with_date(pattern: str, data_date: date) -> str:
    """Fill ``{date:%Y%m%d}`` placeholders of a path pattern with the data date."""
    return DATE_PLACEHOLDER.sub(lambda found: data_date.strftime(found[1]), pattern)


