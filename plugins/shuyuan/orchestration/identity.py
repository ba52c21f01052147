"""Names that derive from an entry's (or check's) id: its DAG, asset, pool and run directory. All pure functions."""

from __future__ import annotations

import re
import zlib

DAG_PREFIX = "catalog."
CHECK_PREFIX = "check."
RECONCILE_DAG = "operations.reconcile"
NIGHTLY_DAG = "operations.nightly"
MONTHLY_DAG = "operations.monthly"
FRESHNESS_DAG = "operations.freshness"
PUBLICATIONS = "publications"
"""The asset that every publication of every entry updates, beside the entry's own."""
_SAFE = re.compile(r"[^A-Za-z0-9._-]")
_ENTRY = re.compile(r"[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}")


def dag_id(entry_id: str) -> str:
    """``civil_affairs.low_income`` → ``catalog.civil_affairs.low_income``."""
    return DAG_PREFIX + entry_id


def entry_of_dag(name: str) -> str | None:
    """The entry id of a catalog DAG, or ``None`` when the DAG is not one of the catalog's."""
    entry_id = name.removeprefix(DAG_PREFIX)
    return entry_id if name.startswith(DAG_PREFIX) and _ENTRY.fullmatch(entry_id) else None


def check_dag_id(check_id: str) -> str:
    """``low_income`` → ``check.low_income``."""
    return CHECK_PREFIX + check_id


def check_of_dag(name: str) -> str | None:
    """The id of a check's DAG, or ``None`` when the DAG is none of a check."""
    return name.removeprefix(CHECK_PREFIX) if name.startswith(CHECK_PREFIX) else None


def asset_uri(entry_id: str) -> str:
    """``civil_affairs.low_income`` → ``share://civil_affairs/low_income``."""
    return "share://" + entry_id.replace(".", "/", 1)


def pool_of(connection: str) -> str:
    """The pool that limits how many runs use one front-end machine (or database) at once."""
    return f"frontend_{connection}"


def run_key(dag_run_id: str) -> str:
    """A path-safe name of a DAG run, different for different runs.

    Whatever Airflow or a person put into the run id (``+``, ``:``, ``/``, Chinese), the key is one path
    segment of ASCII; a checksum keeps two ids apart that would otherwise become the same name.
    """
    safe = _SAFE.sub("-", dag_run_id).strip(".")[:60]
    return safe if safe == dag_run_id else f"{safe}.{zlib.crc32(dag_run_id.encode()):08x}"


def ledger_run_id(entry_id: str, dag_run_id: str) -> str:
    """The run's id in the ledger, where two entries' runs of one minute must not share one."""
    return f"{entry_id}.{run_key(dag_run_id)}"


def spread(entry_id: str, width: int) -> int:
    """A stable number in ``0 … width-1`` for an entry, the same in every process and on every machine."""
    return zlib.crc32(entry_id.encode()) % width
