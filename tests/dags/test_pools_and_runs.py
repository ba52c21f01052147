"""The pool of a front-end machine, the data date and the job of a DAG run."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from airflow.models.pool import Pool
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from shuyuan.catalog import load_resource
from shuyuan.orchestration.pools import PoolListener, slots_of, upsert_pool
from shuyuan.orchestration.tasks import open_job, planned_data_date
from shuyuan.workdays import LOCAL

FILES, TABLES = "civil_affairs.low_income_households", "traffic_police.published"


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Pool.metadata.create_all(engine, tables=[Pool.__table__])
    with Session(engine) as opened:
        yield opened


def pools(session):
    return {pool.pool: pool.slots for pool in session.scalars(select(Pool))}


def dag_run(**facts):
    return SimpleNamespace(
        **{
            "dag_id": f"catalog.{FILES}",
            "run_id": "manual__1",
            "run_type": "manual",
            "start_date": datetime(2026, 11, 20, 1, tzinfo=UTC),
            "run_after": datetime(2026, 11, 20, 0, tzinfo=UTC),
            "data_interval_start": None,
        }
        | facts
    )


def test_a_pool_is_made_once_and_follows_the_departments_file(session):
    for slots in (3, 3, 5):
        upsert_pool(session, "frontend_x", slots, "民政局")
        assert pools(session) == {"frontend_x": slots}


def test_slots_are_the_departments_for_its_own_machine_only(project):
    assert slots_of(load_resource(project, FILES)) == 3
    assert slots_of(load_resource(project, TABLES)) == 2


def test_a_starting_run_finds_its_pool(project, session, monkeypatch):
    monkeypatch.setattr("sqlalchemy.orm.object_session", lambda _: session)
    PoolListener(project.root / "dags").on_dag_run_running(dag_run(), "started")
    assert pools(session) == {"frontend_civil_affairs_frontend": 3}


@pytest.mark.parametrize("name", ["operations.nightly", "catalog.traffic_police.gone"])
def test_other_runs_make_no_pool_and_no_noise(project, session, monkeypatch, name):
    monkeypatch.setattr("sqlalchemy.orm.object_session", lambda _: session)
    PoolListener(project.root / "dags").on_dag_run_running(dag_run(dag_id=name), "started")
    assert pools(session) == {}


def test_the_data_date_is_that_of_the_period_not_of_the_day_of_the_run(project):
    path = project.specs / "traffic_police" / "published.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('cycle: "daily"', 'cycle: "monthly"\n  day: 31'), encoding="utf-8")
    resource = load_resource(project, TABLES)
    period = datetime(2024, 8, 1, tzinfo=LOCAL).astimezone(UTC)
    moved = dag_run(data_interval_start=period, run_after=datetime(2024, 9, 2, 0, tzinfo=UTC))
    assert planned_data_date(resource, moved) == date(2024, 8, 1)
    assert planned_data_date(resource, dag_run()) == date(2026, 11, 1)


def test_a_run_has_a_folder_of_its_own_whatever_its_id(project):
    jobs = [
        open_job(project, TABLES, dag_run(run_id=run_id), "2026-11-20") for run_id in ("a/b", "a:b", "../..", "a-b")
    ]
    assert len({job.workdir for job in jobs}) == len({job.run_id for job in jobs}) == 4
    assert {job.workdir.parent for job in jobs} == {project.runs / TABLES}
    assert {job.workdir.stat().st_mode & 0o777 for job in jobs} == {0o700}
    assert jobs[0].data_date == date(2026, 11, 20)
    assert jobs[0].started_at == datetime(2026, 11, 20, 1)
