"""What does a catalog cost Airflow's DAG processor, and what does one task pay to find its own entry?

``load`` is reading the YAML and building the DAGs, ``serialize`` is Airflow's own part, shown apart. Ours builds a
DAG of five tasks from a checked entry of eleven items; the peers build five empty tasks from their YAML:
dag-factory (generic YAML → operators) and airflow-blueprint (YAML → a typed template). They live in an environment
of their own (``benchmarks/requirements.txt``). ``task`` is one task's parse of its own entry.

    python benchmarks/dag_processing.py --json found.json
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

ROOT = measuring.ROOT
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
TEMPLATE = ROOT / "include" / "catalog_specs" / "traffic_police" / "vehicles.yaml"
SIZES = (100, 500, 1500, 5000)
DAG_FACTORY = """\
entry_{n}:
  default_args: {{owner: bench, start_date: 2026-01-01}}
  schedule: "30 8 * * *"
  catchup: false
  doc_md: 机动车登记信息 {n}
  tasks:
    - {{task_id: fetch, operator: airflow.providers.standard.operators.empty.EmptyOperator}}
    - {{task_id: check, operator: airflow.providers.standard.operators.empty.EmptyOperator, dependencies: [fetch]}}
    - {{task_id: load, operator: airflow.providers.standard.operators.empty.EmptyOperator, dependencies: [check]}}
    - {{task_id: done, operator: airflow.providers.standard.operators.empty.EmptyOperator, dependencies: [load]}}
    - {{task_id: record, operator: airflow.providers.standard.operators.empty.EmptyOperator, dependencies: [load]}}
"""
BLUEPRINT = """\
dag_id: entry_{n}
schedule: "30 8 * * *"
steps:
  exchange:
    blueprint: exchange
    title: 机动车登记信息 {n}
"""
BLUEPRINT_TEMPLATE = """\
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TaskGroup
from blueprint import BaseModel, Blueprint


class ExchangeConfig(BaseModel):
    title: str


class Exchange(Blueprint[ExchangeConfig]):
    def render(self, config: ExchangeConfig) -> TaskGroup:
        with TaskGroup(group_id=self.step_id) as group:
            fetch, check, load, done, record = (
                EmptyOperator(task_id=name) for name in ("fetch", "check", "load", "done", "record")
            )
            fetch >> check >> load >> [done, record]
        return group
"""


def write_ours(folder: Path, count: int) -> None:
    """A project with ``count`` copies of one published entry, fifty to a department."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name in ("elements", "code_tables"):
        shutil.copytree(ROOT / "include" / name, folder / "include" / name)
    shutil.copytree(ROOT / "expectations", folder / "expectations")
    specs = folder / "include" / "catalog_specs"
    for number in range(count):
        department = specs / f"department_{number // 50}"
        if not department.is_dir():
            shutil.copytree(TEMPLATE.parent, department)
            (department / TEMPLATE.name).unlink()
        renamed = text.replace("id: traffic_police.vehicles", f"id: {department.name}.entry_{number}")
        (department / f"entry_{number}.yaml").write_text(renamed, encoding="utf-8")
    shutil.copy(ROOT / "include" / "catalog_specs" / "_defaults.yaml", specs)
    shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))


def write_dag_factory(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"entry_{number}.yml").write_text(DAG_FACTORY.format(n=number), encoding="utf-8")


def write_blueprint(folder: Path, count: int) -> None:
    (folder / "exchange.py").write_text(BLUEPRINT_TEMPLATE, encoding="utf-8")
    for number in range(count):
        (folder / f"entry_{number}.dag.yaml").write_text(BLUEPRINT.format(n=number), encoding="utf-8")


def load_ours(folder: Path) -> list[Any]:
    from shuyuan.orchestration.registering import register_dags

    namespace: dict[str, Any] = {}
    register_dags(str(folder / "dags" / "catalog.py"), namespace)
    return list(namespace.values())


def load_dag_factory(folder: Path) -> list[Any]:
    from dagfactory import load_yaml_dags

    namespace: dict[str, Any] = {}
    load_yaml_dags(globals_dict=namespace, dags_folder=str(folder))
    return list(namespace.values())


