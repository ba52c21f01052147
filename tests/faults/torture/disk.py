"""The warehouse's disk runs full at any point of a publication: the old is still there, and later the new.

The disk is a small tmpfs in a private mount namespace, so this runs as a program of its own, as root::

    unshare --mount python -m torture.disk mariadb 10 1

It prints its ``Count`` as JSON.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from servers import warehouse_at
from shuyuan.demonstration.database_servers import DatabaseServer, database_server
from shuyuan.problems import ShuyuanError
from torture.counts import Count
from torture.kills import Place

SIZE = {"duckdb": 48, "mariadb": 400, "postgresql": 200}
"""MiB of the disk."""

ROOM = 1 << 20
"""Bytes that are free at most before the publication that runs into the end."""

ROWS = 10_000


def count_full_disks(kind: str, trials: int, seed: int) -> Count:
    """Run the campaign in a namespace of its own; left out where that is not allowed."""
    count = Count("G1, W4", "the warehouse's disk is full", kind)
    if os.geteuid():
        count.left_out = "needs root (a mount of its own)"
        return count
    command = ["unshare", "--mount", sys.executable, "-m", "torture.disk", kind, str(trials), str(seed)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return Count(**json.loads(lines[-1]))
    if "unshare" in done.stderr or "mount:" in done.stderr:
        count.left_out = "no mount namespaces here"
        return count
    raise RuntimeError(done.stderr[-2000:])


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A tmpfs of that size, seen by this process and its children only."""
    folder.mkdir()
    options = f"size={mebibytes}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave(disk: Path, free: int) -> Path:
    """Fill the disk until about ``free`` bytes are left; return the file that does it."""
    filler = disk / "filler"
    there = os.statvfs(disk)
    size = max(there.f_bavail * there.f_frsize - free, 0)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size or 1)
    return filler


def fill_disks(kind: str, trials: int, seed: int) -> Count:
    """In the namespace: deliver, fill up, run, look, make room, run again."""
    count, dice = Count("G1, W4", "the warehouse's disk is full", kind), random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shuyuan-disk-")))
        folder.chmod(0o711)
        disk, server = stack.enter_context(small_disk(folder / "disk", SIZE[kind])), None
        os.environ["SHUYUAN_VAR"] = str(folder / "var")
        if kind == "duckdb":
            os.environ["SHUYUAN_WAREHOUSE"] = f"duckdb:///{disk}/warehouse.duckdb"
        else:
            server = stack.enter_context(database_server(kind, disk / kind))
            os.environ["SHUYUAN_WAREHOUSE"] = server.url
        place = Place(folder / "room", kind, "replace", dice, ROWS)
        place.deliver()
        count.expect(place.room.outcome(20) == "published", "first run")
        for _ in range(trials):
            _fill_one(place, disk, count, server)
    return count


def _fill_one(place: Place, disk: Path, count: Count, server: DatabaseServer | None) -> None:
    place.deliver()
    old, new = place.states[-2:]
    filler = leave(disk, place.dice.randrange(ROOM))
    said = ""
    try:
        steps = place.room.run(20)
        said = " ".join(str(step.made) for step in steps if step.stage == "problem")[:300]
        outcome = str(steps[-1].made)
    except ShuyuanError as error:  # nor could it be recorded
        outcome, said = "failed", str(error)[:300]
    except Exception as error:
        outcome = "failed"
        count.violated(f"an error without a code: {type(error).__name__} {error}"[:300])
    filler.unlink()
    if server is not None:
        server.start()  # it may have ended itself when it could not write
    seen = shared(place)
    count.trials += outcome == "failed"
    count.expect(outcome in ("failed", "published"), f"outcome {outcome} {said}")
    count.expect(seen in (old, new), f"{outcome}: {len(seen)} rows that are no version: {said}")
    count.expect(outcome == "failed" or seen == new, "a publication that was acknowledged is lost")
    if outcome == "failed":  # before the commit, or in what comes after it
        again = place.room.outcome(20)
        count.expect(again == ("published" if seen == old else "unchanged"), f"with room again: {again}")
        count.expect(shared(place) == new, "not the new version with room again")


def shared(place: Place) -> list[tuple[str, int | None]]:
    """What the view of the warehouse shows."""
    with warehouse_at(os.environ["SHUYUAN_WAREHOUSE"]).session() as session:
        rows = session.query("SELECT plate, seats FROM share.traffic_police__vehicles")
    return sorted(((str(row["plate"]), row["seats"]) for row in rows), key=str)


if __name__ == "__main__":
    found = fill_disks(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(found.as_dict(), ensure_ascii=False), flush=True)
