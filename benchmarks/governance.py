"""Governance for free? A GB18030 CSV from disk to published in DuckDB, and what it costs to have everything on.

The ways, from the same file, each in a fresh process: ``ours`` (strict parse, twenty rules and more, rejected rows,
fencing, ledger, the consumers' copy; and once without that copy), ``obvious`` (``pandas.read_csv``, stock Great
Expectations with row keys, good and bad rows written to DuckDB as two frames), ``ungoverned`` (pyarrow CSV → Parquet
→ DuckDB by hand, nothing checked). Imports are shown apart.

    python benchmarks/governance.py --rows 1000000 --json found.json
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring
from validate import DATA_DATE

CSV = "residents.csv"
TYPED = ("member", "income", "created_at", "updated_at")


def write_csv(folder: Path, rows: int) -> None:
    """Write the registry as GB18030 CSV, dirty texts and all."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq
    from residents import write_residents

    source = folder / write_residents(folder, rows).path
    with (folder / CSV).open("w", encoding="gb18030", newline="") as file:
        header = True
        for piece in pq.ParquetFile(source).iter_batches(batch_size=100_000):
            table = pa.Table.from_batches([piece])
            born = [text or "1990.13.40" for text in table["born_on"].cast(pa.string()).to_pylist()]
            table = table.set_column(table.schema.get_field_index("born_on"), "born_on", pa.array(born))
            for name in ("created_at", "updated_at"):
                seconds = table[name].cast(pa.timestamp("s"), safe=False).cast(pa.string())
                table = table.set_column(table.schema.get_field_index(name), name, seconds)
            table = table.drop_columns(["_row", "_file", "_line", "_uncast", "_raw"])
            sink = pa.BufferOutputStream()
            pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=header, quoting_style="needed"))
            file.write(sink.getvalue().to_pybytes().decode())
            header = False
    source.unlink()


def publish_ours(folder: Path) -> dict[str, int]:
    from residents import residents_entry

    from shuyuan import ledger, pipeline
    from shuyuan.project import Project
    from shuyuan.stages import DeliveredFile, Delivery

    declared = residents_entry().model_dump(by_alias=True)
    declared["source"]["format"]["encoding"] = "gb18030"
    entry = residents_entry().model_validate(declared)
    resource = SimpleNamespace(
        entry=entry,
        digest="0" * 64,
        elements={},
        project=Project(folder),
        code_table_path=lambda name: folder / f"{name}.csv",
    )
    job = pipeline.Job.open(Project(folder), resource, DATA_DATE, "benchmark", lambda name: None)
    (job.workdir / "raw").mkdir()
    shutil.copy(folder / CSV, job.workdir / "raw" / CSV)
    with (folder / CSV).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = (folder / CSV).stat().st_size
    file = DeliveredFile(name=CSV, path=f"raw/{CSV}", size=size, sha256=sha256)
    delivery = Delivery(
        entry_id=entry.id,
        spec_digest=resource.digest,
        data_date=DATA_DATE,
        received_at=datetime(2026, 1, 31),
        sha256=sha256,
        evidence="marker",
        files=(file,),
    )
    delivery.save(job.workdir)
    pipeline.read(job)
    verdict = pipeline.check(job)
    published = pipeline.load(job)
    pipeline.record(job)
    with job.warehouse.session() as session:
        assert ledger.current_publication(session, entry.id) is not None
    return {"published": published.rows, "rejected": verdict.rejected, "seconds": job.seconds()}