def load_blueprint(folder: Path) -> list[Any]:
    from blueprint import build_all_airflow_dags

    return build_all_airflow_dags(search_path=folder, register_globals={})


def import_common() -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator  # noqa: F401
    from airflow.serialization.serialized_objects import DagSerialization  # noqa: F401


CASES: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], list[Any]], str]] = {
    "shuyuan": (write_ours, load_ours, "shuyuan.orchestration.registering"),
    "dag-factory": (write_dag_factory, load_dag_factory, "dagfactory"),
    "airflow-blueprint": (write_blueprint, load_blueprint, "blueprint"),
}


def run_child(case: str, folder: Path) -> None:
    """Load all DAGs and serialize them; the answer holds both costs in CPU seconds."""
    _, load, module = CASES[case]

    def work(_: Any) -> dict[str, float]:
        from airflow.serialization.serialized_objects import DagSerialization

        began = time.process_time()
        dags = load(folder)
        loaded = time.process_time()
        for dag in dags:
            DagSerialization.to_dict(dag)
        return {"dags": len(dags), "load": loaded - began, "serialize": time.process_time() - loaded}

    measuring.run_case(lambda: (import_common(), __import__(module)), work)


def run_task_child(folder: Path) -> None:
    """What a task pays: the parse of its own DAG, in a process that has Airflow imported."""
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = "catalog.department_0.entry_7"

    def work(_: Any) -> dict[str, float]:
        began = time.perf_counter()
        found = load_ours(folder)
        return {"dags": len(found), "wall": time.perf_counter() - began}

    measuring.run_case(lambda: (import_common(), __import__("shuyuan.orchestration.registering")), work)


def prepare_peers() -> bool:
    """Make the peers' environment; without the package index they are left out, and the table says so."""
    if not PEERS_PYTHON.exists():
        uv = Path(sys.executable).parent / "uv"
        try:
            subprocess.run([sys.executable, "-m", "venv", PEERS_PYTHON.parent.parent], check=True)
            options = ["--quiet", "--python", PEERS_PYTHON, "--require-hashes", "--compile-bytecode"]
            locked = ROOT / "benchmarks" / "requirements.txt"
            subprocess.run([uv, "pip", "install", *options, "-r", locked], check=True)
        except (OSError, subprocess.CalledProcessError):
            return False
    return True


def main() -> None:
    """Measure every size and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=[*CASES, "task"])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp())
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
    os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
    if arguments.case == "task":
        return run_task_child(arguments.folder)
    if arguments.case:
        return run_child(arguments.case, arguments.folder)

    lines, found = [], {}
    ways = list(CASES) if prepare_peers() else ["shuyuan"]
    for count in arguments.sizes:
        for case in ways:
            with tempfile.TemporaryDirectory() as folder:
                CASES[case][0](Path(folder), count)
                python = sys.executable if case == "shuyuan" else str(PEERS_PYTHON)
                repeats = arguments.repeats if count < 5000 else 1
                measured = measuring.measure(__file__, ["--case", case, "--folder", folder], repeats, python)
                answer = measured.answer
                assert answer["dags"] == count, f"{case}: {answer['dags']} of {count} DAGs"
                each = [f"{1000 * answer[part] / count:.2f}" for part in ("load", "serialize")]
                lines.append([f"{count:,}", case, *each, f"{measured.peak_mb:.0f}"])
                found[f"{case} {count}"] = measured
    measuring.print_table("CPU ms per entry", ["entries", "way", "load", "serialize", "peak MB"], lines)

    lines = []
    for count in (10, 1500):
        with tempfile.TemporaryDirectory() as folder:
            write_ours(Path(folder), count)
            measured = measuring.measure(__file__, ["--case", "task", "--folder", folder], arguments.repeats)
            found[f"task {count}"] = measured
            lines.append([f"{count:,}", f"{1000 * measured.cpu:.1f}", f"{1000 * measured.answer['wall']:.1f}"])
    measuring.print_table("one task's parse of its own entry", ["catalog of", "CPU ms", "wall ms"], lines)
    if arguments.json:
        measuring.save_json(arguments.json, found)


if __name__ == "__main__":
    main()
