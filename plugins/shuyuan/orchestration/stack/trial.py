"""``python -m shuyuan.orchestration.stack.trial``: the whole stack on this machine, some of the demo run through it.

Deliveries with planted defects → front-end machines → both Celery workers → MariaDB → the report; every count is held
against what was planted, both workers must have had tasks, the report is there for who logs in at the gateway and for
nobody else, and nothing is left running.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shuyuan.catalog import Resource
from shuyuan.demonstration.deliveries import Handover, deliver
from shuyuan.demonstration.demo import DONE, Line, read_lines
from shuyuan.demonstration.departments import published_entries
from shuyuan.demonstration.frontends import start_frontends
from shuyuan.language import say
from shuyuan.orchestration.client import AirflowClient
from shuyuan.orchestration.local_runs import RunningAirflow
from shuyuan.orchestration.report_pages import PREFIX
from shuyuan.orchestration.stack.local import LocalStack, local_stack
from shuyuan.orchestration.stack.secret_files import FRONTEND
from shuyuan.orchestration.stack.servers import missing_packages
from shuyuan.workdays import LOCAL

ENTRIES = (
    "civil_affairs.divisions",
    "civil_affairs.cremations",
    "civil_affairs.marriages",
    "public_security.household_register",
    "taxation.taxpayers",
    "market_regulation.enterprises",
)
"""What is run: three through the OpenSSH machine, one each through three others."""

ROWS = 200


@dataclass
class StackRuns(RunningAirflow):
    """Runs in a stack that others started, by its client."""

    through: AirflowClient | None = None

    @property
    def client(self) -> AirflowClient:
        """The stack's client."""
        assert self.through is not None
        return self.through


@dataclass(frozen=True)
class Outcome:
    """What the trial came to: a line an entry, the tasks of each worker, the entries that both had a hand in.

    ``sealed``: from outside, nobody reaches what tasks speak to. ``guarded``: the report is there for a login only.
    """

    lines: tuple[Line, ...]
    workers: dict[str, int]
    handed_over: int
    sealed: bool
    guarded: bool

    @property
    def good(self) -> bool:
        """Every count as planted, no worker idle, and work handed from one to the other."""
        fine = all(line.expected and line.state == DONE for line in self.lines)
        busy = len(self.workers) == 2 and all(self.workers.values()) and self.handed_over > 0
        return fine and busy and self.sealed and self.guarded


def run_trial(folder: Path) -> Outcome:
    """Start the stack in ``folder``, run the entries, and stop everything."""
    with local_stack(folder, lambda what: _tell_once(what)) as stack, ExitStack() as opened:
        resources = [one for one in published_entries(stack.project) if one.entry.id in ENTRIES]
        _open_departments(stack, resources, opened)
        day = datetime.now(LOCAL).date()
        handovers: dict[str, Handover] = {}
        for handover in deliver(stack.deliveries, day, ROWS, entries=ENTRIES):
            handovers[handover.entry_id] = handover
        _open_to_all(stack.deliveries)
        runs = StackRuns(stack.project, through=stack.client)
        run_ids = runs.run_all(list(ENTRIES), {"data_date": str(day)}, lambda tasks: None)
        runs.settle()
        runs.work_nightly()
        os.environ["SHUYUAN_WAREHOUSE_FILE"] = str(stack.secrets / "warehouse_url")
        try:
            lines = read_lines(stack.project, resources, run_ids, handovers)
        finally:
            del os.environ["SHUYUAN_WAREHOUSE_FILE"]
        workers = tasks_by_worker(stack.secret("broker_url"))
        return Outcome(lines, workers, handed_over(stack), not stack.client.warm_up(), is_guarded(stack, resources))


def is_guarded(stack: LocalStack, resources: list[Resource]) -> bool:
    """Whether the gateway gives the report, with the entries that ran, to who is logged in and refuses it to others."""
    first = f"{PREFIX}/current/entries.html"
    status, text = stack.client.page(first)
    shown = status == 200 and all(one.entry.title in text for one in resources)
    return shown and stack.client.page(first, signed=False)[0] == 401


def handed_over(stack: LocalStack) -> int:
    """How many entries have run directories at both workers: each has done a part, by way of the staging area."""
    seen = [{path.name for path in (room / "runs").glob("*")} for room in stack.folder.glob("var/worker-*")]
    return len(set.intersection(*seen))


def tasks_by_worker(broker_url: str) -> dict[str, int]:
    """How many tasks each running worker has taken since it started."""
    from celery import Celery

    with Celery("shuyuan", broker=broker_url) as app:
        told = app.control.inspect(timeout=10).stats() or {}
    return {name: sum(stats["total"].values()) for name, stats in sorted(told.items())}


def _open_departments(stack: LocalStack, resources: list[Resource], opened: ExitStack) -> None:
    """Start the other departments' machines and tell the workers of them."""
    others = {one.entry.source.connection: one for one in resources if one.entry.source.connection != FRONTEND}
    homes = {one.entry.department: stack.deliveries / one.entry.department for one in others.values()}
    for home in homes.values():
        home.mkdir(parents=True)
    machines = opened.enter_context(start_frontends(stack.folder / "frontends", homes))
    known = json.loads(stack.secret("connections.json"))
    for connection, resource in others.items():
        known[connection] = json.loads(machines.connections[resource.entry.department])
    (stack.secrets / "connections.json").write_text(json.dumps(known), encoding="utf-8")


def _open_to_all(folder: Path) -> None:
    """Let the front-end machine's account read the deliveries."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


_told: set[str] = set()


def _tell_once(what: str) -> None:
    if what not in _told:
        _told.add(what)
        print(say("stack.starting", what=what), flush=True)


def main() -> int:
    """Run the trial in a folder of its own and say how it went; without the packages say which are missing."""
    missing = missing_packages()
    if missing:
        print(say("stack.missing", packages=", ".join(missing)))
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="shuyuan-stack-"))
    folder.chmod(0o711)
    outcome = run_trial(folder)
    for line in outcome.lines:
        planted = say("demo.yes" if line.expected else "demo.no")
        facts = {"delivered": line.delivered, "published": line.published, "rejected": line.rejected}
        print(say("stack.entry", entry=line.title, planted=planted, **facts))
    for name, count in outcome.workers.items():
        print(say("stack.worker", worker=name, count=count))
    print(say("stack.handed_over", count=outcome.handed_over))
    if not outcome.good:
        print(say("stack.bad", folder=folder))
        return 1
    shutil.rmtree(folder)
    print(say("stack.good", seconds=round(time.monotonic() - began)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
