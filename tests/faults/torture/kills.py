"""Runs killed at named points and at any moment, run again, killed again, run again, and once more for nothing.

A reader polls what consumers see all the while: each time one whole version, and never an older one than before.
"""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pyarrow.parquet as pq

from rooms import Room, make_room
from servers import warehouse_at
from shuyuan.crashpoints import POINTS
from torture.counts import Count
from torture.runs import Run

VIEW = "share.traffic_police__vehicles"
BEFORE_COMMIT = POINTS[: POINTS.index("before_commit") + 1]
ROWS = 60
MODES = ("replace", "append", "merge")
State = list[tuple[str, int | None]]


class Place:
    """A warehouse (of ``kind``, named by the environment) with one entry in it, and what it must hold."""

    def __init__(self, folder: Path, kind: str, mode: str, dice: random.Random, rows: int = ROWS) -> None:
        self.room: Room = make_room(folder, load={"mode": mode, "key": ["plate"]})
        self.kind, self.mode, self.dice, self.size = kind, mode, dice, rows
        self.states: list[State] = []
        self.publications = 0

    def deliver(self) -> int:
        """Put the next delivery at the source and return its day; all of its rows tell the version."""
        day = len(self.states)
        first = day * self.size // 4
        rows = [(f"A{number:05d}", day + 1) for number in range(first, first + self.size)]
        self.room.deliver([(plate, str(seats)) for plate, seats in rows] + [("BAD", "x")])
        before = self.states[-1] if self.states else []
        if self.mode == "replace":
            after: State = list(rows)
        elif self.mode == "append":
            after = [*before, *rows]
        else:
            after = list((dict(before) | dict(rows)).items())
        self.states.append(sorted(after, key=str))
        return day

    def query(self, sql: str) -> list[dict[str, object]]:
        """Ask the warehouse."""
        embedded = self.room.project.root / "var" / "warehouse" / "shuyuan.duckdb"
        url = os.environ.get("SHUYUAN_WAREHOUSE") or f"duckdb:///{embedded}"
        with warehouse_at(url).session() as session:
            return session.query(sql)

    def seen(self) -> State:
        """What consumers read now."""
        if self.kind == "duckdb":
            path = self.room.project.root / "var" / "share" / "traffic_police__vehicles.parquet"
            rows = pq.ParquetFile(path).read().to_pylist()
        else:
            rows = self.query(f"SELECT plate, seats FROM {VIEW}")
        return sorted(((str(row["plate"]), row["seats"]) for row in rows), key=str)

    def check_ledger(self, count: Count, when: str) -> None:
        """One publication and one rejected row a delivery; every run's rows add up."""
        published = len(self.query("SELECT load_no FROM ledger.publications"))
        count.expect(
            published == len(self.states), f"{when}: {published} publications of {len(self.states)} deliveries"
        )
        kept = len(self.query("SELECT line FROM rejected.traffic_police__vehicles"))
        count.expect(kept == len(self.states), f"{when}: {kept} rejected rows of {len(self.states)}")
        for line in self.query("SELECT delivered, accepted, rejected FROM ledger.runs WHERE delivered IS NOT NULL"):
            delivered, accepted, rejected = (int(str(number)) for number in line.values())
            count.expect(delivered == accepted + rejected, f"{when}: rows do not add up: {line}")


class Reader:
    """Polls a place from the first publication on."""

    def __init__(self, place: Place, count: Count) -> None:
        self.place, self.count, self.last = place, count, 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Reader:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _poll(self) -> None:
        while not self.done.wait(0.005):
            try:
                seen = self.place.seen()
            except Exception as error:
                self.count.violated(f"a reader was refused: {type(error).__name__} {error}"[:200])
                continue
            known = range(self.last, len(self.place.states))
            found = next((version for version in known if self.place.states[version] == seen), None)
            self.count.reads += 1
            if found is None:
                self.count.violated(f"a reader saw {len(seen)} rows that are no version, or an old one again")
            else:
                self.last = found


def kill_runs(place: Place, points: tuple[str, ...], kills: Count, reruns: Count, without: str = "") -> None:
    """Let one delivery after the other be killed at each of ``points`` and once more at random."""
    place.deliver()
    first = Run(place.room, 0, "first")
    kills.expect(first.outcome() == "published", f"first run: {first.said()}")
    with Reader(place, kills):
        for point in points:
            _kill_one(place, point, kills, reruns, without)


def _kill_one(place: Place, point: str, kills: Count, reruns: Count, without: str) -> None:
    day, dice = place.deliver(), place.dice
    old, new = place.states[-2:]
    run = Run(place.room, day, f"run-{day}", point, without)
    outcome = run.outcome()
    kills.trials += 1
    kills.expect(outcome == "killed", f"{point}: {outcome} {run.said()}")
    seen = place.seen()
    early = point in BEFORE_COMMIT or (place.kind == "duckdb" and point in ("published", "garbage_collected"))
    kills.expect(
        seen == (old if early else new), f"{point}: consumers see {len(seen)} rows, not the version they should"
    )

    retry = Run(place.room, day, dice.choice([f"run-{day}", f"again-{day}"]), dice.choice(POINTS), without)
    if dice.random() < 0.5:
        retry.kill_after(dice.uniform(0.02, 0.5))
    if retry.outcome() == "killed":
        kills.trials += 1
    kills.expect(place.seen() in (old, new), f"{point}: killed again, consumers see a mixture")

    clean = Run(place.room, day, dice.choice([f"run-{day}", f"clean-{day}"]), without=without)
    outcome = clean.outcome()
    reruns.trials += 1
    reruns.expect(outcome in ("published", "unchanged"), f"{point}: clean run {outcome} {clean.said()}")
    reruns.expect(place.seen() == new, f"{point}: not the new version after the clean run")
    place.check_ledger(reruns, f"{point}, clean run")

    idle = Run(place.room, day, f"idle-{day}", without=without)
    outcome = idle.outcome()
    reruns.trials += 1
    reruns.expect(outcome == "unchanged", f"{point}: run for nothing: {outcome} {idle.said()}")
    reruns.expect(place.seen() == new, f"{point}: a run for nothing changed something")
    place.check_ledger(reruns, f"{point}, run for nothing")
