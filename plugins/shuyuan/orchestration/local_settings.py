"""The settings of a local Airflow, as environment variables: one machine, this user, nothing reachable from outside.

Secrets are made once per ``AIRFLOW_HOME`` and lie in files that only their owner can read.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import shuyuan
from shuyuan.project import Project

PRELOADED = (
    "airflow.sdk.execution_time.task_runner",
    "great_expectations",
    "pandas",
    "duckdb",
    "shuyuan.pipeline",
    "shuyuan.one_source",
)
"""Imported once by the process that all task processes are forked from; great_expectations alone takes 5 s."""


@dataclass(frozen=True)
class Login:
    """Who may log in to the local Airflow."""

    user: str
    password: str


def airflow_home(project: Project) -> Path:
    """``var/airflow`` of the project."""
    return project.var / "airflow"


@dataclass(frozen=True)
class Ports:
    """Where people (pages and REST API) and where tasks (execution API) reach Airflow, on 127.0.0.1."""

    people: int
    tasks: int


def settings(project: Project, ports: Ports, tuned: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of Airflow's processes: ours, on top of the caller's; ``tuned`` comes last."""
    home, url = airflow_home(project), f"http://127.0.0.1:{ports.people}"
    kept = _secrets(home)
    package = Path(shuyuan.__file__).resolve()
    ours = {
        "AIRFLOW_HOME": str(home),
        "SHUYUAN_PROJECT": str(project.root),
        "SHUYUAN_AIRFLOW_URL": url,
        "TZ": "UTC",
        "AIRFLOW__CORE__DAGS_FOLDER": str(package.parents[2] / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(package.parents[1]),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # Short: a task that is looked at again within seconds (no ready marker) can be queued before the scheduler has
        # heard of its first look's end; Airflow then takes it for lost and tries again after this delay.
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "5",
        "AIRFLOW__CORE__MAX_TEMPLATED_FIELD_LENGTH": "16384",
        "SHUYUAN_RECONCILE_PAUSE": os.environ.get("SHUYUAN_RECONCILE_PAUSE", "2"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{ports.tasks}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": kept["fernet_key"],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "logins.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url(home, 60),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "AIRFLOW__SCHEDULER__MP_START_METHOD": "forkserver",
        "AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD": ",".join(PRELOADED),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports.people),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": kept["api_secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": kept["jwt_secret"],
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "GX_ANALYTICS_ENABLED": "False",
    }
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | ours | dict(tuned)


def database_url(home: Path, seconds: int) -> str:
    """Airflow's SQLite database; a writer waits up to ``seconds`` for another one."""
    return f"sqlite:///{home / 'airflow.db'}?timeout={seconds}"


def read_login(project: Project) -> Login:
    """The login of the local Airflow; made by ``settings``."""
    (user, password), *_ = json.loads((airflow_home(project) / "logins.json").read_text(encoding="utf-8")).items()
    return Login(user, password)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _secrets(home: Path) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "secrets.json"
    if not (home / "logins.json").exists():
        write_private(home / "logins.json", json.dumps({"admin": secrets.token_urlsafe(9)}))
    if not path.exists():
        made = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "api_secret_key": secrets.token_hex(32),
            "jwt_secret": secrets.token_hex(32),
        }
        write_private(path, json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept
