"""People of any number for the benchmarks of moving data: ten columns, as Parquet, as a table, as GB18030 CSV.

The layout is that of ``stages.Batch``. All ids are of the fixture region 159901, which no one can have; names hold
characters of four bytes, addresses are sometimes empty or hold commas and quotes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuyuan.entry import Entry

PIECE = 250_000
COLUMNS = (
    ("person_no", "integer", "bigint"),
    ("id_card_no", "string", "varchar(18)"),
    ("person_name", "string", "varchar(30)"),
    ("address", "string", "varchar(100)"),
    ("department", "string", "varchar(30)"),
    ("amount", "decimal(18,2)", "decimal(18,2)"),
    ("ratio", "decimal(9,4)", "decimal(9,4)"),
    ("members", "integer", "bigint"),
    ("born_on", "date", "date"),
    ("updated_at", "datetime", "datetime(3)"),
)
"""Name, the entry's type, MariaDB's type."""

NAMES = np.array(["王伟", "李𬭎", "䶮秀英", "张㛃", "陈𠮷", "那仁花", "欧阳静", "乌云其其格"], dtype=object)
PLACES = np.array(["城川镇", "乌兰镇", "棋盘井镇", "昂素镇", "木凯淖尔镇"], dtype=object)
DEPARTMENTS = np.array(["民政局", "公安局", "人社局", "医保局"], dtype=object)


def people_entry(mode: str = "replace", source: dict[str, object] | None = None) -> Entry:
    """The entry of the table ``people``, keyed by ``person_no``."""
    lengths = {"id_card_no": 18, "person_name": 30, "address": 100, "department": 30}
    fields = [
        {"name": name, "title": name, "type": kind, **({"length": lengths[name]} if name in lengths else {})}
        for name, kind, _ in COLUMNS
    ]
    return Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": "public_security.people",
            "code": "300001/000002",
            "title": "人员",
            "summary": "人员",
            "sharing": {"type": "unconditional"},
            "source": source or {"type": "database", "connection": "department", "table": "people"},
            "update": {"cycle": "daily"},
            "load": {"mode": mode, "key": ["person_no"]},
            "fields": fields,
        }
    )


def write_people(path: Path, rows: int, changed: float = 0.0) -> None:
    """Write ``rows`` people as a batch; of ``changed`` of them the amount is another than without it."""
    with pq.ParquetWriter(path, _piece(0, 1, 0.0).schema, compression="zstd") as writer:
        for first in range(0, rows, PIECE):
            writer.write_table(_piece(first, min(PIECE, rows - first), changed))


def _piece(first: int, rows: int, changed: float) -> pa.Table:
    dice = np.random.default_rng(first)
    numbers = np.arange(first, first + rows)
    born = np.datetime64("1935-01-01") + numbers * 7919 % 32_000
    days = np.char.replace(np.datetime_as_string(born), "-", "")
    ids = np.char.add(np.char.add("159901", days), np.char.zfill((numbers // 32_000).astype(str), 4)).astype(object)
    towns = PLACES[numbers % 5]
    address = np.char.add(towns.astype(str), (numbers % 9973).astype(str)).astype(object)
    address[dice.random(rows) < 0.02] = None
    address[dice.random(rows) < 0.005] = '城川镇,"东"街'
    cents = dice.integers(0, 10**9, rows)
    ratio = dice.integers(0, 10**6, rows)
    moments = np.datetime64("2024-01-01T00:00:00", "us") + (dice.integers(0, 6 * 10**10, rows) * 1000).astype(
        "timedelta64[us]"
    )
    members = numbers % 9 + 1
    cents = np.where(np.random.default_rng(first + 1).random(rows) < changed, cents + 1, cents)
    return pa.table(
        {
            "_row": numbers,
            "_file": np.zeros(rows, np.int16),
            "_line": numbers + 2,
            "_uncast": np.zeros(rows, np.int64),
            "_raw": pa.nulls(rows, pa.string()),
            "person_no": numbers,
            "id_card_no": ids,
            "person_name": NAMES[dice.integers(0, len(NAMES), rows)],
            "address": address,
            "department": DEPARTMENTS[numbers % 4],
            "amount": _decimals(cents, 18, 2),
            "ratio": _decimals(ratio, 9, 4),
            "members": members,
            "born_on": pa.array(born.astype("datetime64[D]")).cast(pa.date32()),
            "updated_at": moments,
        }
    )


def _decimals(numbers: np.ndarray, precision: int, scale: int) -> pa.Array:
    """Whole numbers as decimals with their last ``scale`` digits after the point."""
    texts = np.char.zfill(numbers.astype(str), scale + 1)
    joined = [f"{text[:-scale]}.{text[-scale:]}" for text in texts.tolist()]
    return pa.array(joined, pa.string()).cast(pa.decimal128(precision, scale))


def write_csv(batch: Path, path: Path) -> None:
    """The same people as GB18030 CSV with a header, for whoever reads files."""
    import pyarrow.csv as pa_csv

    header = True
    with path.open("w", encoding="gb18030", newline="") as file:
        for piece in pq.ParquetFile(batch).iter_batches(100_000, columns=[name for name, _, _ in COLUMNS]):
            moments = piece.schema.get_field_index("updated_at")
            told = piece["updated_at"].cast(pa.timestamp("s"), safe=False).cast(pa.string())
            table = pa.Table.from_batches([piece]).set_column(moments, "updated_at", told)
            sink = pa.BufferOutputStream()
            pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=header, quoting_style="needed"))
            file.write(sink.getvalue().to_pybytes().decode())
            header = False
