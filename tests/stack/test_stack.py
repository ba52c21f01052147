"""The whole stack, really started: PostgreSQL, Redis, MariaDB, S3, OpenSSH, nginx, Airflow with two Celery workers."""

import os
import re
import subprocess
import sys

import psutil
import pytest

from shuyuan.orchestration.stack.servers import missing_packages


@pytest.mark.timeout(900)
def test_the_demos_entries_go_through_the_whole_stack_and_nothing_is_left():
    missing = missing_packages()
    if missing:
        pytest.skip(f"the whole stack: not installed here: {', '.join(missing)}")
    command = [sys.executable, "-m", "shuyuan.orchestration.stack.trial"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SHUYUAN", "AIRFLOW"))}
    environment["SHUYUAN_LANG"] = "en"
    tried = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=840, check=False)
    assert tried.returncode == 0, tried.stdout[-2000:] + tried.stderr[-2000:]
    assert len(re.findall(r"rows delivered", tried.stdout)) == 6
    assert [name for name, _ in re.findall(r"(celery@worker-\d) ran ([1-9]\d*) tasks", tried.stdout)] == [
        "celery@worker-1",
        "celery@worker-2",
    ]
    assert not [process.pid for process in psutil.process_iter() if "shuyuan-stack-" in " ".join(_command_of(process))]


def _command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []
