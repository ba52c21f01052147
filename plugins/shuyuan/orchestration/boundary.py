"""The border between our problems and Airflow's exceptions.

Every exception that leaves a task is one that Airflow acts on rightly (again, never again, later), says
one coded sentence, and carries neither a chain of causes nor a value of a delivery.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRuntimeError

from shuyuan.problems import ShuyuanError


@contextmanager
def coded(workdir: Path | None = None) -> Iterator[None]:
    """Turn whatever goes wrong inside into Airflow's own exceptions.

    A passing problem becomes ``AirflowException`` (retried), everything else ``AirflowFailException``
    (never retried: the same file or the same bug fails again). With ``workdir`` a problem that no stage has
    written there is written for the record. Airflow's own exceptions (skip, reschedule, its API not
    answering) pass.
    """
    try:
        yield
    except (AirflowException, AirflowRuntimeError):
        raise
    except Exception as caught:
        from shuyuan.pipeline.job import fault_of, foreign
        from shuyuan.stages import Fault

        error = caught if isinstance(caught, ShuyuanError) else foreign(caught)
        if workdir is not None and Fault.find(workdir) is None:
            fault_of(error).save(workdir)
        raise (AirflowException if error.passing else AirflowFailException)(str(error)) from None
