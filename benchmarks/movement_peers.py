"""The peers in ``movement.py``: pandas from our environment, dlt and sling from one of their own.

They check nothing and keep no ledger; each is asked for the least that puts the same rows there, by its own means.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

PART = 200_000
"""Rows that ``to_sql`` does at most; for more, its time is extrapolated, in proportion."""

MODULES = {"dlt": "dlt.sources.sql_database, connectorx, pymysql", "sling": "sling_linux_amd64"}


@cache
def installed(python: str, name: str) -> bool:
    """Whether a peer can be imported by that Python."""
    if not Path(python).exists():
        return False
    return not subprocess.run([python, "-c", f"import {MODULES[name]}"], capture_output=True, check=False).returncode


def facts(folder: Path) -> tuple[int, dict[str, str]]:
    """Rows, and the servers' URLs."""
    told = json.loads((folder / "facts.json").read_text())
    return told["rows"], told["urls"]


def read_sql(folder: Path) -> dict[str, Any]:
    """``pandas.read_sql`` with pymysql, and the frame as Parquet."""
    import pandas as pd
    from sqlalchemy import create_engine

    engine = create_engine(facts(folder)[1]["mariadb"])
    frame = pd.read_sql("SELECT * FROM people", engine)
    frame.to_parquet(folder / "out.parquet", compression="zstd")
    return {"rows": len(frame)}


def to_sql(kind: str) -> Callable[[Path], dict[str, Any]]:
    """The Parquet as a frame, and ``to_sql``."""

    def work(folder: Path) -> dict[str, Any]:
        import pandas as pd
        from sqlalchemy import create_engine

        rows, urls = facts(folder)
        frame = pd.read_parquet(folder / "batch.parquet").drop(columns=["_row", "_file", "_line", "_uncast", "_raw"])
        frame = frame.head(PART)
        engine = create_engine(urls[kind])
        frame.to_sql("people_pandas", engine, if_exists="replace", index=False, chunksize=10_000)
        return {"rows": len(frame), "measured_part": len(frame) / rows}

    return work


def dlt_out(folder: Path) -> dict[str, Any]:
    """dlt's ``sql_database`` with connectorx, the fastest of its backends, to Parquet files."""
    from dlt.sources.sql_database import sql_table

    rows, urls = facts(folder)
    table = sql_table(urls["mariadb"], table="people", backend="connectorx", reflection_level="full")
    _pipeline(folder, "filesystem", bucket_url=(folder / "dlt").as_uri()).run(table, loader_file_format="parquet")
    return {"rows": rows}


def dlt_in(folder: Path) -> dict[str, Any]:
    """The CSV read by pyarrow in dlt's pipeline, into MariaDB by its SQLAlchemy destination."""
    import dlt
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    rows, urls = facts(folder)

    @dlt.resource(name="people_dlt", write_disposition="replace")
    def people() -> Iterator[Any]:
        options = pa_csv.ReadOptions(encoding="gb18030", block_size=8 << 20)
        types = {"id_card_no": pa.string(), "amount": pa.decimal128(18, 2), "ratio": pa.decimal128(9, 4)}
        with pa_csv.open_csv(
            folder / "people.csv", options, convert_options=pa_csv.ConvertOptions(column_types=types)
        ) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])

    _pipeline(folder, "sqlalchemy", credentials=urls["mariadb"]).run(people())
    return {"rows": rows}


def _pipeline(folder: Path, kind: str, **options: Any) -> Any:
    import dlt

    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    destination = getattr(dlt.destinations, kind)(**options)
    name = "shuyuan" if kind == "sqlalchemy" else "movement"
    return dlt.pipeline("movement", destination=destination, dataset_name=name, pipelines_dir=str(folder / "pipelines"))


def sling_out(folder: Path) -> dict[str, Any]:
    """Sling's own program, MariaDB to CSV: for Parquet it wants to fetch a program from the internet first."""
    target = (folder / "sling.csv").as_uri()
    return _sling(folder, "--src-conn", "DEPARTMENT", "--src-stream", "shuyuan.people", "--tgt-object", target)


def sling_in(folder: Path) -> dict[str, Any]:
    """Sling knows no GB18030, so the file is recoded first; then into MariaDB."""
    recoded = folder / "utf8.csv"
    with (folder / "people.csv").open(encoding="gb18030", newline="") as told, recoded.open("w", newline="") as out:
        while piece := told.read(1 << 20):
            out.write(piece)
    source = ("--src-stream", recoded.as_uri(), "--tgt-conn", "DEPARTMENT", "--tgt-object", "shuyuan.people_sling")
    return _sling(folder, *source, "--mode", "full-refresh")


def _sling(folder: Path, *arguments: str) -> dict[str, Any]:
    import sling_linux_amd64

    rows, urls = facts(folder)
    program = Path(sling_linux_amd64.__file__).parent / "bin" / "sling-linux-amd64"
    environment = {
        **os.environ,
        "DEPARTMENT": urls["mariadb"].replace("mysql+pymysql", "mysql"),
        "SLING_HOME_DIR": str(folder / "sling"),
        "SLING_DISABLE_TELEMETRY": "true",
    }
    done = subprocess.run(
        [str(program), "run", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit((done.stdout + done.stderr).strip()[-300:].replace("\n", " "))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"rows": rows, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


def import_pandas() -> None:
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import sqlalchemy  # noqa: F401


def import_dlt() -> None:
    import connectorx  # noqa: F401
    import dlt.sources.sql_database  # noqa: F401
    import pyarrow.parquet  # noqa: F401


def import_nothing() -> None:
    """Sling is a program of its own."""


CASES: dict[str, tuple[Callable[[], None], Callable[[Path], dict[str, Any]]]] = {
    "out.pandas": (import_pandas, read_sql),
    "out.dlt": (import_dlt, dlt_out),
    "out.sling": (import_nothing, sling_out),
    "mariadb.pandas": (import_pandas, to_sql("mariadb")),
    "postgresql.pandas": (import_pandas, to_sql("postgresql")),
    "csv.dlt": (import_dlt, dlt_in),
    "csv.sling": (import_nothing, sling_in),
}
