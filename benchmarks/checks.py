"""One check (核查) of households against eight sources, and what the same question costs by hand.

The ways, on the same tables, each in a fresh process: ``ours`` (availability, versions, keys in normal forms, eight
rules, lines and conclusions of every case), ``sql`` (one hand-written statement on the same warehouse that gives the
conclusions, its keys compared as they are written), ``pandas`` (merges of the consumers' Parquet copies, likewise).
Once for one household, once for the whole batch. Imports are shown apart; so is the wall time of the work.

    python benchmarks/checks.py --rows 1000000 --cases 10000 --json found.json
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring

FIRST = "ours, first"
"""The first question after a publication: what is keyed is looked through for odd spellings, once."""

CASES = (FIRST, "ours", "sql", "pandas")
TABLES = "tables"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PERSONS = 3
"""People a household."""

DEPARTMENT = 'kind: Department\ntitle: {folder}\ncredit_code: "11150624MA0N00016E"\n'
ELEMENT = 'resident_id:\n  {title: 公民身份号码, mask: "keep(6,4)", level: L3, length: 18, normal_form: resident_id}\n'
ENTRY = """kind: CatalogEntry
api_version: "1"
id: {id}
code: "307010101/{place:06}"
title: {id}
summary: 测试
status: published
published_on: "2026-01-01"
legal_basis: 某办法
owner: {{office: 股, steward: li}}
sharing: {{type: unconditional}}
source: {{type: database, connection: c, table: t}}
update: {{cycle: irregular}}
load: {{mode: replace, key: [{key}]}}
fields:
{fields}
"""
ID = ("string", "resident_id")
SOURCES: dict[str, dict[str, tuple[str, str | None]]] = {
    "security.residents": {"id_card_no": ID, "household": ("string", None)},
    "affairs.marriages": {
        "number": ("string", None), "husband_id": ID, "wife_id": ID, "kind": ("string", None), "day": ("date", None),
    },
    "affairs.cremations": {"id_card_no": ID, "day": ("date", None)},
    "police.vehicles": {"plate": ("string", None), "owner_id": ID, "status": ("string", None)},
    "resources.homes": {"certificate": ("string", None), "holder_id": ID, "unit": ("string", None)},
    "market.businesses": {"code": ("string", None), "person_id": ID, "status": ("string", None)},
    "human.pensions": {"account": ("string", None), "id_card_no": ID, "monthly": ("decimal(10,2)", None)},
    "fund.accounts": {"account": ("string", None), "id_card_no": ID},
}  # fmt: skip
PERSON = (
    "'159901' || strftime(DATE '1935-01-01' + (({0}) * 7919 % 32000)::INTEGER, '%Y%m%d')"
    " || lpad((({0}) // 32000)::VARCHAR, 4, '0')"
)
"""A resident ID of a number below 320 million, as SQL."""

ROWS = {
    "security.residents": f"{PERSON.format('range')} AS id_card_no, (range // 3)::VARCHAR AS household",
    "affairs.marriages": f"'m' || range AS number, {PERSON.format('range * 3')} AS husband_id,"
    f" {PERSON.format('range * 3 + 1 + (range % 50 = 0)::INT * 900000')} AS wife_id,"
    " CASE WHEN range % 9 = 0 THEN '离婚' ELSE '结婚' END AS kind, DATE '2010-01-01' + (range % 5000)::INT AS day",
    "affairs.cremations": f"{PERSON.format('range * 50 + 2')} AS id_card_no, DATE '2020-01-01' AS day",
    "police.vehicles": f"'P' || range AS plate, {PERSON.format('range * 11')} AS owner_id,"
    " CASE WHEN range % 4 = 0 THEN '注销' ELSE '正常' END AS status",
    "resources.homes": f"'C' || range AS certificate, {PERSON.format('range * 7 % 2900000')} AS holder_id,"
    " 'U' || (range // 2) AS unit",
    "market.businesses": f"'B' || range AS code, {PERSON.format('range * 13')} AS person_id,"
    " CASE WHEN range % 2 = 0 THEN '存续' ELSE '注销' END AS status",
    "human.pensions": f"'A' || range AS account, {PERSON.format('range * 5')} AS id_card_no,"
    " (500 + range % 3000)::DECIMAL(10,2) AS monthly",
    "fund.accounts": f"'F' || range AS account, {PERSON.format('range * 2')} AS id_card_no",
}
CHECK = {
    "kind": "Check", "title": "家庭核查", "legal_basis": "某办法", "purpose": "审核", "objection": "可以异议",
    "may_run": {"departments": ["affairs"]}, "key": "id_no",
    "subjects": [{"name": "id_no", "title": "公民身份号码", "element": "resident_id"}],
    "sources": {
        "residents": {"entry": "security.residents", "by": {"id_card_no": "id_no"}},
        "marriages": {
            "entry": "affairs.marriages", "by": {"husband_id": "id_no"}, "or_by": {"wife_id": "id_no"},
            "use": ["husband_id", "wife_id", "kind", "day"], "newest_by": "day",
        },
        "cremations": {"entry": "affairs.cremations", "by": {"id_card_no": "id_no"}},
        "vehicles": {"entry": "police.vehicles", "by": {"owner_id": "id_no"}, "use": ["status"]},
        "homes": {"entry": "resources.homes", "by": {"holder_id": "id_no"}, "use": ["unit"]},
        "businesses": {"entry": "market.businesses", "by": {"person_id": "id_no"}, "use": ["status"]},
        "pensions": {"entry": "human.pensions", "by": {"id_card_no": "id_no"}, "use": ["monthly"]},
        "fund": {"entry": "fund.accounts", "by": {"id_card_no": "id_no"}},
    },
    "rules": [
        {"id": "unknown", "source": "residents", "absent": {}, "then": "review"},
        {"id": "spouse", "source": "marriages", "then": "review", "outside": {
            "fields": ["husband_id", "wife_id"], "among": "id_no", "where": [{"field": "kind", "in": ["结婚"]}]}},
        {"id": "died", "source": "cremations", "exists": {}, "then": "fail"},
        {"id": "car", "source": "vehicles", "then": "fail", "exists": {
            "where": [{"field": "status", "not_in": ["注销"]}]}},
        {"id": "homes", "source": "homes", "then": "fail", "count": {"over": "1", "per": "case", "distinct": "unit"}},
        {"id": "business", "source": "businesses", "then": "review", "exists": {
            "where": [{"field": "status", "in": ["存续"]}]}},
        {"id": "pension", "source": "pensions", "then": "review", "sum": {"field": "monthly", "over": "1500"}},
        {"id": "fund", "source": "fund", "exists": {}, "then": "note"},
    ],
    "outcomes": {"pass": "符合", "fail": "不符合", "review": "需复核", "unavailable": "无法核查"},
    "retention": {"request": "90d", "answer": "30d"},
}  # fmt: skip


def write_project(folder: Path, rows: int) -> None:
    """Write the project, publish eight tables of ``rows`` rows and make the consumers' copies of them."""
    import duckdb

    from shuyuan.catalog import load_resource
    from shuyuan.project import Project
    from shuyuan.warehouses import Lot, open_warehouse

    project = Project(folder)
    for place, (entry_id, fields) in enumerate(SOURCES.items(), 1):
        department, _, name = entry_id.partition(".")
        (project.specs / department).mkdir(parents=True, exist_ok=True)
        (project.specs / department / "_department.yaml").write_text(DEPARTMENT.format(folder=department))
        lines = "\n".join(
            f"  - {{name: {field}, title: {field}, type: '{kind}'{', required: true' if field == key else ''}"
            f"{f', element: {element}' if element else ''}}}"
            for key in list(fields)[:1]
            for field, (kind, element) in fields.items()
        )
        text = ENTRY.format(id=entry_id, place=place, key=next(iter(fields)), fields=lines)
        (project.specs / department / f"{name}.yaml").write_text(text, encoding="utf-8")
    project.elements.mkdir(parents=True)
    (project.elements / "all.yaml").write_text(ELEMENT, encoding="utf-8")
    for entry_id, columns in ROWS.items():
        entry, path = load_resource(project, entry_id).entry, folder / "batch.parquet"
        duckdb.execute(
            f"COPY (SELECT range AS _row, 0::SMALLINT AS _file, range + 2 AS _line, {columns} FROM range({rows})"
            f" ORDER BY hash(range)) TO '{path}' (FORMAT parquet)"
        )
        at = NOW.replace(tzinfo=None)
        lot = Lot(entry, entry_id, "d", "r", "s", date(2026, 11, 19), path, None, rows, 0, 99.0, at)
        with open_warehouse(project).session() as session:
            session.publish(lot, session.lease(entry_id))
            session.snapshot(entry, project.shared)
        path.unlink()


