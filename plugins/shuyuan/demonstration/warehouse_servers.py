"""The warehouse of a demonstration: the embedded one, or a server that the command itself starts and stops again.

The server's data stays below ``var/servers``, so that a second demonstration finds what the first one published. A
server that does not run as the caller must reach its folder: where it cannot, its data lies in the system's temporary
folder. ``var/servers/<kind>.json`` says where, and holds the account's password, readable by its owner alone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuyuan.demonstration.database_servers import database_server, missing_package
from shuyuan.problems import PlatformError
from shuyuan.project import Project

SERVERS = {"mysql": "mariadb", "postgresql": "postgresql"}
"""What can be asked for besides ``duckdb``, and the server that serves it."""


@contextmanager
def demonstration_warehouse(project: Project, kind: str | None) -> Iterator[None]:
    """Let ``SHUYUAN_WAREHOUSE`` name the wanted warehouse, in this process and those it starts; ``None``: as it is.

    Raises:
        PlatformError: P339 the server's package is not installed, P340 the server does not start.
    """
    if kind is None:
        yield
        return
    before = os.environ.pop("SHUYUAN_WAREHOUSE", None)
    try:
        if kind == "duckdb":
            yield
        else:
            with _kept_server(SERVERS[kind], project.var / "servers") as url:
                os.environ["SHUYUAN_WAREHOUSE"] = url
                yield
    finally:
        os.environ.pop("SHUYUAN_WAREHOUSE", None)
        if before is not None:
            os.environ["SHUYUAN_WAREHOUSE"] = before


@contextmanager
def _kept_server(kind: str, root: Path) -> Iterator[str]:
    package = missing_package(kind)
    if package:
        raise PlatformError("P339", package=package)
    root.mkdir(parents=True, exist_ok=True, mode=0o755)
    note = root / f"{kind}.json"
    kept = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    if not Path(kept.get("folder", os.devnull)).is_dir():
        kept = {"folder": str(_make_folder(kind, root)), "password": ""}
    started = False
    try:
        with database_server(kind, Path(kept["folder"]), kept["password"]) as server:
            started = True
            if not kept["password"]:
                _write_note(note, kept | {"password": server.password})
            yield server.url
    except (TimeoutError, OSError) as error:
        if started:
            raise
        raise PlatformError("P340", kind=kind, folder=kept["folder"]) from error


def _make_folder(kind: str, root: Path) -> Path:
    if os.geteuid() == 0 and not all(place.stat().st_mode & 0o001 for place in (root, *root.parents)):
        return Path(tempfile.mkdtemp(prefix=f"shuyuan-{kind}-"))
    folder = root / kind
    shutil.rmtree(folder, ignore_errors=True)  # one that was never finished
    folder.mkdir(mode=0o711)
    return folder


def _write_note(note: Path, kept: dict[str, str]) -> None:
    with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept, file)
