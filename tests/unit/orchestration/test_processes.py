"""Ending what was started: leaders, their children, orphans; never a stranger with a reused id."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import psutil

from shuyuan.orchestration.processes import end, family, is_running, spawn

PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "


def start(tmp_path, code):
    return spawn("sleeper", [sys.executable, "-c", code], os.environ, tmp_path / "log")


def grown(started, count):
    limit = time.monotonic() + 10
    while len(family(started)) < count and time.monotonic() < limit:
        time.sleep(0.05)
    return family(started)


def test_children_end_with_their_parent(tmp_path):
    started = start(tmp_path, PARENT + "time.sleep(60)")
    members = grown(started, 2)
    assert len(members) == 2
    end([started], patience=1)
    assert not is_running(started)
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in members)


def test_orphans_of_a_killed_parent_end_too(tmp_path):
    started = start(tmp_path, PARENT + "time.sleep(60)")
    members = grown(started, 2)
    psutil.Process(started.pid).kill()
    os.waitpid(started.pid, 0)
    end([started], patience=1)
    assert not any(process.is_running() for process in members)


def test_a_process_that_ignores_the_request_is_killed(tmp_path):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    started = start(tmp_path, code)
    while "ready" not in (tmp_path / "log").read_text():
        time.sleep(0.05)
    end([started], patience=0.3)
    assert not is_running(started)


def test_ending_twice_does_no_harm(tmp_path):
    started = start(tmp_path, "pass")
    end([started], patience=1)
    end([started], patience=1)


def test_a_stranger_with_the_same_id_is_left_alone(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], start_new_session=True)
    known = start(tmp_path, "pass")
    reused = replace(known, pid=stranger.pid, born=known.born - 60)
    try:
        assert not is_running(reused)
        end([reused], patience=0.2)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
