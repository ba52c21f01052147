"""``include/check_users.yaml``: who works with checks in Airflow, for which department, in which role.

One login, one department, one role: who asks cannot be who keeps the keys or who reads the audit. Who is not in the
file has nothing to do there, whatever Airflow lets them see otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import StringConstraints

from shuyuan.entry.values import Identifier, Model, Text

Login = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,100}$")]


class CheckUser(Model):
    """One person."""

    department: Annotated[Identifier, Key(title="部门", description="include/catalog_specs 下的目录名")]
    role: Annotated[
        Literal["operator", "manager", "auditor"],
        Key(
            title="角色",
            description="operator 操作：发起核查、看本部门的结果 | manager 管理、auditor 审计：只看本部门有哪些申请",
        ),
    ]


class CheckUsers(Model):
    """Everybody by login."""

    kind: Annotated[Literal["CheckUsers"], Key(title="文件类型", description="固定写 CheckUsers")]
    users: Annotated[
        dict[Login, CheckUser],
        Key(default_factory=dict, title="人员", description="Airflow 登录名: {department: 部门, role: 角色}"),
    ]
