"""Database servers for tests, started when a test first asks for one and stopped with the session.

``kinds()`` names what is tested; a server whose Debian package is missing skips its tests with the package's name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shuyuan.demonstration.database_servers import DatabaseServer, database_server, missing_package
from shuyuan.project import Project
from shuyuan.warehouses import Warehouse, open_warehouse
from shuyuan.warehouses.server import SCHEMAS

KINDS = ("duckdb", "mariadb", "postgresql")
OPTIONS = {"mariadb-without-local": ("mariadb", ["--local-infile=0"])}
"""Servers that are set otherwise: their kind, and what their command line says more."""


class Servers:
    """The running servers of a test session."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.running, self.stack = folder, dict[str, DatabaseServer](), ExitStack()

    def get(self, kind: str) -> DatabaseServer:
        """Return the server, started if it is not running."""
        if kind not in self.running:
            engine, options = OPTIONS.get(kind, (kind, []))
            package = missing_package(engine)
            if package:
                pytest.skip(f"{kind}: the Debian package {package} is not installed")
            folder = self.folder / kind
            self.running[kind] = self.stack.enter_context(database_server(engine, folder, options=options))
        return self.running[kind]

    def empty(self, kind: str) -> str:
        """Return the URL of an empty warehouse on the server."""
        server = self.get(kind)
        warehouse = warehouse_at(server.url)
        with warehouse.session() as session:
            for schema in SCHEMAS:
                session.execute(f"DROP SCHEMA IF EXISTS {schema}{' CASCADE' if kind == 'postgresql' else ''}")
        return server.url


def warehouse_at(url: str) -> Warehouse:
    """The warehouse of a URL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHUYUAN_WAREHOUSE", url)
        return open_warehouse(Project(Path(os.devnull)))


def run_servers() -> Iterator[Servers]:
    """The body of a session fixture.

    Servers do not run as root, and pytest closes its own temporary folders to everybody else whenever another session
    of it starts, so they get a folder beside those.
    """
    with tempfile.TemporaryDirectory(prefix="shuyuan-servers-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        servers = Servers(Path(folder))
        with servers.stack:
            yield servers
