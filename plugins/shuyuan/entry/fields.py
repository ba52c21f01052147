"""Information items (信息项): the columns of an entry, and the data elements that define them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator
from pydantic import Field as Key
from pydantic_core import PydanticCustomError

from shuyuan.entry.values import EntryId, Flag, Identifier, Line, Model, Regex, Text
from shuyuan.normal_forms import NormalForm

TYPE = r"^(string|integer|decimal\([1-9][0-9]?, ?[0-9]{1,2}\)|date|datetime|boolean)$"
MASK = r"^(none|hide|keep\([0-9]+, ?[0-9]+\))$"
_TYPES = "string 文本、integer 整数、decimal(总位数,小数位)、date 日期、datetime 日期时间、boolean 真假"
_MASKS = "none 不脱敏、hide 全部隐藏、keep(前,后) 只留前几位和后几位"
_CHECKS = (
    "resident_id 公民身份号码 | credit_code 统一社会信用代码 | organization_code 组织机构代码"
    " | division_code 行政区划代码 | real_estate_unit 不动产单元代码 | certificate_number 不动产权证号 | phone 手机号码"
    " | plate_number 机动车号牌号码 | vin 车辆识别代号 | person_name 姓名"
)
Check = Literal[
    "resident_id",
    "credit_code",
    "organization_code",
    "division_code",
    "real_estate_unit",
    "certificate_number",
    "phone",
    "plate_number",
    "vin",
    "person_name",
]
"""Identifier rules by name; ``shuyuan.identifiers.CHECKS`` holds what each asks."""


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _decimal(text: str | None) -> tuple[int, int] | None:
    found = re.fullmatch(r"decimal\(([0-9]+), ?([0-9]+)\)", text or "")
    return (int(found[1]), int(found[2])) if found else None


def _check_decimal(text: str | None) -> None:
    digits = _decimal(text)
    if digits and not (digits[1] <= digits[0] <= 38):
        raise PydanticCustomError("decimal", "decimal(p,s) needs s ≤ p ≤ 38")


class Field(Model):
    """One information item. What its element declares (type, length, check, codes …) need not be repeated.

    ``format`` is for dates (``%Y-%m-%d``), date-times (``%Y-%m-%d %H:%M:%S``) and booleans
    (``是/否``: the words for true and false).
    """

    name: Annotated[Identifier, Key(title="英文名", description="共享库里的列名：小写字母开头，小写字母、数字、下划线")]
    from_: Annotated[
        Line | None, Key(alias="from", title="来源列名", description="部门文件或表里的列名；留空与英文名相同")
    ] = None
    title: Annotated[Line, Key(title="信息项名称", description="给人看的中文名称")]
    element: Annotated[
        Identifier | None, Key(title="数据元", description="include/elements 里的数据元；类型、长度、代码表随它")
    ] = None
    authoritative: Annotated[
        Flag, Key(title="是否本部门产生", description="一数一源：本资源是该数据元的唯一数据源")
    ] = False
    copy_: Annotated[
        Flag,
        Key(
            alias="copy",
            title="与数据源比对",
            description="引用别处为准的数据元时自动比对；只借用定义、说的是另一件事（如“登记前婚姻状况”）时写 false",
        ),
    ] = True
    match_by: Annotated[
        tuple[Identifier, ...],
        BeforeValidator(_listed),
        Key(
            title="比对时按哪个信息项匹配",
            description="本资源里存放数据源主键的信息项，如 husband_id；只有一个可能时不用写",
        ),
    ] = ()
    unknown: Annotated[
        Literal["reject", "count"],
        Key(title="数据源里没有时", description="reject 隔离该行 | count 只计数"),
    ] = "count"
    normalise: Annotated[
        Flag,
        Key(
            title="入库时规范写法",
            description="按数据元的规范写法（normal_form）入库，原样的值另存为 <英文名>_raw；不写则一律原样",
        ),
    ] = False
    type: Annotated[Text | None, Key(title="类型", description=_TYPES, pattern=TYPE)] = None
    format: Annotated[
        Line | None, Key(title="日期或真假的写法", description="日期如 %Y%m%d，真假如 是/否；留空为标准写法")
    ] = None
    unit: Annotated[Line | None, Key(title="计量单位", description="如 元、公顷；数值里不要带单位")] = None
    required: Annotated[Flag, Key(title="必填", description="空值的行被隔离")] = False
    length: Annotated[
        int | None, Key(title="最大长度（字符）", description="按字符计，超长的行被隔离，不截断", ge=1, le=100_000)
    ] = None
    pattern: Annotated[
        Regex | None, Key(title="正则表达式", description="整个值都要匹配；写 [0-9]，不写 \\d，不用环视与反向引用")
    ] = None
    codes: Annotated[
        Identifier | None, Key(title="代码表", description="include/code_tables 里的代码表，值只能取其中的代码")
    ] = None
    check: Annotated[Check | None, Key(title="标识符规则", description=_CHECKS)] = None
    standard: Annotated[Line | None, Key(title="依据标准", description="如 GB 11643—1999")] = None
    sensitive: Annotated[Flag, Key(title="敏感", description="敏感信息项在报告里必须脱敏")] = False
    mask: Annotated[Text | None, Key(title="脱敏方式", description=_MASKS, pattern=MASK)] = None
    timestamp: Annotated[Flag, Key(title="是否时间戳", description="记录更新时间的信息项，每个目录项至多一个")] = False

    @property
    def source_name(self) -> str:
        """The department's name of this column."""
        return self.from_ or self.name

    @property
    def decimal(self) -> tuple[int, int] | None:
        """``(precision, scale)`` of a decimal field."""
        return _decimal(self.type)

    @property
    def kind(self) -> str:
        """``string integer decimal date datetime boolean``."""
        return (self.type or "string").partition("(")[0]

    @model_validator(mode="after")
    def _decimal_fits(self) -> Field:
        _check_decimal(self.type)
        return self


