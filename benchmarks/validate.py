"""What does checking a delivery cost? Two dozen rules over a resident registry, with the rejected rows written.

Three ways to the same answers, each in a fresh process: ``ours`` (``shuyuan.quality``: a Great Expectations suite on
the scan engine), ``stock`` (the same suite on Great Expectations' pandas engine, default dtypes), ``sql`` (DuckDB
SQL written by hand). The import of Great Expectations is shown apart; it is paid once a process.

    python benchmarks/validate.py --rows 1000000 --json found.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

DATA_DATE = date(2026, 1, 31)
CASES = ("sql", "ours", "stock")


def resource_in(folder: Path) -> Any:
    """What ``quality.check`` needs of a catalog resource, without a catalog."""
    from residents import residents_entry

    return SimpleNamespace(entry=residents_entry(), code_table_path=lambda name: folder / f"{name}.csv")


def check_ours(folder: Path) -> dict[str, int]:
    from residents import write_residents

    from shuyuan import quality

    rows = json.loads((folder / "rows.json").read_text())
    verdict = quality.check(resource_in(folder), write_residents(folder, rows), folder, [], DATA_DATE)
    counts = {
        result.rule: result.unexpected
        for result in verdict.results
        if not result.rule.startswith(("table.", "record."))
    }
    return {**counts, "rejected": verdict.rejected}


def import_ours(_: Path) -> None:
    import shuyuan.quality.checking  # noqa: F401


def check_stock(folder: Path) -> dict[str, int]:
    """The suite by GX's own means, and the rejected rows written from its row keys."""
    import pandas as pd
    from stock import validate_frame

    frame = pd.read_parquet(folder / "batch.parquet")
    counts, broken = validate_frame(resource_in(folder), frame, DATA_DATE)
    rejected = frame[frame["_row"].isin(broken)].copy()
    rejected["rules"] = rejected["_row"].map(broken)
    rejected.to_parquet(folder / "rejected_stock.parquet")
    return {**counts, "rejected": len(rejected)}


def import_stock(_: Path) -> None:
    import great_expectations  # noqa: F401

    import shuyuan.quality.suites  # noqa: F401


