"""Started processes: each leads a session of its own, so that it and all its children can be found and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PATIENCE = 3.0


@dataclass(frozen=True)
class Started:
    """One process that we started. ``born`` (its start time) tells it from a later one with the same id."""

    name: str
    pid: int
    born: float


def spawn(name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Started:
    """Start a process at the head of a new session; its output goes to ``log``. Ctrl-C does not reach it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return adopted(name, process.pid)


def adopted(name: str, pid: int) -> Started:
    """A process that somebody else started at the head of a session."""
    return Started(name, pid, psutil.Process(pid).create_time())


def is_running(started: Started) -> bool:
    """Whether this very process still runs (a finished one that nobody waited for does not)."""
    try:
        process = psutil.Process(started.pid)
        return bool(process.create_time() == started.born and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def family(started: Started) -> list[psutil.Process]:
    """The process and everything that it or its children started, orphans included."""
    try:
        if psutil.Process(started.pid).create_time() != started.born:
            return []
    except psutil.NoSuchProcess:
        pass  # its children may have outlived it: they still are of its session
    return [process for process in psutil.process_iter() if _session(process.pid) == started.pid]


def end(all_started: Iterable[Started], patience: float = _PATIENCE) -> None:
    """End processes with their families: ask the leaders, wait, then kill what is left. Safe to call again."""
    groups = list(all_started)
    for started in groups:
        if is_running(started):
            os.kill(started.pid, signal.SIGTERM)
    limit = time.monotonic() + patience
    while time.monotonic() < limit and any(is_running(started) for started in groups):
        time.sleep(0.1)
    left = [process for started in groups for process in family(started)]
    for process in left:
        _kill(process)
    psutil.wait_procs(left, timeout=5)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
