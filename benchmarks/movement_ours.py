"""The product's ways in ``movement.py``: extract, publish, the whole pipeline, a merge under a reader's eyes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

DAY = date(2026, 1, 31)


def facts(folder: Path) -> tuple[int, dict[str, str]]:
    """Rows, and the servers' URLs."""
    told = json.loads((folder / "facts.json").read_text())
    return told["rows"], told["urls"]


def prepare(folder: Path) -> None:
    """Write the files that all ways read, and fill the department's table."""
    from people import write_csv, write_people

    rows, urls = facts(folder)
    write_people(folder / "batch.parquet", rows)
    write_people(folder / "changed.parquet", rows, 0.01)
    write_csv(folder / "batch.parquet", folder / "people.csv")
    if "mariadb" in urls:
        fill_department(urls["mariadb"], "people", folder / "batch.parquet")


def fill_department(url: str, table: str, batch: Path) -> None:
    """Make the department's table in MariaDB and fill it."""
    import pyarrow.parquet as pq
    from people import COLUMNS

    from shuyuan.warehouses.lots import csv_chunks
    from shuyuan.warehouses.mysql_line import open_line

    names = [name for name, _, _ in COLUMNS]
    columns = ", ".join(f"{name} {kind}" for name, _, kind in COLUMNS)
    line = open_line(url)
    line.select_db("shuyuan")
    with line.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE TABLE {table} ({columns}, PRIMARY KEY (person_no))")
    pieces = pq.ParquetFile(batch).iter_batches(50_000, columns=names)
    line.load(f"shuyuan.{table}", names, csv_chunks(pieces))
    line.close()


def extract(folder: Path, table: str = "people") -> dict[str, Any]:
    """The table as a delivery in the run directory."""
    from people import people_entry

    from shuyuan.sources import database
    from shuyuan.sources.connections import Connection

    parts = urlsplit(facts(folder)[1]["mariadb"])
    line = Connection("department", "mysql", parts.hostname, parts.port, parts.username, parts.password, "shuyuan")
    source = {"type": "database", "connection": "department", "table": table, "timeout": "1h"}
    resource = SimpleNamespace(entry=people_entry(source=source), digest="0" * 64)
    delivery = database.fetch(resource, DAY, folder, line, datetime(2026, 1, 31))
    return {"rows": delivery.rows_declared}


def publish(folder: Path, kind: str, name: str = "batch.parquet", mode: str = "replace") -> dict[str, Any]:
    """A batch as a lot of its own."""
    import pyarrow.parquet as pq
    from people import people_entry

    from shuyuan.warehouses import Lot

    rows = pq.ParquetFile(folder / name).metadata.num_rows
    lot = Lot(
        entry=people_entry(mode),
        load_id=name,
        delivery_id=name,
        run_id=name,
        spec_digest="0" * 64,
        data_date=DAY,
        batch_path=folder / name,
        rejected_path=None,
        accepted=rows,
        rejected=0,
        score=None,
        now=datetime(2026, 1, 31),
    )
    with warehouse(folder, kind).session() as session:
        published = session.publish(lot, session.lease(lot.entry.id))
    return {"rows": published.rows, "updated": published.updated}


def warehouse(folder: Path, kind: str) -> Any:
    """The warehouse on a server."""
    from shuyuan.project import Project
    from shuyuan.warehouses import open_warehouse

    os.environ["SHUYUAN_WAREHOUSE"] = facts(folder)[1][kind]
    return open_warehouse(Project(folder))


def empty(folder: Path, kind: str) -> None:
    """Drop what an earlier way published."""
    from shuyuan.warehouses.server import SCHEMAS

    with warehouse(folder, kind).session() as session:
        for schema in SCHEMAS:
            session.execute(f"DROP SCHEMA IF EXISTS {schema}{' CASCADE' if kind == 'postgresql' else ''}")


