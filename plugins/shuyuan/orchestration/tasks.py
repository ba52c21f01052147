"""取数 → 校验 → 入库, and 记录: the four operators of an entry's DAG.

An operator's arguments are the entry's id and the digest of its effective spec, so that an edited spec makes
a new DAG version. Nothing of an entry is ever a Jinja template: ``render_template_fields`` is replaced by
putting the resolved entry, as data, where Airflow's *Rendered Template* page shows it. XCom holds counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import Asset, BaseHook, BaseOperator
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException, DownstreamTasksSkipped

from shuyuan.catalog import Resource, load_resource
from shuyuan.orchestration.boundary import coded
from shuyuan.orchestration.identity import PUBLICATIONS, asset_uri, ledger_run_id
from shuyuan.orchestration.project_folder import project_of
from shuyuan.orchestration.schedule import data_date_of, is_promised
from shuyuan.problems import NotYetDelivered, PassingError, PlatformError
from shuyuan.project import Project
from shuyuan.workdays import local_day, period_start

if TYPE_CHECKING:
    from shuyuan.pipeline import Job
    from shuyuan.sources.connections import Connection

RUNNING = ("confirmed", "published")
NOTHING_THERE = "D101"
RAREST = timedelta(minutes=15)


class EntryOperator(BaseOperator):
    """One stage of one entry. Subclasses say what the stage is in ``perform``."""

    template_fields: Sequence[str] = ("entry_id", "spec_digest", "spec")
    template_fields_renderers: ClassVar[dict[str, str]] = {"spec": "json"}
    ui_color = "#f0f4f8"

    def __init__(self, *, entry_id: str, spec_digest: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.spec_digest = spec_digest
        self.spec: dict[str, Any] | None = None

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Show the resolved entry; evaluate nothing."""
        with coded():
            resource = load_resource(self.project(), self.entry_id)
        self.spec = resource.entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def project(self) -> Project:
        """The project that the DAG file lies in, unless ``SHUYUAN_PROJECT`` names another."""
        return project_of(Path(self.dag.fileloc))

    def execute(self, context: Any) -> Any:
        """Open the run and perform the stage inside the border of ``coded``."""
        with coded():
            job = open_job(self.project(), self.entry_id, context["dag_run"], context["params"].get("data_date"))
        try:
            with coded(job.workdir):
                if job.resource.entry.status not in RUNNING:
                    with job.told(self.task_id), job.explained():
                        raise PlatformError("P412", entry=self.entry_id, status=job.resource.entry.status)
                return self.perform(job, context)
        finally:
            job.leave()

    def perform(self, job: Job, context: Any) -> Any:
        """Do the stage's work and return its counts."""
        raise NotImplementedError


class FetchOperator(EntryOperator):
    """取数: wait for the delivery, bring it in, read it into typed rows."""

    def perform(self, job: Job, context: Any) -> dict[str, Any]:
        """Fetch and read. What is not there yet is looked for again later, holding no worker meanwhile."""
        from shuyuan import pipeline

        try:
            fetched = pipeline.fetch(job)
        except NotYetDelivered as missing:
            self.look_again(job, context, missing)
            raise
        found: dict[str, Any] = {
            "data_date": str(job.data_date),
            "sha256": fetched.delivery.sha256,
            "files": len(fetched.delivery.files),
            "unchanged": fetched.unchanged,
        }
        if fetched.unchanged:
            skip(context, found, "check", "load")
        batch = pipeline.read(job)
        return found | {"rows": batch.rows, "defects": batch.defects, "workdir": job.place}

    def look_again(self, job: Job, context: Any, missing: NotYetDelivered) -> None:
        """Reschedule while the entry's ``wait`` lasts; after that return, and the problem is final."""
        update = job.resource.entry.update
        if not is_promised(update.cycle) and missing.problem.code == NOTHING_THERE:
            skip(context, {"data_date": str(job.data_date), "arrived": False}, "check", "load", "record")
        now, started = datetime.now(UTC), job.started_at.replace(tzinfo=UTC)
        later = now + pause_before_next_look(missing, now - started)
        if later <= started + update.wait:
            raise AirflowRescheduleException(later)


