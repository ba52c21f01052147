"""``_department.yaml``: a department, its front-end machine, and defaults for its entries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key

from shuyuan.entry.values import Identifier, Line, Model, Text


class Contact(Model):
    """Whom to call at the department."""

    name: Annotated[Line | None, Key(title="联系人")] = None
    office: Annotated[Line | None, Key(title="科室")] = None
    phone: Annotated[Text | None, Key(title="电话")] = None
    email: Annotated[Text | None, Key(title="邮箱")] = None


class FrontEnd(Model):
    """The front-end machine (前置机): how many runs may use it at once."""

    connection: Annotated[Identifier, Key(title="连接名", description="Airflow 连接名")]
    slots: Annotated[int, Key(title="并发数", description="同时取数的任务数上限", ge=1, le=32)] = 2


class Department(Model):
    """One department of the banner. ``defaults`` cascade into its entries, key by key."""

    kind: Literal["Department"] = "Department"
    title: Annotated[Line, Key(title="部门名称")]
    credit_code: Annotated[Text, Key(title="统一社会信用代码", description="GB 32100，18 位")]
    contact: Annotated[Contact, Key(title="联系方式")] = Contact()
    front_end: Annotated[FrontEnd | None, Key(title="前置机")] = None
    defaults: Annotated[dict[str, Any], Key(title="目录项默认值")] = {}
