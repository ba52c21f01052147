"""Runs in a local Airflow: trigger all entries, watch them to their end and the comparisons that follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from shuyuan.orchestration.client import new_run_id
from shuyuan.orchestration.identity import NIGHTLY_DAG, RECONCILE_DAG, check_dag_id, dag_id, ledger_run_id
from shuyuan.orchestration.local import LocalAirflow
from shuyuan.problems import PlatformError

States = Mapping[str, Mapping[str, str | None]]
_ENDED = ("success", "failed")


class RunningAirflow(LocalAirflow):
    """A local Airflow that runs catalog entries, and answers requests, on demand."""

    def run_all(
        self, entry_ids: Sequence[str], conf: Mapping[str, Any], seen: Callable[[States], None], patience: float = 600
    ) -> dict[str, str]:
        """Run every entry once, paused ones too, and return when all have ended.

        None is started before Airflow has read ``operations.reconcile``, which their publications must wake.

        The value is the ledger's run id by entry id.

        ``seen`` hears the state by task id, by entry id, about twice a second.

        Raises:
            PlatformError: P413, DAGs did not appear or runs did not end within ``patience`` seconds.
        """
        client, limit = self.client, time.monotonic() + patience
        self._unpause(RECONCILE_DAG, limit)
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

    def settle(self, patience: float = 300) -> None:
        """Return when no comparison is under way and no publication waits for one.

        Raises:
            PlatformError: P413, that took longer than ``patience`` seconds.
        """
        client, limit = self.client, time.monotonic() + patience
        # In this order: Airflow turns what woke a DAG into its run in one transaction.
        while client.waking(RECONCILE_DAG) or client.open_runs(RECONCILE_DAG):
            self._pause(limit, RECONCILE_DAG)

    def reconcile(self) -> None:
        """Compare now, and return when it is done. Raises ``PlatformError`` P413."""
        self._unpause(RECONCILE_DAG, time.monotonic() + 60)
        self.client.trigger(RECONCILE_DAG, new_run_id("manual"), {})
        self.settle()

    def work_nightly(self, patience: float = 300) -> None:
        """Have the nightly work done now, the report with it, and return when it is.

        Raises:
            PlatformError: P413, that took longer than ``patience`` seconds.
        """
        limit = time.monotonic() + patience
        self._unpause(NIGHTLY_DAG, limit)
        self.client.trigger(NIGHTLY_DAG, new_run_id("manual"), {})
        while self.client.open_runs(NIGHTLY_DAG):
            self._pause(limit, NIGHTLY_DAG)

    def start_checks(self, requests: Mapping[str, str]) -> str:
        """Have requests (check → request number) answered; return the run id that their runs share.

        Raises:
            PlatformError: P413, a DAG did not appear.
        """
        run_id, limit = new_run_id("request"), time.monotonic() + 60
        for check_id, request_id in requests.items():
            self._unpause(check_dag_id(check_id), limit)
            self.client.trigger(check_dag_id(check_id), run_id, {"request_id": request_id})
        return run_id

    def finish_checks(self, checks: Iterable[str], run_id: str, patience: float = 120) -> None:
        """Return when the runs of ``start_checks`` have ended. Raises ``PlatformError`` P413."""
        names, limit = [check_dag_id(check_id) for check_id in checks], time.monotonic() + patience
        while waiting := [name for name in names if self._state(name, run_id) not in _ENDED]:
            self._pause(limit, ", ".join(waiting))

    def _state(self, name: str, run_id: str) -> str | None:
        return self.client.run_states([name], run_id).get(name)

    def _unpause(self, name: str, limit: float) -> None:
        while name not in self.client.dag_ids():
            self._pause(limit, name)
        self.client.patch(f"/dags/{name}", {"is_paused": False})

    def _pause(self, limit: float, what: str) -> None:
        if time.monotonic() > limit:
            raise PlatformError("P413", what=what, log=str(self.home / "logs"))
        time.sleep(0.4)
