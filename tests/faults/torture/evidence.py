"""``docs/evidence/faults.md``: the counts of one ``make torture`` as a table."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from shuyuan.demonstration.database_servers import missing_package
from torture.counts import Count

PACKAGES = ("apache-airflow", "duckdb", "pymysql", "psycopg", "pyarrow", "great-expectations")
HEAD = """\
# 故障试验的计数 · Counts of the fault trials

由 `make torture` 生成，不手工修改。每一行：一种故障、试验次数 n、违反次数；违反为 0 时，违反率的 95 % 上限约为 3/n。

Written by `make torture`. One line is one fault: n trials, the violations, and the 95 % upper bound of the rate of
violations (about 3/n where there was none). Servers are real ones on loopback, runs are processes of their own, and
consumers are polled while runs are killed; "reads" counts how often. What each campaign does stands at the head of its
module in `tests/faults/torture/`.
"""


def write_evidence(
    path: Path, counts: Sequence[Count], harmed: Sequence[Count], minutes: float, seed: int, finished: bool = True
) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [HEAD, f"{datetime.now(UTC):%Y-%m-%d} · {describe_machine()} · {minutes:.0f} min · seed {seed}", ""]
    if not finished:
        lines += ["**This run was broken off: what is not in the table was not tried.**", ""]
    lines += ["| promise | fault | where | n | reads | violations | rate (95 %) |", "|---|---|---|--:|--:|--:|--:|"]
    for one in counts:
        if one.left_out:
            lines.append(f"| {one.promise} | {one.fault} | {one.where} | left out: {one.left_out} | | | |")
            continue
        reads = f"{one.reads:,}" if one.reads else ""
        lines.append(
            f"| {one.promise} | {one.fault} | {one.where} | {one.trials:,} | {reads} | {one.violations} | {one.bound} |"
        )
    told = [f"- {one.fault}, {one.where}: {what}" for one in counts for what in one.told]
    if told:
        lines += ["", "## What was violated", "", *told]
    if harmed:
        lines += [
            "",
            "## 关掉保护之后 · With a protection switched off",
            "",
            "A harness that never failed proves nothing: the same campaigns, one protection removed. Here",
            "there have to be violations.",
            "",
            "| protection off | fault | where | n | violations |",
            "|---|---|---|--:|--:|",
            *(f"| {one.promise} | {one.fault} | {one.where} | {one.trials:,} | {one.violations} |" for one in harmed),
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def describe_machine() -> str:
    """Cores, Python, packages and servers with their versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    servers = ", ".join(told for kind in ("mariadb", "postgresql") if (told := _server_version(kind)))
    return f"{platform.machine()}, Python {platform.python_version()}, {packages}, {servers}"


def _server_version(kind: str) -> str:
    if missing_package(kind):
        return f"no {kind}"
    client = ["mariadbd", "--version"] if kind == "mariadb" else ["psql", "--version"]
    said = subprocess.run(client, capture_output=True, text=True, check=False).stdout.split()
    number = next((word for word in said if word[:1].isdigit()), "?")
    return f"{kind} {number}"