def publish_obvious(folder: Path) -> dict[str, int]:
    import duckdb
    import pandas as pd
    from stock import validate_frame
    from validate import resource_in

    texts = ["id_card_no", "person_name", "sex", "region", "phone", "household", "address"]
    frame = pd.read_csv(folder / CSV, encoding="gb18030", dtype=dict.fromkeys(texts, "str"))
    frame["_row"] = range(len(frame))
    for name in ("born_on", "created_at", "updated_at"):
        frame[name] = pd.to_datetime(frame[name], errors="coerce", format="ISO8601")
    _, broken = validate_frame(resource_in(folder), frame, DATA_DATE)
    bad = frame["_row"].isin(broken)
    good, rejected = frame[~bad], frame[bad]
    with duckdb.connect(str(folder / "obvious.duckdb")) as database:
        database.execute("CREATE OR REPLACE TABLE residents AS SELECT * FROM good")
        database.execute("CREATE OR REPLACE TABLE rejected AS SELECT * FROM rejected")
    return {"published": len(good), "rejected": len(rejected)}


def publish_ungoverned(folder: Path) -> dict[str, int]:
    import duckdb
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq
    from residents import residents_entry

    moments = {"created_at": pa.timestamp("s"), "updated_at": pa.timestamp("s")}
    typed: dict[str, Any] = {"member": pa.int64(), "income": pa.decimal128(21, 2), **moments}
    types = {field.name: typed.get(field.name, pa.string()) for field in residents_entry().fields}
    convert = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    options = pa_csv.ReadOptions(encoding="gb18030", block_size=8 << 20)
    with (
        pa_csv.open_csv(folder / CSV, options, convert_options=convert) as reader,
        pq.ParquetWriter(folder / "copy.parquet", reader.schema, compression="zstd") as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
    with duckdb.connect(str(folder / "ungoverned.duckdb")) as database:
        path = str(folder / "copy.parquet")
        database.execute("CREATE OR REPLACE TABLE residents AS SELECT * FROM read_parquet(?)", [path])
        return {"published": database.execute("SELECT count(*) FROM residents").fetchall()[0][0]}


def import_ours(_: Path) -> None:
    import shuyuan.pipeline
    import shuyuan.quality.checking  # noqa: F401


def import_obvious(_: Path) -> None:
    import duckdb  # noqa: F401
    import great_expectations  # noqa: F401
    import pandas  # noqa: F401

    import shuyuan.quality.suites  # noqa: F401


def import_ungoverned(_: Path) -> None:
    import duckdb  # noqa: F401
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401

    import shuyuan.entry  # noqa: F401


def publish_without_copy(folder: Path) -> dict[str, int]:
    """Ours, less the Parquet copy that consumers of the embedded warehouse read."""
    from shuyuan.warehouses.duckdb import DuckDBSession

    DuckDBSession.snapshot = lambda *_: None
    return publish_ours(folder)


CASES: dict[str, tuple[Callable[[Path], None], Callable[[Path], dict[str, int]]]] = {
    "ours": (import_ours, publish_ours),
    "ours, no copy": (import_ours, publish_without_copy),
    "obvious": (import_obvious, publish_obvious),
    "ungoverned": (import_ungoverned, publish_ungoverned),
}


def main() -> None:
    """Measure every way and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.case:
        imports, work = CASES[arguments.case]
        run = Path(tempfile.mkdtemp(dir=arguments.folder))
        for name in (CSV, "regions.csv"):
            (run / name).hardlink_to(arguments.folder / name)
        measuring.run_case(lambda: imports(run), lambda _: work(run))
        shutil.rmtree(run)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder), arguments.rows)
        found = {}
        for case in arguments.only:
            found[case] = measuring.measure(__file__, ["--case", case, "--folder", folder], arguments.repeats)
    base = found.get("ours")
    lines = [
        [
            case,
            f"{m.cpu:.2f}",
            f"{m.imports:.2f}",
            f"{m.peak_mb:.0f}",
            f"{m.cpu / base.cpu:.2f}" if base else "",
            str(m.answer),
        ]
        for case, m in found.items()
    ]
    title = f"GB18030 CSV → published, {arguments.rows:,} rows × 12 columns"
    measuring.print_table(title, ["way", "CPU s", "import s", "peak MB", "× ours", "answer"], lines)
    if arguments.json:
        measuring.save_json(arguments.json, {"rows": arguments.rows, "cases": found})


if __name__ == "__main__":
    main()
