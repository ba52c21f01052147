"""``include/notices.yaml``: who is told what by which channel, and when. Without the file nobody is told anything.

It holds no secret: a channel names an Airflow connection, and that has the address, the account and the token.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import StringConstraints

from shuyuan.entry.values import ClockTime, Flag, Identifier, Line, Model, Span, Text

Address = Annotated[
    Text,
    StringConstraints(pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$"),
    Key(title="邮箱地址", description="单位的邮箱"),
]
Account = Annotated[Line, StringConstraints(max_length=100)]
ReportUrl = Annotated[Text, StringConstraints(pattern=r"^https?://[A-Za-z0-9._:/~%-]{1,400}$")]


class MailChannel(Model):
    """Mail by SMTP, always encrypted."""

    type: Annotated[Literal["mail"], Key(title="类型", description="邮件固定写 mail")]
    connection: Annotated[
        Identifier,
        Key(title="连接名", description="SMTP 服务器的 Airflow 连接名；地址、账号、口令都在连接里"),
    ]
    sender: Annotated[Address, Key(title="发件地址", description="以哪个邮箱的名义发")]


class RobotChannel(Model):
    """A group's robot, reached by its webhook."""

    type: Annotated[
        Literal["wecom", "dingtalk", "feishu"],
        Key(title="类型", description="wecom 企业微信 | dingtalk 钉钉 | feishu 飞书"),
    ]
    connection: Annotated[
        Identifier,
        Key(title="连接名", description="群机器人的 Airflow 连接名；机器人地址里的密钥和加签密钥都在连接里"),
    ]


Channel = Annotated[MailChannel | RobotChannel, Key(discriminator="type")]


class Route(Model):
    """Where somebody's messages go."""

    channel: Annotated[Identifier, Key(title="通道", description="channels 里的名字")]
    to: Annotated[tuple[Address, ...], Key(title="收件地址", description="邮件通道必填，写公用邮箱；群机器人不写")] = ()


class QuietHours(Model):
    """When nobody is disturbed. Only the platform's own faults are told to the center all the same."""

    starts: Annotated[ClockTime, Key(title="起", description='如 "20:00"')] = "20:00"
    ends: Annotated[ClockTime, Key(title="止", description='如 "08:00"')] = "08:00"
    days_off: Annotated[Flag, Key(title="休息日也不发", description="周末和法定节假日，调休上班日照发")] = True


class Notices(Model):
    """Who is told what. All have defaults; the file may be missing, then nothing is sent."""

    kind: Annotated[Literal["Notices"], Key(title="文件类型", description="固定写 Notices")] = "Notices"
    channels: Annotated[dict[Identifier, Channel], Key(title="通道", description="名字 → 通道；不写就什么都不发")] = {}  # noqa: RUF012 — pydantic copies it
    center: Annotated[
        Route | None,
        Key(title="大数据中心", description="每日汇总、平台自身故障，以及没有登记去处的部门的通知"),
    ] = None
    departments: Annotated[dict[Identifier, Route], Key(title="部门", description="部门目录名 → 去处")] = {}  # noqa: RUF012
    stewards: Annotated[dict[Account, Route], Key(title="负责人", description="目录项 owner.steward → 去处")] = {}  # noqa: RUF012
    report_url: Annotated[
        ReportUrl | None, Key(title="报告地址", description="报告文件夹的网址，消息里的链接由它开头；不写就没有链接")
    ] = None
    daily_at: Annotated[ClockTime, Key(title="每日通知", description="几点起发当天的通知，北京时间")] = "09:30"
    digest_at: Annotated[ClockTime, Key(title="每日汇总", description="几点给大数据中心发汇总，北京时间")] = "17:30"
    remind_before: Annotated[
        Span,
        Key(title="到期前提醒", description="应到时间前多久提醒还没到的，如 30m；0m 不提醒", validate_default=True),
    ] = "30m"  # type: ignore[assignment]
    due_soon: Annotated[
        int, Key(title="临近到期（工作日）", description="疑义和需求还剩几个工作日起列入通知", ge=0, le=30)
    ] = 2
    quiet: Annotated[QuietHours, Key(title="免打扰", description="哪些时候不发；平台故障除外")] = QuietHours()

    @property
    def active(self) -> bool:
        """Whether anything can be sent at all."""
        return bool(self.channels)