def households(cases: int) -> list[list[str]]:
    """The resident IDs of each household, in steps over the register; one in a hundred is not in it."""
    import duckdb

    number = "kase * 3 + place + (kase % 100 = 7)::INT * 300000000"
    asked = f"SELECT range AS kase, place, {number} AS number FROM range({cases}), range({PERSONS}) p(place)"
    found = duckdb.execute(f"SELECT {PERSON.format('number')} FROM ({asked}) ORDER BY kase, place")
    ids = [row[0] for row in found.fetchall()]
    return [ids[start : start + PERSONS] for start in range(0, len(ids), PERSONS)]


def answer_ours(folder: Path, cases: list[list[str]]) -> dict[str, int]:
    from shuyuan.checks.answering import answer_request
    from shuyuan.checks.request import Case, Request
    from shuyuan.entry import Check
    from shuyuan.project import Project
    from shuyuan.warehouses import open_warehouse

    rules = [{"title": "一条", "words": "有", **rule} for rule in CHECK["rules"]]  # type: ignore[dict-item]
    check, project = Check.model_validate({**CHECK, "rules": rules}), Project(folder)
    asked = tuple(Case(str(n), {}, tuple({"id_no": one} for one in ids)) for n, ids in enumerate(cases))
    request = Request("r" * 26, "family", "affairs", "li", NOW.replace(tzinfo=None), "审核", asked)
    with open_warehouse(project).session() as session:
        answer = answer_request(project, session, request, check, NOW)
    return dict(Counter(case.conclusion for case in answer.cases))


