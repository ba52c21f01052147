"""A local Airflow on this machine, for trying a catalog out: started, waited for, stopped without remains.

Its processes are Airflow's own commands (scheduler, dag-processor, api-server, triggerer), started by us
rather than by ``airflow standalone``: we know their ids, can do without one of them, and each has a log.
People and tasks get a server process each. In one process they block each other on SQLite: Airflow writes its
audit log from the event loop, and a task's request that holds the write lock then cannot come to its commit.
``state.json`` in ``AIRFLOW_HOME`` remembers what was started, so that another command can stop it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from shuyuan.orchestration.client import AirflowClient
from shuyuan.orchestration.local_settings import Ports, airflow_home, read_login, settings, write_private
from shuyuan.orchestration.processes import Started, adopted, end, is_running, spawn
from shuyuan.problems import PlatformError
from shuyuan.project import Project

COMPONENTS: Mapping[str, Sequence[str]] = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server", "--apps", "core"),
    "execution-api": ("api-server", "--apps", "execution"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
CATALOG_ONLY = ("scheduler", "dag-processor", "api-server", "execution-api")
"""What the catalog's DAGs need: none of them defers to the triggerer."""


@dataclass
class LocalAirflow:
    """One local Airflow of one project. ``tuned`` are further settings (``AIRFLOW__…``, ``AIRFLOW_CONN_…``)."""

    project: Project
    components: Sequence[str] = tuple(COMPONENTS)
    tuned: Mapping[str, str] = field(default_factory=dict)
    patience: float = 240.0
    ports: Ports = field(default_factory=lambda: Ports(0, 0))
    started: list[Started] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """``AIRFLOW_HOME``."""
        return airflow_home(self.project)

    @property
    def url(self) -> str:
        """Where its pages and its API are."""
        return f"http://127.0.0.1:{self.ports.people}"

    @property
    def client(self) -> AirflowClient:
        """A client that is logged in."""
        return AirflowClient(self.url, read_login(self.project), str(self.home / "logs"))

    @classmethod
    def running(cls, project: Project) -> LocalAirflow | None:
        """The Airflow that an earlier command left running for the project, if any of it still runs."""
        with suppress(FileNotFoundError):
            kept = json.loads((airflow_home(project) / "state.json").read_text(encoding="utf-8"))
            started = [Started(**one) for one in kept["started"]]
            found = cls(project, ports=Ports(**kept["ports"]), started=started)
            if any(map(is_running, started)):
                return found
            found.stop()
        return None

    def start(self, tell: Callable[[str], None] = lambda what: None) -> None:
        """Start everything and return when it answers; ``tell`` hears what is being waited for.

        Raises:
            PlatformError: P415 one is running already; P413 a part ended or did not answer in time.
        """
        other = self.running(self.project)
        if other is not None:
            raise PlatformError("P415", url=other.url)
        self.ports = free_ports()
        environment = settings(self.project, self.ports, self.tuned)
        (self.home / "logs").mkdir(exist_ok=True)
        try:
            tell("database")
            self._migrate(environment)
            for name in self.components:
                self.started.append(self._spawn(name, environment))
                self._remember()
            self._wait(tell)
        except BaseException:
            self.stop()
            raise

    def adopt(self, name: str, pid: int) -> None:
        """Take over a process that leads its own session: ``stop``, by whichever command, ends it too."""
        self.started.append(adopted(name, pid))

    def stop(self) -> None:
        """End every process that was started, with its children. Nothing is left; calling again does no harm."""
        end(self.started)
        self.started = []
        (self.home / "state.json").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _migrate(self, environment: Mapping[str, str]) -> None:
        """Bring the database up to this Airflow's version; known to be done, it costs nothing."""
        mark, wanted = self.home / "migrated", version("apache-airflow-core")
        if mark.exists() and mark.read_text(encoding="utf-8") == wanted and (self.home / "airflow.db").exists():
            return
        with self._log("migrate").open("ab") as log:
            command = (sys.executable, "-m", "airflow", "db", "migrate")
            code = subprocess.run(command, env=dict(environment), stdout=log, stderr=log, check=False).returncode
        if code:
            raise PlatformError("P413", what="db migrate", log=str(self._log("migrate")))
        (self.home / "airflow.db").chmod(0o600)
        mark.write_text(wanted, encoding="utf-8")

    def _spawn(self, name: str, environment: Mapping[str, str]) -> Started:
        command = [sys.executable, "-m", "airflow", *COMPONENTS[name]]
        if name == "execution-api":
            command += ["--port", str(self.ports.tasks)]
        return spawn(name, command, environment, self._log(name))

    def _wait(self, tell: Callable[[str], None]) -> None:
        limit, client = time.monotonic() + self.patience, self.client
        watched = ("dag-processor", "triggerer")
        expected = {"scheduler", *(name.replace("-", "_") for name in self.components if name in watched)}
        while True:
            dead = next((one for one in self.started if not is_running(one)), None)
            if dead is not None or time.monotonic() > limit:
                name = dead.name if dead else "api-server"
                raise PlatformError("P413", what=name, log=str(self._log(name)))
            health = client.health()
            missing = sorted(name for name in expected if health.get(name) != "healthy")
            if health and not missing:
                break
            tell(", ".join(missing) if health else "api-server")
            time.sleep(0.3)
        tell("execution-api")
        while not AirflowClient(f"http://127.0.0.1:{self.ports.tasks}", client.login).warm_up():
            if time.monotonic() > limit:
                raise PlatformError("P413", what="execution-api", log=str(self._log("execution-api")))
            time.sleep(0.3)

    def _remember(self) -> None:
        kept = {"ports": asdict(self.ports), "started": [asdict(one) for one in self.started]}
        write_private(self.home / "state.json", json.dumps(kept))

    def _log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"


def free_ports() -> Ports:
    """Two ports of 127.0.0.1 that nobody uses now."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return Ports(one.getsockname()[1], other.getsockname()[1])
