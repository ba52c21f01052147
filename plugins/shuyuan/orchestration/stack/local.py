"""The services of ``docker-compose.yml`` as processes of this machine: the same commands, settings and secrets.

Every port is on loopback and was free; each of Airflow's services has a home of its own. What was started is known by
its process id and is ended, with everything that it started, when the ``with`` block ends.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shuyuan.demonstration.database_servers import database_server
from shuyuan.orchestration.client import AirflowClient
from shuyuan.orchestration.local_settings import Login
from shuyuan.orchestration.processes import Started, end, is_running, spawn
from shuyuan.orchestration.stack import servers
from shuyuan.orchestration.stack.compose import ROOT, Places, Service, airflow_services
from shuyuan.orchestration.stack.secret_files import SecretFiles
from shuyuan.problems import PlatformError
from shuyuan.project import Project

SERVERS = ("postgres", "redis", "mariadb", "storage", "frontend", "gateway")
"""The compose file's other services, which ``servers`` starts."""

WATCHED = ("scheduler", "dag_processor", "triggerer", "metadatabase")
"""What must be healthy, in the words of Airflow's health page."""

SHARED = ("share", "report", "secrets", "audit")
"""What of the workers' folders is one for all: volumes of the compose file, links here."""

PATIENCE = 300.0


