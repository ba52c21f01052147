"""``shuyuan warehouse init``: make the warehouse's schemas and tables, and its separate accounts."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Literal

import typer

from shuyuan.language import say
from shuyuan.project import Project


def warehouse(
    context: typer.Context,
    action: Annotated[Literal["init"], typer.Argument(help="init 建立共享库的各个库和台账")],
    grants: Annotated[
        bool, typer.Option("--grants", help="列出 load、extract、report、read 四个账号的建立和授权语句")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="并且执行；口令写入 var/secrets，只有本人可读")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="账号名的前缀")] = "shuyuan",
) -> None:
    """建立共享库；--grants 列出分开的账号各自恰好需要的授权，--apply 执行。SHUYUAN_WAREHOUSE 用管理员账号。"""
    from shuyuan.problems import PlatformError
    from shuyuan.warehouses import open_warehouse
    from shuyuan.warehouses.grants import ROLES, grant_statements

    project: Project = context.obj
    if apply and not grants:
        raise typer.BadParameter(say("warehouse.apply_what"), param_hint="--apply")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,20}", prefix):
        raise typer.BadParameter(say("warehouse.bad_prefix"), param_hint="--prefix")
    scheme = project.warehouse_url.partition("://")[0].partition("+")[0]
    with open_warehouse(project).session() as session:
        typer.echo(say(f"warehouse.{action}"), err=True)
        if not grants:
            return
        if session.embedded:
            raise PlatformError("P341")
        folder = project.var / "secrets"
        passwords = {role: _password(folder / f"{prefix}_{role}.password") if apply else "……" for role in ROLES}
        for statement in grant_statements(session, scheme, prefix, passwords):
            typer.echo(re.sub(r"((?:IDENTIFIED BY|PASSWORD) )'[^']*'", r"\1'……'", statement) + ";")
            if apply:
                session.execute(statement)
    typer.echo(say("warehouse.applied" if apply else "warehouse.next", folder=folder), err=True)


def _password(path: Path) -> str:
    """The password in a file that only its owner can read; made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()
