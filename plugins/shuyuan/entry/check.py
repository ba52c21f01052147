"""One check (核查): ``include/check_specs/<id>.yaml``, a question about named people or a property, as data.

A case (a family, the parties of one registration) has subjects (its people) and, where the question is about a thing,
items of its own. Sources are catalog entries, looked up by what the case says; rules are conditions over the rows that
were found. What could not be looked up is never "nothing found": it leaves every rule that needs it undecided.

A subject (or case) is *not asked* of a source, and gets no line of its rules, where it has nothing to ask with: all
ways to match (``by``, ``or_by``) have an input item that it left empty, or go on from a source that it was not asked
of. A source that goes on from another finds nothing where that one was read and has no row: ``absent`` is met then.
Where that one has rows but the item is empty in all of them, the line is unavailable. A rule with ``only`` has lines
for those alone whom it fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from shuyuan.entry.values import Bound, Day, EntryId, Flag, Identifier, Line, Model, Regex, Span, Text

Verdict = Literal["fail", "review", "note"]
Test = Literal["exists", "absent", "count", "sum", "differs", "recent", "outside"]
TESTS: tuple[Test, ...] = ("exists", "absent", "count", "sum", "differs", "recent", "outside")

PLACEHOLDERS: Mapping[Test, tuple[str, ...]] = {
    "exists": ("count",),
    "absent": (),
    "count": ("count", "limit"),
    "sum": ("count", "sum", "limit"),
    "differs": ("count",),
    "recent": ("count", "days"),
    "outside": ("count",),
}
"""Test → what may stand in braces in its words: the facts of a line that is met.

``count``: the rows that count (``outside``: the different people outside); ``sum``: their sum; ``limit``: the number in
``over``; ``days``: the days of ``within``.
"""


class MayRun(Model):
    """Who may ask."""

    departments: Annotated[
        tuple[Identifier, ...], Key(title="部门", description="include/catalog_specs 下的目录名", min_length=1)
    ]


class Authorization(Model):
    """What the people concerned must have signed before anybody asks."""

    pattern: Annotated[Regex, Key(title="授权书编号", description="编号的写法（正则表达式，全部匹配）")]
    signed: Annotated[Flag, Key(title="逐人签字", description="每个核查对象都要在申请里标明哪天签字授权")] = True
    valid_for: Annotated[Span, Key(title="授权有效期", description="自签字之日起，如 365d")]


class InputField(Model):
    """One item of the request, described by its data element: type, code table, identifier rule, mask, normal form."""

    name: Annotated[Identifier, Key(title="英文名", description="规则和来源用它指这一项；案件和核查对象之间也不能重名")]
    title: Annotated[Line, Key(title="名称", description="申请表的列名")]
    element: Annotated[Identifier, Key(title="数据元", description="格式、代码表、脱敏、规范写法随它")]
    required: Annotated[Flag, Key(title="必填", description="不必填的项空着，就不查靠它去找的来源")] = True


class Where(Model):
    """One condition on a row; all conditions of a list hold together.

    Values are compared as canonical text (a truth as ``true`` or ``false``, a code as its code), limits as numbers or
    days. A null is in no list: ``not_in`` holds for it, the other conditions do not.
    """

    field: Annotated[Identifier, Key(title="信息项", description="目录项信息项的英文名，要列在来源的 use 里")]
    is_in: Annotated[
        tuple[Text, ...], Key(title="取值在其中", alias="in", description='有代码表的写代码，真假写 "true"、"false"')
    ] = ()
    not_in: Annotated[tuple[Text, ...], Key(title="取值不在其中", description="空值算不在其中")] = ()
    at_least: Annotated[Bound | None, Key(title="不小于", description="数、日期，或参数名")] = None
    at_most: Annotated[Bound | None, Key(title="不大于", description="数、日期，或参数名")] = None


class Lookup(Model):
    """One source: which rows of an entry belong to a subject or to the case.

    Rows that fit all of ``by``, or all of ``or_by``; each row once; then only those that fit ``where``; then, with
    ``newest_by``, those of the newest day only (all of that day; rows without a day when none has one).
    A ``planned`` source does not exist yet: it is unavailable, reason ``never_published``.
    """

    entry: Annotated[EntryId, Key(title="目录项", description="部门.资源；还没有的写将来的标识，并写 planned")]
    planned: Annotated[
        Line | None,
        Key(title="待接入", description="目录里还没有这个目录项：写明向谁要、办到哪一步。它的规则一律无法核查"),
    ] = None
    of: Annotated[
        Literal["subject", "case"],
        Key(title="查谁", description="subject 逐人查 | case 按案件的项目查，如不动产单元"),
    ] = "subject"
    by: Annotated[
        dict[Identifier, Text],
        Key(
            title="怎样对上",
            description="目录项的信息项: 申请里的项，如 owner_id: id_card_no；也可以是另一来源查到的项，如 "
            "household_number: register.household_number。写几项就要同时对上",
            min_length=1,
        ),
    ]
    or_by: Annotated[
        dict[Identifier, Text],
        Key(
            default_factory=dict,
            title="或者这样对上",
            description="另一种对法，如婚姻登记的男方或女方；两种查到的行都算，同一行只算一次",
        ),
    ]
    where: Annotated[
        tuple[Where, ...], Key(title="哪些记录才算", description="先于 newest_by；不算的如同没有，如已注销的车")
    ] = ()
    use: Annotated[
        tuple[Identifier, ...],
        Key(title="使用哪些信息项", description="只许读这些和对上用的项；条件、规则用到的都要列出，用不到的不许列"),
    ] = ()
    newest_by: Annotated[
        Identifier | None, Key(title="只看最近的", description="按哪个日期项取最近一天的，如登记日期")
    ] = None
    within: Annotated[
        Span | None,
        Key(title="数据最旧", description="数据日期比核查日早得比这更多就算无法核查；不写则按目录项自己的更新周期"),
    ] = None


class Rows(Model):
    """Which of the found rows count."""

    where: Annotated[tuple[Where, ...], Key(title="条件", description="都满足的行才算；不写则全部")] = ()


class Count(Rows):
    """How many rows are too many: more than ``over``.

    ``per: case`` takes the rows of all subjects of the case together, each row once; the line is the case's
    (``subject`` is ``None``), and it is unavailable when the source is. ``distinct`` counts the values of a field
    instead of rows; nulls do not count.
    """

    over: Annotated[Bound, Key(title="超过", description="数，或参数名；等于不算")]
    per: Annotated[
        Literal["subject", "case"],
        Key(title="按什么合计", description="subject 每人 | case 全案（全家）的人合在一起，同一行只算一次"),
    ] = "subject"
    distinct: Annotated[
        Identifier | None, Key(title="按哪一项去重", description="如不动产单元代码：夫妻共有的一套房只算一套")
    ] = None


class Sum(Rows):
    """Which sum is too much: more than ``over``. A null counts 0. ``per`` as in ``Count``."""

    field: Annotated[Identifier, Key(title="信息项", description="把哪一项加起来，只能是数")]
    over: Annotated[Bound, Key(title="超过", description="数，或参数名；等于不算")]
    per: Annotated[
        Literal["subject", "case"],
        Key(title="按什么合计", description="subject 每人 | case 全案（全家）的人合在一起，同一行只算一次"),
    ] = "subject"


class Recent(Rows):
    """Which date is too new: on or after the asked day minus ``within``. A null is not."""

    field: Annotated[Identifier, Key(title="日期项", description="看哪个日期")]
    within: Annotated[Span, Key(title="多久以内", description="从核查日往前数，如 365d；正好这一天也算")]


class Differs(Rows):
    """Which item must say the same as the request, in its element's normal form. A null on either side differs not."""

    field: Annotated[Identifier, Key(title="信息项", description="目录项里的项")]
    from_: Annotated[Identifier, Key(title="申请里的项", alias="from", description="两边要是同一个数据元")]