@dataclass
class LocalStack:
    """One stack in one folder, which other users must be able to pass through."""

    folder: Path
    started: list[Started] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        """The catalog that the stack runs: a copy, in which the front-end machine's paths are this machine's."""
        return Project(self.folder / "project")

    @property
    def deliveries(self) -> Path:
        """Where the departments put what they deliver; ``deliveries/<department>/out``."""
        return self.folder / "deliveries"

    @property
    def secrets(self) -> Path:
        """The stack's secret files."""
        return self.folder / "secrets"

    @property
    def client(self) -> AirflowClient:
        """A client that comes in through the gateway, as people do."""
        (user, password), *_ = json.loads(self.secret("logins")).items()
        url = f"https://127.0.0.1:{self.ports['gateway']}"
        return AirflowClient(url, Login(user, password), str(self.folder), str(self.secrets / "tls_certificate"))

    @property
    def places(self) -> Places:
        """Where things are here. Homes and working folders are each service's own, see ``environment_of``."""
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        return Places(
            {
                "/run/secrets": str(self.secrets),
                "/srv/shuyuan": str(ROOT),
                "/srv/project": str(self.project.root),
                "/srv/logs": str(self.folder / "logs"),
                "api-server:8080": at["api-server"],
                "storage:9000": at["storage"],
            }
        )

    def secret(self, name: str) -> str:
        """What a secret file says."""
        return (self.secrets / name).read_text(encoding="utf-8")

    def environment_of(self, service: Service) -> dict[str, str]:
        """The service's settings with our places; those of ``tuned`` alone differ from the compose file's."""
        home = self.folder / "homes" / service.name
        own = {"/run/airflow": str(home), "/srv/var": str(self.folder / "var" / service.name)}
        settings = {name: self.places.translate(value, own) for name, value in service.environment.items()}
        return plain_environment() | settings | self.tuned()

    def tuned(self) -> dict[str, str]:
        """What a machine with one address and two cores needs otherwise than containers do."""
        return {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.ports["api-server"]),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.ports["scheduler-health"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        }

    def start(self, stack: ExitStack, tell: Callable[[str], None]) -> None:
        """Start everything and return when it answers; ``stack`` is told how to stop it.

        Raises:
            PlatformError: P413, a part ended or did not answer in time.
        """
        tell("postgres")
        postgres = stack.enter_context(database_server("postgresql", self.folder / "postgres"))
        tell("mariadb")
        mariadb = stack.enter_context(database_server("mariadb", self.folder / "mariadb"))
        self.ports = {"postgres": postgres.port, "mariadb": mariadb.port}
        for name in ("redis", "storage", "frontend", "gateway", "api-server", "scheduler-health"):
            self.ports[name] = servers.free_port()
        addresses = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        SecretFiles(self.secrets, addresses, frontend_login()).make()
        servers.open_metadata(postgres.url, self.secret("postgres_password"))
        servers.open_warehouse_account(mariadb.url, self.secret("warehouse_password"))
        stack.callback(lambda: end(self.started, patience=20))
        self._start_servers(tell)
        copy_catalog(self.project, self.deliveries)
        self._start_airflow(tell)
        tell("gateway")
        self._keep(servers.start_gateway(self.folder, self.places, self.ports["gateway"], plain_environment()))
        self._wait(tell)

    def _start_servers(self, tell: Callable[[str], None]) -> None:
        clean, places, ports = plain_environment(), self.places, self.ports
        tell("redis")
        self._keep(servers.start_redis(self.folder, places, ports["redis"], clean))
        tell("frontend")
        self._keep(servers.start_frontend(self.folder, places, ports["frontend"], clean))
        tell("storage")
        self._keep(servers.start_storage(self.folder, ports["storage"], clean))

    def _start_airflow(self, tell: Callable[[str], None]) -> None:
        (self.folder / "logs").mkdir()
        for service in airflow_services():
            tell(service.name)
            home, var = (self.folder / room / service.name for room in ("homes", "var"))
            home.mkdir(parents=True, mode=0o700)
            var.mkdir(parents=True, mode=0o700)
            for room in SHARED:
                (self.folder / room).mkdir(exist_ok=True)
                (var / room).symlink_to(self.folder / room)
            command, environment = local_command(service), self.environment_of(service)
            if service.once:
                self._run_once(service.name, command, environment)
            else:
                self._keep(spawn(service.name, command, environment, self._log(service.name)))

    def _run_once(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        with self._log(name).open("ab") as log:
            done = subprocess.run(command, env=dict(environment), stdout=log, stderr=log, check=False)
        if done.returncode:
            raise PlatformError("P413", what=name, log=str(self._log(name)))

    def _wait(self, tell: Callable[[str], None]) -> None:
        limit, client = time.monotonic() + PATIENCE, self.client
        while True:
            dead = next((one for one in self.started if not is_running(one)), None)
            health = client.health()
            missing = [name for name in WATCHED if health.get(name) != "healthy"]
            if dead or time.monotonic() > limit:
                name = dead.name if dead else ", ".join(missing)
                raise PlatformError("P413", what=name, log=str(self.folder))
            if not missing:
                return
            tell(", ".join(missing) if health else "api-server")
            time.sleep(0.5)

    def _keep(self, started: Started) -> None:
        self.started.append(started)

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


@contextmanager
def local_stack(folder: Path, tell: Callable[[str], None] = lambda what: None) -> Iterator[LocalStack]:
    """Run the stack in an empty folder. ``servers.missing_packages`` must be empty."""
    stack = LocalStack(folder)
    with ExitStack() as opened:
        stack.start(opened, tell)
        yield stack


def plain_environment() -> dict[str, str]:
    """What a process of the stack inherits: nothing but where programs are and how text is written."""
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {"PATH": programs, "LANG": "C.UTF-8", "TZ": "UTC"}


def local_command(service: Service) -> list[str]:
    """The service's command, through the image's entrypoint, with this environment's programs."""
    return [str(ROOT / "deploy/bin/entrypoint"), *service.command]


def frontend_login() -> str:
    """Who logs in at the front-end machine: the account that its server runs as."""
    return servers.DELIVERER if os.geteuid() == 0 else getpass.getuser()


def copy_catalog(project: Project, deliveries: Path) -> None:
    """Copy the catalog. The front-end machine shows ``/out`` to a container; here it shows this machine's folders."""
    for room in ("include", "expectations"):
        shutil.copytree(ROOT / room, project.root / room)
    for spec in (project.specs / "civil_affairs").glob("[!_]*.yaml"):
        text = spec.read_text(encoding="utf-8")
        moved = text.replace(": /out/", f": {deliveries}/civil_affairs/out/")
        spec.write_text(moved, encoding="utf-8")
