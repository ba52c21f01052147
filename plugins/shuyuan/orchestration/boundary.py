"""The border between our problems and Airflow's exceptions, and what a failed task leaves for the record.

Every exception that leaves a task is one that Airflow acts on rightly (again, never again, later), says
one coded sentence, and carries neither a chain of causes nor a value of a delivery.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRuntimeError

from shuyuan import problems
from shuyuan.problems import PlatformError, ShuyuanError

_LEFT = "problem.json"
_KINDS = ("EntryError", "DeliveryError", "NotYetDelivered", "PlatformError", "PassingError")


@contextmanager
def coded(workdir: Path | None = None) -> Iterator[None]:
    """Turn whatever goes wrong inside into Airflow's own exceptions.

    A passing problem becomes ``AirflowException`` (retried), everything else ``AirflowFailException``
    (never retried: the same file or the same bug fails again). With ``workdir`` the problem is left
    there for the record. Airflow's own exceptions (skip, reschedule, its API not answering) pass.
    """
    try:
        yield
    except (AirflowException, AirflowRuntimeError):
        raise
    except ShuyuanError as error:
        known = error
    except Exception as error:
        known = PlatformError("P401", kind=type(error).__name__, place=_our_place(error))
    else:
        return
    if workdir is not None:
        leave_problem(workdir, known)
    raise (AirflowException if known.passing else AirflowFailException)(str(known)) from None


def leave_problem(workdir: Path, error: ShuyuanError) -> None:
    """Write the problem that ended a task into the run directory."""
    kind = next(name for name in reversed(_KINDS) if isinstance(error, getattr(problems, name)))
    facts = {name: fact if isinstance(fact, int | float) else str(fact) for name, fact in error.problem.facts.items()}
    left = {"kind": kind, "code": error.problem.code, "facts": facts, "state": error.state}
    (workdir / _LEFT).write_text(json.dumps(left, ensure_ascii=False), encoding="utf-8")


def forget_problem(workdir: Path) -> None:
    """A task that starts again starts clean."""
    (workdir / _LEFT).unlink(missing_ok=True)


def left_problem(workdir: Path) -> ShuyuanError | None:
    """The problem that ended the run, if a task left one."""
    path = workdir / _LEFT
    if not path.exists():
        return None
    left = json.loads(path.read_text(encoding="utf-8"))
    error: ShuyuanError = getattr(problems, left["kind"])(left["code"], **left["facts"])
    error.state = left["state"]
    return error


def _our_place(error: Exception) -> str:
    """The innermost line of our own code on the way to ``error``: module and line, no values."""
    ours = [
        f"{Path(frame.filename).stem}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "shuyuan" in Path(frame.filename).parts
    ]
    return ours[-1] if ours else "?"
