"""Quality rules in the words of the catalog, the gate, and where Great Expectations suites are named.

``effect`` says what happens to the rows (or the delivery) that fail: ``reject`` sends rows to
``rejected``, ``count`` only counts them, ``block`` stops the publication.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Arguments, Bound, Flag, Identifier, Model, Percent, Regex, Text

RowEffect = Annotated[
    Literal["reject", "count", "block"],
    Key(title="不合格时", description="reject 隔离该行 | count 只计数 | block 阻断发布"),
]
TableEffect = Annotated[Literal["count", "block"], Key(title="不合格时", description="count 只计数 | block 阻断发布")]
_RULES = (
    "unique 不重复 | between 范围 | length 长度 | pattern 正则 | one_of 取值 | not_after 不晚于 | row_count 行数"
    " | matches_id 与身份号码相符 | known_region 区划存在过 | not_excel_damaged 未被表格软件损坏"
)
_FIELD = Key(title="信息项", description="fields 里的英文名")


class UniqueRule(Model):
    """No two rows share these fields. All copies of a repeated key fail."""

    rule: Annotated[Literal["unique"], Key(title="规则", description=_RULES)]
    fields: Annotated[tuple[Identifier, ...], Key(title="信息项", description="合起来不得重复的信息项", min_length=1)]
    effect: RowEffect = "reject"


class BetweenRule(Model):
    """``min ≤ value ≤ max`` (either may be left out). Numbers, or dates as ``2026-01-31``."""

    rule: Annotated[Literal["between"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    min: Annotated[Bound | None, Key(title="最小值", description="含本身；数字，或 2026-01-31 这样的日期")] = None
    max: Annotated[Bound | None, Key(title="最大值", description="含本身；数字，或 2026-01-31 这样的日期")] = None
    effect: RowEffect = "reject"


class LengthRule(Model):
    """``min ≤ characters ≤ max``."""

    rule: Annotated[Literal["length"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    min: Annotated[int | None, Key(title="最短", description="最少几个字符", ge=0)] = None
    max: Annotated[int | None, Key(title="最长", description="最多几个字符", ge=0)] = None
    effect: RowEffect = "reject"


class PatternRule(Model):
    """The whole value matches the regular expression."""

    rule: Annotated[Literal["pattern"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    pattern: Annotated[Regex, Key(title="正则表达式", description="整个值都要匹配；写 [0-9]，不写 \\d")]
    effect: RowEffect = "reject"


class OneOfRule(Model):
    """The value is one of a short list; longer lists belong in a code table."""

    rule: Annotated[Literal["one_of"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    values: Annotated[
        tuple[Text, ...],
        Key(title="取值", description="允许的值，至多 50 个；更多的写成代码表", min_length=1, max_length=50),
    ]
    effect: RowEffect = "reject"


class NotAfterRule(Model):
    """A date is not after another field's date, or not after the data date (``than: data_date``)."""

    rule: Annotated[Literal["not_after"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    than: Annotated[Identifier, Key(title="比较对象", description="另一个日期信息项，或 data_date（数据日期）")]
    effect: RowEffect = "reject"


class MatchesIdRule(Model):
    """A sex code (GB/T 2261.1) or a birth date is what the resident ID in another field says.

    Which of the two is decided by the field's type. Codes other than 1 and 2 and IDs of another shape contradict
    nothing; the ID itself is the business of its ``check``.
    """

    rule: Annotated[Literal["matches_id"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, Key(title="信息项", description="性别（代码 1 男、2 女）或出生日期（日期类型）")]
    id: Annotated[Identifier, Key(title="公民身份号码", description="同一行里存放公民身份号码的信息项")]
    effect: RowEffect = "count"


class KnownRegionRule(Model):
    """The division inside an identifier exists now or existed once: an ID keeps the code of its first issue for life.

    The field must declare ``check``: ``resident_id``, ``credit_code`` or ``real_estate_unit``.
    """

    rule: Annotated[Literal["known_region"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    codes: Annotated[
        Identifier, Key(title="区划代码表", description="include/code_tables 里的代码表，含已撤销的代码；不看有效年份")
    ] = "divisions"
    effect: RowEffect = "count"


class NotExcelDamagedRule(Model):
    """No ``1.59901E+17``; and when far more long numbers end in 000 than chance gives, those neither.

    A spreadsheet keeps 15 digits. One in eleven damaged resident IDs still has the right check character.
    """

    rule: Annotated[Literal["not_excel_damaged"], Key(title="规则", description=_RULES)]
    field: Annotated[Identifier, _FIELD]
    effect: RowEffect = "reject"


class RowCountRule(Model):
    """The number of rows stays near that of the last publications, or within absolute limits."""

    rule: Annotated[Literal["row_count"], Key(title="规则", description=_RULES)]
    change_within: Annotated[
        Percent | None, Key(title="变化幅度", description="与近几次发布的行数中位数相比，如 20%")
    ] = None
    min: Annotated[int | None, Key(title="最少行数", description="少于它即不合格", ge=0)] = None
    max: Annotated[int | None, Key(title="最多行数", description="多于它即不合格", ge=0)] = None
    effect: TableEffect = "block"


Rule = Annotated[
    UniqueRule
    | BetweenRule
    | LengthRule
    | PatternRule
    | OneOfRule
    | NotAfterRule
    | MatchesIdRule
    | KnownRegionRule
    | NotExcelDamagedRule
    | RowCountRule,
    Key(discriminator="rule"),
]


class GxExpectation(Model):
    """One expectation in Great Expectations' own vocabulary, for what the rules above cannot say."""

    type: Annotated[
        Text,
        Key(
            title="期望类型", description="Great Expectations 的期望名，以 expect_ 开头", pattern=r"^expect_[a-z0-9_]+$"
        ),
    ]
    kwargs: Annotated[Arguments, Key(title="参数", description="该期望的参数，如 column、min_value")] = {}  # noqa: RUF012 — pydantic copies it
    severity: Annotated[
        Literal["critical", "warning"], Key(title="级别", description="critical 阻断发布 | warning 只计数")
    ] = "warning"


class Gate(Model):
    """Scores below which a batch is blocked or marked."""

    block_below: Annotated[
        float,
        Key(
            title="低于即阻断",
            description="得分低于它，本批不入共享库，旧数据继续可用",
            ge=0,
            le=100,
            allow_inf_nan=False,
        ),
    ] = 60
    warn_below: Annotated[
        float, Key(title="低于即提醒", description="得分低于它，报告里标为需要关注", ge=0, le=100, allow_inf_nan=False)
    ] = 90
    shrink_within: Annotated[
        Percent,
        Key(
            title="允许减少的幅度",
            description="全量交付的行数比上次发布减少超过它即阻断，如 20%",
            validate_default=True,
        ),
    ] = "20%"  # type: ignore[assignment]
    allow_empty: Annotated[
        Flag, Key(title="允许空交付", description="true 表示空文件也算一次有效交付；默认空文件即阻断")
    ] = False


class Quality(Model):
    """What counts as good."""

    gate: Annotated[Gate, Key(title="门槛", description="得分与行数的底线")] = Gate()
    rules: Annotated[tuple[Rule, ...], Key(title="规则", description="信息项自身的规则之外，还要满足的规则")] = ()
    suites: Annotated[
        tuple[Identifier, ...], Key(title="规则集", description="expectations/ 里的 Great Expectations 规则集名")
    ] = ()
    expectations: Annotated[
        tuple[GxExpectation, ...], Key(title="GX 期望", description="直接用 Great Expectations 的写法补充的期望")
    ] = ()