def check_sql(folder: Path) -> dict[str, int]:
    """What a careful engineer would write: keys first, then one scan that keeps the bad rows, then their file."""
    import duckdb

    connection = duckdb.connect(
        config={"memory_limit": "512MB", "temp_directory": str(folder / "spill"), "preserve_insertion_order": False}
    )
    run = connection.execute
    run(f"CREATE VIEW t AS SELECT * FROM read_parquet('{folder}/batch.parquet')")
    run(f"CREATE TEMP TABLE regions AS SELECT code FROM read_csv('{folder}/regions.csv', all_varchar = true)")
    run(
        "CREATE TEMP TABLE twice AS SELECT id_card_no FROM t "
        "WHERE id_card_no IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    )
    run(
        "CREATE TEMP TABLE seats AS SELECT household AS h, member AS m FROM t "
        "WHERE household IS NOT NULL OR member IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    )
    tests = {
        "id_card_no.required": "id_card_no IS NULL",
        "id_card_no.length": "length(id_card_no) > 18",
        "id_card_no.resident_id": f"id_card_no IS NOT NULL AND NOT coalesce({_CHECK_DIGIT}, false)",
        "person_name.required": "person_name IS NULL",
        "person_name.pattern": "NOT regexp_full_match(person_name, '[一-龥·]{2,20}')",
        "sex.required": "sex IS NULL",
        "born_on.type": "_uncast & 8 <> 0",
        "region.codes": "region NOT IN (SELECT code FROM regions)",
        "phone.pattern": "NOT regexp_full_match(phone, '1[3-9][0-9]{9}')",
        "household.required": "household IS NULL",
        "household.pattern": "NOT regexp_full_match(household, 'H[0-9]{12}')",
        "member.type": "_uncast & 128 <> 0",
        "member.required": "member IS NULL",
        "income.type": "_uncast & 512 <> 0",
        "created_at.type": "_uncast & 1024 <> 0",
        "updated_at.type": "_uncast & 2048 <> 0",
        "key.unique": "id_card_no IN (SELECT id_card_no FROM twice)",
        "sex.one_of": "sex NOT IN ('1', '2')",
        "address.length": "length(address) NOT BETWEEN 1 AND 100",
        "income.between": "income NOT BETWEEN 0 AND 10000000",
        "created_at.between": "created_at < TIMESTAMP '1990-01-01'",
        "born_on.not_after.data_date": f"born_on > DATE '{DATA_DATE}'",
        "created_at.not_after.updated_at": "created_at > updated_at",
        "unique.household+member": "seats.h IS NOT NULL OR seats.m IS NOT NULL",
    }
    flags = ", ".join(f"{test} AS f{place}" for place, test in enumerate(tests.values()))
    bad = " OR ".join(f"f{place}" for place in range(len(tests)))
    run(
        f"CREATE TEMP TABLE bad AS SELECT * FROM (SELECT t.*, {flags} FROM (SELECT *, {_BIRTH} FROM (SELECT *, "
        "try_cast(substr(id_card_no, 1, 17) AS BIGINT) AS x FROM t)) t "
        f"LEFT JOIN seats ON t.household IS NOT DISTINCT FROM h AND t.member IS NOT DISTINCT FROM m) WHERE {bad}"
    )
    run(
        "SELECT count(*), count(id_card_no), count(person_name), count(sex), count(born_on), count(region), "
        "count(phone), count(household), count(member), count(address), count(income), count(created_at) FROM t"
    ).fetchall()
    (row,) = run(
        "SELECT count(*), " + ", ".join(f"count(*) FILTER (f{place})" for place in range(len(tests))) + " FROM bad"
    ).fetchall()
    rules = ", ".join(f"CASE WHEN f{place} THEN '{rule}' END" for place, rule in enumerate(tests))
    names = [name for name, *_ in run("DESCRIBE t").fetchall() if not name.startswith("_")]
    texts = ", ".join(f"'{name}': CAST({name} AS VARCHAR)" for name in names)
    run(
        f"COPY (SELECT _row, _file, _line, list_filter([{rules}], lambda r: r IS NOT NULL) AS rules, "
        f"coalesce(_raw, CAST(to_json({{{texts}}}) AS VARCHAR)) AS record FROM bad ORDER BY _row) "
        f"TO '{folder}/rejected_sql.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.close()
    return {**dict(zip(tests, row[1:], strict=True)), "rejected": row[0]}


def import_sql(_: Path) -> None:
    import duckdb  # noqa: F401


_BIRTH = "x // 10000000 % 10000 AS y, x // 100000 % 100 AS mo, x // 1000 % 100 AS d"
_SUM = " + ".join(f"{2**power} * (x // {10 ** (power + 1)})" for power in range(16))
_CHECK_DIGIT = (
    "length(id_card_no) = 18 AND CAST(x AS VARCHAR) = substr(id_card_no, 1, 17) "
    f"AND (2 * (x - 8 * ({_SUM})) + CASE WHEN id_card_no[18] = 'X' THEN 10 "
    "ELSE try_cast(id_card_no[18] AS TINYINT) END) % 11 = 1 "
    "AND y BETWEEN 1900 AND 2099 AND mo BETWEEN 1 AND 12 AND d BETWEEN 1 AND CASE WHEN mo = 2 THEN "
    "28 + CAST(y % 4 = 0 AND y <> 1900 AS INTEGER) WHEN mo IN (4, 6, 9, 11) THEN 30 ELSE 31 END"
)
"""GB 11643 by division only, which is the fastest form in plain SQL."""

IMPORTS = {"ours": import_ours, "stock": import_stock, "sql": import_sql}
CHECKS = {"ours": check_ours, "stock": check_stock, "sql": check_sql}


def main() -> None:
    """Measure all cases, compare their answers, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--folder", type=Path, help="where the data is written and kept; a temporary folder by default")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        folder = arguments.folder
        measuring.run_case(lambda: IMPORTS[arguments.case](folder), lambda _: CHECKS[arguments.case](folder))
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="validate_"))
    try:
        found = compare(folder / str(arguments.rows), arguments)
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)
    if arguments.json:
        measuring.save_json(arguments.json, {"rows": arguments.rows, "cases": found})


def compare(folder: Path, arguments: argparse.Namespace) -> dict[str, measuring.Measurement]:
    """Run the cases on the same file and print ratios against the hand-written SQL."""
    sys.path.insert(0, str(measuring.ROOT / "plugins"))
    from residents import write_residents

    write_residents(folder, arguments.rows)
    (folder / "rows.json").write_text(json.dumps(arguments.rows))
    found = {
        case: measuring.measure(__file__, ["--case", case, "--folder", str(folder)], arguments.repeats)
        for case in arguments.cases
    }
    reference = next(iter(found.values()))
    lines = []
    for case, one in found.items():
        ratio = f"{one.cpu / reference.cpu:.2f}"
        same = all(reference.answer[rule] == one.answer[rule] for rule in reference.answer.keys() & one.answer.keys())
        lines.append(
            [case, f"{one.cpu:.2f}", ratio, f"{one.imports:.2f}", f"{one.peak_mb:.0f}", "same" if same else "DIFFER"]
        )
    rules, rejected = len(reference.answer) - 1, reference.answer["rejected"]
    title = f"{arguments.rows:,} rows, {rules} rules, {rejected:,} rejected rows written"
    header = ["", "CPU s", f"x {next(iter(found))}", "imports CPU s", "peak MB", "answers"]
    measuring.print_table(title, header, lines)
    return found


if __name__ == "__main__":
    main()
