"""The stack's servers that are not Airflow, as processes of this machine, each with its file below ``deploy``.

Names are those of the compose file. Every server listens on 127.0.0.1 at a port that was free.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pymysql
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from shuyuan.demonstration.database_servers import missing_package
from shuyuan.orchestration.processes import Started, spawn
from shuyuan.orchestration.stack.compose import ROOT, Places

PROGRAMS: Mapping[str, str] = {
    "redis-server": "redis-server",
    "nginx": "nginx",
    "sshd": "openssh-server",
    "moto_server": "moto[s3] (Python)",
}
"""Program → the package that brings it: Debian's, but for the S3 server, which nobody packages."""
MODULES: Mapping[str, str] = {"airflow.providers.celery": "apache-airflow-providers-celery", "redis": "redis"}
"""Module → its Python package."""

DELIVERER = "www-data"
"""Who the front-end machine runs as, and lets in, when we are root: an account of every Debian that is not locked."""

_SYSTEM = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"))


def missing_packages() -> list[str]:
    """What has to be installed before the stack can be started here."""
    missing = [package for kind in ("mariadb", "postgresql") if (package := missing_package(kind))]
    missing += [package for program, package in PROGRAMS.items() if not program_of(program)]
    for module, package in MODULES.items():
        try:
            known = find_spec(module)
        except ModuleNotFoundError:
            known = None
        if known is None:
            missing.append(package)
    return missing


def program_of(name: str) -> str:
    """The whole path of a program, which may be a system's; empty when there is none."""
    return shutil.which(name, path=_SYSTEM) or ""


def free_port() -> int:
    """A free port of 127.0.0.1 below the range of outgoing lines."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def await_port(port: int, patience: float = 30) -> None:
    """Return when the port takes connections. Raises ``TimeoutError``."""
    limit = time.monotonic() + patience
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > limit:
            raise TimeoutError(f"nothing answers at 127.0.0.1:{port}")
        time.sleep(0.1)


def open_metadata(superuser_url: str, password: str) -> None:
    """Make Airflow's account and database on a PostgreSQL server."""
    engine = create_engine(superuser_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as line:
            line.execute(text(f"CREATE ROLE airflow LOGIN PASSWORD '{password}'"))
            line.execute(text("CREATE DATABASE airflow OWNER airflow"))
    finally:
        engine.dispose()


def open_warehouse_account(superuser_url: str, password: str) -> None:
    """Make the pipeline's account on a MariaDB server, with the grants that the compose file's server gives it."""
    told = make_url(superuser_url)
    line = pymysql.connect(host=told.host, port=told.port or 0, user=told.username, password=told.password or "")
    grants = (ROOT / "deploy/mariadb/grants.sql").read_text(encoding="utf-8")
    statements = [part.strip() for part in grants.split(";")]
    with line, line.cursor() as cursor:
        cursor.execute("CREATE USER loader@'%%' IDENTIFIED BY %s", (password,))
        for statement in filter(None, statements):
            cursor.execute(statement)


def start_redis(folder: Path, places: Places, port: int, environment: Mapping[str, str]) -> Started:
    """Start the queue."""
    home = _home(folder, "redis")
    also = {"bind 0.0.0.0": "bind 127.0.0.1", "port 6379": f"port {port}", "dir /data": f"dir {home}"}
    conf = _configure("redis/redis.conf", home, places, also)
    started = spawn("redis", [program_of("redis-server"), str(conf)], environment, home / "log")
    await_port(port)
    return started


def start_frontend(folder: Path, places: Places, port: int, environment: Mapping[str, str]) -> Started:
    """Start the OpenSSH front-end machine; it does not run as root, so it gets its keys for itself."""
    home, secret = _home(folder, "frontend"), Path(places.translate("/run/secrets"))
    for name in ("frontend_host_key", "frontend_logins"):
        shutil.copyfile(secret / name, home / name)
        (home / name).chmod(0o600)
    also = {f"/run/secrets/{name}": str(home / name) for name in ("frontend_host_key", "frontend_logins")}
    conf = _configure("frontend/sshd_config", home, places, also | {"0.0.0.0:2222": f"127.0.0.1:{port}"})
    command = [program_of("sshd"), "-D", "-e", "-f", str(conf)]
    if os.geteuid() == 0:
        for path in (home, *home.iterdir()):
            shutil.chown(path, DELIVERER, DELIVERER)
        command = ["setpriv", f"--reuid={DELIVERER}", f"--regid={DELIVERER}", "--clear-groups", *command]
    started = spawn("frontend", command, environment, folder / "frontend.log")
    await_port(port)
    return started


def start_gateway(folder: Path, places: Places, port: int, environment: Mapping[str, str]) -> Started:
    """Start TLS in front."""
    home = _home(folder, "gateway")
    conf = _configure(
        "nginx/nginx.conf",
        home,
        places,
        {"0.0.0.0:8443": f"127.0.0.1:{port}", "/tmp/nginx": str(home)},  # noqa: S108
    )
    started = spawn("gateway", [program_of("nginx"), "-e", "stderr", "-c", str(conf)], environment, home / "log")
    await_port(port)
    return started


def start_storage(folder: Path, port: int, environment: Mapping[str, str]) -> Started:
    """Start an S3 server in memory, which stands for the compose file's."""
    home = _home(folder, "storage")
    command = [program_of("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    started = spawn("storage", command, environment, home / "log")
    await_port(port)
    return started


def _home(folder: Path, name: str) -> Path:
    home = folder / name
    home.mkdir(mode=0o711)
    return home


def _configure(file: str, home: Path, places: Places, also: Mapping[str, str]) -> Path:
    conf = home / Path(file).name
    conf.write_text(places.translate((ROOT / "deploy" / file).read_text(encoding="utf-8"), also), encoding="utf-8")
    return conf
