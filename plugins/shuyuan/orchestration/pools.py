"""One pool a front-end machine: how many runs may be at it at once.

Pools live in Airflow's database, which neither DAG files nor tasks can reach, and a task whose pool does not
exist waits for ever. So the scheduler makes the pool itself, inside the very transaction in which a run of
the entry starts: before any of its tasks can ask for it, with the slots that the department's file says.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from shuyuan.catalog import Resource, load_resource
from shuyuan.orchestration.identity import entry_of_dag, pool_of
from shuyuan.orchestration.project_folder import project_of
from shuyuan.problems import EntryError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DEFAULT_SLOTS = 2
log = logging.getLogger(__name__)


def slots_of(resource: Resource) -> int:
    """The slots that the department gives the machine which this entry is fetched from."""
    front_end = resource.department.front_end
    return front_end.slots if front_end and front_end.connection == resource.entry.source.connection else DEFAULT_SLOTS


def upsert_pool(session: Session, name: str, slots: int, description: str) -> None:
    """Make the pool, or give it these slots. Commits nothing; two schedulers at once do no harm."""
    from airflow.models.pool import Pool
    from sqlalchemy import insert, select, update
    from sqlalchemy.dialects import postgresql

    known = session.execute(select(Pool.slots).where(Pool.pool == name)).scalar()
    if known == slots:
        return
    values = {"pool": name, "slots": slots, "description": description, "include_deferred": False}
    statement: Any
    if session.get_bind().dialect.name == "postgresql":
        statement = postgresql.insert(Pool).values(values).on_conflict_do_nothing()
    else:
        statement = insert(Pool).values(values)
        statement = statement.prefix_with("OR IGNORE", dialect="sqlite").prefix_with("IGNORE", dialect="mysql")
    session.execute(statement)
    session.execute(update(Pool).where(Pool.pool == name).values(slots=slots))


class PoolListener:
    """Airflow's scheduler calls this as a run starts."""

    def __init__(self, dags: Path) -> None:
        self.project = project_of(dags / "catalog.py")

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        """See to the pool of the entry whose run starts."""
        from sqlalchemy.orm import object_session

        entry_id, session = entry_of_dag(dag_run.dag_id), object_session(dag_run)
        if entry_id is None or session is None:
            return
        try:
            resource = load_resource(self.project, entry_id)
        except EntryError as error:
            log.warning("no pool for %s: %s", dag_run.dag_id, error)
            return
        connection = resource.entry.source.connection
        upsert_pool(session, pool_of(connection), slots_of(resource), resource.department.title)
