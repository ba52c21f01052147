"""What do due dates and reports of a county cost? The quarter-hourly sweep, ``shuyuan status``, the monthly report.

A made-up county (``tests/county_ledger.py``): so many entries of 12 items, 60 departments, a year of ledger in the
embedded warehouse. Each way in a fresh process, as Airflow's task and the command do it; imports are shown apart
(``shuyuan status``: all in one). ``x`` is the CPU time as a multiple of the smallest county's, wall that of one run.
Figures are gathered and assessed; the site has a page an entry and a department; papers are the bulletin as .docx and
.xlsx, a notice and a form a department.

    python benchmarks/reporting.py --json found.json
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

sys.path.insert(0, str(measuring.ROOT / "tests"))

SIZES = (150, 500, 1500)
NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
MONDAY = NOW + timedelta(days=3)
COUNTY = "county"


def make(folder: Path, entries: int, days: int) -> dict[str, int]:
    """Write the county, and let the sweep and the board read it once."""
    from county_ledger import make_county

    project = make_county(folder, entries, days)
    sweep(project, NOW)
    tables = ("freshness", "runs", "rule_results")
    with _session(project) as session:
        return {name: int(session.query(f"SELECT count(*) AS n FROM ledger.{name}")[0]["n"]) for name in tables}


def open_county(folder: Path) -> Any:
    """Import what the sweep needs, and make sure that the file is not cold."""
    import shuyuan.freshness.sweeping
    import shuyuan.orchestration.upkeep  # noqa: F401
    from shuyuan.project import Project

    project = Project(folder)
    with _session(project) as session:
        session.execute("DELETE FROM ledger.freshness WHERE due_at > ?", [NOW.replace(tzinfo=None)])
    return project


def sweep(project: Any, now: datetime) -> dict[str, Any]:
    """One sweep, and what it wrote."""
    from shuyuan.orchestration.upkeep import sweep_freshness

    return {"missing": sweep_freshness(project, now)}


def sweep_after_an_edit(project: Any) -> dict[str, Any]:
    """One entry's YAML was saved since."""
    next(project.specs.glob("*/*_000.yaml")).touch()
    return sweep(project, NOW)


def sweep_after_a_shared_edit(project: Any) -> dict[str, Any]:
    """A department's file was saved since: everything is read again."""
    next(project.specs.glob("*/_department.yaml")).touch()
    return sweep(project, NOW)


def show_status(folder: Path) -> dict[str, Any]:
    """The whole command."""
    from shuyuan.cli import main

    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        main(["--project", str(folder), "status"])
    except SystemExit:
        sys.stdout.flush()
    os.dup2(out, 1)
    return {}


def forget_promises(folder: Path) -> Path:
    """The board has never been shown."""
    (folder / "var" / "promises.json").unlink()
    return folder


def open_report(folder: Path) -> Any:
    """Import what a report needs."""
    import shuyuan.reporting.writing  # noqa: F401
    from shuyuan.project import Project

    return Project(folder)


def make_figures(project: Any) -> dict[str, Any]:
    """Everything that is gathered and assessed, nothing shown."""
    from shuyuan.reporting.writing import prepare_month

    return {"entries": len(prepare_month(project, NOW)[0].standings.entries)}


def make_site(project: Any) -> dict[str, Any]:
    """The figures and the pages."""
    from shuyuan.reporting.report import make_report
    from shuyuan.reporting.site import build_site
    from shuyuan.reporting.writing import prepare_month

    made, frozen = prepare_month(project, NOW)
    report = make_report(made.evidence, made.standings, last=made.last, frozen=frozen)
    return {"files": build_site(report, project.var / "site")}


def make_all(project: Any) -> dict[str, Any]:
    """What ``shuyuan report`` does, without a PDF."""
    from shuyuan.reporting.writing import write

    written = write(project, NOW, pdf=False)
    return {"files": written.pages + len(written.documents)}


CASES: dict[str, tuple[Callable[[Path], Any], Callable[[Any], Any]]] = {
    "sweep, nothing to settle": (open_county, lambda project: sweep(project, NOW)),
    "sweep, a day that nobody delivered": (open_county, lambda project: sweep(project, MONDAY)),
    "sweep, one YAML edited": (open_county, sweep_after_an_edit),
    "sweep, a department's file edited": (open_county, sweep_after_a_shared_edit),
    "shuyuan status": (lambda folder: folder, show_status),
    "shuyuan status, the first time": (forget_promises, show_status),
    "figures": (open_report, make_figures),
    "figures and site": (open_report, make_site),
    "figures, site and papers": (open_report, make_all),
}


def timed(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same work, with its wall seconds in the answer."""

    def run(prepared: Any) -> dict[str, Any]:
        began = time.perf_counter()
        return work(prepared) | {"wall": time.perf_counter() - began}

    return run


def _session(project: Any) -> Any:
    from shuyuan.warehouses import open_warehouse

    return open_warehouse(project).session()


def _measure(size: int, days: int, repeats: int, only: list[str]) -> dict[str, measuring.Measurement]:
    folder = Path(tempfile.mkdtemp())
    try:
        places = ["--folder", str(folder), "--sizes", str(size), "--days", str(days)]
        made = measuring.measure(__file__, ["--case", COUNTY, *places], 1)
        return {COUNTY: made} | {
            case: measuring.measure(__file__, ["--case", case, *places], repeats) for case in CASES if case in only
        }
    finally:
        shutil.rmtree(folder)


def _line(size: int, case: str, run: measuring.Measurement, smallest: measuring.Measurement) -> list[str]:
    """One row of the table. A command that is all in one has its start-up in its CPU seconds."""
    files = run.answer.get("files")
    return [
        f"{size:,}",
        case,
        f"{run.cpu:.2f}",
        f"{run.cpu / smallest.cpu:.1f}",
        f"{1000 * run.cpu / size:.1f}",
        f"{run.answer['wall']:.2f}",
        f"{run.imports:.2f}",
        f"{run.peak_mb:.0f}",
        f"{files:,}" if files else "",
    ]


def main() -> None:
    """Measure every way for every size, or be one of the measured processes (``--case``)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=list(CASES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--case", choices=(*CASES, COUNTY))
    arguments = parser.parse_args()
    os.environ.pop("SHUYUAN_VAR", None)
    os.environ.pop("SHUYUAN_WAREHOUSE", None)
    if arguments.case == COUNTY:
        measuring.run_case(lambda: None, lambda _: make(arguments.folder, arguments.sizes[0], arguments.days))
        return
    if arguments.case:
        prepare, work = CASES[arguments.case]
        measuring.run_case(lambda: prepare(arguments.folder), timed(work))
        return
    found = {size: _measure(size, arguments.days, arguments.repeats, arguments.only) for size in arguments.sizes}
    smallest = found[min(found)]
    lines = [_line(size, case, found[size][case], smallest[case]) for case in arguments.only for size in found]
    for size, runs in found.items():
        counts = runs[COUNTY].answer
        print(f"{size:,} entries: {counts['freshness']:,} due dates, {counts['runs']:,} runs,", end=" ")
        print(f"{counts['rule_results']:,} results of rules")
    header = ["entries", "way", "CPU s", "x", "ms/entry", "wall s", "imports s", "peak MB", "files"]
    measuring.print_table(f"{arguments.days} days of ledger", header, lines)
    if arguments.json:
        measuring.save_json(arguments.json, {str(size): runs for size, runs in found.items()})


if __name__ == "__main__":
    main()
