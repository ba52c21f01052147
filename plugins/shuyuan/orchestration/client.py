"""A client of the local Airflow's REST API: trigger runs and watch their tasks. Imports nothing of Airflow."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shuyuan.orchestration.local_settings import Login
from shuyuan.problems import PlatformError


@dataclass
class AirflowClient:
    """Talks to ``url`` as ``login``; ``log`` names where to look when an answer is not as it should be.

    ``certificate`` is the file of the certificate that an ``https`` address must show, where no authority vouches.
    """

    url: str
    login: Login
    log: str = ""
    certificate: str | None = None
    _token: str = field(default="", repr=False)

    def health(self) -> dict[str, str | None]:
        """State by component (``scheduler dag_processor triggerer metadatabase``); empty while nothing answers."""
        try:
            told = self._call("GET", "/api/v2/monitor/health", signed=False)
        except PlatformError:
            return {}
        return {name: (state or {}).get("status") for name, state in told.items()}

    def warm_up(self) -> bool:
        """Make the server build the routes that tasks will ask for; without it the first task waits for it."""
        try:
            self._call("GET", "/execution/health", signed=False)
        except PlatformError:
            return False
        return True

    def dag_ids(self) -> set[str]:
        """The DAGs that Airflow has read so far."""
        found: set[str] = set()
        while True:
            page = self.get(f"/dags?limit=100&offset={len(found)}&order_by=dag_id")
            found |= {dag["dag_id"] for dag in page["dags"]}
            if len(found) >= page["total_entries"] or not page["dags"]:
                return found

    def import_errors(self) -> dict[str, str]:
        """Error text by DAG file."""
        page = self.get("/importErrors?limit=100")
        return {error["filename"]: error["stack_trace"] for error in page["import_errors"]}

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run and return its run id."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        made: str = self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"]
        return made

    def run_states(self, dag_ids: Iterable[str], run_id: str) -> dict[str, str]:
        """State by DAG id of the runs that carry ``run_id``."""
        body = {"dag_ids": list(dag_ids), "page_limit": 1000}
        page = self._call("POST", "/api/v2/dags/~/dagRuns/list", body)
        return {run["dag_id"]: run["state"] for run in page["dag_runs"] if run["dag_run_id"] == run_id}

    def task_states(self, dag_ids: Iterable[str], run_id: str) -> dict[str, dict[str, str | None]]:
        """State by task id, by DAG id, of the runs that carry ``run_id``."""
        body = {"dag_ids": list(dag_ids), "dag_run_ids": [run_id], "page_limit": 1000}
        page = self._call("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", body)
        states: dict[str, dict[str, str | None]] = {}
        for task in page["task_instances"]:
            states.setdefault(task["dag_id"], {})[task["task_id"]] = task["state"]
        return states

    def waking(self, dag_id: str) -> int:
        """How many assets have woken the DAG without its having a run for them yet."""
        told: int = self.get(f"/dags/{dag_id}/assets/queuedEvents")["total_entries"]
        return told

    def open_runs(self, dag_id: str) -> int:
        """How many runs of the DAG wait or go on."""
        told: int = self.get(f"/dags/{dag_id}/dagRuns?limit=1&state=queued&state=running")["total_entries"]
        return told

    def get(self, path: str) -> Any:
        """Any other GET below ``/api/v2``."""
        return self._call("GET", "/api/v2" + path)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Any PATCH below ``/api/v2`` (``/dags/<id>`` with ``is_paused``)."""
        return self._call("PATCH", "/api/v2" + path, dict(body))

    def page(self, path: str, *, signed: bool = True) -> tuple[int, str]:
        """Status and text of a page; of one that is refused the status alone, 0 where nothing answers."""
        try:
            return 200, self._text("GET", path, signed=signed)
        except PlatformError as refused:
            status = refused.problem.facts["status"]
            return (status if isinstance(status, int) else 0), ""

    def _call(self, method: str, path: str, body: Any = None, signed: bool = True) -> Any:
        text = self._text(method, path, body, signed)
        return json.loads(text) if text else None

    def _text(self, method: str, path: str, body: Any = None, signed: bool = True) -> str:
        if signed and not self._token:
            credentials = {"username": self.login.user, "password": self.login.password}
            self._token = self._call("POST", "/auth/token", credentials, signed=False)["access_token"]
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if signed else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - our own http URL
        try:
            context = ssl.create_default_context(cafile=self.certificate) if self.certificate else None
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310
                text: str = answer.read().decode("utf-8")
        except urllib.error.HTTPError as error:
            raise PlatformError("P414", what=f"{method} {path}", status=error.code, log=self.log) from None
        except OSError as error:
            raise PlatformError("P414", what=f"{method} {path}", status=type(error).__name__, log=self.log) from None
        return text


def new_run_id(purpose: str) -> str:
    """A run id that people can read and that no other run has."""
    return f"{purpose}__{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}"