def answer_sql(folder: Path, cases: list[list[str]]) -> dict[str, int]:
    """One statement on the warehouse's file; the people go in as a table."""
    import duckdb
    import pyarrow as pa

    (file,) = (folder / "var").rglob("*.duckdb")
    connection = duckdb.connect(str(file), read_only=True)
    connection.execute("SET memory_limit = '512MB'")
    numbers = [number for number, ids in enumerate(cases) for _ in ids]
    connection.register("people", pa.table({"kase": numbers, "id": [one for ids in cases for one in ids]}))
    share = {entry.partition(".")[2]: f'share."{entry.replace(".", "__")}"' for entry in SOURCES}
    rows = connection.execute(f"""
        WITH married AS (
            SELECT id, kase, m.* FROM people JOIN {share["marriages"]} m ON husband_id = id
            UNION SELECT id, kase, m.* FROM people JOIN {share["marriages"]} m ON wife_id = id),
        newest AS (SELECT * FROM married QUALIFY day = max(day) OVER (PARTITION BY id, kase)),
        failing AS (
            SELECT kase FROM people JOIN {share["cremations"]} ON id_card_no = id
            UNION SELECT kase FROM people JOIN {share["vehicles"]} ON owner_id = id WHERE status <> '注销'
            UNION SELECT kase FROM people JOIN {share["homes"]} ON holder_id = id GROUP BY kase
                HAVING count(DISTINCT unit) > 1),
        doubtful AS (
            SELECT kase FROM people WHERE id NOT IN (SELECT id_card_no FROM {share["residents"]})
            UNION SELECT n.kase FROM newest n WHERE kind = '结婚' AND (
                NOT EXISTS (SELECT 1 FROM people p WHERE p.kase = n.kase AND p.id = n.husband_id)
                OR NOT EXISTS (SELECT 1 FROM people p WHERE p.kase = n.kase AND p.id = n.wife_id))
            UNION SELECT kase FROM people JOIN {share["businesses"]} ON person_id = id WHERE status = '存续'
            UNION SELECT kase FROM people JOIN {share["pensions"]} ON id_card_no = id GROUP BY kase, id
                HAVING sum(monthly) > 1500),
        noted AS (SELECT DISTINCT kase FROM people JOIN {share["accounts"]} ON id_card_no = id)
        SELECT CASE WHEN kase IN (FROM failing) THEN 'fail' WHEN kase IN (FROM doubtful) THEN 'review' ELSE 'pass' END
            AS told, count(*), count(noted.kase) FROM (SELECT DISTINCT kase FROM people) LEFT JOIN noted USING (kase)
            GROUP BY told""").fetchall()
    return {told: count for told, count, _ in rows}