class Element(Model):
    """A data element (数据元): one definition that entries refer to, and its one authoritative entry."""

    title: Annotated[Line, Key(title="名称", description="数据元的中文名称")]
    meaning: Annotated[Line | None, Key(title="含义", description="这个数据元说的是什么")] = None
    standard: Annotated[Line | None, Key(title="依据标准", description="如 GB 11643—1999")] = None
    type: Annotated[Text, Key(title="类型", description=_TYPES, pattern=TYPE)] = "string"
    length: Annotated[int | None, Key(title="最大长度（字符）", description="按字符计", ge=1, le=100_000)] = None
    pattern: Annotated[Regex | None, Key(title="正则表达式", description="整个值都要匹配；写 [0-9]，不写 \\d")] = None
    codes: Annotated[Identifier | None, Key(title="代码表", description="include/code_tables 里的代码表")] = None
    check: Annotated[Check | None, Key(title="标识符规则", description=_CHECKS)] = None
    mask: Annotated[Text, Key(title="脱敏方式", description=_MASKS, pattern=MASK)] = "none"
    level: Annotated[
        Literal["L1", "L2", "L3", "L4"],
        Key(title="数据分级", description="L1 最低 | L2 较低 | L3 较高（自动脱敏） | L4 最高（自动脱敏）"),
    ] = "L1"
    source: Annotated[
        EntryId | None, Key(title="唯一数据源", description="一数一源：本数据元以哪个目录项为准，写目录项 id")
    ] = None
    normal_form: Annotated[
        NormalForm,
        Key(
            title="规范写法",
            description="比对时按哪种写法算相同："
            "exact 逐字 | text 不计全角半角和空白 | name 另不计间隔号写法和繁简 | code 另不计大小写和连字符"
            " | resident_id 另把 15 位旧号换成 18 位",
        ),
    ] = "exact"
    corrections: Annotated[
        Literal["holder", "source"],
        Key(title="疑义交给谁", description="比对不一致时请谁核实：holder 副本所在部门 | source 数据源部门"),
    ] = "holder"

    @model_validator(mode="after")
    def _decimal_fits(self) -> Element:
        _check_decimal(self.type)
        return self
