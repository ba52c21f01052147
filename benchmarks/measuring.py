"""One way to measure for all benchmark scripts: each case in a fresh process, CPU seconds, medians.

Wall time on a shared machine swings by a factor of three, CPU seconds (user + system, all threads) by a tenth,
so that is what is compared. A script calls ``run_case`` once as a child (with ``--case``) and ``measure`` as the
parent::

    if arguments.case:
        measuring.run_case(lambda: prepare(arguments), lambda prepared: CASES[arguments.case](prepared))
    else:
        runs = measuring.measure(__file__, ["--case", "ours", "--rows", "1000000"], repeats=3)
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measurement:
    """Medians over the repeats: CPU seconds of imports and of the work, peak memory in MB; ``answer`` of one run."""

    imports: float
    cpu: float
    peak_mb: float
    answer: Any


def run_case(imports: Callable[[], Any], work: Callable[[Any], Any]) -> None:
    """In the child: run ``imports`` and then ``work`` on what it gave, and print what both cost as one JSON line."""
    start = _cpu()
    prepared = imports()
    ready = _cpu()
    answer = work(prepared)
    done = _cpu()
    line = {"imports": ready - start, "cpu": done - ready, "peak_mb": _peak_mb(), "answer": answer}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def measure(script: str, arguments: Sequence[str], repeats: int = 3, python: str = sys.executable) -> Measurement:
    """In the parent: run the script afresh ``repeats`` times and return the medians.

    Raises:
        RuntimeError: a child failed; its error output is the message.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins"), "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    runs = []
    for _ in range(repeats):
        command = [python, script, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed\n{done.stderr[-4000:]}")
        runs.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return Measurement(
        imports=statistics.median(run["imports"] for run in runs),
        cpu=statistics.median(run["cpu"] for run in runs),
        peak_mb=statistics.median(run["peak_mb"] for run in runs),
        answer=runs[0]["answer"],
    )


def print_table(title: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print aligned columns, the first to the left, the others to the right."""
    widths = [max(len(line[place]) for line in [header, *lines]) for place in range(len(header))]
    print(f"\n{title}")
    for line in [header, ["-" * width for width in widths], *lines]:
        cells = [
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def save_json(path: Path, found: dict[str, Any]) -> None:
    """Write measurements (dataclasses allowed) as JSON."""
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1, default=asdict), encoding="utf-8")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
