"""What the product does with one entry: fetch, read, check, load, record.

Plain functions over ``Job``; ``orchestration`` runs them as Airflow tasks, ``shuyuan run`` in one process.
"""

from shuyuan.pipeline.job import Job, utc_now
from shuyuan.pipeline.recording import note_freshness, record
from shuyuan.pipeline.sequence import Step, run
from shuyuan.pipeline.stages import Fetched, check, fetch, load, read

__all__ = ["Fetched", "Job", "Step", "check", "fetch", "load", "note_freshness", "read", "record", "run", "utc_now"]
