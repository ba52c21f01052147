"""What does comparing a copy with its source cost? A copy of 1 M rows against a source of 5 M, three attributes.

Three ways, each in a fresh process, on the same Parquet files: ``ours`` (``one_source.comparing``: counts, repeated
keys, normal forms, and the differing keys with both values written out), ``sql`` (the DuckDB join that an engineer
writes by hand: the same counts, differences as written, no repeated keys), ``pandas`` (a merge with the same counts).
Ours and the join have 512 MB for the engine.

    python benchmarks/reconcile.py --rows 1000000 --sources 5000000 --json found.json
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

CASES = ("sql", "ours", "pandas")
TABLES = "tables"
"""Makes the files in a process of its own: a child's peak memory begins with its parent's."""
ATTRIBUTES = ("person_name", "born_on", "region")
MEMORY = "512MB"


def write_tables(folder: Path, rows: int, sources: int) -> None:
    """Write ``source.parquet`` and ``copy.parquet``: in the copy 1 % of the keys are unknown to the source.

    Of the matching rows 2 % have another name, 1 % the same name with a blank in it, 1 % another birth date, 1 %
    another region, 5 % none. The order of the rows is not that of the source.
    """
    import duckdb

    run = duckdb.connect().execute
    run("SELECT setseed(0.5)")
    run(
        "CREATE TABLE people AS SELECT range AS number,"
        " '159901' || strftime(DATE '1935-01-01' + (range * 7919 % 32000)::INTEGER, '%Y%m%d')"
        " || lpad((range // 32000)::VARCHAR, 4, '0') AS id_card_no,"
        " '王李张刘陈杨赵黄周吴'[1 + (hash(range) % 10)::BIGINT]"
        " || '伟芳娜敏静丽强磊军洋'[1 + (hash(range + 1) % 10)::BIGINT]"
        " || '勇艳杰娟涛明超霞平刚'[1 + (hash(range + 2) % 10)::BIGINT] AS person_name,"
        " DATE '1935-01-01' + (range * 7919 % 32000)::INTEGER AS born_on,"
        f" (150000 + hash(range + 3) % 3000)::VARCHAR AS region FROM range({sources})"
    )
    options = "(FORMAT parquet, COMPRESSION snappy)"
    columns = "id_card_no, person_name, born_on, region"
    run(f"COPY (SELECT {columns}, 1::BIGINT AS _load_no FROM people) TO '{folder}/source.parquet' {options}")
    run(
        "COPY (SELECT CASE WHEN d % 100 = 0 THEN 'T' || id_card_no[2:] ELSE id_card_no END AS id_card_no,"
        " CASE WHEN d % 100 IN (1, 2) THEN person_name || '乙' WHEN d % 100 = 3"
        " THEN person_name[1] || ' ' || person_name[2:] ELSE person_name END AS person_name,"
        " CASE WHEN d % 100 = 4 THEN born_on + 1 ELSE born_on END AS born_on,"
        " CASE WHEN d % 100 = 5 THEN '159901' WHEN d % 100 BETWEEN 6 AND 10 THEN NULL ELSE region END AS region,"
        f" 2::BIGINT AS _load_no FROM (SELECT *, hash(number + 9) AS d FROM people ORDER BY hash(number + 7)"
        f" LIMIT {rows})) TO '{folder}/copy.parquet' {options}"
    )


def compare_ours(folder: Path) -> dict[str, int]:
    from shuyuan.catalog.links import Copied, Link
    from shuyuan.one_source.comparing import Order, compare

    key = (("id_card_no", "id_card_no"),)
    copied = tuple(Copied(name, name, name) for name in ATTRIBUTES)
    link = Link("civil_affairs.people", "public_security.residents", key, ("resident_id",), copied, "count")
    forms = {"resident_id": "resident_id", "person_name": "name", "born_on": "exact", "region": "exact"}
    out = Path(tempfile.mkdtemp(dir=folder)) / "out"
    found = compare(Order(link, folder / "copy.parquet", folder / "source.parquet", forms, MEMORY, out))
    assert not isinstance(found, str)
    shutil.rmtree(out)
    counts = {"matched": found.matched, "only_here": found.only_here, "only_there": found.only_there}
    for name, attribute in found.attributes.items():
        counts |= {f"{name} differing": attribute.differing, f"{name} agreeing": attribute.agreeing}
    return counts


def compare_sql(folder: Path) -> dict[str, int]:
    """One full join that counts everything at once."""
    import duckdb

    settings: Any = {"memory_limit": MEMORY, "temp_directory": str(folder / "s"), "preserve_insertion_order": False}
    counts = ", ".join(
        f'count(*) FILTER (c.{name} <> s.{name}) AS "{name} differing",'
        f' count(*) FILTER (c.{name} = s.{name}) AS "{name} agreeing"'
        for name in ATTRIBUTES
    )
    cursor = duckdb.connect(config=settings).execute(
        "SELECT count(*) FILTER (c.id_card_no IS NOT NULL AND s.id_card_no IS NOT NULL) AS matched,"
        " count(*) FILTER (s.id_card_no IS NULL) AS only_here, count(*) FILTER (c.id_card_no IS NULL) AS only_there,"
        f" {counts} FROM read_parquet('{folder}/copy.parquet') c"
        f" FULL JOIN read_parquet('{folder}/source.parquet') s USING (id_card_no)"
    )
    names = [column[0] for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


def compare_pandas(folder: Path) -> dict[str, int]:
    import pandas as pd

    mine, theirs = (pd.read_parquet(folder / name) for name in ("copy.parquet", "source.parquet"))
    both = mine.merge(theirs, on="id_card_no", how="outer", suffixes=("", "_s"), indicator=True)
    side = both["_merge"].value_counts()
    counts = {
        name: int(side[key])
        for name, key in zip(("matched", "only_here", "only_there"), ("both", "left_only", "right_only"), strict=True)
    }
    for name in ATTRIBUTES:
        filled = both[name].notna() & both[f"{name}_s"].notna()
        same = filled & (both[name] == both[f"{name}_s"])
        counts |= {f"{name} differing": int((filled & ~same).sum()), f"{name} agreeing": int(same.sum())}
    return counts


def import_ours(_: Path) -> None:
    import shuyuan.one_source.comparing  # noqa: F401


def import_sql(_: Path) -> None:
    import duckdb  # noqa: F401


def import_pandas(_: Path) -> None:
    import pandas as pd  # noqa: F401


WAYS = {
    "ours": (import_ours, compare_ours),
    "sql": (import_sql, compare_sql),
    "pandas": (import_pandas, compare_pandas),
}


def main() -> None:
    """Measure all ways on the same files, or be one of the measured processes (``--case``)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sources", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--case", choices=(*CASES, TABLES))
    arguments = parser.parse_args()
    if arguments.case == TABLES:
        measuring.run_case(lambda: None, lambda _: write_tables(arguments.folder, arguments.rows, arguments.sources))
        return
    if arguments.case:
        prepare, work = WAYS[arguments.case]
        measuring.run_case(lambda: prepare(arguments.folder), lambda _: work(arguments.folder))
        return
    folder = Path(tempfile.mkdtemp())
    try:
        sizes = ["--rows", str(arguments.rows), "--sources", str(arguments.sources)]
        measuring.measure(__file__, ["--case", TABLES, "--folder", str(folder), *sizes], 1)
        runs = {
            case: measuring.measure(__file__, ["--case", case, "--folder", str(folder)], arguments.repeats)
            for case in CASES
        }
    finally:
        shutil.rmtree(folder)
    _report(runs, arguments)


def _report(runs: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    ours, base = runs["ours"].answer, runs["sql"].answer
    assert runs["pandas"].answer == base, "the hand-written join and the merge count the same"
    spelled = base["person_name differing"] - ours["person_name differing"]
    assert 0 < spelled == ours["person_name agreeing"] - base["person_name agreeing"]
    assert {name: ours[name] for name in ours if "name" not in name} == {n: base[n] for n in base if "name" not in n}
    lines = [
        [case, f"{run.cpu:.2f}", f"{run.cpu / runs['sql'].cpu:.2f}", f"{run.imports:.2f}", f"{run.peak_mb:.0f}"]
        for case, run in runs.items()
    ]
    title = f"{arguments.rows:,} rows against {arguments.sources:,}; {spelled:,} names are only spelled differently"
    measuring.print_table(title, ["way", "CPU s", "ratio", "imports s", "peak MB"], lines)
    if arguments.json:
        measuring.save_json(arguments.json, {"rows": arguments.rows, "runs": runs})


if __name__ == "__main__":
    main()
