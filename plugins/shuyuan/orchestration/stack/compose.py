"""``docker-compose.yml`` as the local stack reads it: Airflow's services, their commands and their settings.

The local stack takes commands and environment files from the compose file itself, and only moves what a machine
without containers has elsewhere: folders, addresses, ports. So the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import shuyuan

ROOT = Path(shuyuan.__file__).resolve().parents[2]
"""Where ``docker-compose.yml`` and ``deploy`` lie."""

OURS = "shuyuan:"
"""How the image of Airflow's services begins."""


@dataclass(frozen=True)
class Service:
    """One of Airflow's services as the compose file has it. ``once``: it does its work and ends."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: frozenset[str]
    once: bool


@dataclass(frozen=True)
class Places:
    """Where on this machine lies what the containers have elsewhere: their text → ours."""

    moved: Mapping[str, str]

    def translate(self, text: str, also: Mapping[str, str] | None = None) -> str:
        """Put our places into a text. Longer texts go first, so that ``/srv/var`` does not spoil ``/srv/var/share``."""
        moved = {**self.moved, **(also or {})}
        for there in sorted(moved, key=len, reverse=True):
            text = text.replace(there, moved[there])
        return text


def read_compose(root: Path = ROOT) -> dict[str, Any]:
    """Return the compose file."""
    found: dict[str, Any] = yaml.safe_load((root / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


def airflow_services(root: Path = ROOT) -> list[Service]:
    """Return the services that run our image, in the file's order."""
    return [
        Service(
            name,
            tuple(told["command"]),
            read_environment(root / file for file in told["env_file"]) | told.get("environment", {}),
            frozenset(told.get("secrets", [])),
            told.get("restart") == "no",
        )
        for name, told in read_compose(root)["services"].items()
        if told["image"].startswith(OURS)
    ]


def read_environment(files: Iterable[Path]) -> dict[str, str]:
    """Return the settings of environment files; of two that say the same name, the later holds."""
    settings: dict[str, str] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                settings[name] = value
    return settings
