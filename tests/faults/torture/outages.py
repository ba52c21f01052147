"""The server killed (as a power cut would) at any moment of a run: the old or the new is there when it is back."""

from __future__ import annotations

from shuyuan.demonstration.database_servers import DatabaseServer
from torture.counts import Count
from torture.kills import Place
from torture.runs import Run


def kill_server(place: Place, server: DatabaseServer, count: Count, trials: int) -> None:
    """Kill it at a random moment of each run, start it again, look, and run again."""
    place.deliver()
    count.expect(Run(place.room, 0, "first").outcome() == "published", "first run")
    for _ in range(trials):
        day = place.deliver()
        old, new = place.states[-2:]
        run = Run(place.room, day, f"run-{day}")
        run.process.join(place.dice.uniform(0.05, 0.7))
        server.kill()
        outcome = run.outcome()
        server.start()
        count.trials += 1
        seen = place.seen()
        count.expect(seen in (old, new), "a mixture after the server came back")
        count.expect(outcome in ("published", "failed", "broken"), f"outcome {outcome} {run.said()}")
        count.expect(outcome != "published" or seen == new, "a publication that was acknowledged is lost")
        again = Run(place.room, day, f"run-{day}")
        told = again.outcome()
        count.expect(told in ("published", "unchanged"), f"run again: {told} {again.said()}")
        count.expect(place.seen() == new, "not the new version after the run again")
        place.check_ledger(count, "server killed")
