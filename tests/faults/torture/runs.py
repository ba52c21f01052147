"""Runs and publications in processes of their own, which can be killed, stopped and continued.

They are forked from a server that has imported the libraries, so that one costs a quarter of a second.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from rooms import Room
from servers import warehouse_at
from shuyuan.problems import ShuyuanError
from shuyuan.warehouses import Lot
from torture.switches import SWITCHES

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["torture.switches", "shuyuan.pipeline", "great_expectations", "duckdb", "pyarrow"])
OUTCOMES = ("published", "unchanged", "blocked", "failed", "missing")
FIRST_CODE = 20
"""The exit code of the first outcome: an exception's 1 must not look like one."""

ENTRY_ID = "traffic_police.vehicles"
FIRST_DAY = date(2026, 1, 1)
PATIENCE = 300.0
KILLED = -signal.SIGKILL


class Run:
    """``ENTRY_ID`` run once for the data date ``FIRST_DAY`` + ``day``."""

    def __init__(self, room: Room, day: int, run_id: str, crash_at: str = "", without: str = "") -> None:
        environment = room.environment | {
            "SHUYUAN_CRASH_AT": crash_at,
            "SHUYUAN_VAR": str(room.project.root / "var"),
            "SHUYUAN_WAREHOUSE": os.environ.get("SHUYUAN_WAREHOUSE", ""),
        }
        self.output = room.project.root / "output.txt"
        arguments = (environment, day, run_id, str(self.output), without)
        self.process = PROCESSES.Process(target=_run, args=arguments)
        self.process.start()

    def kill_after(self, seconds: float) -> None:
        """Kill it unless it has ended by then."""
        self.process.join(seconds)
        self.process.kill()

    def outcome(self) -> str:
        """Wait, and return the outcome, ``killed`` or ``broken``."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            return "hanging"
        if code == KILLED:
            return "killed"
        place = code - FIRST_CODE
        return OUTCOMES[place] if 0 <= place < len(OUTCOMES) else "broken"

    def said(self) -> str:
        """What it printed: the problem, when there was one."""
        return self.output.read_text(encoding="utf-8").strip()[-400:]


def _run(environment: dict[str, str], day: int, run_id: str, output: str, without: str) -> None:
    os.environ.update(environment)
    if without:
        SWITCHES[without](setattr)
    with Path(output).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    from shuyuan.catalog import load_resource
    from shuyuan.pipeline import Job, run
    from shuyuan.project import Project
    from shuyuan.sources.connections import connection_from_environment

    project = Project(Path(environment["SHUYUAN_PROJECT"]))
    data_date = date.fromordinal(FIRST_DAY.toordinal() + day)
    job = Job.open(project, load_resource(project, ENTRY_ID), data_date, run_id, connection_from_environment)
    *_, last = steps = list(run(job))
    print(*(step.made for step in steps if step.stage == "problem"), last.made, flush=True)
    os._exit(FIRST_CODE + OUTCOMES.index(str(last.made)))


class Contender:
    """One lot published by a process of its own, which stops itself (SIGSTOP) at ``stop_at``."""

    def __init__(self, url: str, lot: Lot, stop_at: str = "", without: str = "") -> None:
        self.lot, self.stop_at = lot, stop_at
        self.told, answer = PROCESSES.Pipe(duplex=False)
        self.process = PROCESSES.Process(target=_contend, args=(url, lot, stop_at, without, answer))
        self.process.start()
        answer.close()

    def wait_until_stopped(self) -> bool:
        """Whether it stopped before it ended."""
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            with suppress(OSError, IndexError):
                status = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2]
                if status[0] == "T":
                    return True
            if not self.process.is_alive():
                return False
            time.sleep(0.005)
        return False

    def signal(self, number: int) -> None:
        """Send a signal, if it lives."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)

    def outcome(self) -> str:
        """Wait, and return ``published`` or the problem's code."""
        try:
            return str(self.told.recv()) if self.told.poll(PATIENCE) else "hanging"
        except EOFError:
            return "broken"
        finally:
            self.process.join(5)
            self.process.kill()


def _contend(url: str, lot: Lot, stop_at: str, without: str, answer: Any) -> None:
    from shuyuan.warehouses import duckdb, mysql_line, postgresql, publishing

    mysql_line.SETTINGS["innodb_lock_wait_timeout"] = "2"
    postgresql.SETTINGS["lock_timeout"] = "2s"
    duckdb.LOCK_SECONDS = 2
    if without:
        SWITCHES[without](setattr)

    def stop(name: str) -> None:
        if name == stop_at:
            os.kill(os.getpid(), signal.SIGSTOP)

    publishing.point = stop
    try:
        with warehouse_at(url).session() as session:
            token = session.lease(lot.entry.id)
            stop("leased")
            session.publish(lot, token)
        answer.send("published")
    except ShuyuanError as error:
        answer.send(error.problem.code)
