"""Quality rules in the words of the catalog, the gate, and where Great Expectations suites are named.

``effect`` says what happens to the rows (or the delivery) that fail: ``reject`` sends rows to
``rejected``, ``count`` only counts them, ``block`` stops the publication.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Flag, Identifier, Model, Percent, Regex, Text

RowEffect = Annotated[Literal["reject", "count", "block"], Key(title="不合格时", description="reject 隔离该行；count 只计数；block 阻断发布")]


class UniqueRule(Model):
    """No two rows share these fields. All copies of a repeated key fail."""

    rule: Literal["unique"]
    fields: Annotated[tuple[Identifier, ...], Key(title="信息项", min_length=1)]
    effect: RowEffect = "reject"


class BetweenRule(Model):
    """``min ≤ value ≤ max`` (either may be left out). Numbers, or dates as ``2026-01-31``."""

    rule: Literal["between"]
    field: Annotated[Identifier, Key(title="信息项")]
    min: Annotated[str | None, Key(title="最小值")] = None
    max: Annotated[str | None, Key(title="最大值")] = None
    effect: RowEffect = "reject"


class LengthRule(Model):
    """``min ≤ characters ≤ max``."""

    rule: Literal["length"]
    field: Annotated[Identifier, Key(title="信息项")]
    min: Annotated[int | None, Key(title="最短", ge=0)] = None
    max: Annotated[int | None, Key(title="最长", ge=0)] = None
    effect: RowEffect = "reject"


class PatternRule(Model):
    """The whole value matches the regular expression."""

    rule: Literal["pattern"]
    field: Annotated[Identifier, Key(title="信息项")]
    pattern: Annotated[Regex, Key(title="正则表达式")]
    effect: RowEffect = "reject"


class OneOfRule(Model):
    """The value is one of a short list; longer lists belong in a code table."""

    rule: Literal["one_of"]
    field: Annotated[Identifier, Key(title="信息项")]
    values: Annotated[tuple[Text, ...], Key(title="取值", min_length=1, max_length=50)]
    effect: RowEffect = "reject"


class NotAfterRule(Model):
    """A date is not after another field's date, or not after the data date (``than: data_date``)."""

    rule: Literal["not_after"]
    field: Annotated[Identifier, Key(title="信息项")]
    than: Annotated[Identifier, Key(title="比较对象", description="另一信息项，或 data_date")]
    effect: RowEffect = "reject"


class RowCountRule(Model):
    """The number of rows stays near that of the last publications, or within absolute limits."""

    rule: Literal["row_count"]
    change_within: Annotated[Percent | None, Key(title="变化幅度", description="与近几次发布的中位数相比")] = None
    min: Annotated[int | None, Key(title="最少行数", ge=0)] = None
    max: Annotated[int | None, Key(title="最多行数", ge=0)] = None
    effect: Annotated[Literal["count", "block"], Key(title="不合格时")] = "block"


Rule = Annotated[
    UniqueRule | BetweenRule | LengthRule | PatternRule | OneOfRule | NotAfterRule | RowCountRule,
    Key(discriminator="rule"),
]


class GxExpectation(Model):
    """One expectation in Great Expectations' own vocabulary, for what the rules above cannot say."""

    type: Annotated[Text, Key(title="期望类型", pattern=r"^expect_[a-z0-9_]+$")]
    kwargs: Annotated[dict[str, Any], Key(title="参数")] = {}
    severity: Annotated[Literal["critical", "warning"], Key(title="级别", description="critical 阻断发布；warning 计数")] = "warning"


class Gate(Model):
    """Scores below which a batch is blocked or marked."""

    block_below: Annotated[float, Key(title="低于即阻断", ge=0, le=100)] = 60
    warn_below: Annotated[float, Key(title="低于即提醒", ge=0, le=100)] = 90
    shrink_within: Annotated[Percent, Key(title="允许减少的幅度", description="全量交付的行数比上次发布减少超过它即阻断", validate_default=True)] = "20%"  # type: ignore[assignment]
    allow_empty: Annotated[Flag, Key(title="允许空交付")] = False


class Quality(Model):
    """What counts as good."""

    gate: Annotated[Gate, Key(title="门槛")] = Gate()
    rules: Annotated[tuple[Rule, ...], Key(title="规则")] = ()
    suites: Annotated[tuple[Identifier, ...], Key(title="规则集", description="expectations/ 里的 Great Expectations 规则集")] = ()
    expectations: Annotated[tuple[GxExpectation, ...], Key(title="GX 期望")] = ()