def publish_first(kind: str) -> Callable[[Path], dict[str, Any]]:
    """Publish into a warehouse that has nothing of the entry yet."""

    def work(folder: Path) -> dict[str, Any]:
        empty(folder, kind)
        began = time.monotonic()
        told = publish(folder, kind)
        return {"rows": told["rows"], "seconds": time.monotonic() - began}

    return work


def publish_csv(folder: Path) -> dict[str, Any]:
    """The whole pipeline from the delivered file on, every check on."""
    from people import people_entry

    from shuyuan import pipeline
    from shuyuan.project import Project
    from shuyuan.stages import DeliveredFile, Delivery

    empty(folder, "mariadb")
    began = time.monotonic()
    form = {"type": "csv", "encoding": "gb18030"}
    entry = people_entry(source={"type": "sftp", "connection": "gaj", "path": "/out/people.csv", "format": form})
    resource = SimpleNamespace(
        entry=entry,
        digest="0" * 64,
        project=Project(folder),
        elements={},
        code_table_path=lambda name: folder / f"{name}.csv",
    )
    os.environ["SHUYUAN_VAR"] = str(folder / "var")
    job = pipeline.Job.open(Project(folder), resource, DAY, "benchmark", lambda name: None)
    (job.workdir / "raw").mkdir()
    shutil.copy(folder / "people.csv", job.workdir / "raw" / "people.csv")
    with (folder / "people.csv").open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = (folder / "people.csv").stat().st_size
    delivered = DeliveredFile(name="people.csv", path="raw/people.csv", size=size, sha256=sha256)
    Delivery(
        entry_id=entry.id,
        spec_digest=resource.digest,
        data_date=DAY,
        received_at=datetime(2026, 1, 31),
        sha256=sha256,
        evidence="marker",
        files=(delivered,),
    ).save(job.workdir)
    pipeline.read(job)
    pipeline.check(job)
    published = pipeline.load(job)
    pipeline.record(job)
    return {"rows": published.rows, "stages": job.seconds(), "seconds": time.monotonic() - began}


def merge(kind: str) -> Callable[[Path], dict[str, Any]]:
    """Merge a batch of which one in a hundred changed, and say how long a polling reader waited at most."""

    def work(folder: Path) -> dict[str, Any]:
        empty(folder, kind)
        publish(folder, kind, mode="merge")
        house, done, waits = warehouse(folder, kind), threading.Event(), [0.0]

        def poll() -> None:
            with house.session() as session:
                while not done.wait(0.01):
                    began = time.monotonic()
                    session.query("SELECT person_no, amount FROM share.public_security__people WHERE person_no = 77")
                    waits.append(time.monotonic() - began)

        reader = threading.Thread(target=poll)
        reader.start()
        began, used = time.monotonic(), time.process_time()
        told = publish(folder, kind, "changed.parquet", "merge")
        cost = {"seconds": time.monotonic() - began, "cpu": time.process_time() - used}
        done.set()
        reader.join()
        pause = {"reads": len(waits) - 1, "longest read ms": round(max(waits) * 1000)}
        return {"updated": told["updated"], **pause, **cost}

    return work


def import_sources() -> None:
    import people  # noqa: F401
    import pymysql  # noqa: F401

    import shuyuan.sources.database  # noqa: F401


def import_warehouses() -> None:
    import people  # noqa: F401

    import shuyuan.warehouses.mysql
    import shuyuan.warehouses.postgresql  # noqa: F401


def import_pipeline() -> None:
    import people  # noqa: F401

    import shuyuan.pipeline
    import shuyuan.quality.checking
    import shuyuan.warehouses.mysql  # noqa: F401


CASES: dict[str, tuple[Callable[[], None], Callable[[Path], dict[str, Any]]]] = {
    "out.ours": (import_sources, extract),
    "mariadb.ours": (import_warehouses, publish_first("mariadb")),
    "postgresql.ours": (import_warehouses, publish_first("postgresql")),
    "csv.ours": (import_pipeline, publish_csv),
    "merge.mariadb": (import_warehouses, merge("mariadb")),
    "merge.postgresql": (import_warehouses, merge("postgresql")),
}


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
