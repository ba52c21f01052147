"""``make torture``: all campaigns on all warehouses, for about so many minutes, and the page with their counts.

python -m torture [--minutes 15] [--seed 1] [--to docs/evidence/faults.md]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from servers import KINDS, Servers
from shuyuan.crashpoints import POINTS
from shuyuan.demonstration.database_servers import missing_package
from torture.commits import cut_commits
from torture.contenders import contend
from torture.counts import Count
from torture.disk import count_full_disks
from torture.evidence import write_evidence
from torture.kills import MODES, Place, kill_runs
from torture.outages import kill_server
from torture.runs import PROCESSES  # noqa: F401  the fork server starts with the environment of now

SHARES = {"_kill_runs": 0.5, "_contend": 0.15, "_cut_commits": 0.12, "_kill_servers": 0.13, "_fill_disks": 0.1}
"""How the minutes are shared out."""


class Torture:
    """One long run on one warehouse after the other."""

    def __init__(self, folder: Path, page: Path, seed: int, minutes: float) -> None:
        self.folder, self.page, self.seed, self.minutes = folder, page, seed, minutes
        self.dice = random.Random(seed)
        self.counts: list[Count] = []
        self.harmed: list[Count] = []
        self.servers = Servers(folder / "servers")
        self.servers.folder.mkdir(mode=0o711)
        self.folders = 0
        self.began = time.monotonic()

    def write(self, finished: bool = False) -> None:
        """The page with what was counted so far: a run that is broken off has its counts too."""
        minutes = (time.monotonic() - self.began) / 60
        write_evidence(self.page, self.counts, self.harmed, minutes, self.seed, finished)

    def run(self, kinds: list[str]) -> None:
        """All campaigns, each on one warehouse after the other."""
        there = []
        for kind in kinds:
            package = None if kind == "duckdb" else missing_package(kind)
            if package:
                self._say(Count("all", "all", kind, left_out=f"the Debian package {package} is not installed"))
            else:
                there.append(kind)
        seconds = self.minutes * 60 / len(kinds)
        campaigns = (self._contend, self._cut_commits, self._kill_servers, self._kill_runs, self._fill_disks)
        for campaign in (*campaigns, self._switch_off):
            for kind in there:
                if kind == "duckdb" and campaign in (self._cut_commits, self._kill_servers):
                    continue  # no server
                try:
                    campaign(kind, seconds * SHARES.get(campaign.__name__, 0))
                except Exception as error:  # the others go on; what broke stands in the table
                    told = [f"{type(error).__name__} {error}"[:300]]
                    name = campaign.__name__.strip("_").replace("_", " ")
                    self._say(Count("", f"{name}: the campaign broke", kind, violations=1, told=told))

    def _kill_runs(self, kind: str, seconds: float) -> None:
        for mode in MODES:
            kills = Count("G1", f"run killed, {mode}", kind)
            reruns = Count("G4", f"run again after kills, and for nothing, {mode}", kind)

            def once(mode: str = mode, kills: Count = kills, reruns: Count = reruns) -> None:
                points = list(POINTS)
                self.dice.shuffle(points)
                kill_runs(self._place(kind, mode), tuple(points), kills, reruns)

            _repeat(once, seconds / len(MODES))
            self._say(kills, reruns)

    def _contend(self, kind: str, seconds: float) -> None:
        zombies = Count("G5", "a stopped run wakes up after others have published", kind)
        crowds = Count("G5", "four at once, stopped and continued", kind)
        _repeat(lambda: contend(self._empty(kind), self._folder(), zombies, crowds, 5, self.dice), seconds)
        self._say(zombies, crowds)

    def _cut_commits(self, kind: str, seconds: float) -> None:
        for mode in MODES:
            count = Count("G6", f"COMMIT cut before or after its answer, {mode}", kind)

            def once(mode: str = mode, count: Count = count) -> None:
                place = self._place(kind, mode)
                cut_commits(place, self.servers.get(kind).url, count, 20)

            _repeat(once, seconds / len(MODES))
            self._say(count)

    def _kill_servers(self, kind: str, seconds: float) -> None:
        for mode in MODES:
            count = Count("G1, W2", f"server killed during a run, {mode}", kind)

            def once(mode: str = mode, count: Count = count) -> None:
                kill_server(self._place(kind, mode), self.servers.get(kind), count, 3)

            _repeat(once, seconds / len(MODES))
            self._say(count)

    def _fill_disks(self, kind: str, seconds: float) -> None:
        self._say(count_full_disks(kind, max(3, round(seconds / 5)), self.dice.randrange(1 << 30)))

    def _switch_off(self, kind: str, _: float) -> None:
        """The same campaigns without a protection: now they have to find harm.

        On the embedded warehouse a transaction's absence shows in the file only, not in the copy that consumers read.
        """
        lookup = Count("ledger lookup", "run again after kills, append", kind)
        kill_runs(self._place(kind, "append"), ("published",) * 2, Count("", "", kind), lookup, "ledger lookup")
        found = [lookup]
        if kind != "duckdb":
            transaction = Count("transaction", "run killed, merge", kind)
            kill_runs(
                self._place(kind, "merge"), ("before_commit",) * 2, transaction, Count("", "", kind), "transaction"
            )
            pointer = Count("pointer in the transaction", "run killed, replace", kind)
            kill_runs(self._place(kind, "replace"), ("before_commit",) * 2, pointer, Count("", "", kind), "pointer")
            fencing = Count("fencing", "a stopped run wakes up after others have published", kind)
            contend(self._empty(kind), self._folder(), fencing, Count("", "", kind), 3, self.dice, "fencing")
            found += [transaction, pointer, fencing]
        self.harmed += found
        for one in found:
            print(f"  without {one.promise}: {one.fault}, {kind}: {one.trials} trials, {one.violations} violations")

    def _place(self, kind: str, mode: str) -> Place:
        self._empty(kind)
        return Place(self._folder(), kind, mode, self.dice)

    def _empty(self, kind: str) -> str:
        """The URL of an empty warehouse, which the environment names from now on."""
        if kind == "duckdb":
            os.environ.pop("SHUYUAN_WAREHOUSE", None)
            return f"duckdb:///{self._folder()}/warehouse.duckdb"
        os.environ["SHUYUAN_WAREHOUSE"] = self.servers.empty(kind)
        return os.environ["SHUYUAN_WAREHOUSE"]

    def _folder(self) -> Path:
        self.folders += 1
        folder = self.folder / f"{self.folders:04d}"
        folder.mkdir()
        return folder

    def _say(self, *counts: Count) -> None:
        self.counts += counts
        self.write()
        for one in counts:
            told = one.left_out or f"{one.trials} trials, {one.reads} reads, {one.violations} violations"
            print(f"{one.promise:7} {one.where:11} {one.fault}: {told}", *one.told, sep="\n    ", flush=True)


def _repeat(once: Callable[[], None], seconds: float) -> None:
    """Do it at least once, and again while there is time."""
    end = time.monotonic() + seconds
    while True:
        once()
        if time.monotonic() > end:
            return


def main() -> int:
    """Run, write the page, and fail if anything was violated or a protection's absence went unseen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--to", type=Path, default=Path("docs/evidence/faults.md"))
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers end with us
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)
        torture = Torture(folder, arguments.to, arguments.seed, arguments.minutes)
        stack.enter_context(torture.servers.stack)
        torture.run(arguments.kinds)
    torture.write(finished=True)
    violated = sum(one.violations for one in torture.counts)
    unseen = [one for one in torture.harmed if not one.violations]
    print(f"{arguments.to}: {violated} violations, {len(unseen)} protections whose absence went unseen")
    return 1 if violated or unseen else 0


if __name__ == "__main__":
    sys.exit(main())
