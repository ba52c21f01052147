"""Runs of entries in a local Airflow: trigger them all and watch them to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shuyuan.orchestration.client import new_run_id
from shuyuan.orchestration.identity import dag_id, ledger_run_id
from shuyuan.orchestration.local import LocalAirflow
from shuyuan.problems import PlatformError

States = Mapping[str, Mapping[str, str | None]]
_ENDED = ("success", "failed")


class RunningAirflow(LocalAirflow):
    """A local Airflow that runs catalog entries on demand."""

    def run_all(
        self, entry_ids: Sequence[str], conf: Mapping[str, Any], seen: Callable[[States], None], patience: float = 600
    ) -> dict[str, str]:
        """Run every entry once, paused ones too, and return when all have ended.

        The value is the ledger's run id by entry id.

        ``seen`` hears the state by task id, by entry id, about twice a second.

        Raises:
            PlatformError: P413, DAGs did not appear or runs did not end within ``patience`` seconds.
        """
        client, limit = self.client, time.monotonic() + patience
        names = {dag_id(entry_id): entry_id for entry_id in entry_ids}
        run_id = new_run_id("manual")
        waiting = dict(names)
        while waiting:
            for name in sorted(waiting.keys() & client.dag_ids()):
                client.patch(f"/dags/{name}", {"is_paused": False})
                client.trigger(name, run_id, conf)
                del waiting[name]
            self._pause(limit, ", ".join(waiting))
        while True:
            tasks, runs = client.task_states(names, run_id), client.run_states(names, run_id)
            seen({names[name]: states for name, states in tasks.items()})
            open_runs = [name for name in names if runs.get(name) not in _ENDED]
            if not open_runs:
                return {entry_id: ledger_run_id(entry_id, run_id) for entry_id in entry_ids}
            self._pause(limit, ", ".join(open_runs))

    def _pause(self, limit: float, what: str) -> None:
        if time.monotonic() > limit:
            raise PlatformError("P413", what=what, log=str(self.home / "logs"))
        time.sleep(0.4)