class Outside(Rows):
    """Who must be among the case's subjects (an undeclared spouse, another member of the household).

    Met when a value of ``fields`` is no subject's ``among``, both in the element's normal form. A row with a null in
    ``fields`` counts with its other values.
    """

    fields: Annotated[tuple[Identifier, ...], Key(title="证件号项", description="行里的人，如男方、女方", min_length=1)]
    among: Annotated[Identifier, Key(title="申请里的项", description="与核查对象的哪一项比，要是同一个数据元")]


class CheckRule(Model):
    """One rule: a test over a source's rows, and what follows when it is met."""

    id: Annotated[Identifier, Key(title="规则", description="一个核查里不能重复")]
    title: Annotated[Line, Key(title="名称", description="报告里的一行")]
    source: Annotated[Identifier, Key(title="来源", description="sources 里的名字")]
    only: Annotated[
        dict[Identifier, tuple[Text, ...]],
        Key(
            default_factory=dict,
            title="只对谁",
            description="申请里的项: [取值]，如 role: [转让方]；空列表是说这一项没有填。别人没有这一行",
        ),
    ]
    exists: Annotated[Rows | None, Key(title="有这样的记录", description="写 {} 是随便什么记录")] = None
    absent: Annotated[Rows | None, Key(title="没有这样的记录", description="查得到来源而没有记录；写 {} 同上")] = None
    count: Annotated[Count | None, Key(title="记录多于", description="如两套以上房屋")] = None
    sum: Annotated[Sum | None, Key(title="合计多于", description="如养老金月标准合计")] = None
    differs: Annotated[Differs | None, Key(title="与申请不一致", description="如姓名与户籍不同")] = None
    recent: Annotated[Recent | None, Key(title="日期太近", description="如一年内购房")] = None
    outside: Annotated[Outside | None, Key(title="不在申请人员之中", description="如没有申报的配偶")] = None
    then: Annotated[
        Verdict, Key(title="结论", description="fail 不符合 | review 需要人工复核 | note 只提示，不影响结论")
    ]
    words: Annotated[
        Line, Key(title="说明", description="命中时的一句话；{count} 记录数、{sum} 合计、{limit} 限值、{days} 天数")
    ]
    basis: Annotated[Line | None, Key(title="依据", description="条款")] = None

    @model_validator(mode="after")
    def _one_test(self) -> CheckRule:
        if sum(getattr(self, name) is not None for name in TESTS) != 1:
            raise PydanticCustomError("one_test", "a rule has exactly one test")
        return self

    @property
    def test(self) -> Test:
        """The name of its one test."""
        return next(name for name in TESTS if getattr(self, name) is not None)

    @property
    def condition(self) -> Rows:
        """Its one test."""
        condition: Rows = getattr(self, self.test)
        return condition

    @property
    def per_case(self) -> bool:
        """Whether it takes the rows of all subjects together."""
        return getattr(self.condition, "per", "subject") == "case"


