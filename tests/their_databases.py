"""Departments' databases on real servers, for tests that change and read them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import create_engine, make_url, text

from servers import Servers
from shuyuan import sources
from shuyuan.catalog import Resource
from shuyuan.entry import Department, Entry
from shuyuan.project import Project
from shuyuan.sources.connections import Connection

DAY, NOW = date(2026, 11, 22), datetime(2026, 11, 22, 1, 0)


class Database:
    """A department's database that the test may change."""

    def __init__(self, kind: str, url: str) -> None:
        told = make_url(url)
        driver = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "postgresql": "postgresql+psycopg"}
        backend = told.get_backend_name()
        self.kind = kind
        self.engine = create_engine(told.set(drivername=driver.get(backend, "sqlite")), isolation_level="AUTOCOMMIT")
        if backend == "sqlite":
            self.connection = Connection("their_db", "sqlite", told.database)
        else:
            self.connection = Connection(
                "their_db", backend, told.host, told.port, told.username, told.password, told.database
            )

    def run(self, *statements: str) -> None:
        with self.engine.connect() as line:
            for statement in statements:
                line.execute(text(statement))

    def fetch(self, workdir: Path, columns: list[str], **more) -> list[tuple[str | None, ...]]:
        delivery = sources.fetch(resource_of(columns, **more), DAY, workdir, self.connection, NOW)
        read = pq.read_table(workdir / delivery.files[0].path)
        assert {str(kind) for kind in read.schema.types} == {"string"}
        return [tuple(row.values()) for row in read.to_pylist()]

    def values(self, workdir: Path, kind: str, literals: list[str]) -> list[str | None]:
        """What the literals of a column of this kind are read as."""
        numbered = ", ".join(f"({place}, {literal})" for place, literal in enumerate(literals))
        self.run(
            "DROP TABLE IF EXISTS kinds",
            f"CREATE TABLE kinds (id INT, v {kind})",
            f"INSERT INTO kinds VALUES {numbered}",
        )
        return [value for _, value in self.fetch(workdir, ["id", "v"])]


def resource_of(columns: list[str], fields: list[dict] | None = None, load: dict | None = None, **more) -> Resource:
    """An entry of a table's columns (or of ``fields``); ``more`` are keys of its source."""
    fields = fields or [{"name": f"c{place}", "from": name, "title": name} for place, name in enumerate(columns)]
    told = {
        "kind": "CatalogEntry",
        "id": "civil.kinds",
        "code": "306001/000001",
        "title": "测试资源",
        "summary": "测试",
        "sharing": {"type": "unconditional"},
        "source": {"type": "database", "connection": "their_db", "table": more.pop("table", "kinds"), **more},
        "update": {"cycle": "daily"},
        "load": load or {"mode": "replace", "key": ["c0"]},
        "fields": fields,
    }
    department = Department(title="民政局", credit_code="11150624MA0N00016E")
    return Resource(Entry.model_validate(told), Path("kinds.yaml"), "d" * 64, department, {}, Project(Path("/")))


def open_database(kind: str, servers: Servers, folder: Path) -> Database:
    """``mariadb``, ``postgresql``, or ``sqlite`` in ``folder``."""
    if kind == "sqlite":
        path = folder / "their.db"
        path.touch()
        return Database(kind, f"sqlite:///{path}")
    return Database(kind, servers.get(kind).url)
