"""``_department.yaml``: a department, its front-end machine, and defaults for its entries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Identifier, Line, Model, Text


class Contact(Model):
    """Whom to call at the department."""

    name: Annotated[Line | None, Key(title="联系人", description="部门里负责数据交接的人")] = None
    office: Annotated[Line | None, Key(title="科室", description="联系人所在的内设机构")] = None
    phone: Annotated[Text | None, Key(title="电话", description="办公电话，加引号")] = None
    email: Annotated[Text | None, Key(title="邮箱", description="告警与整改单的收件地址")] = None


class FrontEnd(Model):
    """The front-end machine (前置机): how many runs may use it at once."""

    connection: Annotated[Identifier, Key(title="连接名", description="前置机的 Airflow 连接名；口令不进仓库")]
    slots: Annotated[int, Key(title="并发数", description="同时从这台前置机取数的任务数上限", ge=1, le=32)] = 2


class Department(Model):
    """One department of the banner. ``defaults`` cascade into its entries, key by key."""

    kind: Annotated[Literal["Department"], Key(title="文件类型", description="部门文件固定写 Department")] = (
        "Department"
    )
    title: Annotated[Line, Key(title="部门名称", description="信息资源提供方全称，如 鄂托克旗民政局")]
    credit_code: Annotated[
        Text, Key(title="统一社会信用代码", description="信息资源提供方代码：GB 32100，18 位，末位为校验码")
    ]
    contact: Annotated[Contact, Key(title="联系方式", description="数据有问题时找谁")] = Contact()
    front_end: Annotated[FrontEnd | None, Key(title="前置机", description="部门交数用的前置机")] = None
    defaults: Annotated[
        dict[str, Any], Key(title="目录项默认值", description="本部门各目录项共用的值，写法与目录项相同，逐键生效")
    ] = {}  # noqa: RUF012 — pydantic copies it