class Parameter(Model):
    """A threshold in force from a day on; the newest that is in force counts."""

    name: Annotated[Identifier, Key(title="参数", description="条件里写它的名字；同一参数可以有几个起始日的值")]
    value: Annotated[Bound, Key(title="值", description="数，或日期")]
    from_: Annotated[Day, Key(title="起", alias="from", description="从哪天起按这个值，到同一参数的下一个值为止")]
    basis: Annotated[Line, Key(title="依据", description="文件名或批准人")]


class Outcomes(Model):
    """The words of conclusions (a case) and lines (a rule)."""

    passed: Annotated[Line, Key(title="通过", alias="pass", description="如 符合")]
    failed: Annotated[Line, Key(title="不通过", alias="fail", description="如 不符合")]
    review: Annotated[Line, Key(title="需人工", description="如 需复核")]
    unavailable: Annotated[Line, Key(title="查不到数据源", description="如 无法核查；绝不能读作没有")]


class Retention(Model):
    """How long what was asked and answered is kept; then it is deleted, with a record of the deletion."""

    request: Annotated[Span, Key(title="申请保存", description="如 90d")]
    answer: Annotated[Span, Key(title="结果保存", description="也是报告的有效期，如 30d；不比申请久")]
    purpose_ends: Annotated[Day | None, Key(title="用途终止日", description="过了这一天不再受理，已有的一并删除")] = (
        None
    )


class Check(Model):
    """One check."""

    kind: Annotated[Literal["Check"], Key(title="文件类型", description="核查固定写 Check")]
    title: Annotated[Text, Key(title="名称", description="如：低保家庭经济状况核查", min_length=2, max_length=50)]
    legal_basis: Annotated[Line, Key(title="法律依据", description="哪部法律、法规的哪一条；印在报告上")]
    purpose: Annotated[Line, Key(title="用途", description="印在报告上：仅供……，不得他用")]
    objection: Annotated[Line, Key(title="异议渠道", description="当事人不服怎么办，印在报告上")]
    may_run: Annotated[MayRun, Key(title="谁可以发起", description="别的部门连有没有这件申请都问不到")]
    authorization: Annotated[Authorization | None, Key(title="授权", description="依法不需要当事人授权的不写")] = None
    case: Annotated[tuple[InputField, ...], Key(title="案件的项目", description="如不动产单元代码")] = ()
    subjects: Annotated[tuple[InputField, ...], Key(title="核查对象的项目", description="每人一行", min_length=1)]
    key: Annotated[
        Identifier, Key(title="证件号项", description="subjects 里认人的那一项，要必填，数据元要有标识符规则")
    ]
    sources: Annotated[
        dict[Identifier, Lookup], Key(title="来源", description="名字: 查哪个目录项、怎样对上", min_length=1)
    ]
    rules: Annotated[tuple[CheckRule, ...], Key(title="规则", description="报告按这个先后写", min_length=1)]
    parameters: Annotated[tuple[Parameter, ...], Key(title="参数", description="限值；改了写新的一行，不改旧的")] = ()
    outcomes: Annotated[Outcomes, Key(title="结论用语", description="报告里的几个词")]
    retention: Annotated[Retention, Key(title="保存期限", description="到期删除，留删除记录")]
    cases_at_most: Annotated[int, Key(title="一次至多多少案件", description="多出来的申请退回", ge=1, le=10_000)] = (
        10_000
    )
    subjects_a_day: Annotated[
        int, Key(title="每人每天至多查多少人", description="按发起人算，防止逐个套查", ge=1, le=100_000)
    ] = 200

    @property
    def inputs(self) -> dict[str, InputField]:
        """Every item of the request by name, the case's first."""
        return {one.name: one for one in (*self.case, *self.subjects)}
