"""Information items (信息项): the columns of an entry."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from shuyuan.entry.values import Flag, Identifier, Line, Model, Regex, Text

TYPE = r"^(string|integer|decimal\([1-9][0-9]?, ?[0-9]{1,2}\)|date|datetime|boolean)$"


class Field(Model):
    """One information item. What its element declares (type, length, check, codes …) need not be repeated.

    ``format`` is for dates (``%Y-%m-%d``), date-times (``%Y-%m-%d %H:%M:%S``) and booleans
    (``是/否``: the words for true and false).
    """

    name: Annotated[Identifier, Key(title="英文名", description="共享库里的列名")]
    from_: Annotated[Line | None, Key(alias="from", title="来源列名", description="部门文件或表里的列名；留空与英文名相同")] = None
    title: Annotated[Line, Key(title="信息项名称")]
    element: Annotated[Identifier | None, Key(title="数据元", description="include/elements 里的数据元")] = None
    authoritative: Annotated[Flag, Key(title="是否本部门产生", description="一数一源：本资源是该数据元的唯一数据源")] = False
    type: Annotated[Text | None, Key(title="类型", pattern=TYPE)] = None
    format: Annotated[Line | None, Key(title="日期或真假的写法")] = None
    unit: Annotated[Line | None, Key(title="计量单位")] = None
    required: Annotated[Flag, Key(title="必填")] = False
    length: Annotated[int | None, Key(title="最大长度（字符）", ge=1, le=100_000)] = None
    pattern: Annotated[Regex | None, Key(title="正则表达式", description="整个值都要匹配；用 [0-9] 不用 \\d")] = None
    codes: Annotated[Identifier | None, Key(title="代码表", description="include/code_tables 里的代码表")] = None
    check: Annotated[Literal["resident_id", "credit_code"] | None, Key(title="标识符规则")] = None
    standard: Annotated[Line | None, Key(title="依据标准")] = None
    sensitive: Annotated[Flag, Key(title="敏感")] = False
    mask: Annotated[Text | None, Key(title="脱敏方式", pattern=r"^(none|hide|keep\([0-9]+, ?[0-9]+\))$")] = None
    timestamp: Annotated[Flag, Key(title="是否时间戳", description="每个目录项至多一个")] = False

    @property
    def source_name(self) -> str:
        """The department's name of this column."""
        return self.from_ or self.name

    @property
    def decimal(self) -> tuple[int, int] | None:
        """``(precision, scale)`` of a decimal field."""
        found = re.fullmatch(r"decimal\(([0-9]+), ?([0-9]+)\)", self.type or "")
        return (int(found[1]), int(found[2])) if found else None

    @property
    def kind(self) -> str:
        """``string integer decimal date datetime boolean``."""
        return (self.type or "string").partition("(")[0]

    @model_validator(mode="after")
    def _decimal_fits(self) -> Field:
        if self.decimal and not (self.decimal[1] <= self.decimal[0] <= 38):
            raise PydanticCustomError("decimal", "decimal(p,s) needs s ≤ p ≤ 38")
        return self


class Element(Model):
    """A data element (数据元): one definition that entries refer to, and its one authoritative entry."""

    title: Annotated[Line, Key(title="名称")]
    meaning: Annotated[Line | None, Key(title="含义")] = None
    standard: Annotated[Line | None, Key(title="依据标准")] = None
    type: Annotated[Text, Key(title="类型", pattern=TYPE)] = "string"
    length: Annotated[int | None, Key(title="最大长度（字符）", ge=1)] = None
    pattern: Annotated[Regex | None, Key(title="正则表达式")] = None
    codes: Annotated[Identifier | None, Key(title="代码表")] = None
    check: Annotated[Literal["resident_id", "credit_code"] | None, Key(title="标识符规则")] = None
    mask: Annotated[Text, Key(title="脱敏方式", pattern=r"^(none|hide|keep\([0-9]+, ?[0-9]+\))$")] = "none"
    level: Annotated[Literal["L1", "L2", "L3", "L4"], Key(title="数据分级")] = "L1"
    source: Annotated[Text | None, Key(title="唯一数据源", description="目录项 id：本数据元以它为准")] = None