def answer_pandas(folder: Path, cases: list[list[str]]) -> dict[str, int]:
    import pandas as pd

    def read(entry_id: str, key: str) -> Any:
        table = pd.read_parquet(folder / "var" / "share" / f"{entry_id.replace('.', '__')}.parquet")
        return people.merge(table, left_on="id", right_on=key)

    people = pd.DataFrame([(n, one) for n, ids in enumerate(cases) for one in ids], columns=["kase", "id"])
    failing = set(read("affairs.cremations", "id_card_no")["kase"])
    cars = read("police.vehicles", "owner_id")
    failing |= set(cars[cars["status"] != "注销"]["kase"])
    units = read("resources.homes", "holder_id").groupby("kase")["unit"].nunique()
    failing |= set(units[units > 1].index)
    doubtful = set(people["kase"][~people["id"].isin(read("security.residents", "id_card_no")["id"])])
    married = pd.concat([read("affairs.marriages", key) for key in ("husband_id", "wife_id")]).drop_duplicates()
    newest = married[married["day"] == married.groupby(["kase", "id"])["day"].transform("max")]
    newest = newest[newest["kind"] == "结婚"]
    inside = set(zip(people["kase"], people["id"], strict=True))
    for key in ("husband_id", "wife_id"):
        doubtful |= {pair[0] for pair in zip(newest["kase"], newest[key], strict=True) if pair not in inside}
    firms = read("market.businesses", "person_id")
    doubtful |= set(firms[firms["status"] == "存续"]["kase"])
    sums = read("human.pensions", "id_card_no").groupby(["kase", "id"])["monthly"].sum()
    doubtful |= {kase for kase, _ in sums[sums > 1500].index}
    read("fund.accounts", "id_card_no")
    return dict(Counter("fail" if n in failing else "review" if n in doubtful else "pass" for n in range(len(cases))))


def answer_first(folder: Path, cases: list[list[str]]) -> dict[str, int]:
    shutil.rmtree(folder / "var" / "checks", ignore_errors=True)
    return answer_ours(folder, cases)


def import_ours() -> None:
    import duckdb

    import shuyuan.checks.answering
    import shuyuan.warehouses.duckdb  # noqa: F401

    duckdb.connect().close()


def import_sql() -> None:
    import duckdb
    import pyarrow  # noqa: F401

    duckdb.connect().close()


def import_pandas() -> None:
    import duckdb
    import pandas as pd  # noqa: F401

    duckdb.connect().close()


WAYS: dict[str, tuple[Callable[[], None], Callable[[Path, list[list[str]]], dict[str, int]]]] = {
    FIRST: (import_ours, answer_first),
    "ours": (import_ours, answer_ours),
    "sql": (import_sql, answer_sql),
    "pandas": (import_pandas, answer_pandas),
}


def run_way(name: str, folder: Path, cases: int) -> None:
    """Be one of the measured processes; the households are there before the clock starts."""
    prepare, work = WAYS[name]

    def ready() -> list[list[str]]:
        prepare()
        return households(cases)

    def timed(asked: list[list[str]]) -> dict[str, Any]:
        start = time.perf_counter()
        found = work(folder, asked)
        return {"found": dict(sorted(found.items())), "seconds": time.perf_counter() - start}

    measuring.run_case(ready, timed)


def main() -> None:
    """Measure all ways on the same tables, or be one of the measured processes (``--case``)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--case", choices=(*CASES, TABLES))
    arguments = parser.parse_args()
    if arguments.folder:
        os.environ["SHUYUAN_VAR"] = str(arguments.folder / "var")
    if arguments.case == TABLES:
        write_project(arguments.folder, arguments.rows)
        print(json.dumps({"imports": 0, "cpu": 0, "peak_mb": 0, "answer": None}))
        return
    if arguments.case:
        run_way(arguments.case, arguments.folder, arguments.cases)
        return
    folder, found = Path(tempfile.mkdtemp()), {}
    try:
        measuring.measure(__file__, ["--case", TABLES, "--folder", str(folder), "--rows", str(arguments.rows)], 1)
        for size in (1, arguments.cases):
            given = ["--folder", str(folder), "--cases", str(size)]
            found[size] = {
                way: measuring.measure(__file__, ["--case", way, *given], arguments.repeats) for way in CASES
            }
            report(size, arguments.rows, found[size])
    finally:
        shutil.rmtree(folder)
    if arguments.json:
        measuring.save_json(arguments.json, {"rows": arguments.rows, "runs": found})


def report(size: int, rows: int, runs: dict[str, measuring.Measurement]) -> None:
    """Print one size; all ways conclude the same."""
    base = runs["sql"]
    assert all(run.answer["found"] == base.answer["found"] for run in runs.values()), runs
    lines = [
        [way, f"{run.cpu:.2f}", f"{run.cpu / base.cpu:.2f}", f"{run.answer['seconds']:.2f}", f"{run.imports:.2f}",
         f"{run.peak_mb:.0f}"]
        for way, run in runs.items()
    ]  # fmt: skip
    title = f"{size:,} households of {PERSONS} against 8 sources of {rows:,} rows: {base.answer['found']}"
    measuring.print_table(title, ["way", "CPU s", "ratio", "wall s", "imports s", "peak MB"], lines)


if __name__ == "__main__":
    main()
