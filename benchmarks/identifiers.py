"""What does a check digit cost? A million resident IDs, one in two hundred wrong, judged by each of our ways.

``numpy`` (the vectorised judge on a byte matrix), ``arrow`` (the same on an Arrow text column), ``rule`` (the rule's
predicate in DuckDB over the staged Parquet, as the scan asks it), ``sql`` (the fastest plain SQL: division only),
``python`` (the scalar function in a loop). Goals a core: 40 million a second for numpy, 3 million for the rule.

    python benchmarks/identifiers.py --rows 1000000
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

CASES = ("numpy", "arrow", "rule", "sql", "python")
TIMES = 5
"""Each case judges the column this often, so that a few hundredths of a second are no matter of luck."""


def read_column(folder: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(folder / "batch.parquet", columns=["id_card_no"]).column(0).combine_chunks()


def prepare(case: str, folder: Path) -> Callable[[], int]:
    """Import and read what the case needs; return what judges all values and counts the wrong ones."""
    if case in ("rule", "sql"):
        return ask_duckdb(case, folder)
    from shuyuan.identifiers import CHECKS, is_resident_id

    column = read_column(folder).drop_null()
    if case == "python":
        texts = column.to_pylist()
        return lambda: sum(not is_resident_id(text) for text in texts)
    from shuyuan.quality.characters import judge_texts

    check = CHECKS["resident_id"]
    if case == "arrow":
        return lambda: len(column) - judge_texts(check, column).true_count
    import numpy as np

    matrix = np.array(column.to_pylist(), dtype="S18").view(np.uint8).reshape(-1, 18)
    return lambda: int((~check.judge(matrix)).sum()) if check.judge else 0


def ask_duckdb(case: str, folder: Path) -> Callable[[], int]:
    """The rule's own predicate, or plain SQL, over the Parquet file; one thread, since a core is what is asked for."""
    from functools import partial

    import duckdb
    from duckdb.func import PythonUDFType
    from validate import _BIRTH, _CHECK_DIGIT

    from shuyuan.identifiers import CHECKS
    from shuyuan.quality.characters import judge_texts
    from shuyuan.quality.conditions import question_of

    connection = duckdb.connect(config={"threads": 1})
    judge = partial(judge_texts, CHECKS["resident_id"])
    connection.create_function("resident_id", judge, ["VARCHAR"], "BOOLEAN", type=PythonUDFType.ARROW)
    connection.execute(f"CREATE VIEW t AS SELECT id_card_no FROM read_parquet('{folder}/batch.parquet')")
    question = question_of("column_values.resident_id", {"column": "id_card_no"}, {"id_card_no": "VARCHAR"})
    wrong, source = f"({question.unexpected})", "t"  # type: ignore[union-attr]
    if case == "sql":
        wrong = f"id_card_no IS NOT NULL AND NOT coalesce({_CHECK_DIGIT}, false)"
        digits = "SELECT *, try_cast(substr(id_card_no, 1, 17) AS BIGINT) AS x FROM t"
        source = f"(SELECT *, {_BIRTH} FROM ({digits}))"
    query = f"SELECT count(*) FILTER ({wrong}) FROM {source}"
    return lambda: int(connection.execute(query).fetchall()[0][0])


def judge_often(judge: Callable[[], int]) -> dict[str, int]:
    """Judge ``TIMES`` times; return how many values are wrong, -1 when the answers differ."""
    counts = {judge() for _ in range(TIMES)}
    return {"wrong": max(counts) if len(counts) == 1 else -1}


def main() -> None:
    """Measure all cases, compare their answers, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the data is written and kept; a temporary folder by default")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        measuring.run_case(lambda: prepare(arguments.case, arguments.folder), judge_often)
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="identifiers_"))
    try:
        found = compare(folder / str(arguments.rows), arguments)
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)
    if arguments.json:
        measuring.save_json(arguments.json, {"rows": arguments.rows, "cases": found})


def compare(folder: Path, arguments: argparse.Namespace) -> dict[str, measuring.Measurement]:
    """Run the cases on the same file and print millions of values a CPU second."""
    sys.path.insert(0, str(measuring.ROOT / "plugins"))
    from residents import write_residents

    write_residents(folder, arguments.rows)
    found = {
        case: measuring.measure(__file__, ["--case", case, "--folder", str(folder)], arguments.repeats)
        for case in CASES
    }
    wrong = found["python"].answer["wrong"]
    lines = [
        [
            case,
            f"{TIMES * arguments.rows / one.cpu / 1e6:.2f}",
            f"{one.cpu / TIMES:.3f}",
            f"{one.peak_mb:.0f}",
            "same" if one.answer["wrong"] == wrong else "DIFFER",
        ]
        for case, one in found.items()
    ]
    title = f"{arguments.rows:,} resident IDs, {wrong:,} wrong"
    measuring.print_table(title, ["", "million/s", "CPU s", "peak MB", "answers"], lines)
    return found


if __name__ == "__main__":
    main()
