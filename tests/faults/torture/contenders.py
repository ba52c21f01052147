"""Four processes want to publish one entry at once; they are stopped and continued, and one wakes up too late."""

from __future__ import annotations

import random
import signal
import time
from datetime import date
from pathlib import Path

from lots import a_lot, an_entry, publish
from servers import warehouse_at
from shuyuan.warehouses import Lot
from torture.counts import Count
from torture.runs import Contender

FOUR = 4
ROWS = 200
ENTRY = "civil_affairs.people"
GIVES_WAY = {"P303", "P331", "P302"}
"""Fenced, lock not had in time, warehouse busy: each leaves everything as it was."""


def make_lots(folder: Path) -> list[Lot]:
    """One lot a contender; all rows of a lot tell whose they are."""
    lots = []
    for who in range(FOUR + 1):
        place = folder / str(who)
        place.mkdir(parents=True)
        rows = [(f"{who}-{number}", "1.00", None) for number in range(ROWS)]
        lots.append(a_lot(place, rows, entry=an_entry(), load_id=f"lot{who}", day=date(2026, 11, 20)))
    return lots


def contend(url: str, folder: Path, zombies: Count, crowds: Count, rounds: int, dice: random.Random,
            without: str = "") -> None:  # fmt: skip
    """Let a stopped one wake up too late, and four at once be stopped and continued, by turns."""
    *lots, first = make_lots(folder)
    publish(warehouse_at(url), first)
    published = 1
    for _ in range(rounds):
        published += _zombie(url, lots, zombies, dice, without)
        _check(url, zombies, published)
        published += _crowd(url, lots, crowds, dice, without)
        _check(url, crowds, published)


def _zombie(url: str, lots: list[Lot], count: Count, dice: random.Random, without: str) -> int:
    """One takes the lease and is stopped; others publish; the first goes on and must be fenced."""
    slow, *others = dice.sample(lots, FOUR)
    stop_at = dice.choice(["leased", "rows_staged"])
    zombie = Contender(url, slow, stop_at, without)
    count.trials += 1
    count.expect(zombie.wait_until_stopped(), "the first contender did not stop")
    later = [Contender(url, lot, without=without) for lot in others]
    outcomes = [one.outcome() for one in later]
    zombie.signal(signal.SIGCONT)
    told = zombie.outcome()
    if url.startswith("duckdb"):  # whoever has the file open has it alone, even while stopped
        count.expect(set(outcomes) == {"P302"} and told == "published", f"stopped at {stop_at}: {outcomes}, {told}")
    else:
        count.expect("published" in outcomes, f"nobody published while one was stopped: {outcomes}")
        count.expect(told == "P303", f"stopped at {stop_at}, continued: {told} instead of P303")
        count.expect(set(outcomes) <= {"published", *GIVES_WAY}, f"unexpected: {outcomes}")
    return [*outcomes, told].count("published")


def _crowd(url: str, lots: list[Lot], count: Count, dice: random.Random, without: str) -> int:
    """Four at once; the parent stops and continues them at random."""
    crowd = [Contender(url, lot, without=without) for lot in dice.sample(lots, FOUR)]
    count.trials += 1
    for _ in range(dice.randrange(1, 6)):
        one = dice.choice(crowd)
        time.sleep(dice.uniform(0.0, 0.08))
        one.signal(signal.SIGSTOP)
        time.sleep(dice.uniform(0.0, 0.08))
        one.signal(signal.SIGCONT)
    outcomes = [one.outcome() for one in crowd]
    count.expect(set(outcomes) <= {"published", *GIVES_WAY}, f"unexpected: {outcomes}")
    count.expect("published" in outcomes, f"nobody published: {outcomes}")
    return outcomes.count("published")


def _check(url: str, count: Count, published: int) -> None:
    """Consumers see one whole lot, the ledger says which, it has the newest token, and nothing was counted twice."""
    with warehouse_at(url).session() as session:
        seen = session.query("SELECT id FROM share.civil_affairs__people")
        lines = session.query("SELECT load_id, token, superseded_at FROM ledger.publications")
    count.reads += 1
    current = [line for line in lines if line["superseded_at"] is None]
    owners = {str(row["id"]).partition("-")[0] for row in seen}
    count.expect(len(seen) == ROWS and len(owners) == 1, f"a mixture: {len(seen)} rows of {len(owners)} lots")
    count.expect(len(current) == 1, f"{len(current)} current publications")
    if current:
        count.expect(owners == {current[0]["load_id"].removeprefix("lot")}, "the ledger names another lot")
        newest = max(line["token"] for line in lines)
        count.expect(current[0]["token"] == newest, "an older token over a newer")
    count.expect(len(lines) == published, f"{len(lines)} publications, {published} said so")
