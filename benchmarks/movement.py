r"""In and out of servers: MariaDB → Parquet, Parquet → MariaDB and PostgreSQL, GB18030 CSV → published, merges.

Real servers on loopback, the same ten columns for all, each way in a fresh process, the ways of one question by turns.
``ours`` is the product (``sources.database``, ``warehouses``, the whole pipeline with every check on). Peers do the
least that gives the same rows: ``pandas`` (``read_sql``, ``to_sql``), and ``dlt`` and ``sling`` from an environment of
their own (``--peers`` or ``SHUYUAN_PEERS``; "not installed" without it), with nothing checked. Imports are shown apart;
``× wall`` and ``× CPU`` are the peer's cost by ours.

    uv venv peers && uv pip install --python peers/bin/python 'dlt[sqlalchemy,sql_database]==1.31.0' 'sqlalchemy<2.1' \
        connectorx==0.4.6 pymysql pandas pyarrow sling-linux-amd64==1.4.11
    python benchmarks/movement.py --rows 1000000 --peers peers
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring
import movement_ours
import movement_peers

CASES: dict[str, tuple[Callable[[], Any], Callable[[Path], Any]]] = {**movement_ours.CASES, **movement_peers.CASES}
QUESTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "out": ("MariaDB → Parquet", ("out.ours", "out.pandas", "out.dlt", "out.sling")),
    "mariadb": ("Parquet → MariaDB, published", ("mariadb.ours", "mariadb.pandas")),
    "postgresql": ("Parquet → PostgreSQL, published", ("postgresql.ours", "postgresql.pandas")),
    "csv": ("GB18030 CSV → MariaDB, published", ("csv.ours", "csv.dlt", "csv.sling")),
    "merge": ("a merge with 1 % changed, while a reader polls", ("merge.mariadb", "merge.postgresql")),
}


def main() -> None:
    """Measure what is asked for and print a table a question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--ours", action="store_true", help="no peers: how memory grows with the rows")
    parser.add_argument("--peers", type=Path, default=Path(os.environ.get("SHUYUAN_PEERS") or "peers"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        run_case(arguments.case, arguments.folder)
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="movement-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)
        prepare(stack, folder, arguments.rows)
        found = {name: ask(folder, name, arguments) for name in arguments.only}
    if arguments.json:
        measuring.save_json(arguments.json, {"rows": arguments.rows, "found": found})


def run_case(case: str, folder: Path) -> None:
    """In the child: one way, in a folder of its own; the answer has the wall seconds of the work."""
    imports, work = CASES[case]

    def timed(_: Any) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as place:
            for name in ("facts.json", "batch.parquet", "changed.parquet", "people.csv"):
                if (folder / name).exists():
                    (Path(place) / name).hardlink_to(folder / name)
            began = time.monotonic()
            told = work(Path(place))
            return {"seconds": time.monotonic() - began, **told}

    measuring.run_case(imports, timed)


def prepare(stack: ExitStack, folder: Path, rows: int) -> None:
    """Start the servers, write the files and fill the department's table.

    The files are written by another process: a child's peak memory begins with what its parent holds.
    """
    sys.path.insert(0, str(measuring.ROOT / "plugins"))
    from shuyuan.demonstration.database_servers import database_server, missing_package

    urls = {}
    for kind in ("mariadb", "postgresql"):
        if missing_package(kind) is None:
            urls[kind] = stack.enter_context(database_server(kind, folder / kind)).url
    (folder / "facts.json").write_text(json.dumps({"rows": rows, "urls": urls}))
    environment = {**os.environ, "PYTHONPATH": str(measuring.ROOT / "plugins")}
    subprocess.run([sys.executable, movement_ours.__file__, str(folder)], check=True, env=environment)


def ask(folder: Path, question: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure the ways of one question by turns, print the table, return the medians."""
    title, cases = QUESTIONS[question]
    cases = tuple(case for case in cases if not arguments.ours or case.endswith((".ours", ".mariadb", ".postgresql")))
    runs: dict[str, list[measuring.Measurement]] = {case: [] for case in cases}
    reasons: dict[str, str] = {}
    for _ in range(arguments.repeats):
        for case in cases:
            if case in reasons:
                continue
            python = sys.executable
            if case.endswith((".dlt", ".sling")):
                python = str(arguments.peers / "bin" / "python")
                if not movement_peers.installed(python, case.rpartition(".")[2]):
                    reasons[case] = "not installed"
                    continue
            try:
                runs[case].append(measuring.measure(__file__, ["--case", case, "--folder", str(folder)], 1, python))
            except RuntimeError as error:
                reasons[case] = f"failed: {str(error).strip().splitlines()[-1][:120]}"
    found = {case: medians(measured) for case, measured in runs.items() if measured}
    rows = json.loads((folder / "facts.json").read_text())["rows"]
    print_question(f"{title}, {rows:,} rows × 10 columns", found, reasons, cases)
    return found


def medians(runs: list[measuring.Measurement]) -> dict[str, Any]:
    """Medians of wall and CPU seconds, peak memory, and the last run's other answers."""
    answer = {name: value for name, value in runs[-1].answer.items() if name not in ("seconds", "cpu", "peak_mb")}
    scale = answer.pop("measured_part", 1.0)  # a peer that is too slow does a part, and its time is extrapolated
    wall = statistics.median(run.answer["seconds"] for run in runs) / scale
    cpu = statistics.median(run.answer.get("cpu", run.cpu) for run in runs) / scale
    peak = statistics.median(run.answer.get("peak_mb", run.peak_mb) for run in runs)
    imports = statistics.median(run.imports for run in runs)
    note = f"{scale:.0%} measured, time extrapolated" if scale < 1 else ""
    return {"wall": wall, "cpu": cpu, "imports": imports, "peak_mb": peak, "note": note, **answer}


def print_question(title: str, found: dict[str, Any], reasons: dict[str, str], cases: tuple[str, ...]) -> None:
    """One table: cost, and how many times ours it is."""
    ours = found.get(cases[0]) if cases[0].endswith(".ours") else None
    lines = []
    for case in cases:
        if case in reasons:
            lines.append([case, "", "", "", "", "", "", reasons[case]])
            continue
        one = found[case]
        ratios = [f"{one[name] / ours[name]:.1f}" if ours else "" for name in ("wall", "cpu")]
        said = ", ".join(
            f"{name} {value}" if name != "note" else str(value)
            for name, value in one.items()
            if name not in ("wall", "cpu", "imports", "peak_mb") and value
        )
        cost = [f"{one['wall']:.1f}", f"{one['cpu']:.2f}", f"{one['imports']:.2f}", f"{one['peak_mb']:.0f}"]
        lines.append([case, *cost, *ratios, said])
    header = ["", "wall s", "CPU s", "imports", "peak MB", "× wall", "× CPU", ""]
    measuring.print_table(title, header, lines)


if __name__ == "__main__":
    main()