def pause_before_next_look(missing: NotYetDelivered, waited: timedelta) -> timedelta:
    """How long to leave the front-end machine alone.

    A delivery that is just arriving is looked at again as soon as the source asks. Where nothing is there yet,
    looks grow rarer, a tenth of the time waited so far up to a quarter of an hour: a thousand entries that wait
    all night must not keep the machine busy.
    """
    asked = timedelta(seconds=max(1.0, float(missing.problem.facts.get("retry_after", 60))))
    return max(asked, min(waited / 10, RAREST)) if missing.problem.code == NOTHING_THERE else asked


class CheckOperator(EntryOperator):
    """校验: judge the rows; a blocked delivery fails here, finally."""

    def perform(self, job: Job, context: Any) -> dict[str, Any]:
        """Run the entry's rules."""
        from shuyuan import pipeline

        verdict = pipeline.check(job)
        return {
            "delivered": verdict.delivered,
            "accepted": verdict.accepted,
            "rejected": verdict.rejected,
            "score": verdict.score,
        }


class LoadOperator(EntryOperator):
    """入库: publish in one transaction, and tell those who wait on the entry's asset or on any publication."""

    def perform(self, job: Job, context: Any) -> dict[str, Any]:
        """Publish; the same content again publishes nothing and wakes nobody."""
        from shuyuan import pipeline
        from shuyuan.stages import Verdict

        published = pipeline.load(job)
        if not published.changed:
            raise AirflowSkipException
        told = {
            "rows": published.rows,
            "score": Verdict.read(job.workdir).score,
            "data_date": str(published.data_date),
            "load_no": published.load_no,
        }
        context["outlet_events"][entry_asset(self.entry_id)].extra.update(told)
        context["outlet_events"][publications_asset()].extra.update({"entry": self.entry_id} | told)
        return told | {"added": published.added, "updated": published.updated, "removed": published.removed}


class RecordOperator(EntryOperator):
    """记录: the ledger's line, whatever happened. A teardown, so that it never turns a failed run green."""

    def execute(self, context: Any) -> str:
        """Write what the run's directory tells."""
        from shuyuan import pipeline

        with coded():
            job = open_job(self.project(), self.entry_id, context["dag_run"], context["params"].get("data_date"))
            try:
                return pipeline.record(job)
            finally:
                job.leave()


def skip(context: Any, found: dict[str, Any], *tasks: str) -> None:
    """End well with nothing to do for ``tasks``; they cost no process."""
    context["ti"].xcom_push(key="return_value", value=found)
    raise DownstreamTasksSkipped(tasks=list(tasks))


def entry_asset(entry_id: str) -> Asset:
    """The asset that an entry's publication updates; whoever needs that entry waits on it."""
    return Asset(name=entry_id, uri=asset_uri(entry_id), group="share")


def publications_asset() -> Asset:
    """The asset that every publication updates: who waits on it need not name the catalog's entries."""
    return Asset(name=PUBLICATIONS, uri=f"share://{PUBLICATIONS}/", group="share")


def open_job(project: Project, entry_id: str, dag_run: Any, data_date: str | None) -> Job:
    """Open (or find again) the job of a DAG run. Raises ``EntryError`` when the entry cannot be used."""
    from shuyuan.pipeline import Job

    resource = load_resource(project, entry_id)
    started = dag_run.start_date or dag_run.run_after
    return Job.open(
        project,
        resource,
        date.fromisoformat(data_date) if data_date else planned_data_date(resource, dag_run),
        ledger_run_id(entry_id, dag_run.run_id),
        airflow_connection,
        trigger="manual" if dag_run.run_type == "manual" else "schedule",
        started_at=started.astimezone(UTC).replace(tzinfo=None),
    )


def planned_data_date(resource: Resource, dag_run: Any) -> date:
    """The data date of a run that was given none: that of its period."""
    update = resource.entry.update
    day = local_day(dag_run.data_interval_start or dag_run.run_after)
    return data_date_of(update, period_start(update.cycle, day))


def airflow_connection(conn_id: str) -> Connection:
    """One of Airflow's connections in our words.

    Raises:
        PlatformError: P108, there is none.
        PassingError: P416, Airflow's server does not answer just now.
    """
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    from shuyuan.sources.connections import Connection

    read: Callable[[str], Any] = BaseHook.get_connection
    try:
        known = read(conn_id)
    except AirflowNotFoundException:
        raise PlatformError("P108", connection=conn_id) from None
    except AirflowRuntimeError:
        raise PassingError("P416", connection=conn_id) from None
    return Connection(
        conn_id,
        (known.conn_type or "").lower().replace("-", "_"),
        known.host,
        known.port,
        known.login,
        known.password,
        known.schema,
        known.extra_dejson,
    )
