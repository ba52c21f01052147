"""A small project whose one delivery was refused, with settings that name a channel: what sending stands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from building import make_project
from notice_scenes import run
from shuyuan import ledger
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse
from vehicle_entries import vehicle_entry

ENTRY = "traffic_police.timed"
NOTICES = """kind: Notices
channels:
  post: {type: mail, connection: notices_smtp, sender: center@example.gov.cn}
center: {channel: post, to: [center@example.gov.cn]}
stewards:
  mz-jzg: {channel: post, to: [office@example.gov.cn]}
"""
_SEND = """
import sys
from datetime import datetime
from pathlib import Path
from shuyuan.notices import send_notices
from shuyuan.project import Project
from shuyuan.sources import connection_from_environment
made = send_notices(Project(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2]), connection_from_environment)
print([(one.message.kind, one.outcome) for one in made])
"""


def make_room(
    root: Path, outcome: str = "blocked", code: str = "D602", notices: str = NOTICES, year: int = 2026
) -> Project:
    """The project: one entry, one run of 20 November that did not publish."""
    project = make_project(root, {ENTRY: vehicle_entry("timed", update={"cycle": "irregular"})})
    project.notices.write_text(notices, encoding="utf-8")
    add_run(project, outcome, code, year=year)
    return project


def add_run(project: Project, outcome: str, code: str | None, day: int = 20, year: int = 2026) -> None:
    """Write a run of the entry into the ledger."""
    fact = run(outcome, code, None, 23, day, year)
    line = ledger.Run(
        f"run-{day}-{outcome}", ENTRY, ENTRY.partition(".")[0], "0" * 64, "1.0.0", "0.1.0", fact.data_date, "scheduled",
        fact.started_at, fact.started_at, outcome, code, None, None, None, 1000, 977, 23,
    )  # fmt: skip
    with open_warehouse(project).session() as session, session.transaction():
        ledger.record_run(session, line)


def lines(project: Project) -> list[dict]:
    """What the ledger has of notices."""
    with open_warehouse(project).session() as session:
        return session.query("SELECT * FROM ledger.notices ORDER BY scope, kind, recipient")


def send_in_a_process(project: Project, now: datetime, mail, authority: Path, crash: str = "") -> str:
    """Send in a process of its own, which dies at ``crash``; return what it printed."""
    from notice_servers import ACCOUNT, HOST, PASSWORD

    connection = {
        "conn_type": "smtp", "host": HOST, "port": mail.port, "login": ACCOUNT, "password": PASSWORD,
        "extra": {"ca_file": str(authority), "timeout": 5},
    }  # fmt: skip
    variables = {"AIRFLOW_CONN_NOTICES_SMTP": json.dumps(connection), "SHUYUAN_CRASH_AT": crash}
    command = [sys.executable, "-c", _SEND, str(project.root), now.isoformat()]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (not crash), done.stderr
    return done.stdout.strip()
