"""``make bench``: every benchmark in turn, and ``RESULTS.md`` out of what they print.

python benchmarks/run.py [--quick]
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUESTIONS = (
    ("1 · Validate", "validate.py", ("--rows", "1000000"), ("--rows", "5000000")),
    ("2 · Governance for free", "governance.py", ("--rows", "1000000"), ("--rows", "5000000")),
    ("3 · DAG processor", "dag_processing.py", ()),
    ("4 · The platform's own cost", "platform_cost.py", ()),
    ("5 · Check digits", "identifiers.py", ("--rows", "1000000")),
    ("6 · Reconcile", "reconcile.py", ("--rows", "1000000", "--sources", "5000000")),
    (
        "7 · In and out of servers",
        "movement.py",
        ("--rows", "1000000"),
        ("--rows", "5000000", "--ours", "--repeats", "1", "--only", "out", "mariadb", "postgresql"),
    ),
    ("8 · Freshness and reports", "reporting.py", ()),
    ("9 · Checks", "checks.py", ()),
)
QUICK = {
    "validate.py": (("--rows", "100000", "--repeats", "1"),),
    "governance.py": (("--rows", "100000", "--repeats", "1"),),
    "dag_processing.py": (("--sizes", "100", "--repeats", "1"),),
    "platform_cost.py": (("--runs", "2"),),
    "identifiers.py": (("--rows", "100000", "--repeats", "1"),),
    "reconcile.py": (("--rows", "50000", "--sources", "200000", "--repeats", "1"),),
    "movement.py": (("--rows", "20000", "--repeats", "1"),),
    "reporting.py": (("--sizes", "100", "--days", "60", "--repeats", "1"),),
    "checks.py": (("--rows", "50000", "--cases", "500", "--repeats", "1"),),
}
PACKAGES = ("apache-airflow", "great-expectations", "duckdb", "pandas", "pyarrow")


def describe_machine() -> str:
    """Processor, cores, Python and the packages' versions."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def main() -> None:
    """Run all benchmarks; a failing one is written down as such."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one repeat, nothing written")
    arguments = parser.parse_args()
    parts = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Ratios carry over to other machines; absolute times do not. CPU is user + system of",
        "a fresh process, medians; imports are shown apart. What the ways are stands at the head of each script.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d} · {describe_machine()}",
    ]
    for title, script, *variants in QUESTIONS:
        doc = ast.get_docstring(ast.parse((HERE / script).read_text(encoding="utf-8"))) or ""
        parts += ["", f"## {title}", "", doc.split("\n\n")[0].replace("\n", " ")]
        for options in QUICK[script] if arguments.quick else variants:
            command = [sys.executable, str(HERE / script), *options]
            print("$ python", f"benchmarks/{script}", *options, flush=True)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            shown = done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr.strip().splitlines()[-1]}"
            print(shown, flush=True)
            parts += ["", "```", shown, "```"]
    if not arguments.quick:
        (HERE / "RESULTS.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
