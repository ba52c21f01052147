"""``include/assessment.yaml``: the center's rules of the yearly assessment (考核办法): weights, thresholds, clocks.

No published text defines 鲜活率, 响应及时率 or 共享排行; the definitions are ours, so every number that decides stands
here and is printed in the report.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from shuyuan.entry.values import ClockTime, Day, EntryId, Line, Model

Weight = Annotated[float, Key(ge=0, le=100)]
Percent = Annotated[float, Key(ge=0, le=100)]


class AssessmentPeriod(Model):
    """Which days a month's report is about."""

    closes_on: Annotated[
        int,
        Key(title="截止日", description="月报统计到每月几号；27 表示上月 28 日至本月 27 日", ge=1, le=28),
    ] = 27
    report_at: Annotated[ClockTime, Key(title="出报时间", description='截止日次日几点出月报，北京时间，如 "08:00"')] = (
        "08:00"
    )


class DimensionWeights(Model):
    """What each of the six dimensions counts in the quality score; the standard names no weights."""

    normativity: Annotated[Weight, Key(title="规范性", description="在质量分里的权重；0 表示不计")] = 1
    completeness: Annotated[Weight, Key(title="完整性", description="在质量分里的权重；0 表示不计")] = 1
    accuracy: Annotated[Weight, Key(title="准确性", description="在质量分里的权重；0 表示不计")] = 1
    consistency: Annotated[Weight, Key(title="一致性", description="在质量分里的权重；0 表示不计")] = 1
    timeliness: Annotated[Weight, Key(title="时效性", description="在质量分里的权重；0 表示不计")] = 1
    accessibility: Annotated[Weight, Key(title="可访问性", description="在质量分里的权重；0 表示不计")] = 1


class RankingWeights(Model):
    """What each part counts in the ranking. A part without data is left out and the others are scaled to 100."""

    linked: Annotated[Weight, Key(title="目录挂接率", description="应共享的目录项中已发布出数据的")] = 15
    fresh: Annotated[Weight, Key(title="数据更新鲜活率", description="应到批次中按时的")] = 30
    quality: Annotated[Weight, Key(title="数据质量分", description="六性加权")] = 30
    response: Annotated[Weight, Key(title="响应及时率", description="需求申请在期限内答复的")] = 15
    used: Annotated[Weight, Key(title="被使用量", description="被其他部门使用的次数，取对数")] = 10


class Grades(Model):
    """The lowest score of each of the five levels; below D is E."""

    a: Annotated[Percent, Key(title="优", description="优的最低分")] = 95
    b: Annotated[Percent, Key(title="良", description="良的最低分")] = 85
    c: Annotated[Percent, Key(title="中", description="中的最低分")] = 75
    d: Annotated[Percent, Key(title="及格", description="及格的最低分，再低是差")] = 60


class Lights(Model):
    """红黄绿: green when freshness and quality both reach ``green``, red when either is below ``red``."""

    green: Annotated[Percent, Key(title="绿牌", description="鲜活率和质量分都不低于")] = 80
    red: Annotated[Percent, Key(title="红牌", description="鲜活率或质量分低于")] = 50


class ReplyDays(Model):
    """Within how many working days a demand must be answered, by the wanted entry's sharing type."""

    unconditional: Annotated[
        int, Key(title="无条件共享（工作日）", description="想要的目录项是无条件共享", ge=1, le=250)
    ] = 1
    conditional: Annotated[
        int, Key(title="有条件共享（工作日）", description="想要的目录项是有条件共享或不予共享", ge=1, le=250)
    ] = 10
    unlisted: Annotated[
        int, Key(title="目录外的需求（工作日）", description="想要的数据还没有目录项", ge=1, le=250)
    ] = 10


class RectifyDays(Model):
    """Within how many working days after the first day seen a problem must be mended."""

    missing: Annotated[int, Key(title="缺报（工作日）", description="自首次发现起", ge=1, le=250)] = 1
    blocked: Annotated[int, Key(title="阻断、运行失败（工作日）", description="自首次发现起", ge=1, le=250)] = 1
    rule: Annotated[int, Key(title="规则未通过（工作日）", description="自首次发现起", ge=1, le=250)] = 10


class Exemption(Model):
    """One line of the white list: due dates in these days do not count."""

    entry: Annotated[EntryId, Key(title="目录项", description="哪个目录项")]
    from_: Annotated[Day, Key(title="起", description="从哪天起，含当日", alias="from")]
    until: Annotated[Day, Key(title="止", description="含当日")]
    why: Annotated[Line, Key(title="原因", description="为什么不计，印在报告里")]
    approval: Annotated[Line, Key(title="批准文号或批准人", description="谁批准的，印在报告里")]


class Assessment(Model):
    """The rules of the assessment. All have defaults; the file may be missing."""

    kind: Annotated[Literal["Assessment"], Key(title="文件类型", description="固定写 Assessment")] = "Assessment"
    unit: Annotated[Line, Key(title="通报单位", description="报告和通报上的落款")] = "大数据中心"
    period: Annotated[AssessmentPeriod, Key(title="考核期", description="月报统计到哪天、什么时候出")] = (
        AssessmentPeriod()
    )
    dimensions: Annotated[DimensionWeights, Key(title="六性权重", description="六性各占多少")] = DimensionWeights()
    ranking: Annotated[RankingWeights, Key(title="共享排行权重", description="共享排行各项占多少")] = RankingWeights()
    grades: Annotated[Grades, Key(title="五级评级", description="各级最低分")] = Grades()
    lights: Annotated[Lights, Key(title="红黄绿牌", description="什么样得绿牌、红牌")] = Lights()
    reply_within: Annotated[ReplyDays, Key(title="需求答复期限", description="需求几个工作日内答复")] = ReplyDays()
    rectify_within: Annotated[
        RectifyDays, Key(title="整改期限", description="从首次发现起几个工作日内整改；疑义的期限见 one_source.yaml")
    ] = RectifyDays()
    samples: Annotated[
        int, Key(title="最少样本", description="应到批次少于此数的部门只列数字、不排名", ge=1, le=1000)
    ] = 5
    exempt: Annotated[tuple[Exemption, ...], Key(title="白名单", description="批准的免考核，逐条印在报告里")] = ()
